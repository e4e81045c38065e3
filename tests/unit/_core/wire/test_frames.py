"""Frames: what the websockets library reads out of them is what was put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from engine._core.wire.frames import encode_close, encode_frame, encode_turn

TEXT_BYTES_MAX = 32_000
SEEDS = st.integers(0, 2**64 - 1)
TEXTS = st.lists(
    st.text(min_size=1, max_size=300).filter(lambda text: "\n" not in text),
    max_size=8,
)


def received(*parts: bytes, closing: bool = False) -> list[Frame]:
    """Return the frames a server reads; it refuses whatever is not masked."""
    server = ServerProtocol(state=State.OPEN, max_size=None)
    for part in parts:
        server.receive_data(part)
    assert server.parser_exc is None
    assert closing or server.state is State.OPEN
    frames = server.events_received()
    assert all(isinstance(frame, Frame) for frame in frames)
    return [frame for frame in frames if isinstance(frame, Frame)]


def texts_of(frames: list[Frame]) -> list[bytes]:
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)
    return [bytes(frame.data) for frame in frames]


def key_of(frame: bytes) -> bytes:
    """Return the masking key of a frame with a short header."""
    return frame[2:6]


@given(TEXTS, SEEDS)
def test_a_server_reads_the_turn(texts: list[str], seed: int) -> None:
    raw = [text.encode() for text in texts]
    turn = b"".join(text + b"\n" for text in raw)
    assert texts_of(received(encode_turn(turn, seed))) == raw


@given(TEXTS, SEEDS)
def test_dribbled_byte_by_byte(texts: list[str], seed: int) -> None:
    raw = [text.encode() for text in texts[:2]]
    turn = encode_turn(b"".join(text + b"\n" for text in raw), seed)
    parts = [turn[i : i + 1] for i in range(len(turn))]
    assert texts_of(received(*parts)) == raw


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_every_form_of_length(size: int) -> None:
    text = b"x" * size
    frame = encode_frame(1, text, b"\x01\x02\x03\x04")
    header = 6 if size < 126 else 8 if size < 65_536 else 14
    assert len(frame) == header + size
    assert texts_of(received(frame)) == [text]


def test_the_bytes_of_a_known_frame() -> None:
    # RFC 6455, section 5.7: a single-frame masked text message, "Hello".
    wanted = bytes.fromhex("818537fa213d7f9f4d5158")
    assert encode_frame(1, b"Hello", bytes.fromhex("37fa213d")) == wanted


def test_an_empty_turn_is_nothing() -> None:
    assert encode_turn(b"", 0) == b""


def test_texts_at_the_venue_s_limit_and_one_past_it() -> None:
    fits = b"x" * TEXT_BYTES_MAX
    assert texts_of(received(encode_turn(fits + b"\n", 1))) == [fits]
    with pytest.raises(ValueError, match="32001 bytes: the venue takes 32 kB"):
        encode_turn(b"{}\n" + fits + b"x\n", 1)


@pytest.mark.parametrize("turn", [b"{}", b"{}\n{}", b"\n", b"{}\n\n"])
def test_a_turn_is_ended_texts(turn: bytes) -> None:
    with pytest.raises(ValueError, match=r"newline|empty"):
        encode_turn(turn, 1)


def test_every_frame_has_a_key_of_its_own() -> None:
    turn = encode_turn(b"{}\n" * 1_000, 7)
    frames = [turn[i : i + 8] for i in range(0, len(turn), 8)]
    assert len({key_of(frame) for frame in frames}) == 1_000


@given(SEEDS)
def test_the_seed_decides_the_bytes(seed: int) -> None:
    turn = encode_turn(b"{}\n{}\n", seed)
    assert turn == encode_turn(b"{}\n{}\n", seed)
    assert turn != encode_turn(b"{}\n{}\n", seed ^ 1)


def test_keys_are_those_of_splitmix64() -> None:
    # First outputs for seed 1234567 of the public reference implementation.
    outputs = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    turn = encode_turn(b"{}\n" * 3, 1234567)
    keys = [key_of(turn[i : i + 8]) for i in range(0, len(turn), 8)]
    assert keys == [value.to_bytes(8, "little")[:4] for value in outputs]


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_has_64_bits(seed: int) -> None:
    with pytest.raises(OverflowError):
        encode_turn(b"{}\n", seed)


def test_a_key_has_four_bytes() -> None:
    with pytest.raises(ValueError, match="4 bytes"):
        encode_frame(1, b"", b"abc")


KEY = b"\x11\x22\x33\x44"


@pytest.mark.parametrize("opcode", list(Opcode))
@pytest.mark.parametrize("size", [0, 1, 125])
def test_frames_of_every_opcode(opcode: Opcode, size: int) -> None:
    before = [] if opcode is not Opcode.CONT else [b"\x01\x80\x00\x00\x00\x00"]
    payload = (b"\x03\xe8" + b"p" * 123)[:size]
    if opcode is Opcode.CLOSE and size == 1:
        payload = b""
    frames = received(*before, encode_frame(opcode, payload, KEY), closing=True)
    assert (frames[-1].opcode, bytes(frames[-1].data)) == (opcode, payload)


@pytest.mark.parametrize("opcode", [8, 9, 10])
def test_a_control_frame_has_a_limit(opcode: int) -> None:
    with pytest.raises(ValueError, match="126 bytes in a control frame: at most 125"):
        encode_frame(opcode, b"x" * 126, KEY)


@pytest.mark.parametrize("opcode", [-1, 3, 7, 11, 15, 16])
def test_opcodes_there_are_not(opcode: int) -> None:
    with pytest.raises(ValueError, match="there are 0, 1, 2, 8, 9 and 10"):
        encode_frame(opcode, b"", KEY)


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, b""), (1002, b"masked frame"), (4999, b"r" * 123)]
)
def test_a_close_says_code_and_reason(code: int, reason: bytes) -> None:
    (frame,) = received(encode_close(code, reason, KEY), closing=True)
    assert bytes(frame.data) == code.to_bytes(2, "big") + reason


def test_a_reason_too_long_is_cut() -> None:
    (frame,) = received(encode_close(1000, b"r" * 124, KEY), closing=True)
    assert bytes(frame.data) == b"\x03\xe8" + b"r" * 123


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_a_code_that_must_not_be_sent_is_not(code: int) -> None:
    (frame,) = received(encode_close(code, b"why", KEY), closing=True)
    assert frame.data == b""


def test_a_close_has_a_key_of_four_bytes() -> None:
    with pytest.raises(ValueError, match="4 bytes"):
        encode_close(1000, b"", b"abc")

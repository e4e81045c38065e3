"""The reader of frames, rule by rule; `tests/fuzz/test_frames.py` compares it."""

import pytest

from engine._core.wire.reader import FOUND_NAMES, Reader

MESSAGE_SIZE_MAX = 16 * 2**20
BUFFER_START = 262_144
ROOM_MIN = 65_536

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN = 0x80


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, form: int = 0
) -> bytes:
    """Return a server's frame; ``form`` asks for a length of 2 or 8 bytes."""
    n = len(payload)
    form = form or (0 if n < 126 else 2 if n < 2**16 else 8)
    length = bytes([n]) if form == 0 else bytes([126 if form == 2 else 127])
    more = n.to_bytes(form, "big") if form else b""
    return bytes([FIN * fin | opcode]) + length + more + payload


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


def taken(reader: Reader) -> list[tuple[str, bytes]]:
    found = []
    while (thing := reader.take()) is not None:
        found.append(thing)
        if thing[0] == "broken":
            break
    return found


def read(*parts: bytes, size_max: int = MESSAGE_SIZE_MAX) -> list[tuple[str, bytes]]:
    reader = Reader(size_max)
    found = []
    for part in parts:
        reader.feed(part)
        found += taken(reader)
    return found


def broken(raw: bytes, size_max: int = MESSAGE_SIZE_MAX) -> tuple[int, str]:
    """Return code and words of what breaks the connection, as the last thing found."""
    reader = Reader(size_max)
    reader.feed(raw)
    found = taken(reader)
    assert found
    assert found[-1] == ("broken", b"")
    assert reader.take() == ("broken", b"")
    return reader.code, reader.reason


# -- what is right


def test_messages_of_one_read_in_order() -> None:
    raw = frame(TEXT, b"one") + frame(BINARY, b"\xff") + frame(TEXT, b"")
    assert read(raw) == [("message", b"one"), ("message", b"\xff"), ("message", b"")]


def test_text_and_binary_are_told_apart() -> None:
    reader = Reader()
    reader.feed(frame(TEXT, b"a") + frame(BINARY, b"a") + frame(TEXT, b"b"))
    kinds = []
    while reader.take():
        kinds.append(reader.is_text)
    assert kinds == [True, False, True]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65_535, 65_536, 300_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_every_form_of_length(opcode: int, size: int) -> None:
    payload = b"*" * size
    assert read(frame(opcode, payload)) == [("message", payload)]
    for form in (2, 8):
        if size < 256**form:
            assert read(frame(opcode, payload, form=form)) == [("message", payload)]


def test_byte_by_byte() -> None:
    raw = frame(TEXT, b"x" * 200) + frame(PING, b"?") + close(1000, b"bye")
    parts = [raw[i : i + 1] for i in range(len(raw))]
    assert read(*parts) == read(raw)
    assert [name for name, _ in read(raw)] == ["message", "ping", "close"]


def test_nothing_before_the_last_byte() -> None:
    for raw in (frame(TEXT, b"x" * 300), frame(PING, b"?"), close(1000)):
        for size in range(len(raw)):
            assert read(raw[:size]) == []


def test_fragments_are_joined() -> None:
    raw = (
        frame(TEXT, b"a", fin=False)
        + frame(CONT, b"", fin=False)
        + frame(CONT, b"b" * 200, fin=False)
        + frame(CONT, b"c")
        + frame(TEXT, b"next")
    )
    whole = [("message", b"a" + b"b" * 200 + b"c"), ("message", b"next")]
    assert read(raw) == whole
    assert read(*[raw[i : i + 1] for i in range(len(raw))]) == whole


def test_control_frames_between_fragments_come_first() -> None:
    raw = (
        frame(TEXT, b"", fin=False)
        + frame(PING, b"1")
        + frame(CONT, b"to", fin=False)
        + frame(PONG, b"2" * 125)
        + frame(PING)
        + frame(CONT, b"gether")
    )
    wanted = [("ping", b"1"), ("pong", b"2" * 125), ("ping", b"")]
    wanted.append(("message", b"together"))
    assert read(raw) == wanted
    assert read(*[raw[i : i + 1] for i in range(len(raw))]) == wanted


def test_a_character_cut_by_fragments() -> None:
    raw = "κόσμε€𐍈".encode()
    for at in range(len(raw)):
        parts = frame(TEXT, raw[:at], fin=False) + frame(CONT, raw[at:])
        assert read(parts) == [("message", raw)]


def test_binary_may_be_anything() -> None:
    raw = frame(BINARY, b"\xff", fin=False) + frame(CONT, b"\xc0")
    assert read(raw) == [("message", b"\xff\xc0")]


# -- close


@pytest.mark.parametrize(
    "code",
    [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999],
)
def test_close_codes_that_may_be_sent(code: int) -> None:
    reader = Reader()
    reader.feed(close(code, "bye ✓".encode()))
    assert taken(reader) == [("close", "bye ✓".encode())]
    assert reader.code == reader.close_code == code


@pytest.mark.parametrize(
    "code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
)
def test_close_codes_that_may_not(code: int) -> None:
    assert broken(close(code)) == (1002, "invalid close code")


def test_a_close_without_a_code() -> None:
    reader = Reader()
    reader.feed(frame(CLOSE))
    assert taken(reader) == [("close", b"")]
    assert reader.code == 1005


def test_a_close_of_one_byte() -> None:
    assert broken(frame(CLOSE, b"\x03")) == (1002, "close code of one byte")


@pytest.mark.parametrize("reason", [b"\xff", b"ok\xc3", b"\xed\xa0\x80"])
def test_a_reason_is_text(reason: bytes) -> None:
    assert broken(close(1000, reason)) == (1007, "close reason is not UTF-8")


def test_a_reason_fills_its_frame() -> None:
    assert read(close(1000, b"r" * 123)) == [("close", b"r" * 123)]


def test_nothing_comes_after_a_close() -> None:
    reader = Reader(1_000)
    reader.feed(close(1001) + frame(TEXT, b"late") + b"\xff\xff")
    assert taken(reader) == [("close", b"")]
    # More than the buffer holds: it is not kept.
    reader.feed(frame(TEXT, b"later") * 200_000)
    assert reader.take() is None


def test_nothing_comes_after_a_break() -> None:
    reader = Reader(1_000)
    reader.feed(frame(3))
    assert taken(reader) == [("broken", b"")]
    reader.feed(frame(TEXT, b"later") * 200_000)
    assert taken(reader) == [("broken", b"")]


def test_a_close_inside_a_message_breaks_it_and_is_known() -> None:
    reader = Reader()
    reader.feed(frame(TEXT, b"a", fin=False) + close(1001))
    assert taken(reader) == [("broken", b"")]
    assert (reader.code, reader.close_code) == (1002, 1001)
    assert reader.reason == "close inside a fragmented message"


# -- what is wrong


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_unknown_opcodes(opcode: int) -> None:
    assert broken(frame(opcode)) == (1002, "unknown opcode")


@pytest.mark.parametrize("opcode", [CONT, TEXT, BINARY, CLOSE, PING, PONG])
@pytest.mark.parametrize("bits", range(0x10, 0x80, 0x10))
def test_reserved_bits(opcode: int, bits: int) -> None:
    assert broken(frame(opcode | bits)) == (1002, "reserved bits set")


@pytest.mark.parametrize("opcode", [CONT, TEXT, BINARY, CLOSE, PING, PONG])
def test_a_server_does_not_mask(opcode: int) -> None:
    assert broken(bytes([FIN | opcode, 0x80])) == (1002, "masked frame")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_control_frames_are_short_and_whole(opcode: int) -> None:
    assert broken(frame(opcode, b"x" * 126)) == (1002, "control frame too long")
    assert broken(frame(opcode, fin=False)) == (1002, "fragmented control frame")


def test_a_continuation_of_nothing() -> None:
    wrong = (1002, "continuation of nothing")
    assert broken(frame(CONT, b"x")) == wrong
    assert broken(frame(TEXT, b"x") + frame(CONT, b"x", fin=False)) == wrong
    whole = frame(TEXT, b"x", fin=False) + frame(CONT, b"x")
    assert broken(whole + frame(CONT, b"x")) == wrong


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_inside_a_message(opcode: int) -> None:
    raw = frame(TEXT, b"", fin=False) + frame(opcode, b"x")
    assert broken(raw) == (1002, "new message inside a fragmented one")


@pytest.mark.parametrize(
    "raw", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]
)
def test_a_text_is_utf8(raw: bytes) -> None:
    wrong = (1007, "text is not UTF-8")
    assert broken(frame(TEXT, raw)) == wrong
    assert broken(frame(TEXT, b"a" * 500 + raw)) == wrong
    assert broken(frame(TEXT, raw, fin=False) + frame(CONT, b"")) == wrong


def test_a_header_that_cannot_become_right_is_not_waited_for() -> None:
    assert broken(bytes([FIN | 3, 100])) == (1002, "unknown opcode")
    assert broken(bytes([FIN | PING, 126, 0, 126])) == (1002, "control frame too long")
    assert broken(bytes([FIN | 0x40 | TEXT, 100])) == (1002, "reserved bits set")
    assert broken(bytes([FIN | CONT, 100])) == (1002, "continuation of nothing")


def test_what_came_before_is_still_delivered() -> None:
    found = read(frame(TEXT, b"good") + frame(PING, b"?") + frame(TEXT, b"\xff"))
    assert found == [("message", b"good"), ("ping", b"?"), ("broken", b"")]


# -- limits


def test_a_message_at_the_limit_and_one_past_it() -> None:
    assert read(frame(TEXT, b"x" * 200), size_max=200) == [("message", b"x" * 200)]
    assert broken(frame(TEXT, b"x" * 201), 200) == (1009, "message too long")
    first = frame(TEXT, b"x" * 150, fin=False)
    fits = [("message", b"x" * 200)]
    assert read(first + frame(CONT, b"x" * 50), size_max=200) == fits
    assert broken(first + frame(CONT, b"x" * 51), 200) == (1009, "message too long")


def test_a_control_frame_is_no_part_of_the_message_it_interrupts() -> None:
    raw = frame(TEXT, b"x" * 199, fin=False) + frame(PING, b"?" * 125)
    wanted = [("ping", b"?" * 125), ("message", b"x" * 200)]
    assert read(raw + frame(CONT, b"x"), size_max=200) == wanted


@pytest.mark.parametrize("length", [MESSAGE_SIZE_MAX + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_length_past_the_limit_is_refused_from_its_header(length: int) -> None:
    for opcode in (TEXT, BINARY, PING):
        header = bytes([FIN | opcode, 127]) + length.to_bytes(8, "big")
        assert broken(header) == (1009, "message too long")


@pytest.mark.parametrize("size_max", [0, -1, MESSAGE_SIZE_MAX + 1])
def test_the_limit_has_limits(size_max: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {MESSAGE_SIZE_MAX}"):
        Reader(size_max)


def test_the_largest_message_and_the_largest_buffer() -> None:
    payload = b"x" * MESSAGE_SIZE_MAX
    reader = Reader()
    raw = frame(TEXT, payload)
    for at in range(0, len(raw), 2**20):
        assert reader.take() is None
        reader.feed(raw[at : at + 2**20])
    thing = reader.take()
    assert thing is not None
    assert thing[1] == payload
    assert reader.take() is None
    assert reader.buffer_size == MESSAGE_SIZE_MAX + 2 * ROOM_MIN


def test_the_largest_message_in_many_fragments() -> None:
    part = b"x" * 3
    count = 100_000
    raw = frame(TEXT, fin=False) + count * frame(CONT, part, fin=False)
    reader = Reader(len(part) * count)
    found = []
    for at in range(0, len(raw), 50_000):
        reader.feed(raw[at : at + 50_000])
        found += taken(reader)
    reader.feed(frame(PING) + frame(CONT))
    found += taken(reader)
    assert found == [("ping", b""), ("message", part * count)]
    assert reader.buffer_size <= len(part) * count + 2 * ROOM_MIN


def test_the_buffer_grows_only_for_what_is_unread() -> None:
    reader = Reader()
    raw = frame(TEXT, b"x" * 300) * 100
    for _ in range(100):
        reader.feed(raw)
        assert len(taken(reader)) == 100
    assert reader.buffer_size == BUFFER_START


def test_frames_must_be_taken() -> None:
    reader = Reader(1_000)
    room = 1_000 + 2 * ROOM_MIN
    reader.feed(frame(TEXT, b"x" * 100) * (room // 102))
    reader.feed(b"\x81"[: room % 102])
    with pytest.raises(BufferError, match="not taken"):
        reader.feed(b"x" * 102)


def test_the_names_of_what_is_found() -> None:
    assert FOUND_NAMES == ("nothing", "message", "ping", "pong", "close", "broken")

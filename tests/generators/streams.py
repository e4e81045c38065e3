"""Seeded streams of a WebSocket server: as RFC 6455 wants them, and as it does not.

A `Stream` is cut into the parts it arrives in. What it is depends on its seed only;
four in six hold something wrong, and what follows is there to be wrongly delivered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.generators.mutations import mutate

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
CONTROLS = (CLOSE, PING, PONG)
SIZE_MAX = 70_000
"""Limit of a message in most streams: above what two bytes of length can say."""

RAW_MAX = SIZE_MAX - 200
"""Bytes in a stream whose frames were not counted: no message comes near the limit."""

TEXTS = tuple(
    text.encode()
    for text in (
        "", "{}", "a", "κόσμε", "€", "𐍈", "\x7f\x00", "x" * 126, '{"id":1}' * 9,
        '{"params":{"channel":"book.BTC-PERPETUAL.raw"}}' * 6, "é" * 63,
    )
)  # fmt: skip
NOT_TEXT = (
    b"\xff", b"\xc3", b"\xc0\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\x80",
    b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"ok\xe2\x82",
    b"a" * 70 + b"\xc3(",
)  # fmt: skip
CODES = (1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4000, 4999)
NOT_CODES = (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)
FIRST_BYTES = (0x81, 0x81, 0x82, 0x80, 0x00, 0x01, 0x89, 0x8A, 0x88, 0xC1, 0x83, 0x09)
SECOND_BYTES = (0, 0, 1, 2, 5, 125, 126, 127, 128, 133, 254, 255)


@dataclass(frozen=True)
class Stream:
    """What arrives on one connection whose messages have a limit."""

    parts: list[bytes]
    size_max: int


def frame(first: int, payload: bytes, form: int = 0) -> bytes:
    """Return an unmasked frame; ``first`` is the opcode with the bits above it.

    ``form``: bytes of extended length, 0, 2 or 8; more are taken when it needs them.
    """
    n = len(payload)
    form = max(form, 0 if n < 126 else 2 if n < 2**16 else 8)
    second = n if form == 0 else 126 if form == 2 else 127
    extended = n.to_bytes(form, "big") if form else b""
    return bytes((first, second)) + extended + payload


def _form(random: Random) -> int:
    return random.choice((2, 8)) if random.random() < 0.1 else 0


def _payload(random: Random) -> bytes:
    dice = random.random()
    if dice < 0.6:
        return random.choice(TEXTS)
    if dice < 0.997:
        return b"p" * random.choice((1, 3, 64, 124, 125, 126, 127, 200, 283))
    return b"P" * random.choice((1_000, 4_100, 65_535, 65_536))


def _message(random: Random) -> list[bytes]:
    """Return a message: whole, or in fragments with control frames in between."""
    payload = _payload(random)
    opcode = TEXT if random.random() < 0.8 else BINARY
    if opcode == BINARY and random.random() < 0.5:
        payload += random.choice(NOT_TEXT)
    if random.random() < 0.6:
        return [frame(0x80 | opcode, payload, _form(random))]
    cuts = sorted(
        random.randrange(len(payload) + 1) for _ in range(random.randrange(4))
    )
    pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    found = []
    for i, piece in enumerate(pieces):
        fin = 0x80 if i == len(pieces) - 1 else 0
        found.append(frame(fin | (CONT if i else opcode), piece, _form(random)))
        if not fin and random.random() < 0.3:
            found.append(_control(random))
    return found


def _control(random: Random) -> bytes:
    payload = random.choice((b"", b"?", b"\xff" * 8, b"c" * 125))
    return frame(0x80 | random.choice((PING, PONG)), payload, _form(random))


def _close(random: Random) -> bytes:
    if random.random() < 0.2:
        return frame(0x80 | CLOSE, b"", _form(random))
    code = random.choice(CODES).to_bytes(2, "big")
    return frame(0x80 | CLOSE, code + random.choice((b"", b"bye", "✓".encode() * 41)))


def honest(random: Random) -> list[bytes]:
    """Return frames that are right; a close may be the last but one, or two."""
    frames = []
    for _ in range(random.choice((1, 2, 2, 3, 4))):
        frames += [_control(random)] if random.random() < 0.15 else _message(random)
    if random.random() < 0.15:
        frames.insert(
            random.randint(max(0, len(frames) - 2), len(frames)), _close(random)
        )
    return frames


def _masked(random: Random) -> bytes:
    whole = random.choice((_control, _close, lambda r: _message(r)[0]))(random)
    return bytes((whole[0], whole[1] | 0x80)) + b"\0\0\0\0" + whole[2:]


def _too_long(random: Random) -> bytes:
    opcode = random.choice((CONT, TEXT, BINARY, *CONTROLS))
    n = random.choice((SIZE_MAX + 1, 2**24 + 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1))
    return bytes((random.choice((0, 0x80)) | opcode, 127)) + n.to_bytes(8, "big")


def _bad_close(random: Random) -> bytes:
    code = random.choice(NOT_CODES).to_bytes(2, "big")
    good = random.choice(CODES).to_bytes(2, "big")
    payloads = (code, code + b"why", good + random.choice(NOT_TEXT), b"\x03", b"")
    return frame(0x80 | CLOSE, random.choice(payloads), _form(random))


WRONGS: tuple[Callable[[Random], bytes], ...] = (
    _masked,
    _too_long,
    _bad_close,
    _close,
    # Reserved bits, opcodes nobody knows, control frames in fragments or too long.
    lambda r: frame(0x80 | r.randrange(0x10, 0x80), r.choice(TEXTS), _form(r)),
    lambda r: frame(0x80 | r.choice((3, 4, 7, 11, 12, 15)), r.choice(TEXTS)),
    lambda r: frame(r.choice(CONTROLS), r.choice((b"", b"xx"))),
    lambda r: frame(0x80 | r.choice(CONTROLS), b"x" * r.choice((126, 127, 300))),
    # A fragment too many, a message inside another, bytes that are no text.
    lambda r: frame(r.choice((0, 0x80)) | CONT, r.choice(TEXTS), _form(r)),
    lambda r: frame(r.choice((0, 0x80)) | TEXT, r.choice(TEXTS), _form(r)),
    lambda r: frame(0x80 | TEXT, r.choice(NOT_TEXT), _form(r)),
    lambda r: frame(TEXT, r.choice(NOT_TEXT)) + frame(0x80 | CONT, r.choice(TEXTS)),
)
"""Each returns something that is wrong, at most places of a stream."""


def adversarial(random: Random) -> list[bytes]:
    """Return right frames with a wrong one put in, or one lost, doubled or moved."""
    frames = honest(random)
    at = random.randrange(len(frames) + 1)
    choice = random.randrange(8)
    if choice == 0 and at < len(frames):
        del frames[at]
    elif choice == 1 and at < len(frames):
        frames.insert(random.randrange(len(frames)), frames[at])
    elif choice == 2:
        random.shuffle(frames)
    else:
        frames.insert(at, random.choice(WRONGS)(random))
    return frames


def headers(random: Random) -> list[bytes]:
    """Return what looks like headers, one after the other."""
    frames = []
    for _ in range(random.randrange(1, 10)):
        pair = bytes((random.choice(FIRST_BYTES), random.choice(SECOND_BYTES)))
        frames.append(pair + random.randbytes(random.choice((0, 0, 1, 2, 5, 8))))
    return frames


def at_the_limit(random: Random, size_max: int) -> list[bytes]:
    """Return messages of about ``size_max`` bytes, most of them in fragments."""
    frames = []
    for _ in range(random.randrange(1, 4)):
        left = size_max + random.randint(-2, 2)
        opcode = random.choice((TEXT, BINARY))
        while left > 0 and random.random() < 0.8:
            n = random.randrange(left + 1)
            frames.append(frame(opcode, b"l" * n, _form(random)))
            left -= n
            opcode = CONT
            # Closer to the limit the reference counts a control frame to the message.
            if left > 130:
                frames.append(_control(random))
        frames.append(frame(0x80 | opcode, b"l" * left, _form(random)))
    return frames


def cut(raw: bytes, random: Random) -> list[bytes]:
    """Return a stream in parts: whole, byte by byte or anyhow; its end may be lost."""
    if random.random() < 0.2:
        raw = raw[: random.randrange(len(raw) + 1)]
    dice = random.random()
    if dice < 0.3:
        return [raw]
    if dice < 0.4 and len(raw) < 400:
        return [raw[i : i + 1] for i in range(len(raw))]
    places = sorted(
        random.randrange(len(raw) + 1) for _ in range(random.randrange(1, 8))
    )
    return [raw[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]


def stream(seed: int) -> Stream:
    """Return the stream of a seed."""
    random = Random(seed)
    kind = seed % 6
    size_max = SIZE_MAX
    if kind == 0:
        frames = honest(random)
    elif kind in (1, 2):
        frames = adversarial(random)
    elif kind == 3:
        frames = [mutate(b"".join(honest(random)), random)]
    elif kind == 4:
        frames = headers(random)
    else:
        size_max = random.choice((1, 125, 126, 300, 1_000))
        frames = at_the_limit(random, size_max)
    return Stream(cut(b"".join(frames)[:RAW_MAX], random), size_max)

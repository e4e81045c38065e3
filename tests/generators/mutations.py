"""Damage to bytes: replaced, put in, taken out, flipped, copied to another place."""

from random import Random

JUNK = (
    b"", b" ", b",", b":", b'"', b"\\", b"{", b"}", b"[", b"]", b"0", b"9", b"-",
    b"+", b".", b"e", b"E", b"null", b"true", b"1e5", b"\x00", b"\n", b"\x1f",
    b"\x7f", b"\x80", b"\xc3\xa9", b"\xed\xa0\x80", b"\xff", b"\\u0041", b"\\ud800",
    b'"x":1,', b',"x":[]', b"99999999999999999999", b"0.00001",
)  # fmt: skip


def mutate(payload: bytes, random: Random) -> bytes:
    """Return a payload with a few bytes replaced, put in, taken out or moved."""
    raw = bytearray(payload)
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(raw) + 1)
        n = random.randrange(4)
        choice = random.randrange(4)
        if choice == 0:
            raw[at : at + n] = random.choice(JUNK)
        elif choice == 1:
            raw[at:at] = random.choice(JUNK)
        elif choice == 2 and at < len(raw):
            raw[at] ^= 1 << random.randrange(8)
        else:
            start = random.randrange(len(raw) + 1)
            raw[at:at] = raw[start : start + random.randrange(30)]
    return bytes(raw)

"""UTF-8: what Python decodes is text, the rest is not."""

from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.utf8 import is_text

EDGES = bytes.fromhex("007f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff")


def python_reads(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_every_sequence_of_edge_bytes() -> None:
    for size in range(1, 5):
        for raw in map(bytes, product(EDGES, repeat=size)):
            if size < 4 or raw[0] >= 0xE0:
                assert is_text(raw) == python_reads(raw), raw


def test_a_byte_beyond_ascii_is_seen_in_every_place() -> None:
    for size in range(140):
        assert is_text(b"a" * size)
        for at in range(size):
            assert not is_text(b"a" * at + b"\xff" + b"a" * (size - at - 1))


@given(st.text())
def test_text_is_text(text: str) -> None:
    assert is_text(text.encode())


@given(st.text(min_size=1), st.randoms(use_true_random=False))
def test_text_with_a_flipped_bit(text: str, random: Random) -> None:
    raw = bytearray(text.encode())
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    assert is_text(bytes(raw)) == python_reads(bytes(raw))

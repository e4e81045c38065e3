"""Masking: byte by byte is the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.wire.mask import mask

KEYS = st.binary(min_size=4, max_size=4)


def slow(text: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(text))


@given(st.binary(max_size=200), KEYS)
def test_every_byte_meets_its_byte_of_the_key(text: bytes, key: bytes) -> None:
    assert mask(text, key) == slow(text, key)


@given(st.binary(max_size=200), KEYS)
def test_twice_gives_the_text_back(text: bytes, key: bytes) -> None:
    assert mask(mask(text, key), key) == text


def test_every_length_around_the_word() -> None:
    key = b"\x01\x20\x83\xff"
    for size in range(40):
        text = bytes(range(size))
        assert mask(text, key) == slow(text, key)


@pytest.mark.parametrize("key", [b"", b"abc", b"abcde"])
def test_a_key_has_four_bytes(key: bytes) -> None:
    with pytest.raises(ValueError, match="4 bytes"):
        mask(b"text", key)

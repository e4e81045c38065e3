"""The CRC: zlib's, both ways, at every length around the edges of a fold."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.crc import crc_by_tables, crc_joined

HEAD = 10


def in_two_parts(data: bytes, crc: int = 0) -> int:
    """Return the CRC as of a record: a head, and what is behind it."""
    if len(data) < HEAD:
        return crc_by_tables(data, crc)
    return crc_joined(data[:HEAD], data[HEAD:], crc)


WAYS = pytest.mark.parametrize("way", [in_two_parts, crc_by_tables])


@WAYS
@given(st.binary(max_size=500), st.integers(0, 2**32 - 1))
def test_it_is_zlib_s(
    way: Callable[[bytes, int], int], data: bytes, before: int
) -> None:
    assert way(data, before) == zlib.crc32(data, before)


@WAYS
def test_every_length_up_to_some_folds(way: Callable[[bytes, int], int]) -> None:
    data = Random(1).randbytes(700)
    for size in range(len(data) + 1):
        assert way(data[:size], 0) == zlib.crc32(data[:size])


@WAYS
def test_it_goes_on_where_it_stopped(way: Callable[[bytes, int], int]) -> None:
    data = Random(2).randbytes(10_000)
    for cut in (0, 1, 63, 64, 65, 5_000, 10_000):
        assert way(data[cut:], way(data[:cut], 0)) == zlib.crc32(data)


@given(st.binary(min_size=10, max_size=10), st.binary(max_size=500))
def test_a_head_that_stands_elsewhere(head: bytes, data: bytes) -> None:
    assert crc_joined(head, data, 7) == zlib.crc32(head + data, 7)


def test_every_length_behind_a_head() -> None:
    head, data = bytes(range(10)), Random(3).randbytes(700)
    for size in range(len(data) + 1):
        assert crc_joined(head, data[:size]) == zlib.crc32(head + data[:size])

"""Records in memory: when a side is handed over, and every limit at it and one past."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.recordbuf import (
    HAND_BYTES,
    PAYLOAD_MAX_BYTES,
    STOPS,
    WAIT_MAX_BYTES,
    RecordBuf,
)
from engine.journal.format import RECORD_HEAD_BYTES, Kind
from tests.unit.journal.journals import Chain

LARGE = 1 << 40


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2 * HAND_BYTES))))
def test_bytes_come_out_in_order_whoever_hands_over(
    steps: list[tuple[bool, int]],
) -> None:
    records, taken = RecordBuf(0, LARGE), b""
    expected = 0
    for number, (gives, size) in enumerate(steps):
        if gives:
            records.give()
        assert records.append(Kind.COMMAND, 0, number, bytes([number % 256]) * size)
        expected += RECORD_HEAD_BYTES + size
        if size % 3 == 0:
            taken += records.take()
        assert records.total == expected
        assert records.held == expected - len(taken)
    taken += records.take()
    records.give()
    taken += records.take()
    assert len(taken) == expected
    at = 0
    for number, (_, size) in enumerate(steps):
        at += RECORD_HEAD_BYTES
        assert taken[at : at + size] == bytes([number % 256]) * size
        at += size


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), min_size=1))
def test_records_are_sealed_as_the_format_says(
    records: list[tuple[Kind, bytes]],
) -> None:
    held, chain, expected = RecordBuf(5, LARGE, 77), Chain(77), b""
    for t_ns, (kind, payload) in enumerate(records):
        assert held.append(kind, 1, t_ns << 40, payload)
        expected += chain.record(kind, 1, t_ns << 40, payload)
    assert held.give()
    assert held.take() == expected


def test_a_side_is_handed_over_by_bytes() -> None:
    records = RecordBuf(0, LARGE)
    most = HAND_BYTES - RECORD_HEAD_BYTES
    records.append(Kind.COMMAND, 0, 1, bytes(most))
    assert records.take() == b""
    records.append(Kind.COMMAND, 0, 1)
    assert len(records.take()) == HAND_BYTES


def test_a_side_nobody_took_is_not_handed_over_again() -> None:
    records = RecordBuf(0, LARGE)
    records.append(Kind.COMMAND, 0, 1, b"one")
    assert records.give()
    records.append(Kind.COMMAND, 0, 2, b"two")
    assert not records.give()
    assert records.take().endswith(b"one")
    assert records.give()
    assert not records.give()
    assert records.take().endswith(b"two")


def test_the_file_s_limit_at_and_one_past() -> None:
    records = RecordBuf(100, 100 + 2 * RECORD_HEAD_BYTES)
    assert records.append(Kind.COMMAND, 0, 1)
    assert not records.append(Kind.COMMAND, 0, 2, b"x")
    assert (records.stopped, records.refused_bytes) == ("full", 1)
    assert not records.append(Kind.COMMAND, 0, 3)
    assert records.total == 100 + RECORD_HEAD_BYTES
    records.append_last(Kind.END, 4, b"why", 3)
    assert records.stopped == ""
    assert records.total == 100 + 2 * RECORD_HEAD_BYTES + 3
    assert not records.append(Kind.COMMAND, 0, 5)


@pytest.mark.parametrize("more", [0, 1])
def test_the_payload_s_limit_at_and_one_past(more: int) -> None:
    records = RecordBuf(0, LARGE)
    payload = bytes(PAYLOAD_MAX_BYTES + more)
    assert records.append(Kind.COMMAND, 0, 1, payload) is not bool(more)
    assert records.stopped == ("long" if more else "")


def test_what_waits_is_bounded() -> None:
    records = RecordBuf(0, LARGE)
    piece = bytes(WAIT_MAX_BYTES // 8 - RECORD_HEAD_BYTES)
    assert records.append(Kind.COMMAND, 0, 1, b"handed over, and nobody takes it")
    records.give()
    for _ in range(8):
        assert records.append(Kind.COMMAND, 0, 1, piece)
    assert records.append(Kind.COMMAND, 0, 1)
    assert not records.append(Kind.COMMAND, 0, 1)
    assert records.stopped == "behind"


def test_every_stop_has_a_word() -> None:
    assert STOPS == ("", "full", "long", "behind", "memory")

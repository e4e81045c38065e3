"""The writer: when it writes, what it refuses, and what a full disk does."""

import os
from pathlib import Path
from random import Random

import pytest

from engine._core.base.recordbuf import PAYLOAD_MAX_BYTES, WAIT_MAX_BYTES
from engine.errors import JournalError
from engine.journal import Kind, Reader, Writer
from engine.journal.format import RECORD_HEAD_BYTES
from engine.journal.writer import END_RESERVE_BYTES, HAND_BYTES, HAND_NS
from tests.unit.journal.journals import HEADER, write

ONE_RECORD = RECORD_HEAD_BYTES
COUNT = 2_000


def test_never_overwrites(tmp_path):
    path = write(tmp_path / "a.journal")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="exists already"):
        Writer(path, HEADER)
    assert path.read_bytes() == before


def test_missing_folder_is_a_journal_error(tmp_path):
    with pytest.raises(JournalError, match="cannot be made: No such file"):
        Writer(tmp_path / "no" / "a.journal", HEADER)


def test_disk_is_touched_by_flush_only(tmp_path):
    path = tmp_path / "a.journal"
    writer = Writer(path, HEADER)
    size = path.stat().st_size
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    assert path.stat().st_size == size
    writer.flush(1)
    assert path.stat().st_size == size + ONE_RECORD
    writer.close(2)
    with Reader(path) as reader:
        kinds = [record.kind for record in reader]
    assert kinds == [Kind.HANDLE_TIMER, Kind.END]


def test_flush_is_due_by_time_or_size(tmp_path):
    writer = Writer(tmp_path / "a.journal", HEADER)
    writer.flush(1000)
    assert not writer.flush_due(1000 + HAND_NS)
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    assert not writer.flush_due(1000 + HAND_NS - 1)
    assert writer.flush_due(1000 + HAND_NS)
    writer.append(Kind.RECEIVE_DATA, 0, 1, b"x" * HAND_BYTES)
    assert writer.flush_due(1000)
    writer.close(1)


def test_a_disk_that_does_not_follow_ends_the_journal(tmp_path):
    writer = Writer(tmp_path / "a.journal", HEADER)
    piece = bytes(1 << 20)
    while writer.records.held <= WAIT_MAX_BYTES + len(piece):
        writer.append(Kind.RECEIVE_DATA, 0, 1, piece)
    with pytest.raises(JournalError, match="the disk does not follow"):
        writer.append(Kind.RECEIVE_DATA, 0, 1, piece)
    assert WAIT_MAX_BYTES < writer.records.held < WAIT_MAX_BYTES + 3 * len(piece)
    writer.close(1)


def test_what_a_crash_in_the_background_loses_is_what_was_not_handed_over(tmp_path):
    path = tmp_path / "a.journal"
    writer = Writer(path, HEADER, in_background=True)
    for t_ns in range(COUNT):
        writer.append(Kind.RECEIVE_DATA, 0, t_ns, b"x" * t_ns)
    held = writer.records.held
    writer.abandon()
    with Reader(path) as reader:
        records = list(reader)
    assert [record.t_ns for record in records] == list(range(len(records)))
    assert records
    left = sum(ONE_RECORD + t_ns for t_ns in range(len(records), COUNT))
    assert left <= held


def test_the_background_writes_the_same_file(tmp_path):
    paths = [tmp_path / "at-once", tmp_path / "in-background"]
    for path, in_background in zip(paths, (False, True), strict=True):
        writer = Writer(path, HEADER, in_background=in_background)
        dice = Random(1)
        for t_ns in range(20_000):
            payload = dice.randbytes(dice.choice((0, 1, 300, 5_000)))
            writer.append(Kind.RECEIVE_DATA, 0, t_ns * 20_000, payload)
            if writer.flush_due(t_ns * 20_000):
                writer.flush(t_ns * 20_000)
        writer.close(1)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Reader(paths[1]) as reader:
        assert len(list(reader)) == 20_001


@pytest.mark.parametrize("more", [0, 1])
def test_payload_limit_at_and_one_past(tmp_path, more):
    writer = Writer(tmp_path / "a.journal", HEADER)
    payload = bytes(PAYLOAD_MAX_BYTES + more)
    if more:
        with pytest.raises(JournalError, match="too long for one record"):
            writer.append(Kind.RECEIVE_DATA, 0, 1, payload)
    else:
        writer.append(Kind.RECEIVE_DATA, 0, 1, payload)
    writer.close(1)
    with Reader(tmp_path / "a.journal") as reader:
        sizes = [len(record.payload) for record in reader]
    assert sizes == ([6] if more else [PAYLOAD_MAX_BYTES, 6])


def test_file_limit_at_and_one_past(tmp_path):
    header = len(HEADER.encode())
    limit = header + 2 * ONE_RECORD + END_RESERVE_BYTES
    path = tmp_path / "a.journal"
    writer = Writer(path, HEADER, max_bytes=limit)
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    writer.append(Kind.HANDLE_TIMER, 0, 2)
    with pytest.raises(JournalError, match=f"is full: its limit is {limit}") as error:
        writer.append(Kind.HANDLE_TIMER, 0, 3)
    assert error.value.offset == header + 2 * ONE_RECORD
    writer.close(3, "x" * 1000)
    assert path.stat().st_size <= limit
    with Reader(path) as reader:
        assert len(list(reader)) == 3
        assert reader.ended


def test_close_twice_is_fine(tmp_path):
    writer = Writer(tmp_path / "a.journal", HEADER)
    writer.close(1)
    writer.close(2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_a_journal_error(tmp_path):
    path = tmp_path / "a.journal"
    writer = Writer(path, HEADER)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer.fileno())
    os.close(full)
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    with pytest.raises(JournalError, match="No space left") as error:
        writer.flush(1)
    assert error.value.offset == len(HEADER.encode())
    with pytest.raises(JournalError):
        writer.close(1)

"""The writer: when it writes, what it refuses, and what a full disk does."""

import os
from pathlib import Path

import pytest

from engine.errors import JournalError
from engine.journal import Kind, Reader, Writer
from engine.journal import writer as writer_module
from engine.journal.format import BODY_HEAD, RECORD_HEAD
from engine.journal.writer import END_RESERVE_BYTES, FLUSH_BYTES, FLUSH_NS
from tests.unit.journal.journals import HEADER, write

ONE_RECORD = RECORD_HEAD.size + BODY_HEAD.size


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
    assert not writer.flush_due(1000 + FLUSH_NS)
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    assert not writer.flush_due(1000 + FLUSH_NS - 1)
    assert writer.flush_due(1000 + FLUSH_NS)
    writer.append(Kind.RECEIVE_DATA, 0, 1, b"x" * FLUSH_BYTES)
    assert writer.flush_due(1000)
    writer.close(1)


def test_forgotten_flush_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "BUFFER_MAX_BYTES", 1000)
    path = tmp_path / "a.journal"
    writer = Writer(path, HEADER)
    before = path.stat().st_size
    writer.append(Kind.RECEIVE_DATA, 0, 1, b"x" * (1001 - ONE_RECORD))
    assert path.stat().st_size == before
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    assert path.stat().st_size == before + 1001 + ONE_RECORD
    writer.close(1)


def test_payload_limit_at_and_one_past(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "BODY_MAX", 1000 + BODY_HEAD.size)
    writer = Writer(tmp_path / "a.journal", HEADER)
    largest = bytes(1000)
    with pytest.raises(JournalError, match="too long for one record"):
        writer.append(Kind.RECEIVE_DATA, 0, 1, largest + b"x")
    writer.append(Kind.RECEIVE_DATA, 0, 1, largest)
    writer.close(1)
    with Reader(tmp_path / "a.journal") as reader:
        assert len(next(iter(reader)).payload) == 1000


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
    os.dup2(full, writer._file.fileno())
    os.close(full)
    writer.append(Kind.HANDLE_TIMER, 0, 1)
    with pytest.raises(JournalError, match="No space left") as error:
        writer.flush(1)
    assert error.value.offset == len(HEADER.encode())
    with pytest.raises(JournalError):
        writer.close(1)

"""The scribe: its seals chain the records together, and a bad disk stops it."""

from __future__ import annotations

import errno
import os
import tempfile
import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.recordbuf import RecordBuf
from engine.journal.format import BODY_HEAD, RECORD_HEAD, SIZE_MASK, Kind
from engine.journal.scribe import Scribe


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=100)), min_size=1))
def test_records_are_sealed_as_the_format_says(
    records: list[tuple[Kind, bytes]],
) -> None:
    expected, crc, begun = b"", 77, 5
    held = RecordBuf(begun, 1 << 20)
    for t_ns, (kind, payload) in enumerate(records):
        assert held.append(kind, 1, t_ns, payload)
        body = BODY_HEAD.pack(kind, 1, t_ns) + payload
        crc = zlib.crc32(body, crc)
        expected += RECORD_HEAD.pack(len(body), len(body) ^ SIZE_MASK, crc) + body
    with tempfile.TemporaryFile() as file:
        scribe = Scribe(held, file.fileno(), 77, begun)
        assert scribe.drain()
        assert scribe.written == begun
        assert held.give()
        assert scribe.drain()
        assert scribe.written == begun + len(expected)
        file.seek(0)
        assert file.read() == expected
        assert held.held == 0


def test_nothing_is_written_behind_a_write_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "read-only"
    path.write_bytes(b"old")
    fd = os.open(path, os.O_RDONLY)
    held = RecordBuf(3, 1 << 20)
    scribe = Scribe(held, fd, 0, 3)
    held.append(Kind.COMMAND, 0, 1, b"x")
    held.give()
    assert not scribe.drain()
    assert scribe.error == errno.EBADF
    assert not scribe.drain()
    assert held.held
    os.close(fd)
    assert path.read_bytes() == b"old"

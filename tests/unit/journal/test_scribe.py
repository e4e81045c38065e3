"""The scribe: what was handed over is in the file, however it went there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.recordbuf import RecordBuf
from engine.journal.format import Kind
from engine.journal.scribe import Scribe
from tests.unit.journal.journals import Chain

BLOCK = 4096
MUCH = 1 << 18
"""Bytes from which a piece goes past the page cache."""
LARGE = 1 << 40
LIMIT_S = 10.0


@given(
    st.lists(st.integers(0, 3 * BLOCK), min_size=1, max_size=20), st.integers(0, BLOCK)
)
def test_what_is_handed_over_is_what_is_written(sizes: list[int], begun: int) -> None:
    held, chain, expected = RecordBuf(begun, LARGE), Chain(), b""
    with tempfile.TemporaryFile() as file:
        scribe = Scribe(held, file.fileno(), begun)
        assert scribe.drain()
        for t_ns, size in enumerate(sizes):
            assert held.append(Kind.COMMAND, 1, t_ns, bytes([t_ns]) * size)
            expected += chain.record(Kind.COMMAND, 1, t_ns, bytes([t_ns]) * size)
            assert held.give()
            assert scribe.drain()
            assert scribe.written == begun + len(expected)
        file.seek(0)
        assert file.read() == expected
        assert (held.held, scribe.direct) == (0, 0)


class Running:
    """A scribe on its thread, and the file it writes."""

    def __init__(self, path: Path, begun: int = 0) -> None:
        self.path, self.expected, self.chain = path, bytes(begun), Chain()
        self.pipe = os.pipe()
        for end in self.pipe:
            os.set_blocking(end, False)
        self.fd = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.write(self.fd, self.expected)
        self.held = RecordBuf(begun, LARGE)
        self.scribe = Scribe(self.held, self.fd, begun, *self.pipe)
        self.thread = threading.Thread(target=self.scribe.run)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.scribe.end()
        self.thread.join()
        for fd in (self.fd, *self.pipe):
            os.close(fd)

    def hand(self, size: int, most: int = LARGE) -> None:
        """Hand so many bytes over, in records of `most`."""
        while size:
            payload = os.urandom(min(size, most))
            assert self.held.append(Kind.COMMAND, 0, 1, payload)
            self.expected += self.chain.record(Kind.COMMAND, 0, 1, payload)
            size -= len(payload)
        limit_s = time.monotonic() + LIMIT_S
        while not self.held.give() and time.monotonic() < limit_s:
            self.scribe.wake()  # of what was handed over for its size
            time.sleep(0.001)
        self.scribe.wake()

    def wait(self, size: int) -> None:
        """Wait until so many bytes are in the file."""
        limit_s = time.monotonic() + LIMIT_S
        while self.path.stat().st_size < size and time.monotonic() < limit_s:
            time.sleep(0.005)

    def is_whole(self) -> bool:
        """Say whether all that was handed over came to the file, and nothing else."""
        self.wait(len(self.expected))
        return self.path.read_bytes() == self.expected


def can_go_direct(folder: Path) -> bool:
    """Say whether files there can be written past the page cache."""
    try:
        fd = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY | os.O_DIRECT)
    except (OSError, AttributeError):
        return False
    os.close(fd)
    return True


@pytest.mark.parametrize("begun", [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 7])
def test_much_at_once_goes_past_the_cache(tmp_path: Path, begun: int) -> None:
    with Running(tmp_path / "a", begun) as one:
        for size in (3 * MUCH + 11, 100, 2 * MUCH, 0, MUCH + BLOCK, 5_000, 4 * MUCH):
            one.hand(size + 1, most=70_000)
        one.wait(len(one.expected) - BLOCK)
        if can_go_direct(tmp_path):
            assert one.scribe.direct > 8 * MUCH
            assert one.scribe.direct % BLOCK == 0
        assert one.is_whole()
        one.hand(3)
        assert one.is_whole()


def test_a_part_of_a_block_is_not_kept_for_long() -> None:
    with tempfile.TemporaryDirectory() as folder, Running(Path(folder) / "a") as one:
        one.hand(2 * MUCH + 5)
        assert one.is_whole()
        assert one.scribe.written == len(one.expected)


def test_a_disk_that_does_not_follow_gets_all_through_the_cache(
    tmp_path: Path,
) -> None:
    with Running(tmp_path / "a") as one:
        one.hand(9 << 20)
        one.hand(2 * MUCH)
        assert one.is_whole()
        assert one.scribe.direct == 0


def test_a_file_at_its_limit_keeps_what_fits(tmp_path: Path) -> None:
    limit = 2 * MUCH + 100
    code = f"""
import pathlib, resource, signal
from tests.unit.journal.test_scribe import Running
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
with Running(pathlib.Path({str(tmp_path / "a")!r})) as one:
    one.hand({3 * MUCH})
    one.wait({limit})
    is_begun = one.path.read_bytes() == one.expected[:{limit}]
    print(one.scribe.error, one.scribe.written, is_begun)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [str(errno.EFBIG), str(limit), "True"]


def test_nothing_is_written_behind_a_write_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "read-only"
    path.write_bytes(b"old")
    fd = os.open(path, os.O_RDONLY)
    held = RecordBuf(3, 1 << 20)
    scribe = Scribe(held, fd, 3)
    held.append(Kind.COMMAND, 0, 1, b"x")
    held.give()
    assert not scribe.drain()
    assert scribe.error == errno.EBADF
    assert not scribe.drain()
    assert held.held
    os.close(fd)
    assert path.read_bytes() == b"old"

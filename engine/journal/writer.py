"""Append records to a new journal file, cheaply: the disk is touched only by flush."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from engine.errors import JournalError
from engine.journal.format import (
    BODY_HEAD,
    CLOSED,
    FILE_MAX_BYTES,
    HEADER_MAX_BYTES,
    PAYLOAD_MAX_BYTES,
    RECORD_HEAD,
    SIZE_MASK,
    Header,
    Kind,
)

FLUSH_BYTES = 64 * 1024
FLUSH_NS = 100_000_000
BUFFER_MAX_BYTES = 8 << 20
"""A shell that forgets to flush is bounded: past this, append itself writes."""

BODY_MAX = PAYLOAD_MAX_BYTES + BODY_HEAD.size
END_RESERVE_BYTES = RECORD_HEAD.size + BODY_HEAD.size + 64


class Writer:
    """A journal being written. A crash loses at most what was not yet flushed.

    The caller flushes after a turn, off the critical path, when ``flush_due`` says so
    (64 kB or 100 ms), and closes at the end.
    """

    def __init__(
        self, path: Path, header: Header, *, max_bytes: int = FILE_MAX_BYTES
    ) -> None:
        """Create the file and write its header.

        Raises:
            JournalError: the file exists, cannot be made, or the header is too long.
        """
        text = header.encode()
        if len(text) > HEADER_MAX_BYTES:
            raise JournalError(path, 0, f"a header of {len(text)} bytes is too long")
        self.path = path
        self.max_bytes = max_bytes
        self.written_bytes = 0
        self._last_start = max_bytes - RECORD_HEAD.size - END_RESERVE_BYTES
        self._buffer = bytearray(text)
        self._crc = int.from_bytes(text[16:20], "little")
        self._flushed_ns = 0
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise JournalError(
                path, 0, "exists already; a journal is never overwritten"
            ) from None
        except OSError as error:
            raise JournalError(path, 0, f"cannot be made: {error.strerror}") from None
        self.flush()

    def append(self, kind: Kind, conn: int, t_ns: int, payload: bytes = b"") -> None:
        """Add one record to the buffer.

        Raises:
            JournalError: the file is full (``max_bytes``), the payload too long, or the
                disk refused a write. The record was not added: journaling must stop.

        Cost: two bytes objects and one CRC-32; no disk until BUFFER_MAX_BYTES.
        """
        body = BODY_HEAD.pack(kind, conn, t_ns) + payload
        size = len(body)
        buffered = len(self._buffer)
        if self.written_bytes + buffered + size > self._last_start or size > BODY_MAX:
            raise self._no_room(len(payload))
        self._put(body, size)
        if buffered > BUFFER_MAX_BYTES:
            self.flush()

    def flush_due(self, t_ns: int) -> bool:
        """Return whether enough bytes or time have gathered since the last flush."""
        if len(self._buffer) >= FLUSH_BYTES:
            return True
        return bool(self._buffer) and t_ns - self._flushed_ns >= FLUSH_NS

    def flush(self, t_ns: int = 0) -> None:
        """Hand what was buffered to the operating system.

        Raises:
            JournalError: the disk refused; says at which byte.
        """
        self._flushed_ns = t_ns
        rest = memoryview(bytes(self._buffer))
        self._buffer.clear()
        try:
            while rest:
                n = self._file.write(rest)
                self.written_bytes += n
                rest = rest[n:]
        except OSError as error:
            raise JournalError(
                self.path, self.written_bytes, f"cannot be written: {error.strerror}"
            ) from None

    def close(self, t_ns: int, why: str = CLOSED) -> None:
        """Write the END record, flush, and wait until the disk has it.

        Raises:
            JournalError: the disk refused.
        """
        if self._file.closed:
            return
        body = BODY_HEAD.pack(Kind.END, 0, t_ns) + why.encode()[:64]
        self._put(body, len(body))
        try:
            self.flush(t_ns)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise JournalError(
                self.path, self.written_bytes, f"cannot be synced: {error.strerror}"
            ) from None
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, without an END record: the disk has failed."""
        self._file.close()

    def _no_room(self, payload_bytes: int) -> JournalError:
        """Say why a record does not fit."""
        at = self.written_bytes + len(self._buffer)
        if payload_bytes > BODY_MAX - BODY_HEAD.size:
            problem = f"{payload_bytes} bytes are too long for one record"
        else:
            problem = f"the file is full: its limit is {self.max_bytes} bytes"
        return JournalError(self.path, at, problem)

    def _put(self, body: bytes, size: int) -> None:
        self._crc = crc = zlib.crc32(body, self._crc)
        self._buffer += RECORD_HEAD.pack(size, size ^ SIZE_MASK, crc)
        self._buffer += body

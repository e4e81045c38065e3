"""A journal file being written: made here, filled by a core, brought to the disk.

The records wait in a `RecordBuf`, which a core fills by itself once it was told to
(`Recorder`); a `Scribe` writes them, on a thread of its own where the engine is live,
else in the thread that flushes.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine._core.base.recordbuf import HAND_BYTES, HAND_NS, WAIT_MAX_BYTES, RecordBuf
from engine.errors import JournalError
from engine.journal.format import (
    CLOSED,
    FILE_MAX_BYTES,
    HEADER_MAX_BYTES,
    RECORD_HEAD_BYTES,
    Header,
    Kind,
)
from engine.journal.scribe import Scribe

END_WHY_MAX = 64
END_RESERVE_BYTES = RECORD_HEAD_BYTES + END_WHY_MAX


class Writer:
    """A journal being written. A crash loses at most what was not yet flushed.

    Bytes are handed to the system by 512 kB or 100 ms: by the scribe's thread with
    ``in_background``, else by whoever calls ``flush`` when ``flush_due`` says so. The
    ``scribe`` is for those who hand over what a core has recorded and wake it then.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        max_bytes: int = FILE_MAX_BYTES,
        in_background: bool = False,
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
        self._flushed_ns = 0
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise JournalError(
                path, 0, "exists already; a journal is never overwritten"
            ) from None
        except OSError as error:
            raise JournalError(path, 0, f"cannot be made: {error.strerror}") from None
        self._begin(text)
        crc = int.from_bytes(text[16:20], "little")
        self.records = RecordBuf(len(text), max_bytes - END_RESERVE_BYTES, crc)
        bell, button = self._pipe = os.pipe() if in_background else (-1, -1)
        self.scribe = Scribe(self.records, self.fileno(), len(text), bell, button)
        self._thread: threading.Thread | None = None
        if in_background:
            for end in self._pipe:
                os.set_blocking(end, False)
            self._thread = threading.Thread(
                target=self.scribe.run, name="journal", daemon=True
            )
            self._thread.start()

    @property
    def written_bytes(self) -> int:
        """Bytes of the file that the system has."""
        return self.scribe.written

    def fileno(self) -> int:
        """Return the descriptor of the file."""
        return self._file.fileno()

    def append(self, kind: Kind, conn: int, t_ns: int, payload: bytes = b"") -> None:
        """Add one record.

        Raises:
            JournalError: the file is full (``max_bytes``), the payload too long, or the
                disk too far behind. The record was not added: journaling must stop.
        """
        if not self.records.append(kind, conn, t_ns, payload):
            self.check()

    def check(self) -> None:
        """Look whether all that was given to the journal is in it, or will be.

        Raises:
            JournalError: a record was refused, or the disk refused a write.
        """
        records, scribe = self.records, self.scribe
        if scribe.error:
            problem = f"cannot be written: {os.strerror(scribe.error)}"
            raise JournalError(self.path, scribe.written, problem)
        problem = {
            "": "",
            "full": f"the file is full: its limit is {self.max_bytes} bytes",
            "long": f"{records.refused_bytes} bytes are too long for one record",
            "behind": f"the disk does not follow: {WAIT_MAX_BYTES} bytes wait for it",
            "memory": "there is no memory for its records",
        }[records.stopped]
        if problem:
            raise JournalError(self.path, records.total, problem)

    def flush_due(self, t_ns: int) -> bool:
        """Return whether to call ``flush``: bytes or time have gathered, or an end."""
        records = self.records
        held = records.held
        if held >= HAND_BYTES or records.stopped or self.scribe.error:
            return True
        return bool(held) and t_ns - self._flushed_ns >= HAND_NS

    def flush(self, t_ns: int = 0) -> None:
        """Have what was recorded handed to the system; without a thread it is then.

        Raises:
            JournalError: the disk refused, or a record was refused; says at which byte.
        """
        self._flushed_ns = t_ns
        if self._thread is None:
            self._drain()
        else:
            self.records.give()
            self.scribe.wake()
        self.check()

    def close(self, t_ns: int, why: str = CLOSED) -> None:
        """Write the END record, flush, and wait until the disk has it.

        Raises:
            JournalError: the disk refused.
        """
        if self._file.closed:
            return
        self._end_thread()
        text = why.encode()[:END_WHY_MAX]
        try:
            self._drain()
            self.records.append_last(Kind.END, t_ns, text, END_RESERVE_BYTES)
            self._drain()
            self.check()
            os.fsync(self.fileno())
        except OSError as error:
            raise JournalError(
                self.path, self.written_bytes, f"cannot be synced: {error.strerror}"
            ) from None
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, without an END record: the disk has failed."""
        self._end_thread()
        self._file.close()

    def _begin(self, text: bytes) -> None:
        """Write the header; what is only half a journal stays as a file does."""
        rest = memoryview(text)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.close()
            problem = f"cannot be written: {error.strerror}"
            raise JournalError(self.path, 0, problem) from None

    def _drain(self) -> None:
        """Write what was handed over before, then the rest."""
        if self.scribe.drain() and self.records.give():
            self.scribe.drain()

    def _end_thread(self) -> None:
        if self._thread is not None:
            self.scribe.end()
            self._thread.join()
            self._thread = None
            for end in self._pipe:
                os.close(end)

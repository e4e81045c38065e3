"""Read a journal back: every record in order, or the place where it is damaged."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from engine._core.base.recordbuf import PAYLOAD_MAX_BYTES
from engine.errors import JournalError
from engine.journal.format import (
    BODY_HEAD,
    HEADER_HEAD,
    HEADER_MAX_BYTES,
    MAGIC,
    RECORD_HEAD,
    SIZE_MASK,
    VERSION,
    Header,
    Kind,
    Record,
    decode_header,
)

KINDS = {int(kind): kind for kind in Kind}

ZERO_TAIL_MIN_BYTES = 512
"""A disk sector. Fewer zeros at the end of a file are damage, not an unfilled block."""


class Reader:
    """The records of one journal file; iterate once, close after.

    A writer that was killed leaves a torn tail: fewer bytes than the last record says,
    or a block of zeros the file system never filled. That is cut off and described in
    ``tail``; everything else that does not fit is a JournalError with its offset.
    """

    def __init__(self, path: Path) -> None:
        """Open a journal and check its header.

        Raises:
            JournalError: no journal, an unknown version, or a damaged header.
        """
        self.path = path
        self.tail = ""
        """After the last record: what was cut off, or how the journal ends unclosed."""
        self.ended = False
        """After the last record: whether the journal was closed with an END record."""
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise JournalError(path, 0, f"cannot be read: {error.strerror}") from None
        try:
            self.header, self._crc = self._read_header()
        except BaseException:
            self._file.close()
            raise
        self._offset = self._file.tell()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records.

        Raises:
            JournalError: a record is damaged; says which and at which byte.
        """
        number = 0
        while not self.ended:
            record = self._read_record(number + 1)
            if record is None:
                return
            number += 1
            self.ended = record.kind is Kind.END
            yield record
        if self._file.read(1):
            raise JournalError(
                self.path, self._offset, f"bytes follow the last record, {number}"
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_header(self) -> tuple[Header, int]:
        head = self._file.read(HEADER_HEAD.size)
        if not head:
            raise JournalError(self.path, 0, "is empty: no journal was written")
        if head[: len(MAGIC)] != MAGIC[: len(head)]:
            raise JournalError(self.path, 0, "is not a halfspread journal")
        if len(head) < HEADER_HEAD.size:
            raise JournalError(self.path, len(head), "the header is cut short")
        _, version, _, size, _ = HEADER_HEAD.unpack(head)
        if version != VERSION:
            raise JournalError(
                self.path,
                len(MAGIC),
                f"has version {version}; this halfspread reads version {VERSION}",
            )
        if size > HEADER_MAX_BYTES:
            raise JournalError(self.path, 12, f"a header of {size} bytes is too long")
        text = self._file.read(size)
        if len(text) < size:
            raise JournalError(
                self.path, HEADER_HEAD.size + len(text), "the header is cut short"
            )
        return decode_header(self.path, head, text)

    def _read_record(self, number: int) -> Record | None:
        """Return the next record; None at the end, with ``tail`` set."""
        offset = self._offset
        head = self._file.read(RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            self.tail = self._cut(number, head)
            return None
        size, inverted, crc = RECORD_HEAD.unpack(head)
        if size ^ inverted != SIZE_MASK or not (
            BODY_HEAD.size <= size <= BODY_HEAD.size + PAYLOAD_MAX_BYTES
        ):
            if self._is_zero_tail(head):
                self.tail = self._cut(number, head)
                return None
            raise self._damaged(number, "its size is damaged")
        body = self._file.read(size)
        if len(body) < size:
            self.tail = self._cut(number, head + body)
            return None
        if zlib.crc32(body, self._crc) != crc:
            if self._is_zero_tail(body):
                self.tail = self._cut(number, head + body)
                return None
            raise self._damaged(
                number,
                f"the checksum of bytes {offset}..{offset + len(head) + size} is "
                "wrong: they were changed, or a record before them is missing",
            )
        kind_number, conn, t_ns = BODY_HEAD.unpack_from(body)
        kind = KINDS.get(kind_number)
        if kind is None:
            raise self._damaged(number, f"kind {kind_number} is unknown")
        self._crc = crc
        self._offset = offset + len(head) + size
        return Record(number, offset, kind, conn, t_ns, body[BODY_HEAD.size :])

    def _damaged(self, number: int, problem: str) -> JournalError:
        return JournalError(self.path, self._offset, f"record {number}: {problem}")

    def _is_zero_tail(self, bytes_read: bytes) -> bool:
        """Return whether the file ends in zeros the file system never filled."""
        zeros = len(bytes_read) - len(bytes_read.rstrip(b"\0"))
        while chunk := self._file.read(1 << 20):
            if any(chunk):
                return False
            zeros += len(chunk)
        return zeros >= ZERO_TAIL_MIN_BYTES

    def _cut(self, number: int, rest: bytes) -> str:
        """Say how a journal that was not closed ends."""
        if not rest:
            return f"not closed: it ends after record {number - 1}"
        size = self._file.seek(0, 2) - self._offset
        return (
            f"torn tail: record {number} at byte {self._offset} is incomplete, "
            f"{size} bytes were cut off"
        )

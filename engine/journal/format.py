"""What stands in a journal file, byte by byte.

A journal is everything a core was told and everything it answered, in order, so that
the same run can be had again. All integers are little endian::

    file    = header record*
    header  = magic 8 | version u16 | flags u16 (0) | size u32 | crc u32 | JSON
    record  = size u32 | inverted size u32 | crc u32 | body of `size`
    body    = kind u8 | conn u8 | t_ns i64 | payload

``crc`` of the header is CRC-32 over version, flags, size and JSON. ``crc`` of a record
is CRC-32 over its body, started from the CRC of what stands before it: a record that is
changed, removed, repeated or moved breaks the chain at that place. The size is held
twice because a damaged size would otherwise look like the end of a file that was cut
off while being written (a torn tail), which is not an error.

The last record of a journal that was closed has the kind ``END``. Files are limited to
FILE_MAX_BYTES: journaling then stops with an ``END`` record and a critical note, the
engine goes on. The payload of an ``END`` says why: ``closed``, or what kept the next
record out, which may have been an answer to the last verb. One file a run keeps replay
simple; a new run starts a new file.

The JSON of the header holds the run id, the wall time it was made, the package version
and the effective configuration, which names where credentials are found but never holds
one. Auth frames are recorded with placeholders: the core never sees a secret.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import orjson

from engine.errors import JournalError

MAGIC = b"\x89HSJ\r\n\x1a\n"
VERSION = 1

HEADER_HEAD = Struct("<8sHHII")
HEADER_SEALED = Struct("<HHI")
RECORD_HEAD = Struct("<III")
BODY_HEAD = Struct("<BBq")

SIZE_MASK = 0xFFFFFFFF
RECORD_HEAD_BYTES = RECORD_HEAD.size + BODY_HEAD.size
HEADER_MAX_BYTES = 1 << 20
FILE_MAX_BYTES = 16 << 30
CLOSED = "closed"
"""What an END record says of a journal whose run was over."""


class Kind(IntEnum):
    """What a record is: a verb the core was told, or what it answered."""

    CONNECTION_MADE = 1
    RECEIVE_DATA = 2
    RECEIVE_MORE = 3
    """Data with more to come in the same turn."""
    CONNECTION_LOST = 4
    HANDLE_TIMER = 5
    COMMAND = 6
    DATA_TO_SEND = 16
    CONNECTION_TO_CLOSE = 17
    ERRAND = 18
    END = 255

    @property
    def is_output(self) -> bool:
        """Whether the core said this; the rest was told to it."""
        return self in (Kind.DATA_TO_SEND, Kind.CONNECTION_TO_CLOSE, Kind.ERRAND)


class Record(NamedTuple):
    """One record and where it stands.

    Units: number counts from 1; offset in bytes; t_ns as the shell gave it.
    """

    number: int
    offset: int
    kind: Kind
    conn: int
    t_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says about the run it belongs to.

    Units: created_wall_ms since epoch.
    """

    run_id: int
    created_wall_ms: int
    package_version: str
    config: Mapping[str, Any]

    def encode(self) -> bytes:
        """Return the bytes a journal file starts with."""
        text = orjson.dumps(
            {
                "run_id": self.run_id,
                "created_wall_ms": self.created_wall_ms,
                "package_version": self.package_version,
                "config": self.config,
            }
        )
        crc = header_crc(VERSION, 0, text)
        return HEADER_HEAD.pack(MAGIC, VERSION, 0, len(text), crc) + text


def header_crc(version: int, flags: int, text: bytes) -> int:
    """Return the CRC of a header; the chain of the records starts from it."""
    return zlib.crc32(text, zlib.crc32(HEADER_SEALED.pack(version, flags, len(text))))


def decode_header(path: Path, head: bytes, text: bytes) -> tuple[Header, int]:
    """Return the header and its CRC.

    Raises:
        JournalError: the header is damaged or misses a field.
    """
    _, version, flags, _, crc = HEADER_HEAD.unpack(head)
    if flags != 0 or header_crc(version, flags, text) != crc:
        raise JournalError(path, 0, "the header's checksum is wrong: it was changed")
    try:
        fields = orjson.loads(text)
        header = Header(
            run_id=int(fields["run_id"]),
            created_wall_ms=int(fields["created_wall_ms"]),
            package_version=str(fields["package_version"]),
            config=dict(fields["config"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(path, 0, f"the header is not usable: {error}") from None
    return header, crc

"""Small journals for the tests of this folder."""

from __future__ import annotations

import zlib
from pathlib import Path

from engine.journal import Header, Kind, Writer
from engine.journal.format import BODY_HEAD, RECORD_HEAD, SIZE_MASK

HEADER = Header(
    run_id=0xDEADBEEF,
    created_wall_ms=1_767_978_363_485,
    package_version="0.1.0",
    config={"environment": "simulation", "venue": {"urls": ["ws://127.0.0.1:1"]}},
)

ENTRIES = [
    (Kind.COMMAND, 0, 1, b'{"cmd":"entropy"}'),
    (Kind.CONNECTION_MADE, 0, 2, b""),
    (Kind.DATA_TO_SEND, 0, 2, b'{"id":1}\n'),
    (Kind.RECEIVE_MORE, 0, 3, b'{"id":1,"result":"ok"}'),
    (Kind.RECEIVE_DATA, 1, 4, b"\x00\xff"),
    (Kind.HANDLE_TIMER, 0, 5, b""),
    (Kind.CONNECTION_TO_CLOSE, 0, 5, b"stopped"),
    (Kind.CONNECTION_LOST, 0, 6, b""),
]


class Chain:
    """Records as the format describes them, each sealed behind the one before."""

    def __init__(self, crc: int = 0) -> None:
        self._crc = crc

    def record(self, kind: Kind, conn: int, t_ns: int, payload: bytes) -> bytes:
        """Return the next one."""
        body = BODY_HEAD.pack(kind, conn, t_ns) + payload
        self._crc = zlib.crc32(body, self._crc)
        return RECORD_HEAD.pack(len(body), len(body) ^ SIZE_MASK, self._crc) + body


def write(
    path: Path,
    entries: list[tuple[Kind, int, int, bytes]] = ENTRIES,
    header: Header = HEADER,
) -> Path:
    """Write a closed journal and return its path."""
    writer = Writer(path, header)
    for kind, conn, t_ns, payload in entries:
        writer.append(kind, conn, t_ns, payload)
    writer.close(7)
    return path

"""What a journal has to hold, by the plainest means: each verb, then its outputs.

The reference for the journal a core writes itself, and how a core of the tests that
keeps none comes to one.
"""

from __future__ import annotations

from typing import Any

from engine.journal import Kind, Writer
from engine.replay.player import Outlet


class Recorded:
    """The verbs of a core, each written down with what the core says behind it."""

    def __init__(self, core: Any, writer: Writer) -> None:
        self.core, self.writer = core, writer
        self._outlet = Outlet(core)

    def connection_made(self, conn: int, t_ns: int) -> None:
        self.writer.append(Kind.CONNECTION_MADE, conn, t_ns)
        self.core.connection_made(conn, t_ns)
        self._outlet.seen(conn)
        self._collect(t_ns)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        kind = Kind.RECEIVE_MORE if more_coming else Kind.RECEIVE_DATA
        self.writer.append(kind, conn, t_ns, data)
        self.core.receive_data(conn, t_ns, data, more_coming)
        self._collect(t_ns)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self.writer.append(Kind.CONNECTION_LOST, conn, t_ns)
        self.core.connection_lost(conn, t_ns)
        self._collect(t_ns)

    def handle_timer(self, t_ns: int) -> None:
        self.writer.append(Kind.HANDLE_TIMER, 0, t_ns)
        self.core.handle_timer(t_ns)
        self._collect(t_ns)

    def command(self, t_ns: int, cmd: bytes) -> None:
        self.writer.append(Kind.COMMAND, 0, t_ns, cmd)
        self.core.command(t_ns, cmd)
        self._collect(t_ns)

    def _collect(self, t_ns: int) -> None:
        for kind, conn, payload in self._outlet.take():
            self.writer.append(kind, conn, t_ns, payload)

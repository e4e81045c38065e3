"""A core that remembers: the verbs of the core, each one journaled on its way through.

The recorder collects what the core wants to say right after each verb, so that in the
journal every answer stands directly behind the verb that caused it, whenever the shell
asks for it. Replay collects in the same way and can name the verb that differs.
"""

from __future__ import annotations

from typing import Any

from engine._core.verbs import Note, Verbs
from engine.errors import JournalError
from engine.journal.format import Kind
from engine.journal.writer import Writer

# Names of a module are found faster than members of an enum, and this is every turn.
RECEIVE_DATA, RECEIVE_MORE = Kind.RECEIVE_DATA, Kind.RECEIVE_MORE
DATA_TO_SEND, CONNECTION_TO_CLOSE = Kind.DATA_TO_SEND, Kind.CONNECTION_TO_CLOSE
ERRAND = Kind.ERRAND


class Outlet:
    """Collects what a core wants to say after a verb, in one fixed order."""

    def __init__(self, core: Verbs) -> None:
        self.core = core
        self._conns = 0

    def seen(self, conn: int) -> None:
        """Remember that a connection exists: it is asked from now on."""
        self._conns = max(self._conns, conn + 1)

    def take(self) -> list[tuple[Kind, int, bytes]]:
        """Return the outputs (kind, conn, payload) of the verb just called."""
        taken: list[tuple[Kind, int, bytes]] = []
        for conn in range(self._conns):
            data = self.core.data_to_send(conn)
            if data:
                taken.append((DATA_TO_SEND, conn, data))
        for conn, reason in self.core.connections_to_close():
            taken.append((CONNECTION_TO_CLOSE, conn, reason.encode()))
        taken += [(ERRAND, 0, name.encode()) for name in self.core.errands()]
        return taken


class Recorder:
    """The verbs of a core, journaled. Shells use it in place of the core.

    A journal that cannot be written any more (disk full, file limit) never stops the
    engine: journaling ends there, a critical note says so, and the core goes on.
    """

    def __init__(self, core: Verbs, writer: Writer) -> None:
        self.core = core
        self.writer = writer
        self.is_recording = True
        self._outlet = Outlet(core)
        self._to_send: dict[int, list[bytes]] = {}
        self._to_close: list[tuple[int, str]] = []
        self._errands: list[str] = []
        self._own_notes: list[Note] = []

    def connection_made(self, conn: int, t_ns: int) -> None:
        """See ``Core.connection_made``."""
        self._journal(Kind.CONNECTION_MADE, conn, t_ns)
        self.core.connection_made(conn, t_ns)
        self._outlet.seen(conn)
        self._collect(t_ns)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        """See ``Core.receive_data``."""
        kind = RECEIVE_MORE if more_coming else RECEIVE_DATA
        self._journal(kind, conn, t_ns, data)
        self.core.receive_data(conn, t_ns, data, more_coming)
        self._collect(t_ns)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """See ``Core.connection_lost``. What was not yet sent there is dropped."""
        self._to_send.pop(conn, None)
        self._journal(Kind.CONNECTION_LOST, conn, t_ns)
        self.core.connection_lost(conn, t_ns)
        self._collect(t_ns)

    def handle_timer(self, t_ns: int) -> None:
        """See ``Core.handle_timer``."""
        self._journal(Kind.HANDLE_TIMER, 0, t_ns)
        self.core.handle_timer(t_ns)
        self._collect(t_ns)

    def command(self, t_ns: int, cmd: bytes) -> None:
        """See ``Core.command``."""
        self._journal(Kind.COMMAND, 0, t_ns, cmd)
        self.core.command(t_ns, cmd)
        self._collect(t_ns)

    def data_to_send(self, conn: int) -> bytes:
        """See ``Core.data_to_send``."""
        frames = self._to_send.pop(conn, None)
        return b"".join(frames) if frames else b""

    def connections_to_close(self) -> list[tuple[int, str]]:
        """See ``Core.connections_to_close``."""
        taken, self._to_close = self._to_close, []
        return taken

    def errands(self) -> list[str]:
        """See ``Core.errands``."""
        taken, self._errands = self._errands, []
        return taken

    def next_timer_ns(self) -> int:
        """See ``Core.next_timer_ns``."""
        return self.core.next_timer_ns()

    def notes(self) -> list[Note]:
        """Return the core's notes and the journal's own."""
        taken, self._own_notes = self._own_notes, []
        return self.core.notes() + taken

    def snapshot(self) -> dict[str, Any]:
        """See ``Core.snapshot``."""
        return self.core.snapshot()

    def checkpoint(self) -> dict[str, Any]:
        """See ``Core.checkpoint``."""
        return self.core.checkpoint()

    def flush_due(self, t_ns: int) -> bool:
        """Return whether the shell should call ``flush``: 64 kB or 100 ms gathered."""
        return self.is_recording and self.writer.flush_due(t_ns)

    def flush(self, t_ns: int) -> None:
        """Write the buffered records to the file. Call it after the socket write."""
        if self.is_recording:
            try:
                self.writer.flush(t_ns)
            except JournalError as error:
                self._stop(t_ns, error)

    def close(self, t_ns: int) -> None:
        """End the journal: the last records are on the disk when this returns."""
        if self.is_recording:
            self.is_recording = False
            try:
                self.writer.close(t_ns)
            except JournalError as error:
                self._stop(t_ns, error)

    def _journal(self, kind: Kind, conn: int, t_ns: int, payload: bytes = b"") -> None:
        if self.is_recording:
            try:
                self.writer.append(kind, conn, t_ns, payload)
            except JournalError as error:
                self._stop(t_ns, error)

    def _collect(self, t_ns: int) -> None:
        for kind, conn, payload in self._outlet.take():
            self._journal(kind, conn, t_ns, payload)
            if kind is DATA_TO_SEND:
                self._to_send.setdefault(conn, []).append(payload)
            elif kind is CONNECTION_TO_CLOSE:
                self._to_close.append((conn, payload.decode()))
            else:
                self._errands.append(payload.decode())

    def _stop(self, t_ns: int, error: JournalError) -> None:
        """Stop journaling for the rest of the run and say why."""
        self.is_recording = False
        text = f"{error}; this run is not recorded from here on"
        self._own_notes.append((t_ns, "critical", "journal", text))
        try:
            self.writer.close(t_ns, error.problem)
        except JournalError:
            # The END record did not reach the disk: the reader reports a torn tail.
            self.writer.abandon()

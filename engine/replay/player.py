"""Feed a journal back into a core and compare every byte it says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from engine._core.verbs import Verbs
from engine.journal.format import CLOSED, Kind, Record


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a replay said something else than the journal.

    Units: record counts from 1; offset in bytes; t_ns as in the journal.
    """

    record: int
    offset: int
    t_ns: int
    kind: Kind
    conn: int
    recorded: bytes | None
    """None: the replay said something the journal does not have."""
    replayed: bytes | None
    """None: the journal has something the replay did not say."""


@dataclass(slots=True)
class Progress:
    """How far a replay has come and what it found equal.

    Units: first_ns and last_ns as in the journal.
    """

    records: int = 0
    verbs: int = 0
    bytes_compared: int = 0
    frames_sent: int = 0
    first_ns: int = 0
    last_ns: int = 0


class Outlet:
    """Collects what a core wants to say after a verb, in the journal's order."""

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
                taken.append((Kind.DATA_TO_SEND, conn, data))
        for conn, reason in self.core.connections_to_close():
            taken.append((Kind.CONNECTION_TO_CLOSE, conn, reason.encode()))
        taken += [(Kind.ERRAND, 0, name.encode()) for name in self.core.errands()]
        return taken


class Player:
    """Plays records to a core, in order.

    The core wrote every answer directly behind the verb that caused it, so after
    each verb the core must say exactly what stands there.
    """

    def __init__(self, core: Verbs) -> None:
        self.core = core
        self.progress = Progress()
        self._outlet = Outlet(core)
        self._said: deque[tuple[Kind, int, bytes]] = deque()
        self._verb: Record | None = None

    def play(self, record: Record) -> Difference | None:
        """Play one record; return the difference it shows, if any."""
        progress = self.progress
        progress.records += 1
        if progress.records == 1:
            progress.first_ns = record.t_ns
        progress.last_ns = record.t_ns
        if record.kind.is_output:
            return self._compare(record)
        if record.kind is Kind.END:
            return self.finish(is_complete=is_whole(record))
        if self._said:
            return self._unrecorded()
        self._verb = record
        progress.verbs += 1
        tell(self.core, self._outlet, record)
        self._said.extend(self._outlet.take())
        return None

    def finish(self, *, is_complete: bool) -> Difference | None:
        """Return what the core said at last and the journal does not have.

        A journal with a torn tail, or one that ended early because its file was full,
        may lack answers to its last verb: with ``is_complete`` False they are not
        missed.
        """
        return self._unrecorded() if self._said and is_complete else None

    def _compare(self, record: Record) -> Difference | None:
        said = self._said.popleft() if self._said else None
        if said == (record.kind, record.conn, record.payload):
            self.progress.bytes_compared += len(record.payload)
            if record.kind is Kind.DATA_TO_SEND:
                self.progress.frames_sent += record.payload.count(b"\n")
            return None
        if said is not None and said[:2] != (record.kind, record.conn):
            said = None
        return Difference(
            record=record.number,
            offset=record.offset,
            t_ns=record.t_ns,
            kind=record.kind,
            conn=record.conn,
            recorded=record.payload,
            replayed=None if said is None else said[2],
        )

    def _unrecorded(self) -> Difference | None:
        kind, conn, payload = self._said[0]
        verb = self._verb
        if verb is None:
            return None
        return Difference(
            record=verb.number,
            offset=verb.offset,
            t_ns=verb.t_ns,
            kind=kind,
            conn=conn,
            recorded=None,
            replayed=payload,
        )


def is_whole(last: Record) -> bool:
    """Whether a journal that ends with this record has all of its run."""
    return last.kind is Kind.END and last.payload == CLOSED.encode()


def tell(core: Verbs, outlet: Outlet, record: Record) -> None:
    """Call the verb a record stands for."""
    kind, conn, t_ns = record.kind, record.conn, record.t_ns
    if kind is Kind.RECEIVE_DATA or kind is Kind.RECEIVE_MORE:
        core.receive_data(conn, t_ns, record.payload, kind is Kind.RECEIVE_MORE)
    elif kind is Kind.HANDLE_TIMER:
        core.handle_timer(t_ns)
    elif kind is Kind.COMMAND:
        core.command(t_ns, record.payload)
    elif kind is Kind.CONNECTION_MADE:
        core.connection_made(conn, t_ns)
        outlet.seen(conn)
    elif kind is Kind.CONNECTION_LOST:
        core.connection_lost(conn, t_ns)


def play(core: Verbs, records: Iterable[Record]) -> tuple[Progress, Difference | None]:
    """Play a whole journal; stop at the first difference.

    Raises:
        JournalError: the journal is damaged, from its reader.
    """
    player = Player(core)
    is_complete = False
    for record in records:
        difference = player.play(record)
        if difference is not None:
            return player.progress, difference
        is_complete = is_whole(record)
    return player.progress, player.finish(is_complete=is_complete)

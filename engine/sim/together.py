"""Several engines at one venue under one virtual clock.

Each has its own links; a ``Switchboard`` stands between them and the venue, gives every
engine numbers of its own for its connections, and hands what the venue closes and
answers to the one it is meant for. ``run_together`` runs whatever is due next, of
whichever engine, and carries away what that made the venue say to the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import InvariantError
from engine.sim.links import EVENTS_AT_ONCE_MAX, Links
from engine.sim.ports import VenueVerbs
from engine.sim.venue.api.rest import HttpRequest


class Switchboard:
    """One venue for ``count`` engines; ``share(n)`` is the venue as one sees it."""

    def __init__(self, venue: VenueVerbs, count: int) -> None:
        self.venue, self.count = venue, count
        self._closes: list[list[tuple[int, int, str]]] = [[] for _ in range(count)]
        self._answers: list[list[tuple[int, int, bytes]]] = [[] for _ in range(count)]

    def share(self, number: int) -> Share:
        """Return the venue as the engine with a number sees it, counted from 0."""
        return Share(self, number)

    def closes(self, number: int) -> list[tuple[int, int, str]]:
        """Return the connections of one engine that are to be closed, each once."""
        for conn, code, reason in self.venue.connections_to_close():
            place, whose = divmod(conn, self.count)
            self._closes[whose].append((place, code, reason))
        found, self._closes[number] = self._closes[number], []
        return found

    def answers(self, number: int) -> list[tuple[int, int, bytes]]:
        """Return the HTTP answers meant for one engine, each once."""
        for conn, status, body in self.venue.responses():
            place, whose = divmod(conn, self.count)
            self._answers[whose].append((place, status, body))
        found, self._answers[number] = self._answers[number], []
        return found


class Share:
    """A venue's verbs, with one engine's own numbers of connections."""

    def __init__(self, board: Switchboard, number: int) -> None:
        self._board, self._number, self._venue = board, number, board.venue

    def _conn(self, conn: int) -> int:
        return conn * self._board.count + self._number

    def connection_made(self, conn: int, t_ns: int) -> None:
        """Take note of a new connection."""
        self._venue.connection_made(self._conn(conn), t_ns)

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Take one JSON-RPC text."""
        self._venue.receive_data(self._conn(conn), t_ns, payload)

    def request_made(self, conn: int, t_ns: int, http: HttpRequest) -> None:
        """Take one HTTP request."""
        self._venue.request_made(self._conn(conn), t_ns, http)

    def responses(self) -> list[tuple[int, int, bytes]]:
        """Return (connection, HTTP status, body) of every answer and forget them."""
        return self._board.answers(self._number)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Take note that a connection is gone."""
        self._venue.connection_lost(self._conn(conn), t_ns)

    def handle_timer(self, t_ns: int) -> None:
        """Do what is due."""
        self._venue.handle_timer(t_ns)

    def next_timer_ns(self) -> int:
        """Return when something is due next, 0 for never."""
        return self._venue.next_timer_ns()

    def data_to_send(self, conn: int) -> list[bytes]:
        """Return the payloads waiting for one connection and forget them."""
        return self._venue.data_to_send(self._conn(conn))

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        """Return (connection, close code, reason) and forget them."""
        return self._board.closes(self._number)


def run_together(engines: Sequence[Links], t_ns: int) -> None:
    """Run every event of every engine up to and including virtual time ``t_ns``."""
    if len(engines) == 1:
        engines[0].run_until(t_ns)
        return
    events_left = EVENTS_AT_ONCE_MAX
    while True:
        due = [(links.next_ns(), number) for number, links in enumerate(engines)]
        known = [(next_ns, number) for next_ns, number in due if next_ns is not None]
        due_ns, number = min(known, default=(t_ns + 1, 0))
        if due_ns > t_ns:
            break
        first = engines[number]
        moves = due_ns > first.now_ns
        events_left = EVENTS_AT_ONCE_MAX if moves else events_left - 1
        if not events_left:
            raise InvariantError(f"a timer stays due at {due_ns} ns, virtual time")
        for links in engines:
            links.now_ns = max(links.now_ns, due_ns)
        first.run_due()
        for links in engines:
            if links is not first:
                links.pump()
            if links.on_event is not None:
                links.on_event()
    for links in engines:
        links.now_ns = max(links.now_ns, t_ns)

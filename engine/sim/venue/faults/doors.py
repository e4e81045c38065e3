"""The doors at which faults of the traffic act: one for requests, one for frames.

A connection without a door sends past all this, so that a venue without faults pays
one comparison a frame. Requests of the control API and their answers pass untouched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sim.venue.errors import Reject
from engine.sim.venue.faults.board import Board
from engine.sim.venue.faults.passage import (
    HEARTBEAT,
    NOTIFICATION,
    REPLY,
    REQUEST,
    Passage,
)
from engine.sim.venue.faults.states import States

if TYPE_CHECKING:
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.api.rpc import Request
    from engine.sim.venue.faults.fault import Fault
    from engine.sim.venue.venue import Venue

CONTROL = "sim/"
WAITING_MAX = 200_000
POLICY_CLOSE = 1008
TOO_MANY = "too_many_requests"
Lane = tuple[int, str, str]
Queue = deque[tuple[int, "Connection", Callable[[], None]]]


class Mute:
    """The door of a connection that hears nothing any more."""

    def answer(
        self, connection: Connection, frame: bytes, request: Request, failed: bool
    ) -> None:
        """Let the answer to a request go nowhere."""

    def notify(self, connection: Connection, frame: bytes) -> None:
        """Let anything else go nowhere."""


MUTE = Mute()


@dataclass(eq=False, slots=True)
class Held:
    """A frame that waits until ``behind`` later ones of its kind have gone."""

    passage: Passage
    failed: bool
    behind: int


class Doors:
    """The faults of one venue, and the doors they act at.

    A lane is what must arrive in order: one connection's requests, replies or messages
    of one method or channel.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self.board = Board(venue, self._refresh)
        self.states = States(venue.exchange)
        self.watches_requests = False
        self._watches_frames = False
        self._lanes: dict[Lane, Queue] = {}
        self._held: dict[tuple[int, str], list[Held]] = {}
        self._waiting = 0

    def inject(self, fault: Fault) -> int:
        """Set a fault and return its number."""
        return self.board.inject(fault)

    def welcome(self, connection: Connection) -> None:
        """Give a new connection its door, if there is one."""
        if self._watches_frames:
            connection.door = self

    def forget(self, connection: Connection) -> None:
        """Drop what waits for a connection that is gone."""
        self.board.forget(connection.serial)
        for kind in (REPLY, NOTIFICATION, HEARTBEAT):
            held = self._held.pop((connection.serial, kind), [])
            self._waiting -= len(held)

    # Requests.

    def arrive(
        self,
        connection: Connection,
        request: Request,
        serve: Callable[[Reject | None], None],
    ) -> None:
        """Let a request in: now, later, refused, or not at all."""
        if request.method.startswith(CONTROL):
            serve(None)
            return
        passage = Passage(REQUEST, connection, request.method)
        self.board.judge(passage)
        if passage.silence:
            self.silence(connection)
        elif passage.end is not None:
            self._hang_up(passage)
        elif passage.copies:
            self._in_lane(passage, lambda: serve(passage.refusal))

    # Frames.

    def answer(
        self, connection: Connection, frame: bytes, request: Request, failed: bool
    ) -> None:
        """Let the answer to a request out."""
        if request.method.startswith(CONTROL):
            self._venue.put(connection, frame, failed)
            return
        passage = Passage(REPLY, connection, request.method, frame)
        self._leave(passage, failed)

    def notify(self, connection: Connection, frame: bytes) -> None:
        """Let out what the venue says unasked."""
        passage = Passage(NOTIFICATION, connection, "", frame)
        said = passage.frame
        if said["method"] == HEARTBEAT:
            passage.of = HEARTBEAT
        else:
            passage.name = said["params"]["channel"]
        self._leave(passage, False)

    def _leave(self, passage: Passage, failed: bool) -> None:
        self.board.judge(passage)
        if passage.silence:
            self.silence(passage.connection)
            return
        if passage.refusal is not None:
            passage.say(_refused(passage.frame, passage.refusal))
            failed = True
        if passage.behind and passage.copies and passage.end is None:
            self._hold(passage, failed)
        elif passage.copies or passage.following or passage.end is not None:
            self._in_lane(passage, lambda: self._deliver(passage, failed))

    def _deliver(self, passage: Passage, failed: bool) -> None:
        connection = passage.connection
        for text in passage.texts():
            self._venue.put(connection, text, failed)
        if passage.refusal is not None and passage.refusal.name == TOO_MANY:
            passage.end = passage.end or (POLICY_CLOSE, TOO_MANY)
        if passage.end is not None:
            self._hang_up(passage)
        key = (connection.serial, passage.of)
        for held in list(self._held.get(key, ())):
            held.behind -= 1
            if not held.behind:
                self._release(key, held)

    # Order.

    def _in_lane(self, passage: Passage, go: Callable[[], None]) -> None:
        """Go when it is time and what came before in the lane has gone."""
        now_ns = self._venue.exchange.now_ns
        lane = (passage.connection.serial, passage.of, passage.name)
        queue = self._lanes.get(lane)
        if queue is None and not passage.delay_ns:
            go()
        elif self._may_wait(passage.connection):
            if queue is None:
                queue = self._lanes[lane] = deque()
            last_ns = queue[-1][0] if queue else 0
            due_ns = max(now_ns + passage.delay_ns, last_ns)
            queue.append((due_ns, passage.connection, go))
            self._venue.exchange.agenda.at(due_ns, lambda: self._next(lane))
            self._refresh()

    def _next(self, lane: Lane) -> None:
        """Let the first of a lane go."""
        queue = self._lanes[lane]
        _, connection, go = queue.popleft()
        if not queue:
            del self._lanes[lane]
        self._waiting -= 1
        if self._venue.is_open(connection):
            go()
        self._refresh()

    def _hold(self, passage: Passage, failed: bool) -> None:
        if not self._may_wait(passage.connection):
            return
        key = (passage.connection.serial, passage.of)
        held = Held(passage, failed, passage.behind)
        self._held.setdefault(key, []).append(held)
        due_ns = self._venue.exchange.now_ns + passage.wait_ns
        self._venue.exchange.agenda.at(due_ns, lambda: self._release(key, held))
        self._refresh()

    def _release(self, key: tuple[int, str], held: Held) -> None:
        waiting = self._held.get(key, [])
        if held not in waiting:
            return
        waiting.remove(held)
        if not waiting:
            del self._held[key]
        self._waiting -= 1
        for text in held.passage.texts():
            self._venue.put(held.passage.connection, text, held.failed)
        self._refresh()

    def _may_wait(self, connection: Connection) -> bool:
        """Count one more that waits; when there are too many the reader is slow."""
        if self._waiting >= WAITING_MAX:
            connection.too_slow = True
            return False
        self._waiting += 1
        return True

    # Endings.

    def silence(self, connection: Connection) -> None:
        """Send nothing more to a connection, and read nothing from it."""
        connection.silent = True
        connection.door = MUTE
        connection.out.clear()

    def _hang_up(self, passage: Passage) -> None:
        """End a connection as soon as whatever sends to it now is done."""
        connection, end = passage.connection, passage.end
        assert end is not None, "somebody wants it ended"
        connection.door = MUTE
        exchange = self._venue.exchange
        exchange.agenda.at(exchange.now_ns, lambda: self._venue.end(connection, *end))

    def _refresh(self) -> None:
        """Open or close the doors as what acts or waits has changed."""
        self.watches_requests = bool(self.board.requests or self._lanes)
        watches = bool(self.board.frames or self._lanes or self._held)
        if watches == self._watches_frames:
            return
        self._watches_frames = watches
        for connection in self._venue.connections():
            if connection.door is not MUTE:
                connection.door = self if watches else None


def _refused(frame: dict[str, Any], refusal: Reject) -> dict[str, Any]:
    """Return an answer with an error in the place of what it said."""
    said: dict[str, Any] = {}
    for key, value in frame.items():
        if key in ("result", "error"):
            said["error"] = refusal.body()
        else:
            said[key] = value
    return said

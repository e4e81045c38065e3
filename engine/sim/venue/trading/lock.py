"""The lock of one user in one currency: matching requests run one after another.

A request holds the lock for ``matching_us`` and takes effect at the end of it. Up to
eight wait; one more is refused with 10047, one that has waited five seconds with 10050.
While an edit waits, a newer edit of the same order replaces it (13777); a cancel purges
what its connection still has waiting and what the cancel concerns (13666): a mass
cancel every new order and edit, a single cancel the edits of its order.
With ``matching_us`` 0 nothing ever waits.
Source: docs.deribit.com, order management (concurrency, edits, cancels), 2026-08-22.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject

if TYPE_CHECKING:
    from engine.sim.venue.agenda import Agenda

SLOTS = 8
WAIT_MAX_NS = 5_000_000_000
MICROSECOND_NS = 1_000
EDITS = ("private/edit", "private/edit_by_label")
NEWS = ("private/buy", "private/sell", "private/close_position", "private/mass_quote")


@dataclass(eq=False, slots=True)
class Ticket:
    """One request at the lock. ``subject`` is the order or label an edit is about."""

    method: str
    subject: str
    connection: int
    arrived_ns: int
    run: Callable[[], None]
    fail: Callable[[Reject], None]


class Lock:
    """One user's queue in one currency; ``seized`` counts who holds it from inside."""

    __slots__ = ("busy", "seized", "waiting")

    def __init__(self) -> None:
        self.busy = False
        self.seized = 0
        self.waiting: deque[Ticket] = deque()


class Locks:
    """All queues of the venue, by user and currency."""

    def __init__(self, agenda: Agenda, matching_us: int) -> None:
        self._agenda = agenda
        self.hold_ns = matching_us * MICROSECOND_NS
        self._locks: dict[tuple[str, str], Lock] = {}
        self._seized = 0

    @property
    def engaged(self) -> bool:
        """Say whether a request could have to wait."""
        return self.hold_ns > 0 or self._seized > 0

    def seize(self, user: str, currency: str) -> None:
        """Hold a lock from inside the venue, once more if it is held already."""
        self._locks.setdefault((user, currency), Lock()).seized += 1
        self._seized += 1

    def release(self, user: str, currency: str, now_ns: int) -> None:
        """Let go of a seized lock; what waits goes on."""
        lock = self._locks[user, currency]
        lock.seized -= 1
        self._seized -= 1
        self._go_on(lock, now_ns)

    def enter(self, user: str, currency: str, ticket: Ticket) -> None:
        """Queue a request; it runs, or fails, when its turn has come.

        Raises:
            Reject: 10047, the queue is full.
        """
        lock = self._locks.setdefault((user, currency), Lock())
        self._supersede(lock, ticket)
        if not lock.busy and not lock.seized:
            self._start(lock, ticket, ticket.arrived_ns)
        elif len(lock.waiting) >= SLOTS:
            raise Reject("matching_engine_queue_full")
        else:
            lock.waiting.append(ticket)
            if lock.seized:
                due_ns = ticket.arrived_ns + WAIT_MAX_NS
                self._agenda.at(due_ns, lambda: self._give_up(lock, ticket))

    def _give_up(self, lock: Lock, ticket: Ticket) -> None:
        """Fail what has waited too long for a lock that does not move."""
        if ticket in lock.waiting:
            lock.waiting.remove(ticket)
            ticket.fail(Reject("lock_time_exceeded"))

    def held(self, user: str, currency: str) -> int:
        """Return how many requests wait."""
        lock = self._locks.get((user, currency))
        return len(lock.waiting) if lock is not None else 0

    def forget(self, connection: int) -> None:
        """Drop what a lost connection still has waiting."""
        for lock in self._locks.values():
            kept = (t for t in lock.waiting if t.connection != connection)
            lock.waiting = deque(kept)

    def _start(self, lock: Lock, ticket: Ticket, now_ns: int) -> None:
        lock.busy = True
        due_ns = now_ns + self.hold_ns
        self._agenda.at(due_ns, lambda: self._finish(lock, ticket, due_ns))

    def _finish(self, lock: Lock, ticket: Ticket, now_ns: int) -> None:
        lock.busy = False
        ticket.run()
        self._go_on(lock, now_ns)

    def _go_on(self, lock: Lock, now_ns: int) -> None:
        while lock.waiting and not lock.busy and not lock.seized:
            following = lock.waiting.popleft()
            if now_ns - following.arrived_ns > WAIT_MAX_NS:
                following.fail(Reject("lock_time_exceeded"))
            else:
                self._start(lock, following, now_ns)

    def _supersede(self, lock: Lock, ticket: Ticket) -> None:
        """Fail what waits and what a newer edit or a cancel makes pointless."""
        if ticket.method in EDITS:
            self._fail(lock, "replaced", lambda t: _edits(t, ticket.subject))
        elif ticket.method == "private/cancel":
            self._fail(
                lock, "request_cancelled_by_user", lambda t: _edits(t, ticket.subject)
            )
        elif ticket.method.startswith("private/cancel"):
            self._fail(
                lock,
                "request_cancelled_by_user",
                lambda t: (
                    t.connection == ticket.connection and t.method in (*EDITS, *NEWS)
                ),
            )

    def _fail(self, lock: Lock, reason: str, chosen: Callable[[Ticket], bool]) -> None:
        doomed = [ticket for ticket in lock.waiting if chosen(ticket)]
        lock.waiting = deque(t for t in lock.waiting if not chosen(t))
        for ticket in doomed:
            ticket.fail(Reject(reason))


def _edits(ticket: Ticket, subject: str) -> bool:
    return ticket.method in EDITS and ticket.subject == subject

"""The lock of one user in one currency: matching requests run one after another.

A request holds the lock for ``matching_us`` and takes effect at the end of it. Up to
eight wait; one more is refused with 10047, one that has waited five seconds with 10050.
A request about several currencies is split: it passes one lock after the other and
takes effect at the end of the last. The venue's own actions (triggers, secondaries,
repricing) wait in line as well and take up slots, but are never refused.
While an edit waits, a newer edit of the same order replaces it (13777). A cancel purges
what its connection still has waiting and what the cancel concerns (13666): a mass
cancel new orders, edits and quotes (of its instrument, of its label), a cancel of
quotes the quotes, a single cancel the edits of its order.
With ``matching_us`` 0 nothing ever waits.
Source: docs.deribit.com, order management (concurrency, edits, cancels), 2026-08-22.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.sim.venue.errors import Reject

if TYPE_CHECKING:
    from engine.sim.venue.agenda import Agenda

SLOTS = 8
WAIT_MAX_NS = 5_000_000_000
MICROSECOND_NS = 1_000
CANCEL, QUOTE, CANCEL_QUOTES = (
    "private/cancel",
    "private/mass_quote",
    "private/cancel_quotes",
)
EDITS = ("private/edit", "private/edit_by_label")
NEWS = ("private/buy", "private/sell", "private/close_position")
OPENING = (*NEWS, *EDITS, QUOTE)
PURGED = "request_cancelled_by_user"


@dataclass(eq=False, slots=True)
class Ticket:
    """One request at the lock.

    Empty: method "" = an action of the venue's own; further () = no other lock is
    needed after this one.
    """

    method: str
    connection: int
    arrived_ns: int
    run: Callable[[], None]
    fail: Callable[[Reject], None]
    params: Mapping[str, Any] = field(default_factory=dict)
    user: str = ""
    further: tuple[str, ...] = ()

    def shares(self, name: str, other: Ticket) -> bool:
        """Say whether two requests give the same value to a parameter."""
        return bool(self.params.get(name) == other.params.get(name))

    def makes_pointless(self, waiting: Ticket) -> str:
        """Return why a request that waits need not run any more, "" = it must."""
        if self.method in EDITS:
            same = waiting.method == self.method and all(
                self.shares(name, waiting)
                for name in ("order_id", "label", "instrument_name")
            )
            return "replaced" if same else ""
        if self.method == CANCEL:
            edits = waiting.method == EDITS[0] and self.shares("order_id", waiting)
            return PURGED if edits else ""
        purges = (
            self.method.startswith(CANCEL)
            and waiting.connection == self.connection
            and self._covers(waiting)
        )
        return PURGED if purges else ""

    def _covers(self, waiting: Ticket) -> bool:
        """Say whether a mass cancel is about what a request would do."""
        if self.method == CANCEL_QUOTES:
            return waiting.method == QUOTE
        if waiting.method not in OPENING:
            return False
        return all(
            self.shares(name, waiting)
            for name in ("label", "instrument_name")
            if name in self.params
        )


class Lock:
    """One user's queue in one currency; ``seized`` counts who holds it from inside."""

    __slots__ = ("busy", "seized", "waiting")

    def __init__(self) -> None:
        self.busy = False
        self.seized = 0
        self.waiting: deque[Ticket] = deque()

    @property
    def free(self) -> bool:
        """Say whether a request need not wait."""
        return not self.busy and not self.seized


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
        self._lock(user, currency).seized += 1
        self._seized += 1

    def release(self, user: str, currency: str, now_ns: int) -> None:
        """Let go of a seized lock; what waits goes on."""
        lock = self._locks[user, currency]
        lock.seized -= 1
        self._seized -= 1
        self._go_on(lock, now_ns)

    def enter(self, user: str, currencies: Iterable[str], ticket: Ticket) -> None:
        """Queue a request; it runs, or fails, when its turn has come.

        Raises:
            Reject: 10047, the queue is full.
        """
        ticket.user, ticket.further = user, tuple(currencies) or ("",)
        for currency in ticket.further:
            self._supersede(self._lock(user, currency), ticket)
        self._join(ticket, ticket.arrived_ns)

    def act(
        self, user: str, currency: str, now_ns: int, action: Callable[[], None]
    ) -> None:
        """Queue an action of the venue's own."""
        ticket = Ticket("", 0, now_ns, action, _never)
        ticket.user, ticket.further = user, (currency,)
        self._join(ticket, now_ns)

    def in_use(self, user: str) -> list[str]:
        """Return the currencies in which a user has requests under way."""
        return [
            currency
            for (name, currency), lock in self._locks.items()
            if name == user and currency and (lock.busy or lock.waiting)
        ]

    def held(self, user: str, currency: str) -> int:
        """Return how many requests wait."""
        return len(self._lock(user, currency).waiting)

    def forget(self, connection: int) -> None:
        """Drop what a lost connection still has waiting."""
        for lock in self._locks.values():
            kept = (t for t in lock.waiting if t.connection != connection)
            lock.waiting = deque(kept)

    def _lock(self, user: str, currency: str) -> Lock:
        return self._locks.setdefault((user, currency), Lock())

    def _join(self, ticket: Ticket, now_ns: int) -> None:
        """Let a request stand in line at the next lock it needs."""
        currency, *further = ticket.further
        ticket.further, ticket.arrived_ns = tuple(further), now_ns
        lock = self._lock(ticket.user, currency)
        if lock.free:
            self._start(lock, ticket, now_ns)
            return
        if ticket.method and len(lock.waiting) >= SLOTS:
            raise Reject("matching_engine_queue_full")
        lock.waiting.append(ticket)
        if lock.seized and ticket.method:
            due_ns = now_ns + WAIT_MAX_NS
            self._agenda.at(due_ns, lambda: self._give_up(lock, ticket))

    def _give_up(self, lock: Lock, ticket: Ticket) -> None:
        """Fail what has waited too long for a lock that does not move."""
        if ticket in lock.waiting:
            lock.waiting.remove(ticket)
            ticket.fail(Reject("lock_time_exceeded"))

    def _start(self, lock: Lock, ticket: Ticket, now_ns: int) -> None:
        lock.busy = True
        due_ns = now_ns + self.hold_ns
        self._agenda.at(due_ns, lambda: self._finish(lock, ticket, due_ns))

    def _finish(self, lock: Lock, ticket: Ticket, now_ns: int) -> None:
        lock.busy = False
        if ticket.further:
            try:
                self._join(ticket, now_ns)
            except Reject as reject:
                ticket.fail(reject)
        else:
            ticket.run()
        self._go_on(lock, now_ns)

    def _go_on(self, lock: Lock, now_ns: int) -> None:
        while lock.waiting and lock.free:
            following = lock.waiting.popleft()
            late = now_ns - following.arrived_ns > WAIT_MAX_NS
            if late and following.method:
                following.fail(Reject("lock_time_exceeded"))
            else:
                self._start(lock, following, now_ns)

    def _supersede(self, lock: Lock, ticket: Ticket) -> None:
        """Fail what waits and what a newer edit or a cancel makes pointless."""
        judged = [
            (waiting, ticket.makes_pointless(waiting)) for waiting in lock.waiting
        ]
        lock.waiting = deque(waiting for waiting, reason in judged if not reason)
        for waiting, reason in judged:
            if reason:
                waiting.fail(Reject(reason))


def _never(reject: Reject) -> None:
    """Take the refusal of an action of the venue's own, which there cannot be."""
    raise AssertionError(f"the venue's own action was refused: {reject}")

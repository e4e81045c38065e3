"""Faults of the venue as a whole: maintenance, locks, pauses, a wrong or slow clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.faults.fault import TIME_MAX_MS, Fault, fault, option, time_ms

if TYPE_CHECKING:
    from engine.sim.venue.venue import Venue

MILLISECOND_NS = 1_000_000
MICROSECOND_NS = 1_000
GOING_AWAY = (1001, "maintenance")
STATES = ("open", "locked", "settlement", "halted", "inactive")
Undo = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Fault, ABC):
    """A state of the venue that lasts for a while."""

    @abstractmethod
    def begin(self, venue: Venue) -> Undo:
        """Bring it about, and return what ends it."""


@fault("maintenance")
@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Condition):
    """A release: notice, no service, then books that only take cancels, then open.

    With the notice ``platform_state`` says so; ``notice_ms`` later every connection is
    closed and requests are answered with 11051, until the end (``duration_ms`` counts
    from the notice). The books stay ``locked`` for ``cancel_only_ms`` more and open
    with a fresh snapshot on every book channel. Orders stay, but for those that
    cancel-on-disconnect takes.
    Source: support.deribit.com, maintenance announcements of 13.01.26 and 19.05.26.
    """

    notice_ms: int = time_ms(1_000, "from the notice to the end of the service")
    cancel_only_ms: int = time_ms(0, "how long afterwards only cancels are taken")

    def begin(self, venue: Venue) -> Undo:
        """Give notice."""
        exchange = venue.exchange
        exchange.announce({"maintenance": True})

        states = venue.faults.states
        shut: list[int] = []

        def stop() -> None:
            venue.maintenance = True
            shut.append(states.impose("*", "locked", ("open",)))
            venue.end_all(*GOING_AWAY)

        due_ns = exchange.now_ns + self.notice_ms * MILLISECOND_NS
        stopping = exchange.agenda.at(due_ns, stop)

        def reopen() -> None:
            for number in shut:
                states.lift(number)
            venue.hub.start_books_afresh()

        def resume() -> None:
            stopping.cancel()
            venue.maintenance = False
            exchange.announce({"maintenance": False})
            open_ns = exchange.now_ns + self.cancel_only_ms * MILLISECOND_NS
            exchange.agenda.at(open_ns, reopen)

        return resume


@fault("lock")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(Condition):
    """Trading is locked: orders and edits are refused with 10019, cancels pass.

    ``platform_state`` says so for each index, and ``public/status``.
    Empty: both names "" = the whole platform.
    Source: docs.deribit.com, platform_state, public/status, 2026-08-22.
    """

    index_name: str = option("", "the index whose instruments are locked")
    currency: str = option("", "or all that settle in a currency")

    def begin(self, venue: Venue) -> Undo:
        """Lock."""
        exchange = venue.exchange
        instruments = [market.instrument for market in exchange.markets.values()]
        names = [
            name
            for name in exchange.indices
            if self.index_name in ("", name)
            and (
                not self.currency
                or any(
                    i.index_name == name and i.currency == self.currency
                    for i in instruments
                )
            )
        ]
        exchange.lock_indices(names, 1)
        return lambda: exchange.lock_indices(names, -1)


@fault("book_state")
@dataclass(frozen=True, slots=True, kw_only=True)
class BookState(Condition):
    """Books are in a state they should not be in; then in the one they were in.

    ``settlement`` is a settlement pause: not even cancels are taken.
    """

    instrument_name: str = option("*", "pattern of the instruments")
    state: str = option("halted", "the state", choices=STATES)

    def begin(self, venue: Venue) -> Undo:
        """Set the state."""
        states = venue.faults.states
        number = states.impose(self.instrument_name, self.state)
        return lambda: states.lift(number)


@fault("clock_offset")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset(Condition):
    """The venue's clock is wrong: timestamps, ``usIn``, ``usOut``, ``get_time``.

    What the venue compares with it (``valid_until``, the timestamp of a signature) it
    compares with the wrong time too; its timers run on, and a request that waits for
    its turn while the clock is set back has no longer for it.
    """

    offset_ms: int = option(0, "added to it", "ms", low=-TIME_MAX_MS, high=TIME_MAX_MS)

    def begin(self, venue: Venue) -> Undo:
        """Move the hands."""
        exchange, offset_ns = venue.exchange, self.offset_ms * MILLISECOND_NS
        exchange.clock_offset_ns += offset_ns

        def undo() -> None:
            exchange.clock_offset_ns -= offset_ns

        return undo


@fault("slow_matching")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlowMatching(Condition):
    """Every matching request holds the lock of its user and currency for longer."""

    matching_us: int = option(
        1_000, "added to how long it holds it", "us", high=10_000_000
    )

    def begin(self, venue: Venue) -> Undo:
        """Slow down."""
        locks, more_ns = venue.locks, self.matching_us * MICROSECOND_NS
        locks.hold_ns += more_ns

        def undo() -> None:
            locks.hold_ns -= more_ns

        return undo


@fault("held_lock")
@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock(Condition):
    """Something inside the venue holds the lock of a user in a currency.

    Requests wait: eight of them, for five seconds (10047, 10050).
    """

    account: str = option("", "client id")
    currency: str = option("BTC", "settlement currency")

    def begin(self, venue: Venue) -> Undo:
        """Hold it."""
        locks, exchange = venue.locks, venue.exchange
        locks.seize(self.account, self.currency)
        return lambda: locks.release(self.account, self.currency, exchange.now_ns)


@fault("account_lock")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLock(Condition):
    """An account may not trade in a currency: 11098, and a notice on ``user.lock``.

    It may still cancel.
    """

    account: str = option("", "client id")
    currency: str = option("ALL", "settlement currency, or ALL")

    def begin(self, venue: Venue) -> Undo:
        """Lock it."""
        exchange = venue.exchange
        account = exchange.accounts.get(self.account)
        if account is None:
            return lambda: None
        known = account
        exchange.lock_account(known, self.currency, True)
        return lambda: exchange.lock_account(known, self.currency, False)

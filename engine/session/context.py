"""What the scripts of a session share: the core, the links, what the venue told us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.errors import ProtocolError
from engine.session.clock import Clock
from engine.session.cod import Cod
from engine.session.credits import Credits
from engine.session.flow import Ask, Reply, Script, ask_all, ask_one
from engine.session.jitter import Jitter
from engine.session.kill import Kill
from engine.session.ledger.ledger import Ledger
from engine.session.limits import AccountLimits
from engine.session.link import Link
from engine.session.plan import QuotePlan, SessionSettings, needs_of
from engine.session.port import CorePort
from engine.session.trades import BookedTrades
from engine.session.turnover import LastingTurnover
from engine.session.verdict import short

NOTE_MAX = 240
"""Characters of a note."""

BALANCES_MAX = 64
"""Currencies whose balance is kept."""


@dataclass(slots=True)
class Listing:
    """An instrument as the venue lists it: planned, or only read.

    Empty: plan None, nobody quotes it; index -1, not yet added to the core.
    """

    plan: QuotePlan | None
    row: dict[str, Any]
    index: int = -1
    is_retired: bool = False
    """Expired or delivered: nothing is quoted, read or subscribed here any more."""
    state: str = "open"
    """As the venue last told it."""
    hold: str = ""
    """Why it is not to be traded now, nor its book expected. Empty: "", it is."""

    @property
    def name(self) -> str:
        """The instrument's name."""
        return str(self.row["instrument_name"])

    @property
    def currency(self) -> str:
        """The currency it settles in, under which the venue keeps its orders."""
        row = self.row
        return str(row.get("settlement_currency") or row.get("quote_currency") or "")

    @property
    def price_index(self) -> str:
        """The index it hangs on."""
        return str(self.row.get("price_index", ""))


@dataclass
class Differences:
    """What the venue showed otherwise than we had it, counted since the start."""

    rechecks: int = 0
    """Times everything was compared while quoting went on."""
    orders_doubted: int = 0
    orders_orphaned: int = 0
    positions: int = 0


class Lasting(Protocol):
    """A part of the session that outlives a restart."""

    def dump(self) -> dict[str, Any]:
        """Return what a later run needs, as JSON can hold it exactly."""

    def load(self, found: Mapping[str, Any]) -> None:
        """Take over what an earlier run dumped: all of it, or nothing.

        Raises: KeyError, TypeError or ValueError, when it is not what was dumped.
        """


class Context:
    """The shared desk of all scripts."""

    def __init__(
        self, core: CorePort, settings: SessionSettings, plans: Sequence[QuotePlan]
    ) -> None:
        self.core = core
        self.settings = settings
        self.plans = tuple(plans)
        self.clock = Clock()
        self.credits = Credits()
        self.limits = AccountLimits({})
        self.jitter = Jitter(core.run_id)
        self.links = [Link(conn) for conn in range(settings.connections)]
        planned = {plan.instrument: None for plan in self.plans}
        reads = [name for plan in self.plans for name in plan.reads]
        self.reads = tuple(dict.fromkeys(one for one in reads if one not in planned))
        """Instruments that strategies read and nobody quotes."""
        self.listings: dict[str, Listing] = {}
        self.references: dict[str, Listing] = {}
        """Those of `reads` by name; no orders, positions or money belong to them."""
        self.balances: dict[str, float] = {}
        self.margins: dict[str, tuple[float, float]] = {}
        self.needs = needs_of(self.plans)
        self.locked: dict[str, None] = {}
        """Indices the venue has locked, of those that ours hang on."""
        self.holds: dict[str, str] = {}
        self.kill = Kill(core)
        self.now_ns = 0
        self.cod = Cod()
        self.foreign_orders = 0
        self.open_ours: int | None = None
        self.booked = BookedTrades()
        self.differences = Differences()
        self.ledger = Ledger(self.note)
        self.lasting: dict[str, Lasting] = {
            "ledger": self.ledger,
            "turnover": LastingTurnover(core),
        }
        """By name: what else a checkpoint holds."""
        self.restored: Mapping[str, Any] | None = None
        """What an earlier run left, until the first recovery has judged it."""
        self.is_kept = False
        """A checkpoint that this run goes on from is on the disk."""
        self.earlier_runs: list[int] = []
        self.account_id: int | None = None
        self.has_baseline: dict[str, None] = {}
        """Instruments whose position the core knows; the venue's is compared."""
        self.has_opened = False
        """An instrument opened, and nobody asked for its channels since."""
        self.has_delivery = False
        """An instrument expired, and what it held was not compared since."""
        self.has_recovered = False
        self.past_tries = 0
        """Times candles of the past were asked for."""
        self.last_error = ""
        self._warned: dict[str, None] = {}

    @property
    def orders_link(self) -> Link:
        """The connection that carries orders and everything private."""
        return self.links[self.settings.orders_conn]

    @property
    def market_link(self) -> Link:
        """The connection that carries market data."""
        return self.links[self.settings.market_conn]

    def quoted(self) -> list[Listing]:
        """Return the instruments that are listed and not retired."""
        return [one for one in self.listings.values() if not one.is_retired]

    def open_ones(self) -> list[Listing]:
        """Return the instruments that are quoted and not held."""
        return [one for one in self.quoted() if not one.hold]

    def by_name(self, name: str) -> Listing | None:
        """Return a listing, quoted or only read. Empty: None, not ours."""
        return self.listings.get(name) or self.references.get(name)

    def subscribed(self) -> list[Listing]:
        """Return the instruments whose market data is wanted: quoted ones first."""
        read = [one for one in self.references.values() if not one.is_retired]
        return self.quoted() + read

    def currencies(self) -> list[str]:
        """Return the settlement currencies of all planned instruments, in order."""
        return list(dict.fromkeys(one.currency for one in self.listings.values()))

    def by_index(self, index: int) -> Listing | None:
        """Return the listing with an index of the core. Empty: None, not ours."""
        for one in (*self.listings.values(), *self.references.values()):
            if one.index == index:
                return one
        return None

    def note(self, level: str, kind: str, text: str) -> None:
        """Say something, cut short; errors are remembered for the snapshot."""
        text = short(text, NOTE_MAX)
        if level in ("error", "critical"):
            self.last_error = text
        self.core.note(level, kind, text)

    def warn_once(self, kind: str, text: str) -> None:
        """Warn the first time only."""
        if kind not in self._warned:
            self._warned[kind] = None
            self.note("warning", kind, text)

    def backoff_ns(self, attempt: int, base_ns: int, cap_ns: int) -> int:
        """Return a growing, jittered wait in nanoseconds."""
        return self.jitter.backoff_ns(attempt, base_ns, cap_ns)

    def set_balance(self, currency: str, equity: object) -> None:
        """Keep what one currency is worth."""
        if not isinstance(equity, int | float):
            return
        if currency in self.balances or len(self.balances) < BALANCES_MAX:
            self.balances[currency] = float(equity)

    def set_margin(self, currency: str, row: Mapping[str, Any]) -> None:
        """Keep initial margin and equity of a currency, as the venue states them."""
        initial, equity = row.get("initial_margin"), row.get("equity")
        if not isinstance(initial, int | float) or not isinstance(equity, int | float):
            return
        if currency in self.margins or len(self.margins) < BALANCES_MAX:
            self.margins[currency] = (float(initial), float(equity))

    def venue_ms(self, purpose: str) -> int:
        """Return the venue's time of this hook, ms since epoch, wanted for a purpose.

        Raises: ProtocolError when no wall clock was ever told.
        """
        now_ms = self.clock.venue_ms(self.now_ns)
        if now_ms is None:
            raise ProtocolError(f"no wall clock to {purpose} by")
        return now_ms

    def ask(
        self, conn: int, method: str, params: Mapping[str, Any] | None = None
    ) -> Script[Any]:
        """Ask one thing and return its result; see `ask_one`."""
        ask = Ask(conn, method, params or {})
        return ask_one(ask, self.note, self.backoff_ns)

    def ask_all(self, asks: Sequence[Ask]) -> Script[list[Reply]]:
        """Ask many things at once; see `ask_all`."""
        return ask_all(asks, self.note, self.backoff_ns)

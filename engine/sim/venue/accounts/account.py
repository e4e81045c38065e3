"""Accounts: cash, positions, open orders and histories.

Money is integer atto (1e-18 of a coin). Futures earn in ``positions`` until settlement
moves the session's profit to cash; the premium of an option and both sides of a spot
trade move cash at once. So in every currency

    equity = cash + session profit of futures + value of options

and over all accounts equity sums to what was paid in less the fees, exactly.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from engine.sim.venue.accounts import margin
from engine.sim.venue.accounts.ledger import Ledger
from engine.sim.venue.accounts.moves import MOVES_MAX
from engine.sim.venue.accounts.position import Position
from engine.sim.venue.accounts.records import Records
from engine.sim.venue.api.limits import Credits
from engine.sim.venue.config import AccountConfig
from engine.sim.venue.trading.usage import Usage
from engine.sim.venue.units import to_atto

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.products.instruments import Instrument
    from engine.sim.venue.trading.mmp import Group
    from engine.sim.venue.trading.triggers import TriggerRecord

CLOSED_ORDERS_MAX = 10_000
RECENT_MS = 30 * 60_000
PAST_ORDERS_MAX = 10_000
TRADES_MAX = 10_000
TRIGGER_HISTORY_MAX = 10_000
LOGINS_MAX = 1_000
ALL = "ALL"


class Login(NamedTuple):
    """One login, or an attempt at one (``log``). Empty: peer "" = from inside."""

    number: int
    time_ms: int
    peer: str
    log: str


class Account:
    """One account; an internal one (the background market) has no credit, no margin.

    Units: money in atto, by currency. ``reserved`` is what open spot orders would pay.
    ``locked`` are the currencies it may not trade in, ``ALL`` = in none.
    Empty: ``config`` None = internal.
    """

    def __init__(
        self, name: str, user_id: int, config: AccountConfig | None, pools: Credits
    ) -> None:
        self.name, self.user_id, self.config = name, user_id, config
        self.credits = pools
        balances = config.balances if config is not None else {}
        self.cash: dict[str, int] = {
            currency: to_atto(amount) for currency, amount in balances.items()
        }
        self.fees: dict[str, int] = {}
        self.reserved: dict[str, int] = {}
        self.positions: dict[str, Position] = {}
        self._by_currency: dict[str, dict[str, Position]] = {}
        self.open_orders: dict[str, Order] = {}
        self.open_counts: Counter[str] = Counter()
        self.reduce_only_orders: dict[str, Order] = {}
        self.closed_orders: deque[Order] = deque()
        self.trigger_history: deque[TriggerRecord] = deque(maxlen=TRIGGER_HISTORY_MAX)
        self.past_orders: deque[Order] = deque(maxlen=PAST_ORDERS_MAX)
        self.logins: deque[Login] = deque(maxlen=LOGINS_MAX)
        self.trades: deque[Trade] = deque(maxlen=TRADES_MAX)
        self.settlements = Records()
        self.ledger = Ledger(self)
        self.self_trade_mode = config.self_trade_mode if config else "reject_taker"
        self.self_trade_extended = False
        self.cod_by_default = False
        self.mmp_enabled = config.mmp_enabled if config else False
        self.mmp_groups: dict[tuple[str, str], Group] = {}
        self.quotes_frozen_ns = 0
        self.usage = Usage()
        self.locked: set[str] = set()
        self.moves: deque[int] = deque(maxlen=MOVES_MAX)

    @property
    def internal(self) -> bool:
        """Say whether the account belongs to the venue's own background market."""
        return self.config is None

    @property
    def main(self) -> str:
        """Return the name of its main account, "" = it is one itself."""
        return self.config.main if self.config is not None else ""

    @property
    def family(self) -> str:
        """Return the name of the main account it belongs to, or is."""
        return self.main or self.name

    def overlap(self, other: Account) -> str:
        """Return why its order must not take another account's, "" = it may."""
        if other is self:
            return "order_overlap"
        if self.self_trade_extended and other.family == self.family:
            return "order_overlap_another_sub"
        return ""

    def is_locked(self, currency: str) -> bool:
        """Say whether it may not trade in a currency."""
        return currency in self.locked or ALL in self.locked

    def logged_in(self, time_ms: int, peer: str, log: str) -> Login:
        """Remember a login, or an attempt at one."""
        number = self.logins[-1].number + 1 if self.logins else 1
        login = Login(number, time_ms, peer, log)
        self.logins.append(login)
        return login

    # Positions.

    def position(self, instrument: Instrument, market: Market) -> Position:
        """Return the position of an instrument, made on first use."""
        position = self.positions.get(instrument.name)
        if position is None:
            position = self.positions[instrument.name] = Position(instrument, market)
            held = self._by_currency.setdefault(instrument.currency, {})
            held[instrument.name] = position
        return position

    def drop_position(self, instrument: Instrument) -> None:
        """Forget the position of an instrument that is no more."""
        if self.positions.pop(instrument.name, None) is not None:
            del self._by_currency[instrument.currency][instrument.name]

    def in_currency(self, currency: str) -> list[Position]:
        """Return the positions settled in a currency, in order of first use."""
        return list(self._by_currency.get(currency, {}).values())

    # Cash.

    def move(self, currency: str, amount: int) -> None:
        """Add to cash, or take from it."""
        self.cash[currency] = self.cash.get(currency, 0) + amount

    def pay(self, currency: str, fee: int) -> None:
        """Take a fee from cash (a negative fee is a rebate)."""
        self.move(currency, -fee)
        self.fees[currency] = self.fees.get(currency, 0) + fee

    def reserve(self, currency: str, amount: int) -> None:
        """Set aside what an open spot order would pay, or give it back."""
        self.reserved[currency] = self.reserved.get(currency, 0) + amount

    # Figures, in atto.

    def options_value(self, currency: str) -> int:
        """Return what the options are worth at the mark price."""
        return sum(
            p.size_value for p in self.in_currency(currency) if p.instrument.is_option
        )

    def equity(self, currency: str) -> int:
        """Return cash, session profit of futures and value of options."""
        cash = self.cash.get(currency, 0)
        return cash + sum(p.worth for p in self.in_currency(currency))

    def margin_balance(self, currency: str) -> int:
        """Return what margins may be covered with: equity without the options."""
        return self.equity(currency) - self.options_value(currency)

    def initial_margin(self, currency: str) -> int:
        """Return the initial margin of positions, open orders and MMP."""
        held = sum(margin.initial(p) for p in self.in_currency(currency))
        return held + self.reserved_margin(currency)

    def reserved_margin(self, currency: str) -> int:
        """Return what the protection groups reserve."""
        groups = self.mmp_groups.values()
        return sum(group.margin for group in groups if group.currency == currency)

    def can_reserve(self, currency: str, more: int) -> bool:
        """Say whether more margin can be reserved."""
        return more <= self.available(currency)

    def maintenance_margin(self, currency: str) -> int:
        """Return the maintenance margin of the positions."""
        return sum(margin.maintenance(p) for p in self.in_currency(currency))

    def available(self, currency: str) -> int:
        """Return what is free for new orders; below 0 when margins are not covered."""
        used = self.initial_margin(currency) + self.reserved.get(currency, 0)
        return self.margin_balance(currency) - used

"""Accounts: cash, positions, open orders, histories and a simple margin.

Money is integer atto (1e-18 of a coin). A trade moves the same coin value into one
position and out of another, so over all accounts cash plus profit sums to minus the
fees exactly, whatever the order of opening, closing and flipping.

Margin is the simple standard model: the larger of the two worst positions (all bids
filled, all asks filled) at the mark price, divided by the contract's maximum leverage;
maintenance margin is half of that on the position alone. Funding, settlement and
portfolio margin are elsewhere.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from engine.sim.venue.api.limits import Credits
from engine.sim.venue.config import AccountConfig
from engine.sim.venue.units import divide, to_atto

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.products.instruments import Instrument
    from engine.sim.venue.trading.mmp import Group

CLOSED_ORDERS_MAX = 10_000
RECENT_MS = 30 * 60_000
TRADES_MAX = 10_000


class Position:
    """One account's holding of one contract.

    Units: size in signed lots; cost in atto, the signed coin value at which the size
    was built (proportional on reduction, so the average price stays); realized in atto.
    """

    __slots__ = (
        "buy_lots", "cost", "instrument", "market", "realized", "sell_lots", "size",
        "traded",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, market: Market) -> None:
        self.instrument, self.market = instrument, market
        self.size = 0
        self.cost = 0
        self.realized = 0
        self.buy_lots = 0
        self.sell_lots = 0
        self.traded = False

    def book(self, side: int, lots: int, value: int) -> int:
        """Book a fill and return the profit it realized, in atto."""
        closing = min(lots, abs(self.size)) if self.size * side < 0 else 0
        opening_value = value
        realized = 0
        if closing:
            released = divide(self.cost * closing, abs(self.size))
            closing_value = divide(value * closing, lots)
            opening_value = value - closing_value
            realized = self.instrument.profit(-side * closing_value, released)
            self.cost -= released
        self.size += side * lots
        self.cost += side * opening_value
        self.realized += realized
        self.traded = True
        return realized

    @property
    def unrealized(self) -> int:
        """Return the profit of the position at the mark price, in atto."""
        if not self.size:
            return 0
        return self.instrument.profit(self.size_value, self.cost)

    @property
    def size_value(self) -> int:
        """Return the signed coin value at the mark price, in atto."""
        return self.instrument.value_at_ref(self.size, self.market.mark_ref)

    @property
    def average_price(self) -> float:
        """Return the average entry price (harmonic for inverse contracts)."""
        return self.instrument.average_price(self.size, self.cost)

    def initial_margin(self, extra_buy: int = 0, extra_sell: int = 0) -> int:
        """Return the initial margin with open orders and some more lots, in atto."""
        worst = max(
            abs(self.size + self.buy_lots + extra_buy),
            abs(self.size - self.sell_lots - extra_sell),
            abs(self.size),
        )
        if not worst:
            return 0
        value = self.instrument.value_at_ref(worst, self.market.mark_ref)
        return divide(value, self.instrument.max_leverage)

    def position_margin(self) -> int:
        """Return the initial margin of the position without orders, in atto."""
        return divide(abs(self.size_value), self.instrument.max_leverage)

    def maintenance_margin(self) -> int:
        """Return the maintenance margin, in atto."""
        return divide(abs(self.size_value), 2 * self.instrument.max_leverage)


class Account:
    """One account; an internal one (the background market) has no credit, no margin.

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
        self.positions: dict[str, Position] = {}
        self.open_orders: dict[str, Order] = {}
        self.reduce_only_orders: dict[str, Order] = {}
        self.closed_orders: deque[Order] = deque()
        self.trades: deque[Trade] = deque(maxlen=TRADES_MAX)
        self.self_trade_mode = config.self_trade_mode if config else "reject_taker"
        self.cod_by_default = False
        self.mmp_enabled = config.mmp_enabled if config else False
        self.mmp_groups: dict[tuple[str, str], Group] = {}
        self.quotes_frozen_ns = 0

    @property
    def internal(self) -> bool:
        """Say whether the account belongs to the venue's own background market."""
        return self.config is None

    def position(self, instrument: Instrument, market: Market) -> Position:
        """Return the position of an instrument, made on first use."""
        position = self.positions.get(instrument.name)
        if position is None:
            position = self.positions[instrument.name] = Position(instrument, market)
        return position

    def pay(self, currency: str, fee: int) -> None:
        """Take a fee from cash (a negative fee is a rebate)."""
        self.cash[currency] = self.cash.get(currency, 0) - fee
        self.fees[currency] = self.fees.get(currency, 0) + fee

    def in_currency(self, currency: str) -> list[Position]:
        """Return the positions settled in a currency, in order of first use."""
        return [p for p in self.positions.values() if p.instrument.currency == currency]

    def realized(self, currency: str) -> int:
        """Return the session's realized profit, in atto."""
        return sum(p.realized for p in self.in_currency(currency))

    def unrealized(self, currency: str) -> int:
        """Return the session's unrealized profit, in atto."""
        return sum(p.unrealized for p in self.in_currency(currency))

    def equity(self, currency: str) -> int:
        """Return cash plus session profit, in atto."""
        cash = self.cash.get(currency, 0)
        return cash + self.realized(currency) + self.unrealized(currency)

    def initial_margin(self, currency: str) -> int:
        """Return the initial margin of positions, open orders and MMP, in atto."""
        held = sum(p.initial_margin() for p in self.in_currency(currency))
        return held + self.reserved_margin(currency)

    def reserved_margin(self, currency: str) -> int:
        """Return what the protection groups reserve, in atto."""
        groups = self.mmp_groups.values()
        return sum(group.margin for group in groups if group.currency == currency)

    def can_reserve(self, currency: str, more: int) -> bool:
        """Say whether more margin can be reserved."""
        return self.initial_margin(currency) + more <= self.equity(currency)

    def maintenance_margin(self, currency: str) -> int:
        """Return the maintenance margin of the positions, in atto."""
        return sum(p.maintenance_margin() for p in self.in_currency(currency))

    def can_afford(self, position: Position, side: int, lots: int) -> bool:
        """Say whether some more open lots on a side stay within the equity.

        Orders that do not raise the margin are always allowed.
        """
        if self.internal:
            return True
        extra = (lots, 0) if side > 0 else (0, lots)
        more = position.initial_margin(*extra) - position.initial_margin()
        if more <= 0:
            return True
        currency = position.instrument.currency
        return self.initial_margin(currency) + more <= self.equity(currency)

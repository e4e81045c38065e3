"""Market-maker protection: limits on what trades within a window, and the freeze.

A group is a set of limits on one index: the orders group of the index, for orders sent
with ``mmp``, and up to 16 named ones for quotes. Its window starts with the first trade
and ends an interval later; the first trade after that starts a new one from zero. When
a limit is met, everything the group protects is cancelled (orders in the speed bump
become immediate-or-cancel) and nothing new is taken until the freeze is over: at its
time, or by a reset, and never within the first second.

Open size per side and instrument is bounded by the max quote quantity, which reserves
3 % of itself as margin for as long as the group exists; in return protected orders are
not margined one by one.
Source: docs.deribit.com, market maker protection, private/set_mmp_config, mass quotes,
2026-08-22; support.deribit.com, Deribit MMP (a limit met is enough).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.trading.exposure import Exposure, exposure_of, quantity_of
from engine.sim.venue.units import REF, divide

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Index, Market
    from engine.sim.venue.markets.matching import Order

NAMED_GROUPS_MAX = 16
SECOND_NS = 1_000_000_000
FREEZE_MIN_NS = SECOND_NS
STEP = 10**4  # a limit is a number of ten-thousandths
STEP_NS = SECOND_NS // STEP
STEP_ATTO = 10**18 // STEP
MARGIN_RATE = (3, 100)  # of the max quote quantity
FIRST_GROUP_ID = 144_790_485_158_858_750
TRIGGER = "mmp_trigger"
CURTAILMENT = "mmp_config_curtailment"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a group allows. Units: ten-thousandths of a second, coin or USD.

    Empty: None = no such limit; frozen 0 = until reset.
    """

    interval: int
    frozen: int
    max_quote: int
    quantity: int | None = None
    delta: int | None = None
    vega: int | None = None

    def met_by(self, traded: Exposure) -> bool:
        """Say whether what traded meets a limit."""
        return any(
            limit is not None and abs(value) >= limit * STEP_ATTO
            for limit, value in zip(
                (self.quantity, self.delta, self.vega), traded, strict=True
            )
        )


NOTHING = Exposure(0, 0, 0)


class Group:
    """One group: its limits, its window, its freeze, what it protects.

    ``traded`` is what the window has seen. ``live`` holds what may still trade, by
    instrument and side.
    Empty: name "" = the orders group; window_ns 0 = no window is open.
    """

    def __init__(
        self, account: Account, number: int, name: str, index: Index, limits: Limits
    ) -> None:
        self.account, self.number, self.name = account, number, name
        self.index, self.limits = index, limits
        self.currency = settlement_currency(index.name)
        self.window_ns = 0
        self.traded = NOTHING
        self.frozen = False
        self.frozen_until_ns = 0
        self._thaw_ns = 0
        self.live: dict[tuple[str, int], dict[int, Order]] = {}

    @property
    def is_orders(self) -> bool:
        """Say whether it protects orders, not quotes."""
        return not self.name

    @property
    def margin(self) -> int:
        """Return the reserved margin, in atto of the settlement currency."""
        rate, whole = MARGIN_RATE
        coins = divide(self.limits.max_quote * STEP_ATTO * rate, whole)
        if self.index.name.endswith("_usd"):
            return coins
        return divide(coins * self.index.ref, REF)

    # What it protects.

    def hold(self, order: Order) -> None:
        """Take an order under protection."""
        order.group = self
        place = (order.instrument.name, order.side)
        self.live.setdefault(place, {})[order.number] = order

    def forget(self, order: Order) -> None:
        """Let go of an order that is closed."""
        place = (order.instrument.name, order.side)
        orders = self.live[place]
        del orders[order.number]
        if not orders:
            del self.live[place]

    def quote(self, instrument_name: str, side: int) -> Order | None:
        """Return the quote of a side, None when there is none."""
        orders = self.live.get((instrument_name, side))
        return next(iter(orders.values())) if orders else None

    def orders(self) -> list[Order]:
        """Return everything it protects, in the order of first use of each place."""
        return [o for orders in self.live.values() for o in orders.values()]

    def room(self, market: Market, side: int, but: Order | None = None) -> int:
        """Return how much more may stand open on a side, in atto of the base coin."""
        live = self.live.get((market.instrument.name, side), {})
        open_size = sum(
            quantity_of(market, order.open_lots, order.price_ticks)
            for order in live.values()
            if order is not but
        )
        return self.limits.max_quote * STEP_ATTO - open_size

    # Window and freeze.

    def count(self, traded: Exposure, now_ns: int) -> bool:
        """Count a trade; say whether it meets a limit. Frozen, it counts nothing."""
        if self.is_frozen(now_ns):
            return False
        if not self.window_ns or now_ns >= self.window_ns + self._interval_ns:
            self.window_ns, self.traded = now_ns, NOTHING
        self.traded = Exposure(
            *(a + b for a, b in zip(self.traded, traded, strict=True))
        )
        return self.limits.met_by(self.traded)

    @property
    def _interval_ns(self) -> int:
        return self.limits.interval * STEP_NS

    def is_frozen(self, now_ns: int) -> bool:
        """Say whether it is frozen, and end the freeze when its time has come."""
        if self.frozen and 0 < self.frozen_until_ns <= now_ns:
            self._thaw()
        return self.frozen

    def freeze(self, now_ns: int) -> None:
        """Freeze for the configured time, a second at least."""
        frozen_ns = self.limits.frozen * STEP_NS
        self.frozen, self._thaw_ns = True, now_ns + FREEZE_MIN_NS
        self.frozen_until_ns = (
            max(now_ns + frozen_ns, self._thaw_ns) if frozen_ns else 0
        )

    def reset(self, now_ns: int) -> None:
        """End a freeze, or let it end when its first second is over; count afresh."""
        if self.frozen and now_ns < self._thaw_ns:
            self.frozen_until_ns = self._thaw_ns
        else:
            self._thaw()

    def _thaw(self) -> None:
        self.frozen, self.frozen_until_ns = False, 0
        self.window_ns, self.traded = 0, NOTHING


def settlement_currency(index_name: str) -> str:
    """Return what the derivatives of an index settle in."""
    base, _, quote = index_name.partition("_")
    return base.upper() if quote == "usd" else quote.upper()


class Protection:
    """The groups of every account, and what happens when a limit is met."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._number = FIRST_GROUP_ID
        self._met: dict[int, Group] = {}

    # Configuration.

    def check_enabled(self, account: Account) -> None:
        """Refuse an account that has no protection.

        Raises:
            Reject: 13040.
        """
        if not account.mmp_enabled:
            raise Reject("mmp_required", data={"reason": "MMP disabled"})

    def configure(
        self, account: Account, index: Index, name: str, limits: Limits
    ) -> Group | None:
        """Make, change or (interval 0) remove a group; return it, None when gone.

        What the new limits no longer allow to stand open is cancelled.

        Raises:
            Reject: too many groups, a name in use elsewhere, or not enough funds for
                the margin.
        """
        self._check_name(account, index, name, limits)
        group = account.mmp_groups.get((index.name, name))
        if not limits.interval:
            if group is not None:
                self._curtail(group, 0)
                del account.mmp_groups[(index.name, name)]
                self._exchange.note_account(account, group.currency)
            return None
        wanted = Group(account, self._number, name, index, limits)
        more = wanted.margin - (group.margin if group is not None else 0)
        if more > 0 and not account.can_reserve(wanted.currency, more):
            raise Reject("not_enough_funds")
        if group is None:
            self._number += 1
            group = account.mmp_groups[(index.name, name)] = wanted
        group.limits = limits
        self._curtail(group, limits.max_quote)
        self._exchange.note_account(account, group.currency)
        return group

    def _check_name(
        self, account: Account, index: Index, name: str, limits: Limits
    ) -> None:
        named = [group for group in account.mmp_groups.values() if group.name]
        mine = [group for group in named if group.name == name]
        if any(group.index is not index for group in mine):
            raise bad_param("mmp_group", "belongs to another index")
        adds = bool(name) and not mine and limits.interval > 0
        if adds and len(named) >= NAMED_GROUPS_MAX:
            raise bad_param("mmp_group", f"at most {NAMED_GROUPS_MAX} groups")

    def _curtail(self, group: Group, max_quote: int) -> None:
        """Cancel, newest first, what stands above a bound of every side."""
        for name, side in list(group.live):
            market = self._exchange.markets[name]
            orders = list(group.live[(name, side)].values())
            while orders and (not max_quote or group.room(market, side) < 0):
                self._pull(orders.pop(), CURTAILMENT)

    # Entry.

    def orders_group(self, account: Account, market: Market) -> Group:
        """Return the group an order with ``mmp`` comes under.

        Raises:
            Reject: 13040 the account has none.
        """
        self.check_enabled(account)
        group = account.mmp_groups.get((market.index.name, ""))
        if group is None:
            raise Reject("mmp_required", data={"reason": "no MMP configuration"})
        return group

    def check(
        self,
        group: Group,
        market: Market,
        side: int,
        lots: int,
        ticks: int,
        but: Order | None = None,
    ) -> None:
        """Refuse what must not stand open: while frozen, or beyond the bound.

        ``but`` is an order that this would replace.

        Raises:
            Reject: 13030 frozen, 11030 beyond the max quote quantity.
        """
        if group.is_frozen(self._exchange.now_ns):
            raise Reject(TRIGGER)
        if quantity_of(market, lots, ticks) > group.room(market, side, but):
            raise Reject("other_reject", "max_quote_quantity_exceeded")

    def freeze_quotes(self, account: Account) -> None:
        """Take no quotes of an account for a second."""
        account.quotes_frozen_ns = self._exchange.now_ns + FREEZE_MIN_NS

    # Trades.

    def traded(self, order: Order, lots: int, ticks: int) -> None:
        """Count a fill of a protected order."""
        group = order.group
        if group is None:
            return
        market = self._exchange.markets[order.instrument.name]
        exposure = exposure_of(market, order.side, lots, ticks)
        if group.count(exposure, self._exchange.now_ns):
            self._met[group.number] = group

    def act(self) -> None:
        """Freeze the groups whose limits were met and pull what they protect."""
        met, self._met = self._met, {}
        for group in met.values():
            group.freeze(self._exchange.now_ns)
            for order in group.orders():
                self._pull(order, TRIGGER)
            self._exchange.notify(
                "user.mmp_trigger",
                group.account,
                group.index.name,
                trigger_row(group, self._exchange.clock_offset_ns),
            )

    def _pull(self, order: Order, reason: str) -> None:
        """Cancel an order; one that is being matched ends with the request."""
        if order.order_id in order.account.open_orders:
            self._exchange.cancel(order, reason)
        else:
            order.doomed = order.doomed or reason


def trigger_row(group: Group, clock_offset_ns: int) -> dict[str, object]:
    """Return what ``user.mmp_trigger`` and ``private/get_mmp_status`` say."""
    until_ns = group.frozen_until_ns
    row: dict[str, object] = {
        "frozen_until": (until_ns + clock_offset_ns) // 1_000_000 if until_ns else 0,
        "index_name": group.index.name,
    }
    if not group.is_orders:
        row["mmp_group"] = group.name
    row["block_rfq"] = False
    return row

"""Mass quotes: many two-sided quotes at once, each side on its own.

A quote is a limit order that its market maker addresses by group, instrument and side,
not by order id: a new one takes the place of the old, price or amount alone amend it,
amount 0 cancels it. The amount is what shall stand open, whatever has filled before.
An amend that is refused cancels what it was to amend, and never touches the other side;
one of an order in the speed bump is refused and changes nothing, though amount 0 makes
that order immediate-or-cancel. The same price with less, or under another quote set,
keeps its place in the queue; the same in everything goes to the end, as does the rest.
Of two sides that move up the ask goes first, of two that move down the bid, so that
they do not meet; a side that would meet the maker's own orders is refused.
Source: docs.deribit.com, mass quotes, private/mass_quote, 2026-08-22. The protection
page's "if one side is rejected, the other side will also be rejected" (of 2025-12)
contradicts the quotes' own page, which is newer and says each side stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, SELL, Order
from engine.sim.venue.trading import ceilings
from engine.sim.venue.trading.orders import (
    check_band,
    check_open,
    enter,
    passive_price,
)

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.trading.mmp import Group

NAMES = {BUY: "bid", SELL: "ask"}
SPEED_BUMPED = "speed_bumped"


@dataclass(slots=True)
class SideWish:
    """What one side shall be. Empty: None = as it is; 0 lots = gone.

    ``refusal`` is what the door had against it.
    """

    market: Market | None
    side: int
    ticks: int | None = None
    lots: int | None = None
    post_only: bool = False
    reject_post_only: bool = False
    refusal: Reject | None = None


@dataclass(slots=True)
class QuoteWish:
    """One quote of a request. Empty: a side left out stays as it is."""

    instrument_name: str
    quote_set_id: str | None
    sides: dict[int, SideWish]


@dataclass(frozen=True, slots=True)
class SideError:
    """Why one side was not done."""

    instrument_name: str
    side: int
    reject: Reject


class MassQuote:
    """One request on its way through the books.

    ``orders`` and ``trades`` are what it changed and took, ``waiting`` how many of its
    sides are in the speed bump; ``on_done`` is called when the last one has left it.
    """

    def __init__(
        self,
        exchange: Exchange,
        group: Group,
        quote_id: str,
        origin: int,
    ) -> None:
        self._exchange, self._group = exchange, group
        self._quote_id, self._origin = quote_id, origin
        self.orders: dict[int, Order] = {}
        self.trades: dict[int, Trade] = {}
        self.errors: list[SideError] = []
        self.waiting = 0
        self.on_done: Callable[[], None] | None = None

    def run(self, quotes: list[QuoteWish]) -> None:
        """Do one quote after the other, side by side."""
        for quote in quotes:
            for side in self._order_of_sides(quote):
                self._attempt(quote, quote.sides[side])

    def _order_of_sides(self, quote: QuoteWish) -> list[int]:
        """Return the sides in the order in which they do not meet each other."""
        ask = self._group.quote(quote.instrument_name, SELL)
        wish, first = quote.sides.get(SELL), BUY
        if ask is not None and wish is not None:
            moves_up = wish.ticks is not None and wish.ticks > ask.price_ticks
            first = SELL if moves_up or wish.lots == 0 else BUY
        return [side for side in (first, -first) if side in quote.sides]

    def _attempt(self, quote: QuoteWish, wish: SideWish) -> None:
        resting = self._group.quote(quote.instrument_name, wish.side)
        try:
            if wish.refusal is not None:
                raise wish.refusal
            self._do(quote, wish, resting)
        except Reject as reject:
            error = SideError(quote.instrument_name, wish.side, reject)
            self.errors.append(error)
            if resting is not None and self._may_cancel(resting):
                crossed = reject.name == "post_only_reject"
                reason = "edit_post_only_reject" if crossed else "user_request"
                self._cancel(resting, reason)

    def _may_cancel(self, resting: Order) -> bool:
        """Say whether a refused amend may take away what it was to amend."""
        market = self._exchange.markets[resting.instrument.name]
        return market.state != "settlement" and not resting.pending

    def _do(self, quote: QuoteWish, wish: SideWish, resting: Order | None) -> None:
        assert wish.market is not None, "a side without a market was refused"
        if resting is None:
            if not wish.lots or wish.ticks is None:
                raise Reject("order_not_found")
        elif wish.lots == 0:
            if wish.market.state == "settlement":
                raise Reject("settlement_in_progress")
            self._cancel(resting, "user_request")
            return
        elif resting.pending:
            raise Reject("other_reject", SPEED_BUMPED)
        ticks, lots = self._checked(wish, resting)
        if resting is None:
            self._place(quote, wish, ticks, lots)
        else:
            self._amend(quote, wish, resting, ticks, lots)

    def _checked(self, wish: SideWish, resting: Order | None) -> tuple[int, int]:
        """Return price and size at which a side may stand.

        Raises:
            Reject: it may not.
        """
        market = wish.market
        assert market is not None, "a side without a market was refused"
        check_open(market)
        ticks, lots = wish.ticks, wish.lots
        if resting is not None:
            ticks = resting.price_ticks if ticks is None else ticks
            lots = resting.open_lots if lots is None else lots
        assert ticks is not None, "a new side has a price"
        assert lots is not None, "a new side has a size"
        if resting is None:
            limits, account = self._exchange.config.limits, self._group.account
            ceilings.check_new(limits, account, market, wish.side, lots)
        if wish.post_only:
            ticks = passive_price(market, wish.side, ticks, wish.reject_post_only)
        if resting is None or ticks != resting.price_ticks:
            check_band(market, wish.side, ticks)
        self._exchange.mmp.check(self._group, market, wish.side, lots, ticks, resting)
        self._check_own(market, wish.side, ticks, lots)
        return ticks, lots

    def _check_own(self, market: Market, side: int, ticks: int, lots: int) -> None:
        """Refuse to meet own quotes, and own orders in mode reject_taker."""
        account = self._group.account
        for maker, shown_lots in market.book.facing(side, ticks):
            mine = account.overlap(maker.account)
            if mine and (maker.is_quote or account.self_trade_mode == "reject_taker"):
                raise Reject("order_overlap")
            lots -= shown_lots
            if lots <= 0:
                return

    # What changes.

    def _place(self, quote: QuoteWish, wish: SideWish, ticks: int, lots: int) -> None:
        market = wish.market
        assert market is not None, "a side without a market was refused"
        account = self._group.account
        order = Order(account, market.instrument, wish.side, ticks, lots)
        order.api = False
        self._mark(order, quote, wish)
        self._exchange.admit(order)
        self._group.hold(order)
        self._enter(market, order)

    def _amend(
        self, quote: QuoteWish, wish: SideWish, order: Order, ticks: int, lots: int
    ) -> None:
        market = wish.market
        assert market is not None, "a side without a market was refused"
        same_price = ticks == order.price_ticks
        set_id = quote.quote_set_id
        new_set = set_id is not None and set_id != order.quote_set_id
        smaller = lots < order.open_lots
        keeps_place = same_price and (smaller or (new_set and lots == order.open_lots))
        self._mark(order, quote, wish)
        order.updated_ms = self._exchange.now_ms
        amount_lots = order.filled_lots + lots
        if keeps_place:
            order.account.usage.changed(order.instrument)
            if smaller:
                self._exchange.shrink(order, amount_lots)
            self._exchange.note_order(order)
            self.orders[order.number] = order
            return
        self._exchange.lift(order)
        order.price_ticks, order.amount_lots = ticks, amount_lots
        self._enter(market, order)

    def _mark(self, order: Order, quote: QuoteWish, wish: SideWish) -> None:
        """Write what the request says of an order onto it."""
        order.quote_id, order.origin = self._quote_id, self._origin
        if quote.quote_set_id is not None:
            order.quote_set_id = quote.quote_set_id
        order.post_only = wish.post_only
        order.reject_post_only = wish.reject_post_only

    def _enter(self, market: Market, order: Order) -> None:
        self.orders[order.number] = order
        enter(self._exchange, market, order)
        if order.pending:
            self.waiting += 1
            order.on_settled = lambda: self._left_the_bump(order)
        else:
            self._collect(order)

    def _left_the_bump(self, order: Order) -> None:
        self._collect(order)
        self.waiting -= 1
        if not self.waiting and self.on_done is not None:
            self.on_done()

    def _collect(self, order: Order) -> None:
        """Keep the trades an order has just made as the taker."""
        for trade in self._exchange.turn.trades:
            if trade.taker is order:
                self.trades[trade.number] = trade

    def _cancel(self, order: Order, reason: str) -> None:
        self._exchange.cancel(order, reason)
        self.orders[order.number] = order

"""How an option maker quotes: width, size and sides of one option around its theory."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.params import OptionMakerParams, OptionParams
from engine.sim.ports import Exchange, PlacedOrder
from engine.sim.venue.errors import Reject
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.pricing import Mark

if TYPE_CHECKING:
    from engine.sim.venue.products.surface import Smile

NEAR_DELTA, DEEP_DELTA, WING_DELTA = 0.35, 0.65, 0.05
IN_THE_MONEY_DELTA, AT_THE_MONEY_DELTA = 0.85, 0.5
WIDTH_SPREAD = 0.25  # of the logarithm of a quote's own width
EXTRA_SPREAD = 0.8  # of the logarithm of an option's own width in the money
DAY_NS = 86_400_000_000_000


@dataclass(slots=True)
class Quote:
    """What one maker has in one book, and the theory it was made from.

    Units: half, delta, vega and theta in quote currency of the index (per vol point,
    per day); size is a factor of the usual one.
    """

    width: float = 1.0
    size: float = 1.0
    bid: PlacedOrder | None = None
    ask: PlacedOrder | None = None
    t_ns: int = 0
    half: float = 0.0
    forward: float = 0.0
    at_money_vol: float = 0.0
    delta: float = 0.0
    vega: float = 0.0
    theta: float = 0.0

    def move(self, smile: Smile, t_ns: int) -> float:
        """Return by how much the theory has moved since, to the first order."""
        return (
            self.delta * (smile.forward - self.forward)
            + self.vega * 100.0 * (smile.at_money_vol - self.at_money_vol)
            + self.theta * (t_ns - self.t_ns) / DAY_NS
        )

    def was_hit(self) -> bool:
        """Say whether an order of it is no longer open."""
        return (self.bid is not None and self.bid.state != "open") or (
            self.ask is not None and self.ask.state != "open"
        )


class Option:
    """One option of the background market: its conversions, its habits, its quotes."""

    def __init__(
        self, instrument: Instrument, params: OptionParams, dice: random.Random
    ) -> None:
        contract = instrument.contract
        assert contract.strike is not None, "an option has a strike"
        self.instrument, self._params = instrument, params
        self.strike = float(contract.strike)
        self.is_call = contract.option_type == "call"
        self._in_coin = instrument.reversed
        self._tick = instrument.tick_num / instrument.tick_den
        self._lot = instrument.lot_num / instrument.lot_den
        chance = dice.random()
        one_sided = params.two_sided_chance + params.bid_only_chance
        self._deep_sides = (chance < one_sided, chance < params.two_sided_chance)
        self._extra = dice.lognormvariate(0.0, EXTRA_SPREAD)
        self.quotes = [
            Quote(
                dice.lognormvariate(0.0, WIDTH_SPREAD),
                dice.lognormvariate(0.0, params.size_spread),
            )
            for _ in params.makers
        ]

    def refresh(self, quote: Quote, dice: random.Random) -> None:
        """Give a quote another width and size."""
        quote.width = dice.lognormvariate(0.0, WIDTH_SPREAD)
        quote.size = dice.lognormvariate(0.0, self._params.size_spread)

    def half_spread(self, mark: Mark, smile: Smile) -> float:
        """Return the usual half-spread, in quote currency of the index."""
        params = self._params
        days = max(smile.years * 365.0, 0.05)
        vols = params.half_vol
        if days < params.widen_days:
            vols *= math.pow(params.widen_days / days, params.widen_power)
        deep = (abs(mark.delta) - AT_THE_MONEY_DELTA) / (
            IN_THE_MONEY_DELTA - AT_THE_MONEY_DELTA
        )
        extra = params.in_the_money * self._extra * smile.forward * max(0.0, deep)
        return vols * mark.vega + extra

    def sides(self, mark: Mark) -> tuple[bool, bool]:
        """Return whether there is a (bid, ask): in the money, not everywhere."""
        return self._deep_sides if abs(mark.delta) > DEEP_DELTA else (True, True)

    def ticks(self, price: float, forward: float, is_bid: bool) -> int:
        """Return the price on the grid that a bid or an ask may ask at most.

        Units: price in quote currency of the index.
        """
        own = price / forward if self._in_coin else price
        if is_bid:
            return self.instrument.floor(math.floor(own / self._tick))
        return self.instrument.ceil(math.ceil(own / self._tick))

    def lots(self, dollars: float, forward: float) -> int:
        """Return the lots whose underlying is worth so many dollars, at least one."""
        return max(1, round(dollars / (self._lot * forward)))

    def usual_size(self, mark: Mark) -> float:
        """Return the median notional at the touch, in dollars."""
        params, delta = self._params, abs(mark.delta)
        if delta > DEEP_DELTA:
            return params.deep_size
        if delta > NEAR_DELTA:
            return params.near_size
        share = (NEAR_DELTA - max(delta, WING_DELTA)) / (NEAR_DELTA - WING_DELTA)
        ratio = params.wing_size / params.near_size
        return params.near_size * math.pow(ratio, share)


class OptionMaker:
    """Places and moves the quotes of one maker."""

    def __init__(
        self, number: int, params: OptionMakerParams, depth: float, venue: Exchange
    ) -> None:
        self.account = f"background-option-maker-{number}"
        self.number, self.params = number, params
        self._depth, self._venue = depth, venue

    def requote(self, option: Option, smile: Smile, t_ns: int) -> None:
        """Bring both sides of one option to where they belong."""
        quote = option.quotes[self.number]
        mark = smile.mark(option.strike, option.is_call)
        rises = quote.move(smile, t_ns) > 0.0
        half = option.half_spread(mark, smile) * self.params.width * quote.width
        quote.t_ns, quote.half, quote.forward = t_ns, half, smile.forward
        quote.at_money_vol, quote.delta = smile.at_money_vol, mark.delta
        quote.vega, quote.theta = mark.vega, mark.theta
        with_bid, with_ask = option.sides(mark)
        size = option.usual_size(mark) * self.params.size * quote.size * self._depth
        lots = option.lots(size, smile.forward)
        bid = option.ticks(mark.price - half, smile.forward, True) if with_bid else 0
        ask = option.ticks(mark.price + half, smile.forward, False) if with_ask else 0
        # The side that is in the way of the other goes first.
        if rises:
            quote.ask = self._keep(option, quote.ask, False, ask, lots, t_ns)
            quote.bid = self._keep(option, quote.bid, True, bid, lots, t_ns)
        else:
            quote.bid = self._keep(option, quote.bid, True, bid, lots, t_ns)
            quote.ask = self._keep(option, quote.ask, False, ask, lots, t_ns)

    def _keep(
        self,
        option: Option,
        order: PlacedOrder | None,
        is_bid: bool,
        ticks: int,
        lots: int,
        t_ns: int,
    ) -> PlacedOrder | None:
        """Bring one side to a price; 0 or less means: no order there."""
        venue, instrument = self._venue, option.instrument
        if order is not None and order.state != "open":
            order = None
        if ticks < 1:
            if order is not None:
                venue.cancel_order(order, t_ns)
            return None
        if order is not None:
            if order.price_ticks == ticks:
                return order
            amount = instrument.amount(lots + order.filled_lots)
            try:
                venue.edit_order(order, instrument.price(ticks), amount, t_ns)
            except Reject:
                venue.cancel_order(order, t_ns)
                return None
            return order
        return place(venue, self.account, instrument, is_bid, ticks, lots, t_ns)


def place(
    venue: Exchange,
    account: str,
    instrument: Instrument,
    is_bid: bool,
    ticks: int,
    lots: int,
    t_ns: int,
    time_in_force: str = "good_til_cancelled",
) -> PlacedOrder | None:
    """Send one option order; resting ones are post-only.

    Empty: None when the venue refuses it.
    """
    try:
        order: PlacedOrder = venue.place(
            account,
            instrument.name,
            "buy" if is_bid else "sell",
            instrument.price(ticks),
            instrument.amount(lots),
            post_only=time_in_force == "good_til_cancelled",
            time_in_force=time_in_force,
            t_ns=t_ns,
        )
    except Reject:
        return None
    return order

"""The options on one index: makers that look at one expiry at a time.

A look draws the smile once, and asks of every option whether its theory has moved by
more than the maker tolerates; only then is it priced and re-quoted, so that a quiet
chain costs a fraction of a microsecond per option and look.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable

from engine.sim.flow.clockwork import Clockwork, exponential_ns
from engine.sim.flow.quoting import Option, OptionMaker, place
from engine.sim.flow.surface import SurfaceWalk
from engine.sim.params import SECOND_NS, OptionParams
from engine.sim.ports import Exchange
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.pricing import years_left
from engine.sim.venue.products.surface import Smile

MILLISECOND_NS = 1_000_000
REQUOTES_MAX = 100  # of one look; what is left waits for the next
NEAR_STRIKES = 3  # churn falls this far around the money, as a standard deviation
FAR_ACCOUNT = "background-option-far"
FAR_SIZE, FAR_SIZE_SPREAD = 30_000.0, 1.5  # dollars; of its logarithm


class Strip:
    """All options of one expiry, in order of strike.

    Units: forward is asked at each look; it is the fair price of the future.
    """

    def __init__(
        self,
        expiry_ms: int,
        forward: Callable[[], float],
        surface: SurfaceWalk,
        params: OptionParams,
        stream: str,
    ) -> None:
        self.expiry_ms, self._forward, self._surface = expiry_ms, forward, surface
        self._params = params
        self._dice = random.Random(stream)
        self.options: list[Option] = []
        self.strikes: list[float] = []
        self.is_over = False
        self._next = 0

    def add(self, instrument: Instrument) -> Option:
        """Take a newly listed option in."""
        option = Option(instrument, self._params, self._dice)
        at = bisect_left(self.strikes, option.strike)
        self.strikes.insert(at, option.strike)
        self.options.insert(at, option)
        return option

    def smile(self, t_ns: int) -> Smile:
        """Return the smile of now."""
        years = years_left(self.expiry_ms, t_ns // MILLISECOND_NS)
        return Smile(self._surface.state, self._forward(), years)

    def start(
        self, option: Option, makers: list[OptionMaker], venue: Exchange, t_ns: int
    ) -> None:
        """Fill a new book: the widest maker first, then what rests far away."""
        smile = self.smile(t_ns)
        for maker in reversed(makers):
            maker.requote(option, smile, t_ns)
        self._leave_far_orders(option, smile, venue, t_ns)

    def look(self, maker: OptionMaker, t_ns: int) -> None:
        """Re-quote what has moved too far, at most ``REQUOTES_MAX`` options."""
        smile = self.smile(t_ns)
        tolerance, number = maker.params.tolerance, maker.number
        budget, options = REQUOTES_MAX, self.options
        count = len(options)
        for n in range(self._next, self._next + count):
            option = options[n % count]
            quote = option.quotes[number]
            away = abs(quote.move(smile, t_ns))
            if away > tolerance * quote.half or quote.was_hit():
                maker.requote(option, smile, t_ns)
                budget -= 1
                if not budget:
                    self._next = (n + 1) % count
                    return

    def churn(self, maker: OptionMaker, count: float, far: float, t_ns: int) -> None:
        """Replace some quotes for no reason, mostly near the money.

        Units: count is the mean number of replacements; far the share of them that may
        fall anywhere.
        """
        dice = self._dice
        smile = self.smile(t_ns)
        middle = bisect_left(self.strikes, smile.forward)
        whole = int(count + dice.random())
        for _ in range(min(whole, REQUOTES_MAX)):
            at = dice.randrange(len(self.options))
            near = middle + round(2 * NEAR_STRIKES * dice.gauss(0.0, 1.0))
            if dice.random() >= far:
                at = min(max(near, 0), len(self.options) - 1)
            option = self.options[at]
            option.refresh(option.quotes[maker.number], dice)
            maker.requote(option, smile, t_ns)

    def _leave_far_orders(
        self, option: Option, smile: Smile, venue: Exchange, t_ns: int
    ) -> None:
        """Leave small orders far from theory, as real books carry for days."""
        dice, mean = self._dice, self._params.far_orders
        mark = smile.mark(option.strike, option.is_call)
        _, with_ask = option.sides(mark)
        for is_bid in (True, False) if with_ask else (True,):
            for _ in range(int(mean + dice.random())):
                factor = dice.uniform(0.2, 0.85) if is_bid else dice.uniform(1.3, 3.0)
                size = FAR_SIZE * dice.lognormvariate(0.0, FAR_SIZE_SPREAD)
                half = option.half_spread(mark, smile)
                price = mark.price * factor + (-2.0 if is_bid else 4.0) * half
                ticks = option.ticks(price, smile.forward, is_bid)
                if ticks < 1:
                    continue
                lots = option.lots(size, smile.forward)
                place(venue, FAR_ACCOUNT, option.instrument, is_bid, ticks, lots, t_ns)


class Chain:
    """The options on one index: strips, the makers' rounds.

    Units: depth multiplies sizes, pace the rate of churn.
    """

    def __init__(
        self,
        index_name: str,
        surface: SurfaceWalk,
        params: OptionParams,
        depth: float,
        pace: float,
        seed: int,
        clockwork: Clockwork,
        venue: Exchange,
    ) -> None:
        self.index_name, self.surface, self.params = index_name, surface, params
        self._seed, self._clockwork, self._venue = seed, clockwork, venue
        self._pace = pace
        self._makers = [
            OptionMaker(number, maker, depth, venue)
            for number, maker in enumerate(params.makers)
        ]
        self.strips: dict[int, Strip] = {}
        self._names: set[str] = set()

    def take_in(
        self,
        expiry_ms: int,
        forward: Callable[[], float],
        found: list[Instrument],
        t_ns: int,
    ) -> None:
        """Open the books of one expiry that are new; makers begin their rounds."""
        new = [one for one in found if one.name not in self._names]
        if not new:
            return
        self._names.update(one.name for one in new)
        strip = self.strips.get(expiry_ms)
        is_new = strip is None
        if strip is None:
            stream = f"{self._seed}/{self.index_name}/{expiry_ms}"
            strip = Strip(expiry_ms, forward, self.surface, self.params, stream)
            self.strips[expiry_ms] = strip
        for option in [strip.add(instrument) for instrument in new]:
            strip.start(option, self._makers, self._venue, t_ns)
        for maker in self._makers if is_new else ():
            dice = random.Random(
                f"{self._seed}/{self.index_name}/{expiry_ms}/{maker.number}"
            )
            self._schedule(strip, maker, dice, t_ns)

    def close(self, t_ns: int) -> None:
        """Forget the strips that have expired."""
        for expiry_ms in [e for e in self.strips if e * MILLISECOND_NS <= t_ns]:
            strip = self.strips.pop(expiry_ms)
            strip.is_over = True
            self._names -= {option.instrument.name for option in strip.options}

    def _schedule(
        self, strip: Strip, maker: OptionMaker, dice: random.Random, t_ns: int
    ) -> None:
        params = maker.params
        gap_ns = exponential_ns(dice, params.period_ns)
        churn = params.churn * self._pace
        near = min(4 * NEAR_STRIKES, len(strip.options)) * churn
        rest = len(strip.options) * churn * params.churn_far
        count = (near + rest) * gap_ns / SECOND_NS
        share = rest / (near + rest) if near + rest else 0.0

        def round_of(now_ns: int) -> None:
            if strip.is_over:
                return
            strip.look(maker, now_ns)
            strip.churn(maker, count, share, now_ns)
            self._schedule(strip, maker, dice, now_ns)

        self._clockwork.at(t_ns + gap_ns, round_of)

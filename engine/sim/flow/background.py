"""The background market of a whole venue: who stands where, and when they look again.

Once a minute, and when something expires, the venue is asked what it lists: new
instruments get their makers and takers, expired ones lose theirs.
"""

from __future__ import annotations

import random
from dataclasses import replace

from engine.sim.flow.chain import Chain
from engine.sim.flow.clockwork import Clockwork
from engine.sim.flow.index import Coin, Factor, Index
from engine.sim.flow.market import Anchor, Market, forward_anchor, index_anchor
from engine.sim.flow.option_takers import OptionTakers
from engine.sim.flow.surface import SurfaceWalk
from engine.sim.params import MINUTE_NS, SECOND_NS, FlowParams, MarketParams
from engine.sim.ports import Exchange
from engine.sim.venue.products.instruments import Instrument

SURVEY_NS = MINUTE_NS
MILLISECOND_NS = 1_000_000


class Flow:
    """The background market of one venue.

    ``step(t_ns)`` runs everything that is due, each event at its own time.
    Cost: a few microseconds per event besides the venue's own work.
    """

    def __init__(self, seed: int, params: FlowParams) -> None:
        self._seed, self._params = seed, params
        self.clockwork = Clockwork()
        factor = Factor(params.factor, random.Random(f"{seed}/factor"))
        self.coins = {
            coin.name: Coin(coin, factor, seed, self.clockwork) for coin in params.coins
        }
        self.indices: dict[str, Index] = {}
        self._base: dict[str, Coin] = {}
        for index in params.indices:
            base = self._base[index.name] = self.coins[index.base]
            quote = self.coins[index.quote] if index.quote else None
            if quote is None:
                base.first_dollars = index.price
            self.indices[index.name] = Index(index, base, quote)
            base.indices.append(self.indices[index.name])
        self.surfaces = {
            name: SurfaceWalk(
                state,
                params.surface,
                self.coins[name],
                f"{seed}/{name}/surface",
                self.clockwork,
            )
            for name, state in params.surfaces.items()
        }
        self.markets: dict[str, Market] = {}
        self._futures: dict[tuple[str, int], Market] = {}
        self.chains: dict[str, Chain] = {}
        self._survey_ns = 0

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Publish indices and surfaces, lay out the books, schedule what comes."""
        self._venue = venue
        for coin in self.coins.values():
            coin.start(venue, t_ns)
        for surface in self.surfaces.values():
            surface.start(venue, t_ns)
        self._survey_ns = t_ns
        if self._params.enabled:
            self._survey(t_ns)

    def next_timer_ns(self) -> int:
        """Return when the next event is due, 0 when nothing moves."""
        return self.clockwork.next_ns()

    def step(self, t_ns: int) -> None:
        """Run every event due at or before ``t_ns``."""
        while 0 < self.clockwork.next_ns() <= t_ns:
            self.clockwork.run_next()

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        """Freeze the market from ``last_ns`` to ``t_ns``: nothing happened between.

        A host that slept for an hour must not replay an hour of market at once.
        """
        self.clockwork.shift(t_ns - last_ns)
        for coin in self.coins.values():
            coin.resume(t_ns)
        for surface in self.surfaces.values():
            surface.resume(t_ns)
        for market in self.markets.values():
            market.resume(t_ns)
        if self._params.enabled:
            self._plan_survey(t_ns + SECOND_NS)

    # Who stands where.

    def _plan_survey(self, t_ns: int) -> None:
        self._survey_ns = t_ns
        self.clockwork.at(t_ns, self._survey)

    def _survey(self, t_ns: int) -> None:
        """Drop what has expired, take in what is new, look again when that may change.

        A survey that was moved by a pause has been planned anew and is passed over.
        """
        if t_ns != self._survey_ns:
            return
        for name, market in list(self.markets.items()):
            expiry_ms = market.instrument.expiry_ms
            if expiry_ms and expiry_ms * MILLISECOND_NS <= t_ns:
                self._leave(name)
        for chain in self.chains.values():
            chain.close(t_ns)
        options: dict[tuple[str, int], list[Instrument]] = {}
        for instrument in self._venue.instruments():
            if 0 < instrument.expiry_ms * MILLISECOND_NS <= t_ns:
                continue
            if instrument.is_option:
                where = (instrument.index_name, instrument.expiry_ms)
                options.setdefault(where, []).append(instrument)
            elif instrument.name not in self.markets:
                self._add_market(instrument, t_ns)
        for (index_name, expiry_ms), found in options.items():
            self._add_options(index_name, expiry_ms, found, t_ns)
        expiries_ms = [m.instrument.expiry_ms for m in self.markets.values()]
        next_expiry_ms = min((ms for ms in expiries_ms if ms), default=0)
        next_ns = t_ns + SURVEY_NS
        if next_expiry_ms:
            next_ns = min(next_ns, next_expiry_ms * MILLISECOND_NS)
        self._plan_survey(next_ns)

    def _leave(self, name: str) -> None:
        market = self.markets.pop(name)
        market.stop()
        self._futures.pop((market.index.name, market.instrument.expiry_ms), None)
        self._base[market.index.name].followers.remove(market.coin_moved)

    def _add_market(self, instrument: Instrument, t_ns: int) -> None:
        index = self.indices.get(instrument.index_name)
        if index is None:
            return
        coin = self._base[index.name]
        anchor = self._anchor(instrument, index, coin)
        if anchor is None:
            return
        params = self._market_params(instrument)
        market = Market(
            instrument, params, index, coin, anchor, self._seed, self.clockwork
        )
        self.markets[instrument.name] = market
        if instrument.is_future and instrument.expiry_ms:
            self._futures[index.name, instrument.expiry_ms] = market
        coin.followers.append(market.coin_moved)
        market.start(self._venue, t_ns)

    def _anchor(
        self, instrument: Instrument, index: Index, coin: Coin
    ) -> Anchor | None:
        """Return what a market's fair price is held at; None when a leg is missing."""
        if instrument.is_combo:
            legs = [
                (self.markets.get(name), ratio)
                for name, ratio in instrument.contract.legs
            ]
            if any(leg is None for leg, _ in legs):
                return None
            return lambda t_ns: sum(leg.fair * ratio for leg, ratio in legs if leg)
        if instrument.expiry_ms:
            return forward_anchor(index, coin, instrument.expiry_ms)
        return index_anchor(index)

    def _market_params(self, instrument: Instrument) -> MarketParams:
        params = self._params
        if instrument.is_combo:
            shape = params.spread
        elif instrument.is_spot:
            shape = params.spot
        else:
            shape = params.perpetual if instrument.perpetual else params.dated
        share = params.shares.get(instrument.index_name, 1.0)
        return replace(
            shape,
            depth=shape.depth * params.depth * share,
            pace=shape.pace * share**0.5,
            activity=params.activity * share**0.5,
        )

    def _add_options(
        self, index_name: str, expiry_ms: int, found: list[Instrument], t_ns: int
    ) -> None:
        """Take the options of one expiry into the chain of their index."""
        future = self._futures.get((index_name, expiry_ms))
        coin = self._base.get(index_name)
        if future is None or coin is None or coin.name not in self.surfaces:
            return
        chain = self.chains.get(index_name)
        if chain is None:
            chain = self.chains[index_name] = self._new_chain(index_name, coin, t_ns)
        chain.take_in(expiry_ms, lambda: future.fair, found, t_ns)

    def _new_chain(self, index_name: str, coin: Coin, t_ns: int) -> Chain:
        params, venue = self._params, self._venue
        share = params.shares.get(index_name, 1.0)
        chain = Chain(
            index_name,
            self.surfaces[coin.name],
            params.options,
            params.depth * share,
            share**0.5,
            self._seed,
            self.clockwork,
            venue,
        )
        stream = f"{self._seed}/{index_name}/option-takers"
        activity = params.activity * share
        OptionTakers(chain, coin, activity, stream, self.clockwork, venue).start(t_ns)
        return chain

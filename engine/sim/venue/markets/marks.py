"""Marks and bands: what the venue says a contract is worth, and the prices it takes.

Futures: index + basis, where the basis is an exponential average of mid - index,
sampled once a second with weight 1/30 and kept within ``mark_bound_bps`` of the index;
a dated future starts with the carry to its expiry, and may stray by twice that more;
in the half hour before it expires its mark becomes the delivery price.
A move of the index passes at once, a move of the book alone takes about half a minute.
Source: support.deribit.com, mark price: the classic form, index + 30 s EMA of (fair
price - index); production of 2026 uses a depth-weighted price, unpublished in detail.

Spot: the mid while both sides stand, kept within the same bound of the index.
Combos: the sum of their legs.

Options: Black-76 around the mark of the future of the same expiry, at the vol of the
venue's surface; inverse ones divided by that forward.

Bands: mark * (1 ± 1.5 %) for futures, ± 2 % for spot, mark ± 1.5 % of the index for
future spreads; options: the prices in two scenarios, the forward down and up by 16 %
(inverse) or 6 % (linear) with the vol a quarter lower for the lower bound and higher
for the upper, inverse ones widened by 0.015 coin; their combos: what the bands of the
legs allow together. The lower bound is floored and the upper bound raised to the tick.
Source: production tickers of 2025-12 and 2026-09 (options far out: 0.0001 and 0.015);
BTC_USDT spot of 2024; docs.deribit.com, inverse and linear options, 2026-08-22, which
name scenarios but not the numbers for inverse ones.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.products.pricing import black, implied_vol
from engine.sim.venue.units import REF, divide, round_ref

if TYPE_CHECKING:
    from engine.sim.venue.config import VenueConfig
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.smiles import Smiles
    from engine.sim.venue.products.surface import Smile

BASIS_WEIGHT = 30
BPS = 10_000
COIN_SCENARIO, LINEAR_SCENARIO, VOL_SCENARIO = 0.16, 0.06, 0.25
COIN_REACH = 0.015


class Mark(ABC):
    """How one market's mark and band follow from what moves them."""

    def __init__(self, market: Market, config: VenueConfig) -> None:
        self.market, self.config = market, config

    @abstractmethod
    def ref(self) -> int:
        """Return the mark in reference units."""

    def sample(self) -> None:  # noqa: B027 (optional hook)
        """Take the once-a-second look at the book; nothing by default."""

    def band(self, mark_ref: int) -> tuple[int, int]:
        """Return (lowest sell, highest buy) in reference units."""
        reach = self.config.band_bps
        return (
            mark_ref * (BPS - reach) // BPS,
            -(-mark_ref * (BPS + reach) // BPS),
        )

    def start_above(self, basis_bps: int) -> None:  # noqa: B027 (optional hook)
        """Start above the index, as a future does that is far from its expiry."""

    def _mid_less_index(self, bound_bps: int) -> int | None:
        """Return mid - index within the bound, None while a side is empty."""
        market = self.market
        bid, ask = market.book.best(BUY), market.book.best(SELL)
        if bid is None or ask is None:
            return None
        to_ref = market.instrument.ref
        mid = (to_ref(bid) + to_ref(ask)) // 2
        bound = market.index.ref * bound_bps // BPS
        return min(max(mid - market.index.ref, -bound), bound)


class FutureMark(Mark):
    """Index + basis.

    ``_basis`` holds the average times its weight, so that it decays exactly to zero and
    no rounding sticks.
    """

    def __init__(self, market: Market, config: VenueConfig) -> None:
        super().__init__(market, config)
        self._basis = 0
        self._bound_bps = config.mark_bound_bps

    def start_above(self, basis_bps: int) -> None:
        """Start with a basis, and leave it room to double."""
        self._basis = divide(self.market.index.ref * basis_bps, BPS) * BASIS_WEIGHT
        self._bound_bps = self.config.mark_bound_bps + 2 * abs(basis_bps)

    def ref(self) -> int:
        """Return index + basis, at least one unit of its last digit.

        Before an expiry it becomes the delivery price as that is fixed, bit by bit.
        """
        instrument, index = self.market.instrument, self.market.index
        mark = index.ref + divide(self._basis, BASIS_WEIGHT)
        if instrument.expiry_ms:
            mark = index.delivery.blend(instrument.expiry_ms, mark)
        return max(round_ref(mark, instrument.mark_decimals), self.market.mark_unit)

    def sample(self) -> None:
        """Let the basis follow the book a little."""
        sample = self._mid_less_index(self._bound_bps)
        if sample is not None:
            self._basis += sample - divide(self._basis, BASIS_WEIGHT)


class SpotMark(Mark):
    """The mid near the index, the index when there is none."""

    def __init__(self, market: Market, config: VenueConfig) -> None:
        super().__init__(market, config)
        self._premium = 0

    def ref(self) -> int:
        """Return index + premium of the mid."""
        decimals = self.market.instrument.mark_decimals
        mark = round_ref(self.market.index.ref + self._premium, decimals)
        return max(mark, self.market.mark_unit)

    def sample(self) -> None:
        """Take the mid as it is."""
        sample = self._mid_less_index(self.config.mark_bound_bps)
        if sample is not None:
            self._premium = sample

    def band(self, mark_ref: int) -> tuple[int, int]:
        """Return mark * (1 ± 2 %)."""
        reach = self.config.spot_band_bps
        return (
            mark_ref * (BPS - reach) // BPS,
            -(-mark_ref * (BPS + reach) // BPS),
        )


class OptionMark(Mark):
    """Theory: a smile and the mark of the future it is drawn around."""

    def __init__(self, market: Market, config: VenueConfig, smiles: Smiles) -> None:
        super().__init__(market, config)
        self._smiles = smiles
        contract = market.instrument.contract
        assert contract.strike is not None, "an option has a strike"
        self._strike = float(contract.strike)
        self._is_call = contract.option_type == "call"
        self._expiry_ms = market.instrument.expiry_ms
        self._coin = market.instrument.reversed
        self._implied: dict[int, float] = {}
        self._implied_by: Smile | None = None

    def implied_vol(self, ticks: int) -> float:
        """Return the vol at which the option is worth a price, as things stand.

        Cost: about 5 microseconds, once for each price and drawing of the smile.
        """
        smile = self._smiles.smile(self.market.index.name, self._expiry_ms)
        if smile is not self._implied_by:
            self._implied_by = smile
            self._implied.clear()
        vol = self._implied.get(ticks)
        if vol is None:
            price = self.market.instrument.price(ticks)
            vol = self._implied[ticks] = implied_vol(
                price * smile.forward if self._coin else price,
                smile.forward,
                self._strike,
                smile.years,
                self._is_call,
            )
        return vol

    def ref(self) -> int:
        """Return the theoretical price; also leaves it with its greeks in ``theory``.

        Cost: about 3 microseconds.
        """
        market = self.market
        smile = self._smiles.smile(market.index.name, self._expiry_ms)
        theory = market.theory = smile.mark(self._strike, self._is_call)
        price = theory.price / smile.forward if self._coin else theory.price
        return round(price * REF / market.mark_unit) * market.mark_unit

    def band(self, mark_ref: int) -> tuple[int, int]:
        """Return the range of the scenarios."""
        smile = self._smiles.smile(self.market.index.name, self._expiry_ms)
        theory = self.market.theory
        assert theory is not None, "the mark comes before the band"
        reach = COIN_SCENARIO if self._coin else LINEAR_SCENARIO
        worse = 1.0 - reach if self._is_call else 1.0 + reach
        low = self._price(smile, worse, theory.vol * (1.0 - VOL_SCENARIO))
        high = self._price(smile, 2.0 - worse, theory.vol * (1.0 + VOL_SCENARIO))
        wider = COIN_REACH if self._coin else 0.0
        unit = self.market.instrument.ref(1)
        low_ref = int((low - wider) * REF)
        return max(low_ref, unit), max(int((high + wider) * REF), mark_ref + unit)

    def _price(self, smile: Smile, scenario: float, vol: float) -> float:
        forward = smile.forward * scenario
        deviation = vol * math.sqrt(smile.years)
        price = black(forward, self._strike, deviation, self._is_call)
        return price / forward if self._coin else price


class ComboMark(Mark):
    """The signed sum of the legs' marks."""

    def ref(self) -> int:
        """Return the sum; it may be negative."""
        return sum(leg.mark_ref * ratio for leg, ratio in self.market.legs)

    def band(self, mark_ref: int) -> tuple[int, int]:
        """Return the mark ± 1.5 % of the index; for options what their bands allow."""
        if self.market.instrument.is_optional:
            low = high = 0
            for leg, ratio in self.market.legs:
                ends = (leg.min_ticks, leg.max_ticks)
                worth = [leg.instrument.ref(ticks) * ratio for ticks in ends]
                low, high = low + min(worth), high + max(worth)
            return low, high
        reach = self.market.index.ref * self.config.band_bps // BPS
        return mark_ref - reach, mark_ref + reach

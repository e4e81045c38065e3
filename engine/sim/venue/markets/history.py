"""What the venue remembers of indices, their vols, option marks and all trades.

Everything is sampled once a second and bounded: an index by six-second, two-minute,
hour and day spans (their averages are its charts), the volatility index by seconds,
minutes and hours, the marks of the options it is made of for a quarter of an hour.
Source: public/get_index_chart_data of production, 2026-09-20 (an hour in steps of six
seconds, averages); docs.deribit.com, public/get_mark_price_history (options in the
volatility index only), deribit_price_statistics (fast market).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from math import log, sqrt
from typing import TYPE_CHECKING

from engine.sim.venue.markets.candles import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Candle,
    Candles,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.sim.venue.markets.market import Index, Market
    from engine.sim.venue.markets.smiles import Smiles
    from engine.sim.venue.markets.trades import Trade

INDEX_SPANS = (
    (6 * SECOND_MS, 600),
    (2 * MINUTE_MS, 1_440),
    (HOUR_MS, 720),
    (DAY_MS, 3_650),
)
VOLATILITY_SPANS = ((SECOND_MS, 3_600), (MINUTE_MS, 2_880), (HOUR_MS, 1_440))
VOLATILITY_INDICES = ("btc_usd", "eth_usd")
VOLATILITY_UNIT = 100  # hundredths of a percent
TERM_MS = 30 * DAY_MS
MARKS_MAX = 900
TAPE_MAX = 10_000
REALIZED_HOURS = 15 * 24
REALIZED_MIN = 6
HOURS_A_YEAR = 365 * 24
FAST_MOVE = 0.03
FAST_HOURS = 3


class VolatilityIndex:
    """A 30-day volatility index. Units: value in hundredths of a percent, 0 = none."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = 0
        self.candles = Candles(VOLATILITY_SPANS)

    @property
    def percent(self) -> float:
        """Return the index in percent."""
        return self.value / VOLATILITY_UNIT

    def sample(self, now_ms: int, percent: float) -> None:
        """Take the value of a second; 0 says that nothing is known."""
        self.value = round(percent * VOLATILITY_UNIT)
        if self.value:
            self.candles.add(now_ms, self.value, 0, 0)


class Histories:
    """All that is remembered. Cost of a second: O(indices + options at 30 days)."""

    def __init__(self, indices: Mapping[str, Index], smiles: Smiles) -> None:
        self._sources, self._smiles = indices, smiles
        self.indices = {name: Candles(INDEX_SPANS) for name in indices}
        self.volatility = {
            name: VolatilityIndex(name)
            for name in VOLATILITY_INDICES
            if name in indices
        }
        self._options: dict[str, dict[int, list[Market]]] = {}
        self._marks: dict[str, deque[tuple[int, int]]] = {}
        self._tapes: dict[str, deque[Trade]] = {}

    def follow(self, option: Market) -> None:
        """Remember the marks of an option when it is near 30 days from expiry."""
        i = option.instrument
        if i.index_name in self.volatility:
            expiries = self._options.setdefault(i.index_name, {})
            expiries.setdefault(i.expiry_ms, []).append(option)

    def sample(self, now_ms: int) -> None:
        """Take the look of a second."""
        for name, index in self._sources.items():
            self.indices[name].add(now_ms, index.ref, 1, index.ref)
        for name, volatility in self.volatility.items():
            volatility.sample(now_ms, self._smiles.volatility_index(name))
            self._sample_marks(name, now_ms)

    def _sample_marks(self, name: str, now_ms: int) -> None:
        expiries = self._options.get(name, {})
        for expiry_ms in [ms for ms in expiries if ms <= now_ms]:
            for option in expiries.pop(expiry_ms):
                self._marks.pop(option.instrument.name, None)
        for expiry_ms in around(list(expiries), now_ms + TERM_MS):
            for option in expiries[expiry_ms]:
                marks = self._marks.get(option.instrument.name)
                if marks is None:
                    marks = deque(maxlen=MARKS_MAX)
                    self._marks[option.instrument.name] = marks
                marks.append((now_ms, option.mark_ref))

    def record(self, trade: Trade) -> None:
        """Put a trade on the tape of its currencies."""
        for currency in (*trade.instrument.currencies, "any"):
            tape = self._tapes.get(currency)
            if tape is None:
                tape = self._tapes[currency] = deque(maxlen=TAPE_MAX)
            tape.append(trade)

    def tape(self, currency: str) -> Iterable[Trade]:
        """Return the last trades of a currency, or of any, oldest first."""
        return self._tapes.get(currency, ())

    def marks(self, option: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return (time, mark) of an option, oldest first; none of other instruments."""
        marks = self._marks.get(option, ())
        return [mark for mark in marks if start_ms <= mark[0] <= end_ms]

    def index_span(self, name: str, span_ms: int, now_ms: int, n: int) -> list[Candle]:
        """Return the last ``n`` spans of an index."""
        return self.indices[name].span(span_ms, 0, now_ms, n)

    def is_fast(self, name: str, now_ms: int) -> bool:
        """Say whether an index has moved far within one of the last hours.

        How far is not published; three percent is ours.
        """
        hours = self.indices[name].span(HOUR_MS, 0, now_ms, FAST_HOURS)
        return any(hour.high - hour.low > FAST_MOVE * hour.low for hour in hours)

    def realized(self, name: str, now_ms: int) -> list[tuple[int, float]]:
        """Return (hour, volatility in percent of the 15 days before) of 15 days.

        It is the root of the mean square of hourly returns, annualised. Hours with too
        little before them are left out.
        """
        hours = self.indices[name].span(HOUR_MS, 0, now_ms, 2 * REALIZED_HOURS + 1)
        squares: deque[float] = deque()
        total, found = 0.0, []
        for before, hour in pairwise(hours):
            squares.append(log(hour.close / before.close) ** 2)
            total += squares[-1]
            if len(squares) > REALIZED_HOURS:
                total = max(total - squares.popleft(), 0.0)
            if len(squares) >= REALIZED_MIN:
                vol = sqrt(total / len(squares) * HOURS_A_YEAR)
                found.append((hour.start_ms, 100 * vol))
        return found[-REALIZED_HOURS:]


def around(expiries: list[int], when_ms: int) -> list[int]:
    """Return the last expiry by a time and the first after it."""
    by = max((ms for ms in expiries if ms <= when_ms), default=None)
    after = min((ms for ms in expiries if ms > when_ms), default=None)
    return [ms for ms in (by, after) if ms is not None]

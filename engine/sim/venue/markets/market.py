"""What one instrument's market knows beside its queues: mark, bands, tape, statistics.

Mark price: index + basis, where the basis is an exponential average of mid - index,
sampled once a second with weight 1/30 and kept within ``mark_bound_bps`` of the index.
A move of the index passes at once, a move of the book alone takes about half a minute.
Source: support.deribit.com, mark price: the classic form, index + 30 s EMA of (fair
price - index); production of 2026 uses a depth-weighted price, unpublished in detail.

Price band: mark * (1 ± 1.5 %), lower bound floored and upper bound raised to the tick.
Source: production tickers of 2025-12 and 2026-09.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from engine.sim.venue.markets.matching import BUY, SELL, Book
from engine.sim.venue.units import REF, divide

if TYPE_CHECKING:
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.products.instruments import Instrument

TAPE_MAX = 10_000
HOUR_MS = 3_600_000
STATS_HOURS = 24
BASIS_WEIGHT = 30
CENT = REF // 100


class Index:
    """One price index; price in reference units (1e-4)."""

    def __init__(self, name: str, ref: int) -> None:
        self.name, self.ref = name, ref
        self.updated_ms = 0


class HourStats:
    """Trades of one hour. Units: prices in ticks, volume in lots, value in atto."""

    __slots__ = ("first", "high", "hour", "lots", "low", "value")

    def __init__(self, hour: int, ticks: int) -> None:
        self.hour = hour
        self.first = self.high = self.low = ticks
        self.lots = 0
        self.value = 0


class Market:
    """The market of one instrument."""

    def __init__(
        self, instrument: Instrument, index: Index, band_bps: int, mark_bound_bps: int
    ) -> None:
        self.instrument, self.index = instrument, index
        self.band_bps, self.mark_bound_bps = band_bps, mark_bound_bps
        self.book = Book()
        self.change_id = 0
        self.state = "open"
        self.trade_seq = 0
        self.tape: deque[Trade] = deque(maxlen=TAPE_MAX)
        self.hours: deque[HourStats] = deque()
        self.last_ticks: int | None = None
        self._last_move = 0
        self.open_interest_lots = 0
        self.settlement_ref = index.ref
        self._basis = 0
        self.mark_ref = self.min_ticks = self.max_ticks = 0
        self.update_mark()

    # Mark and band.

    def update_mark(self) -> bool:
        """Derive mark and band from index and basis; say whether the mark moved."""
        before = self.mark_ref
        mark = self.index.ref + divide(self._basis, BASIS_WEIGHT)
        self.mark_ref = max(divide(mark, CENT), 1) * CENT
        low = self.mark_ref * (10_000 - self.band_bps) // 10_000
        high = -(-self.mark_ref * (10_000 + self.band_bps) // 10_000)
        self.min_ticks = self.instrument.ticks_below(low)
        self.max_ticks = self.instrument.ticks_above(high)
        return self.mark_ref != before

    def sample_basis(self) -> bool:
        """Take one sample of mid - index; say whether the mark moved.

        ``_basis`` holds the average times its weight, so that it decays exactly to
        zero and no rounding sticks.
        """
        bid, ask = self.book.best(BUY), self.book.best(SELL)
        if bid is not None and ask is not None:
            ref = self.instrument.ref
            mid = (ref(bid) + ref(ask)) // 2
            bound = self.index.ref * self.mark_bound_bps // 10_000
            sample = min(max(mid - self.index.ref, -bound), bound)
            self._basis += sample - divide(self._basis, BASIS_WEIGHT)
        return self.update_mark()

    # Tape.

    def tick_direction(self, ticks: int) -> int:
        """Return 0 plus, 1 zero-plus, 2 minus, 3 zero-minus against the last trade."""
        if self.last_ticks is None or ticks > self.last_ticks:
            return 0
        if ticks < self.last_ticks:
            return 2
        return 1 if self._last_move >= 0 else 3

    def record(self, trade: Trade, value: int) -> None:
        """Put a trade on the tape and into the statistics."""
        ticks = trade.price_ticks
        if self.last_ticks is not None and ticks != self.last_ticks:
            self._last_move = 1 if ticks > self.last_ticks else -1
        self.last_ticks = ticks
        self.tape.append(trade)
        hour = trade.time_ms // HOUR_MS
        if not self.hours or self.hours[-1].hour != hour:
            self.hours.append(HourStats(hour, ticks))
        now = self.hours[-1]
        now.high, now.low = max(now.high, ticks), min(now.low, ticks)
        now.lots += trade.lots
        now.value += value

    def stats(self, now_ms: int) -> tuple[int, int, int, int, int] | None:
        """Return (first, high, low, lots, value) of the last 24 hours, by whole hours.

        Empty: None when nothing traded.
        """
        oldest = now_ms // HOUR_MS - STATS_HOURS
        while self.hours and self.hours[0].hour <= oldest:
            self.hours.popleft()
        if not self.hours:
            return None
        return (
            self.hours[0].first,
            max(h.high for h in self.hours),
            min(h.low for h in self.hours),
            sum(h.lots for h in self.hours),
            sum(h.value for h in self.hours),
        )

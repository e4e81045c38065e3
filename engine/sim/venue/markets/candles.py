"""Candles: what traded, or where a figure stood, in spans of time.

A series keeps spans of a few lengths, each up to a number of its own; longer ones are
added up when somebody asks. A span in which nothing happened is not kept: it is filled
with the close before it, as the venue does. Spans begin at whole multiples of their
length since the epoch.
Source: docs.deribit.com, chart.trades (filling samples), 2026-08-22; public/
get_tradingview_chart_data of production, 2026-09-20 (days begin at 00:00 UTC).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
RESOLUTIONS_MS = {
    **{str(n): n * MINUTE_MS for n in (1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720)},
    "1D": DAY_MS,
}
TRADE_SPANS = ((MINUTE_MS, 1_440), (15 * MINUTE_MS, 960), (HOUR_MS, 1_000))
"""Trades: a day of minutes, ten days of quarter hours, six weeks of hours."""


class Candle:
    """One span. Prices, lots and value in whatever unit the series is in."""

    __slots__ = ("close", "high", "lots", "low", "open", "start_ms", "value")

    def __init__(self, start_ms: int, price: int) -> None:
        self.start_ms = start_ms
        self.open = self.high = self.low = self.close = price
        self.lots = self.value = 0

    def add(self, price: int, lots: int, value: int) -> None:
        """Take in one trade or one look."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.lots += lots
        self.value += value

    def absorb(self, later: Candle) -> None:
        """Take in a span that follows."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.lots += later.lots
        self.value += later.value

    def copy(self, start_ms: int) -> Candle:
        """Return the same figures under another start."""
        same = Candle(start_ms, self.open)
        same.absorb(self)
        return same


class Candles:
    """One series.

    Units: spans as (length in ms, how many are kept), shortest first; each a divisor of
    the next.
    """

    def __init__(self, spans: tuple[tuple[int, int], ...] = TRADE_SPANS) -> None:
        self._kept = {ms: deque[Candle](maxlen=most) for ms, most in spans}

    def add(self, time_ms: int, price: int, lots: int, value: int) -> None:
        """Take in one trade or one look; times never go back."""
        for span_ms, kept in self._kept.items():
            start_ms = time_ms - time_ms % span_ms
            if not kept or kept[-1].start_ms != start_ms:
                kept.append(Candle(start_ms, price))
            kept[-1].add(price, lots, value)

    def span(self, span_ms: int, start_ms: int, end_ms: int, most: int) -> list[Candle]:
        """Return the spans that begin from ``start_ms`` on and by ``end_ms``, filled.

        The one that ``start_ms`` falls into is the first; before the first trade there
        are none. Of too many the last are returned.
        Cost: O(kept spans of the next shorter length + spans returned).
        """
        first_ms = start_ms - start_ms % span_ms
        last_ms = end_ms - end_ms % span_ms
        first_ms = max(first_ms, last_ms - (most - 1) * span_ms)
        return list(_filled(self._merged(span_ms), first_ms, last_ms, span_ms))

    def _merged(self, span_ms: int) -> Iterator[Candle]:
        """Yield the kept candles added up to a length, oldest first."""
        length_ms = max(ms for ms in self._kept if span_ms % ms == 0)
        whole: Candle | None = None
        for candle in self._kept[length_ms]:
            start_ms = candle.start_ms - candle.start_ms % span_ms
            if whole is not None and whole.start_ms == start_ms:
                whole.absorb(candle)
                continue
            if whole is not None:
                yield whole
            whole = candle.copy(start_ms)
        if whole is not None:
            yield whole

    def latest(self, span_ms: int, time_ms: int) -> Candle | None:
        """Return the span a time falls into, filled; None before the first trade."""
        found = self.span(span_ms, time_ms, time_ms, 1)
        return found[0] if found else None

    def day(self, now_ms: int) -> Candle | None:
        """Return the last 24 hours as one span; None when nothing happened in them."""
        return self.since(now_ms - DAY_MS)

    def since(self, time_ms: int) -> Candle | None:
        """Return all from a time on, by whole hours, as one span.

        Empty: None when nothing happened since.
        Cost: O(hours since then).
        """
        whole: Candle | None = None
        for candle in reversed(self._kept[HOUR_MS]):
            if candle.start_ms <= time_ms - time_ms % HOUR_MS:
                break
            later, whole = whole, candle.copy(candle.start_ms)
            if later is not None:
                whole.absorb(later)
        return whole


def _filled(
    candles: Iterator[Candle], first_ms: int, last_ms: int, span_ms: int
) -> Iterator[Candle]:
    """Yield one candle for every span from the first to the last."""
    before: Candle | None = None
    due_ms = first_ms
    for candle in candles:
        if candle.start_ms > last_ms:
            break
        if candle.start_ms < first_ms:
            before = candle
            continue
        if before is None:
            due_ms = candle.start_ms
        while before is not None and due_ms < candle.start_ms:
            yield Candle(due_ms, before.close)
            due_ms += span_ms
        yield candle
        before, due_ms = candle, candle.start_ms + span_ms
    while before is not None and due_ms <= last_ms:
        yield Candle(due_ms, before.close)
        due_ms += span_ms

"""Funding of a perpetual: the rate, its running sum, and what was paid per lot.

    premium = (mark - index) / index
    rate    = max(0.025 %, premium) + min(-0.025 %, premium), within the cap
    payment = rate * position * (time / 8 h), from longs to shorts

The rate holds until the mark or the index moves; what it comes to is added up exactly,
in integers with the remainder carried, whenever somebody looks: by nanoseconds, not by
ticks. A position remembers where ``series`` stood when it last changed and owes its
size times the difference, so what longs pay is what shorts get, to the last unit.

Source: support.deribit.com, funding specifications, seen 2026-09 (the position counts
at its value at the mark price). ``interest_value`` as the sum of rates in units of
eight hours is derived: the published one rises by about that between captures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from engine.sim.venue.units import ATTO, divide

if TYPE_CHECKING:
    from engine.sim.venue.products.instruments import Instrument

DAMPER = ATTO // 4_000
BPS = ATTO // 10_000
MINUTE_NS = 60 * 1_000_000_000
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
PERIOD_NS = 8 * HOUR_NS
PERIOD_MINUTES = PERIOD_NS // MINUTE_NS
MINUTES_MAX = 24 * 60
HOURS_MAX = 31 * 24 + 1


class Sample(NamedTuple):
    """Where funding stood at a time. Units: interest in 1e-18, index in 1e-8."""

    time_ms: int
    interest: int
    index_ref: int


class Funding:
    """One perpetual's funding.

    Units: ``rate`` per eight hours and ``interest``, the sum of rates times time in
    units of eight hours, in 1e-18; ``series``, what one lot long has paid since
    listing, in atto. ``minutes`` holds a sample of each minute of the last day,
    ``hours`` one of each hour of the last month, oldest first.
    """

    def __init__(self, instrument: Instrument, cap_bps: int, now_ns: int) -> None:
        self._instrument = instrument
        self._cap = cap_bps * BPS
        self._now_ns = now_ns
        self.rate = self.interest = self.series = 0
        self._interest_rest = self._series_rest = 0
        self._lot_value = self._index_ref = 0
        self.minutes: deque[Sample] = deque(maxlen=MINUTES_MAX)
        self.hours: deque[Sample] = deque(maxlen=HOURS_MAX)

    # Time and price pass.

    def follow(self, mark_ref: int, index_ref: int) -> None:
        """Take the rate that follows from mark and index, from now on."""
        premium = divide((mark_ref - index_ref) * ATTO, index_ref)
        rate = max(DAMPER, premium) + min(-DAMPER, premium)
        self.rate = min(max(rate, -self._cap), self._cap)
        self._lot_value = self._instrument.value_at_ref(1, mark_ref)
        self._index_ref = index_ref

    def accrue(self, now_ns: int) -> None:
        """Add up what has accrued until now, keeping samples on the way.

        After a long silence only whole hours are sampled until the last day.
        """
        while self._now_ns < now_ns:
            step_ns = MINUTE_NS if now_ns - self._now_ns <= DAY_NS else HOUR_NS
            boundary_ns = (self._now_ns // step_ns + 1) * step_ns
            self._add(min(boundary_ns, now_ns))
            if self._now_ns == boundary_ns:
                self._keep()

    def _add(self, until_ns: int) -> None:
        due = self.rate * (until_ns - self._now_ns)
        more, self._interest_rest = divmod(self._interest_rest + due, PERIOD_NS)
        self.interest += more
        due *= self._lot_value
        more, self._series_rest = divmod(self._series_rest + due, PERIOD_NS * ATTO)
        self.series += more
        self._now_ns = until_ns

    def _keep(self) -> None:
        sample = Sample(self._now_ns // 1_000_000, self.interest, self._index_ref)
        self.minutes.append(sample)
        if self._now_ns % HOUR_NS == 0:
            self.hours.append(sample)

    # What the venue says of it.

    @property
    def current(self) -> float:
        """Return the rate of now, per eight hours."""
        return self.rate / ATTO

    @property
    def interest_value(self) -> float:
        """Return the sum of rates since listing, in units of eight hours."""
        return self.interest / ATTO

    @property
    def last_8h(self) -> float:
        """Return what the last eight hours came to, or what there is of them."""
        if len(self.minutes) <= PERIOD_MINUTES:
            return self.interest_value
        return (self.interest - self.minutes[-PERIOD_MINUTES - 1].interest) / ATTO

    def between(self, start_ms: int, end_ms: int) -> float:
        """Return what a time came to: the difference of the nearest kept samples.

        Empty: 0 when nothing of it is kept.
        """
        start, end = self._at(start_ms), self._at(end_ms)
        return (end - start) / ATTO

    def _at(self, time_ms: int) -> int:
        """Return the interest at a time, from the last sample at or before it."""
        if time_ms * 1_000_000 >= self._now_ns:
            return self.interest
        found = 0
        for samples in (self.hours, self.minutes):
            for sample in samples:
                if sample.time_ms > time_ms:
                    break
                found = sample.interest
        return found

    def by_hour(self) -> Iterable[tuple[Sample, Sample, int]]:
        """Yield (hour before, hour, interest of eight hours) for every hour kept."""
        hours = list(self.hours)
        for n, (before, hour) in enumerate(pairwise(hours)):
            start = hours[max(n - 7, 0)]
            yield before, hour, hour.interest - start.interest

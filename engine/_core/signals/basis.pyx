"""Basis and funding: what a contract costs above its index, and what holding does."""

cimport cython
from libc.math cimport log

from engine._core.base.event cimport Ticker
from engine._core.base.types cimport clip, nanos_t
from engine._core.signals.decay cimport decay, seconds
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import number


cdef class Standing(Signal):
    """Base: the average over time of a number that stands until the next word of it."""

    cdef void _take(self, double newest, nanos_t now_ns) noexcept nogil:
        """The number is another one from now on."""
        if self.is_standing:
            self._average(now_ns)
        else:
            self.is_standing = True
            self.stood_ns = now_ns
            if not self.has_seen:
                self.has_seen = True
                self.since_ns = now_ns
        self.newest = newest
        if self.weight == 0.0:
            self.average = newest

    cdef void _pause(self, nanos_t now_ns) noexcept nogil:
        """There is no such number from now on; the time without one counts nothing."""
        if self.is_standing:
            self._average(now_ns)
            self.is_standing = False

    cdef void _average(self, nanos_t now_ns) noexcept nogil:
        cdef double keep = decay(now_ns - self.stood_ns, self.tau_s)
        if keep < 1.0:
            self.weighted_sum = keep * self.weighted_sum + (1.0 - keep) * self.newest
            self.weight = keep * self.weight + (1.0 - keep)
            self.average = self.weighted_sum / self.weight
            self.stood_ns = now_ns
        self.is_warm = self.is_warm or seconds(now_ns - self.since_ns) >= self.tau_s


@cython.final
cdef class Basis(Standing):
    """How far the mid is above the index, on average: ln(mid / index).

    Divided by the years to expiry it is the yearly rate of a dated future; the basis,
    not the price, is what to interpolate between expiries.

    Ready: tau_s after the first pair of a usable book and an index, while the book is
        usable.
    Units: value and newest are logarithms of a ratio, about a fraction of the price;
        tau_s in seconds.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: F = S exp(b tau), the cost-of-carry relation: Hull, Options, Futures and
        Other Derivatives, chapter 5. The index is the ticker's `index_price`.
    """

    def __cinit__(self, *, tau_s=60.0):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self.mid_ticks = mid_of(book)
        self._compare(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self._pause(now_ns)

    cdef void on_ticker(self, const Ticker* ticker, nanos_t now_ns) noexcept nogil:
        self.index_price = ticker.index_price
        if not self.is_cut:
            self._compare(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if self.is_standing:
            self._average(now_ns)
            self.value = self.average

    cdef void _compare(self, nanos_t now_ns) noexcept nogil:
        if self.index_price > 0.0 and self.mid_ticks > 0.0:
            self._take(log(self.mid_ticks * self.tick_size / self.index_price), now_ns)
        else:
            self._pause(now_ns)
        self.value = self.average


@cython.final
cdef class FundingExpectation(Standing):
    """The funding rate to expect: what the premium of the mark says, averaged.

    premium = (mark - index) / index; rate = max(damper, premium) + min(-damper,
    premium), within +-cap. What is paid over 8 hours is the average of the rate over
    them, so the expectation is the average of late: the premium reverts slower than
    funding is paid.

    Ready: tau_s after the first ticker that has mark and index.
    Units: value and newest are fractions of the position for 8 hours, paid by longs
        when above 0; tau_s in seconds; damper and cap are fractions for 8 hours.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: Deribit knowledge base, funding specification, seen 2026-08-22; damper
        0.025 %, cap 0.5 % of the inverse BTC and ETH perpetuals.
    """

    def __cinit__(self, *, tau_s=3600.0, damper=0.00025, cap=0.005):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.damper = number("damper", damper, 0, 1)
        self.cap = number("cap", cap, 0, 1)
        self.needs_book = False

    cdef void on_ticker(self, const Ticker* ticker, nanos_t now_ns) noexcept nogil:
        cdef double premium, rate
        if ticker.mark_price <= 0.0 or ticker.index_price <= 0.0:
            self._pause(now_ns)
            self.value = self.average
            return
        premium = ticker.mark_price / ticker.index_price - 1.0
        rate = ((premium if premium > self.damper else self.damper)
                + (premium if premium < -self.damper else -self.damper))
        self._take(clip(rate, self.cap), now_ns)
        self.value = self.average

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if self.is_standing:
            self._average(now_ns)
            self.value = self.average

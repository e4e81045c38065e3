"""A reference price: where another instrument, that moves first, says ours will go."""

cimport cython
from libc.math cimport exp, log

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import number


@cython.final
cdef class OwnPrice(Signal):
    """The mid of the strategy's own instrument, for a signal that compares with it."""

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self.value = mid_of(book)
        self.is_warm = True


@cython.final
cdef class Reference(Standing):
    """Fair price out of another instrument that moves first.

    The ratio of both mids is averaged with tau_s: the offset (basis, another quote
    currency). The reference now, times that ratio, is where our mid has to go; how much
    of the gap is taken is `weight`: value = mid + weight * (implied - mid). A leader is
    worth following while tau_s is long against its lead; a weight of 1 trusts it alone.

    Listen with its name: ``self.listen(Reference(), "BTC-PERPETUAL")``.

    Ready: tau_s after the first pair of mids, while both books are usable.
    Units: value and gap_ticks in ticks of the instrument that is quoted; newest is the
        logarithm of the ratio of the mids; tau_s in seconds; weight 0..1.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: lead-lag of related contracts: Hasbrouck, One Security, Many Markets (J.
        Finance 50(4), 1995); the offset as a moving average is common practice.
    """

    def __cinit__(self, *, tau_s=60.0, weight=1.0):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.weight_of_gap = number("weight", weight, 0, 1)
        self.own = OwnPrice()

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self.price = mid_of(book) * self.tick_size
        self._compare(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self._pause(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        self._compare(now_ns)

    cdef void _compare(self, nanos_t now_ns) noexcept nogil:
        cdef double own_price = self.own.value * self.own.tick_size
        if self.is_cut or not self.own.is_ready or self.price <= 0.0 or (
                own_price <= 0.0):
            self._pause(now_ns)
            return
        self._take(log(own_price / self.price), now_ns)
        self.gap_ticks = (
            self.price * exp(self.average) - own_price) / self.own.tick_size
        self.value = self.own.value + self.weight_of_gap * self.gap_ticks

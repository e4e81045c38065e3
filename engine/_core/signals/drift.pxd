# Live A, k, volatility and adverse move, and whether they left what was configured.
cimport cython
from libc.stdint cimport int64_t

from engine._core.base.event cimport Print
from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.book cimport Book

cdef enum:
    SPREADS_MAX = 64           # wider spreads, in ticks, count for neither A nor k
    FILLS_MAX = 512            # fills waiting for their horizon; later ones are skipped


cdef enum Watched:
    WATCH_K = 0
    WATCH_A = 1
    WATCH_SIGMA = 2
    WATCH_ADVERSE = 3
    WATCHED_KINDS = 4


# One number: as measured, as configured, and what is thought of the two.
cdef struct Gauge:
    double live
    double error               # standard error of live, 0 = not known
    double configured          # 0 = not watched
    bint is_known              # live counts
    bint is_off                # alarm; has hysteresis


# A touch, as far as taker orders are measured from it.
cdef struct Stand:
    int64_t venue_ms           # since when it stands
    int64_t mid_half_ticks     # bid + ask
    int64_t spread_ticks       # 0 = none


cdef struct PassiveFill:
    nanos_t due_ns
    double mid_ticks
    double side                # +1: a buyer came


@cython.final
cdef class Drift(Signal):
    # value: how many of the watched numbers are off.
    cdef:
        readonly double tau_s
        readonly double ratio_max
        readonly double horizon_s
        readonly long takes_min
        readonly double k_per_tick     # live
        readonly double a_per_s
        readonly double sigma_ticks
        readonly double adverse_ticks
        readonly double takes          # effective number of taker orders seen
        Gauge[WATCHED_KINDS] gauges

        EwmaVolatility volatility
        Stand stand                    # the touch now, and the one before its venue_ms
        Stand stand_before
        nanos_t since_ns               # up to when the time of the spread is counted
        nanos_t origin_ns              # weights are exp((t - origin) / tau)
        nanos_t judged_ns
        double[SPREADS_MAX] spread_weights   # weighted seconds by spread
        double take_weight             # sums over taker orders, of weight,
        double take_square             # its square,
        double excess                  # and weight times ticks beyond the touch
        double excess_max              # where an excess is cut off
        double ended_weight            # weight of those that were not
        double move_weight             # sums over fills that reached their horizon
        double move_square
        double move_sum
        double move_squared_sum
        int64_t last_ms                # the last taker order: a trade of it only adds
        double last_side
        double last_excess
        double last_weight
        PassiveFill[FILLS_MAX] fills   # a ring
        int fill_first
        int n_fills

    cdef double _weight(self, nanos_t now_ns) noexcept nogil
    cdef void _rescale(self, nanos_t now_ns) noexcept nogil
    cdef void _stay(self, nanos_t now_ns) noexcept nogil
    cdef void _mature(self, nanos_t now_ns) noexcept nogil
    cdef void _judge_all(self, nanos_t now_ns) noexcept nogil
    cdef void _measure_fills(self) noexcept nogil
    cdef void _measure_moves(self) noexcept nogil
    cdef void _compare(self, Watched what) noexcept nogil

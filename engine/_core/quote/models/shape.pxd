# The shape of a ladder: how far behind the first level the others stand.

cdef enum:
    NEWTON_STEPS_MAX = 12           # five are enough but near the peak of the value


# Where a level that is `ratio` times as large as the first earns as much, in ticks
# behind the first, which stands `edge_ticks` beyond its costs. ratio >= 1.
cdef double equal_value_behind(
    double edge_ticks, double k_per_tick, double ratio) noexcept nogil

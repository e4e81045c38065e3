# What a future costs to hold: basis, funding, profit in coins, sizes of the two legs.
cimport cython

cdef enum:
    TENORS_MAX = 32            # points of one basis curve


cdef double log_basis(double future, double spot) noexcept nogil
cdef double funding_over(
    double rate_8h, double mean_8h, double half_life_s, double horizon_s
    ) noexcept nogil
cdef double inverse_profit(
    double amount_usd, double entry_price, double exit_price) noexcept nogil


@cython.final
cdef class BasisCurve:
    cdef:
        readonly int size
        double[TENORS_MAX] years
        double[TENORS_MAX] rates           # ln(F/S) a year

    # Interpolated in the rate, flat beyond the ends; 0 without a point.
    cdef double rate_at(self, double years) noexcept nogil

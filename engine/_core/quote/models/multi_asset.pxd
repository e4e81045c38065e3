# Quotes in one instrument that know what is held in the others: perpetual and futures.
from engine._core.quote.models.matrix cimport ASSETS_MAX, CELLS_MAX
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport View


# A set of instruments by row; see the .pyx for equations and units.
cdef struct Basket:
    int n
    double gamma                        # 1 / money
    double xi                           # 1 / money
    double[ASSETS_MAX] k_per_tick
    double[ASSETS_MAX] a_per_s
    double[ASSETS_MAX] qty_lots
    double[CELLS_MAX] correlation
    # What moves; solve() again after a change.
    double[ASSETS_MAX] sigma_ticks
    double[ASSETS_MAX] tick_value       # money, of one lot moved by one tick
    # What solve() finds.
    double[ASSETS_MAX] c1_ticks
    double[CELLS_MAX] slope             # ticks of the row's per lot of the column's


# False: an input is not finite or makes no sense; the results are then not to be used.
cdef bint solve(Basket* basket) noexcept nogil

# How far inventory moves both quotes of an instrument down, ticks.
cdef inline double skew_of(
        const Basket* basket, int own, const double* inventory_lots) noexcept nogil:
    cdef double total = 0.0
    cdef int i
    for i in range(basket.n):
        total += basket.slope[own * basket.n + i] * inventory_lots[i]
    return total


# Half the spread of an instrument, ticks.
cdef inline double half_of(const Basket* basket, int own) noexcept nogil:
    return (basket.c1_ticks[own] + 0.5 * basket.qty_lots[own]
            * basket.slope[own * basket.n + own])


cdef class MultiAssetQuoter(Quoter):
    cdef:
        readonly tuple names               # of the instruments, in the order given
        Basket basket
        double[ASSETS_MAX] cold_sigmas_ticks
        # Inputs the basket was solved for.
        double[ASSETS_MAX] solved_sigma
        double[ASSETS_MAX] solved_value
        bint is_solved

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
    cdef int _own(self, View view) noexcept
    # Volatilities and tick values of now, solved anew when one moved; False: unknown.
    cdef bint _refresh(self, View view, double* inventory_lots) noexcept

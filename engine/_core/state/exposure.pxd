# What could be at risk if everything open filled the worst way, over instruments.
cimport cython
from libc.stdint cimport int32_t

from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport Side, qty_t
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position

cdef extern from *:
    """
    #define HALFSPREAD_PLENTY ((int64_t)1 << 60)
    """
    const qty_t PLENTY "HALFSPREAD_PLENTY"    # lots: more than any limit

cdef enum:
    GROUPS_MAX = 64            # currencies, settlement and base ones together
    BUDGETS_MAX = 64
    BUDGET_NETS_MAX = 256      # base currencies of budgets, each of each
    # Sums that never net, in USD: the account, then currencies, then budgets.
    GROSS_CURRENCY = 1
    GROSS_BUDGET = GROSS_CURRENCY + GROUPS_MAX
    GROSSES_MAX = GROSS_BUDGET + BUDGETS_MAX
    # Sums that net: coins of a base currency, then USD of one within a budget.
    NET_BUDGET = GROUPS_MAX
    NETS_MAX = NET_BUDGET + BUDGET_NETS_MAX
    # Of each kind a place adds to so many.
    GROSSES = 3
    NETS = 2
    NO_SUM = -1                # in none: no budget


cdef struct Gross:
    double max_usd             # 0 = no limit
    double usd                 # as counted last


cdef struct Net:
    double most                # 0 = no limit
    double bought              # as counted last, all buys filled
    double sold


cdef struct Exposed:
    int32_t instrument
    const Instrument* row
    int[GROSSES] grosses       # account, settlement currency, budget
    int[NETS] nets             # base currency in coins, the same in the budget in USD
    double usd_per_lot         # at the newest price, 0 = no price yet
    double coins_per_lot       # of the base currency, 0 = no price yet
    # Fields of its position, which `positions` keeps.
    const qty_t* size_lots
    const qty_t* unbooked_lots
    const qty_t* ticket_lots
    qty_t[2] held_lots         # by side, at worst, as last counted


@cython.final
cdef class ExposureTable:
    cdef:
        Exposed* rows
        int size
        list positions                 # Position by place
        dict groups                    # currency -> its number
        dict budgets                   # name -> its number
        dict budget_nets               # (budget, base currency) -> number of the net
        dict budget_max                # name -> (max USD, max delta in USD)
        bint is_capped                 # some limit is set
        # Sums over what was counted last; good while is_counted.
        bint is_counted
        Gross[GROSSES_MAX] gross
        Net[NETS_MAX] net
        int n_unpriced                         # places that hold what has no price

    # Take an instrument in, budget "" = none; return its place.
    cdef int add(self, int32_t instrument, const Instrument* row, str settles,
                 str base, Position position, str budget) except -1
    cdef int group(self, str currency) except -1
    cdef int budget_net(self, str budget, str base) except -1

    # The newest prices of a place; 0 = not told.
    cdef void price(
        self, int place, double mark_price, double index_price) noexcept nogil

    # Lots a side of a place would hold at worst, its position with it.
    cdef qty_t worst_held(
        self, OrderTable orders, int place, Side side) noexcept nogil

    # Orders or position of a place have changed.
    cdef inline void count(self, OrderTable orders, int place) noexcept nogil:
        if self.is_counted:
            self._count(orders, place)

    # Count everything anew when next asked: so that roundings never add up.
    cdef inline void forget(self) noexcept nogil:
        self.is_counted = False

    # How many lots more each side of a place may put at risk within the limits over
    # instruments; huge without limits. Below 0: so many must go.
    cdef inline void room(
            self, OrderTable orders, int place, qty_t* out) noexcept nogil:
        out[0] = out[1] = PLENTY
        if self.is_capped:
            if not self.is_counted:
                self._count_all(orders)
            self._room(place, out)

    # A lot in the unit of a net.
    cdef inline double net_per_lot(self, const Exposed* one, int which) noexcept nogil:
        return one.coins_per_lot if which == 0 else one.usd_per_lot

    # Inside only.
    cdef void _room(self, int place, qty_t* out) noexcept nogil
    cdef void _count(self, OrderTable orders, int place) noexcept nogil
    cdef void _count_all(self, OrderTable orders) noexcept nogil
    cdef void _weigh(self, const Exposed* one, int times) noexcept nogil
    cdef void _find_caps(self)
    cdef tuple _walk(self, OrderTable orders)

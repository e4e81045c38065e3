# What a place in line is worth against what moving the order gains.
from engine._core.base.types cimport Side, qty_t


# What the value of a request is measured with, of one instrument at one moment.
cdef struct Yardstick:
    double fair_ticks          # 0 = not known
    double reach_ticks         # this far from fair the chance of a fill falls to 1/e
    double money               # US dollars of one lot moved by one tick


# The line an order stands in, and the one it would join. Sizes in lots of others.
cdef struct Line:
    double ahead_lots
    double others_lots         # at its price in all
    double joins_lots          # at the price it would go to; all of them ahead there
    double step_ticks          # from this price to the next


# What each lot earns, as a share of what the first in line earns at the wished price.
cdef struct Stake:
    double stays               # where it stands, less what it loses against the wish
    double moves               # at the end of the line it would join
    double place               # given up with the place by moving, 0 = nothing


# Distance of a price from fair value on the safe side; below 0: past it. Unknown: 0.
cdef double behind_fair(
    Side side, double price_ticks, const Yardstick* yard) noexcept nogil
# False: the place is worth nothing, the order goes where the wish is. Distances of the
# order and of its wish are those behind_fair gives.
cdef bint weigh(
    const Line* line, double stands_ticks, double wished_ticks, const Yardstick* yard,
    Stake* out) noexcept nogil
# Whether an order of this open size does better where it stands.
cdef bint is_worth_keeping(
    const Stake* stake, qty_t open_lots, qty_t wished_lots) noexcept nogil

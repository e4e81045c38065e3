# Packages: several instruments taken in fixed proportions, one leg first.
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View


cdef enum:
    PACKAGE_LEGS_MAX = 6       # a box and the future that hedges it are five


# What one leg looks like now. Amounts in the venue's units: USD of an inverse contract,
# else coins.
cdef struct Leg:
    const Instrument* row      # NULL = the venue lists no such instrument, or not yet
    double weight              # amount for an amount of the leading leg, signed
    double bid                 # quote currency
    double ask
    double bid_amount          # size at the touch
    double ask_amount
    double held                # amount, fills that were told included
    double most                # amount the position limit allows, 0 = not quoted
    double average             # entry price of what is held
    double index_price
    double funding_8h          # of a perpetual, now
    double share               # of its price that still moves: below 1 near delivery
    double left_s              # to expiry, seconds
    bint is_priced             # readable, both sides there, quoted and healthy lately
    bint is_pending            # something may still trade


cdef class PackageTaker(Strategy):
    cdef:
        readonly tuple legs            # names, the leading leg first
        readonly int n_legs
        readonly qty_t clip_lots       # of the leading leg, one take at most
        readonly double edge_bps       # least profit of opening, fees paid
        readonly double exit_bps       # least profit of closing, fees paid
        readonly double leg_timeout_s  # a leg out of action for longer counts as gone
        readonly double stop_s         # nothing is opened this close to an expiry
        double[PACKAGE_LEGS_MAX] weights
        double[PACKAGE_LEGS_MAX] reach_ticks

    # The package. Amount of a leg for an amount of the leading one, signed.
    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil
    # Profit in bps, fees paid, of taking the package: way 1 buys the leading leg at its
    # ask, way -1 sells it at its bid. -inf = not now.
    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil

    # Inside only.
    cdef int _look(self, View view, Leg* legs) except -1
    cdef qty_t _missing(self, int leg, const Leg* legs) noexcept nogil
    cdef void _follow(self, int leg, const Leg* legs, QuoteSheet sheet) noexcept nogil
    cdef void _lead(self, const Leg* legs, QuoteSheet sheet) noexcept nogil
    cdef qty_t _room_lots(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil
    cdef int _cannot_follow(self, const Leg* legs) noexcept nogil
    cdef bint _open(self, int way, const Leg* legs, QuoteSheet sheet) noexcept nogil
    cdef void _take(
        self, int leg, qty_t lots, const Leg* legs, QuoteSheet sheet) noexcept nogil
    cdef int _fill(self, View view, QuoteSheet sheet) except -1


# Fee of taking at a price, in the quote currency for one coin (of an option the fee is
# a part of the coin, or of the index where it is settled in dollars, and at most 12.5 %
# of the premium).
cdef double option_fee(const Leg* leg, double price, bint in_coin) noexcept nogil

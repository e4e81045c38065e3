# What the taking calculators share: from a gap in the position to one IOC wish.
from engine._core.base.types cimport ASK, BID, qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View
from engine._core.state.position cimport Position


cdef enum Gap:
    GAP_NONE = 0               # nothing is to be done now
    GAP_KNOWN = 1
    GAP_ERROR = 2              # it cannot be said; the text is in Strategy.error


cdef class Taker(Strategy):
    cdef:
        readonly double reach_ticks        # limit price this far past the touch
        readonly double spread_max_ticks   # nothing is taken in a wider book
        readonly qty_t take_max_lots       # largest single take
        readonly qty_t take_min_lots       # fewer wait until more are missing
        bint to_edge                       # trade to the band's edge, else its middle

    # The model. Lots missing until the position is the wished one (negative: too many),
    # and how large the gap may be before anything is done.
    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept

    # The shape: one taking wish, or none. False: the model failed.
    cdef bint _fill(self, View view, QuoteSheet sheet) noexcept


# Position as far as the venue has told it: fills that an order reported and whose trade
# is still on its way count, or they would be traded a second time.
cdef inline double told_lots(Position position) noexcept nogil:
    return <double>(position.size_lots + position.unbooked_lots[<int>BID]
                    - position.unbooked_lots[<int>ASK])

# Which trades have been booked, and which ended orders still owe us some.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine._core.base.event cimport Fill
from engine._core.base.types cimport qty_t

cdef enum:
    TRADES_REMEMBERED = 65536  # trade ids kept to drop duplicates
    OWING_MAX = 256            # ended orders whose trades are still to come


# An ended order that the venue says has filled more than we have booked.
cdef struct Owing:
    uint32_t run
    int64_t sequence           # 0 = free
    qty_t lots


cdef class TradeMemory:
    cdef:
        uint64_t* ring                 # hashes of trade ids, oldest overwritten
        uint64_t* known                # open addressing over the same hashes
        readonly int64_t n_trades
        Owing[OWING_MAX] owing

    # False: an id among the last TRADES_REMEMBERED.
    cdef bint remember(self, const Fill* fill) noexcept nogil

    # An order has ended before its trades came: they are to come for so many lots.
    cdef void owe(self, uint32_t run, int64_t sequence, qty_t lots) noexcept nogil
    # A trade of it came; returns for how many of the lots it was owed.
    cdef qty_t pay(self, uint32_t run, int64_t sequence, qty_t lots) noexcept nogil

# Orders to volume: how often we changed the book, against what we traded as maker.
cimport cython

from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport price_t, qty_t
from engine._core.quote.sheet cimport Permitted

cdef enum:
    GROUPS_MAX = 64            # product groups times coins


cdef struct Group:
    double changes             # inserts, edits and cancels sent, as the venue counts
    double coins               # maker volume
    double per_coin            # changes allowed for each coin of it, 0 = no budget


@cython.final
cdef class Turnover:
    cdef:
        Group[GROUPS_MAX] groups
        int n_groups
        list names                     # "BTC future", by number of the group
        dict per_coin                  # budget by coin, changes
        double free                    # changes before anything must have been traded

    # Number of the group of an instrument, made when new.
    cdef int find(self, const Instrument* row, str coin) except -1
    cdef int group(self, str name, str coin) except -1
    cdef inline void count(self, int group, long changes) noexcept nogil:
        self.groups[group].changes += changes

    cdef void traded(
        self, int group, const Instrument* row, price_t price_ticks, qty_t lots
        ) noexcept nogil
    # Share of the budget that is used up, 0 = none, or there is no budget.
    cdef double used(self, int group) noexcept nogil
    # By how much the requote tolerance widens, ticks.
    cdef price_t slack_ticks(
        self, int group, const Permitted* permitted) noexcept nogil

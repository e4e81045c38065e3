"""Memory of trades: each is booked once, whatever brings it and how often.

A trade comes with the answer to a request, on a channel, and when trades are fetched.
Its id tells: the ids of the last ``TRADES_REMEMBERED`` are kept, as hashes together
with the instrument, since ids are unique per currency only.

An order may be told ended before its trades arrive. What it has filled and we have not
booked stays in the exposure of its side (``Position.unbooked_lots``) and is noted here
under its label, so that only its own trades lower it and nobody else's.

Source: docs.deribit.com, user.trades, seen 2026-08-22.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine._core.base.event cimport Fill
from engine._core.base.types cimport ORDER_ID_MAX, qty_t


cdef inline uint64_t hash_trade(const Fill* fill) noexcept nogil:
    cdef uint64_t h = 14695981039346656037ULL
    cdef int i
    for i in range(fill.trade_id_size):
        h = (h ^ <unsigned char>fill.trade_id[i]) * 1099511628211ULL
    h = (h ^ <uint64_t>fill.instrument) * 1099511628211ULL
    return h if h else 1


cdef class TradeMemory:
    """Hashes of trade ids, and what ended orders owe; nothing is allocated later."""

    def __init__(self):
        self.ring = <uint64_t*>calloc(TRADES_REMEMBERED, sizeof(uint64_t))
        self.known = <uint64_t*>calloc(4 * TRADES_REMEMBERED, sizeof(uint64_t))
        if self.ring == NULL or self.known == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.ring)
        free(self.known)

    cdef bint remember(self, const Fill* fill) noexcept nogil:
        cdef uint64_t h = hash_trade(fill)
        cdef uint64_t mask = 4 * TRADES_REMEMBERED - 1
        cdef uint64_t at = h & mask
        cdef int64_t i
        while self.known[at]:
            if self.known[at] == h:
                return False
            at = (at + 1) & mask
        self.ring[self.n_trades % TRADES_REMEMBERED] = h
        self.known[at] = h
        self.n_trades += 1
        if self.n_trades % TRADES_REMEMBERED == 0:
            # Rebuild from the ring: open addressing has no cheap removal.
            memset(self.known, 0, 4 * TRADES_REMEMBERED * sizeof(uint64_t))
            for i in range(TRADES_REMEMBERED):
                at = self.ring[i] & mask
                while self.known[at]:
                    at = (at + 1) & mask
                self.known[at] = self.ring[i]
        return True

    def remember_id(self, int32_t instrument, str trade_id not None):
        """Take a trade as booked: an earlier run has booked it.

        Raises:
            ValueError: the id is longer than any of the venue.
        """
        cdef bytes text = trade_id.encode()
        cdef Fill fill
        if len(text) > ORDER_ID_MAX:
            raise ValueError(f"trade id {trade_id[:40]!r}: above {ORDER_ID_MAX} bytes")
        memset(&fill, 0, sizeof(fill))
        fill.instrument = instrument
        fill.trade_id_size = <int>len(text)
        memcpy(fill.trade_id, <const char*>text, len(text))
        self.remember(&fill)

    cdef void owe(self, uint32_t run, int64_t sequence, qty_t lots) noexcept nogil:
        cdef int i
        for i in range(OWING_MAX):
            # With no entry free the lots stay counted until positions are read.
            if self.owing[i].sequence == 0:
                self.owing[i].run = run
                self.owing[i].sequence = sequence
                self.owing[i].lots = lots
                return

    cdef qty_t pay(self, uint32_t run, int64_t sequence, qty_t lots) noexcept nogil:
        cdef Owing* row
        cdef int i
        for i in range(OWING_MAX):
            row = &self.owing[i]
            if row.sequence == sequence and row.run == run:
                lots = min(lots, row.lots)
                row.lots -= lots
                if row.lots == 0:
                    row.sequence = 0
                return lots
        return 0

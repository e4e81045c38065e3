# Market data of a known instrument: a book's levels, a ticker. A misfit shows in
# the cursor's trouble.
from engine._core.base.event cimport LevelChange, Ticker
from engine._core.base.instrument cimport Instrument
from engine._core.decode.scan cimport Cursor

# `[action, price, amount]`; the side is the caller's to set.
cdef void take_level(Cursor* c, const Instrument* row, LevelChange* out) noexcept nogil

# A ticker's data; `ticker.instrument` is the caller's to set.
cdef void read_ticker(Cursor* c, const Instrument* row, Ticker* ticker) noexcept nogil

# An instrument name, which must be the row's.
cdef void take_name(Cursor* c, const Instrument* row) noexcept nogil

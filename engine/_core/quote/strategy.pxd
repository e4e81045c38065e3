# What a strategy sees (View) and how it is called (Strategy): one hook for Python and
# compiled ones.
from libc.stdint cimport int32_t

from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport nanos_t, qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.state.book cimport Book
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position
from engine._core.state.signal cimport Signals


cdef class View:
    # Everything a strategy may read about its own instrument, and other readable books.
    # The core hands it out only while the book is readable and two-sided. Compiled code
    # reads tick, lot and fees in `row`.
    cdef:
        readonly str name
        InstrumentTable table           # keeps the row alive
        const Instrument* row
        Book own_book
        Signals signals
        Position position
        dict books                      # name -> View of every instrument
        OrderTable orders               # of the core; None in a made-up view
        int32_t index
        readonly nanos_t now_ns
        readonly double mark_price      # quote currency, 0 = not seen
        readonly double index_price
        readonly qty_t inventory_limit_lots

    # Lots that may still move the position: orders open, in flight or unknown, tickets.
    cdef qty_t pending(self) noexcept nogil


cdef View new_view(str name, InstrumentTable table, int index, Book book,
                   Signals signals, Position position, dict books)


cdef class Strategy:
    cdef:
        readonly str error               # text of the last exception of the hook, or ""
        bint python_hook                 # set by the core when it binds the strategy

    # The core's call. Fills the sheet; False: the hook failed, the sheet stays blank.
    # Compiled strategies override this; the base class calls the Python method `quote`.
    cdef bint run(self, View view, QuoteSheet sheet) noexcept

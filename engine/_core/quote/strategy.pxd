# What a strategy sees (View) and how it is called (Strategy): one hook for Python and
# compiled ones.
from libc.stdint cimport int32_t
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE

from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport nanos_t, qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.signals.signal cimport Signal
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.book cimport Book
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position


cdef class View:
    # Everything a strategy may read about its own instrument, and other readable books.
    # The core hands it out only while the book is readable and two-sided. Compiled code
    # reads tick, lot and fees in `row`.
    cdef:
        readonly str name
        InstrumentTable table           # keeps the row alive
        const Instrument* row
        Book own_book
        EwmaVolatility volatility       # the engine's own; a strategy may own others
        Position position
        dict books                      # name -> View of every instrument
        OrderTable orders               # of the core; None in a made-up view
        int32_t index
        readonly nanos_t now_ns
        readonly double mark_price      # quote currency, 0 = not seen
        readonly double index_price
        readonly double underlying_price  # forward of an option's expiry
        readonly double delta             # Black's, of an option; NAN = not told
        readonly double current_funding   # of a perpetual: rate for 8 hours, now
        readonly double funding_8h        # and over the last 8 hours
        readonly qty_t inventory_limit_lots

    # Lots that may still move the position: orders open, in flight or unknown, tickets.
    cdef qty_t pending(self) noexcept nogil


cdef View new_view(str name, InstrumentTable table, int index, Book book,
                   EwmaVolatility volatility, Position position, dict books)


cdef class Strategy:
    cdef:
        readonly str error               # text of the last exception of the hook, or ""
        bint python_hook                 # set by the core when it binds the strategy
        bint is_bound                    # it quotes: what it reads is settled
        bint has_signals                 # any of its own, to be told of time
        list signals                     # Signal, in the order listened to
        list sources                     # of each the instrument, "" = its own
        list watched                     # instruments whose touch calls it, too
        list needed                      # and without which it does not quote
        readonly list covered            # whose fills it hedges

    # The core's call. Fills the sheet; False: the hook failed, the sheet stays blank.
    # Compiled strategies override this; the base class calls the Python method `quote`,
    # and is what the market calls when a Python subclass brings a `quote` of its own.
    cdef bint run(self, View view, QuoteSheet sheet) noexcept

    cdef int _demand_early(self, str verb) except -1

    # The core's call before it: the signals are as of this time then.
    cdef inline void pass_time(self, nanos_t now_ns) noexcept:
        cdef Py_ssize_t i
        for i in range(PyList_GET_SIZE(self.signals)):
            (<Signal>PyList_GET_ITEM(self.signals, i)).hear_time(now_ns)

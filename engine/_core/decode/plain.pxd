# Events -> dicts of Python values, keys as the fields in base/event.pxd. Prices in
# ticks (None = none), sizes in lots.
from engine._core.base.event cimport BookChange, Fill, OrderUpdate, Print, Ticker

cdef dict plain_book(const BookChange* book)
cdef dict plain_ticker(const Ticker* ticker)
cdef dict plain_order(const OrderUpdate* order)
cdef dict plain_fill(const Fill* fill)
cdef dict plain_print(const Print* row)

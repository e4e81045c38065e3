"""What the next tick reads, brought near while there is time.

A core that waits for a tick for a millisecond finds its memory in the far caches then:
timers of the system, its neighbours on the machine and the waiting itself have been
through the near ones. Nothing here reads a value, so nothing here decides anything.
"""

from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from libc.stdint cimport int32_t, int64_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.event cimport LevelChange
from engine._core.base.instrument cimport Instrument
from engine._core.base.near cimport near, near_object, near_to_write
from engine._core.base.types cimport SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE
from engine._core.gateway.encode cimport REQUEST_TEXT_MAX
from engine._core.quote.market cimport Market
from engine._core.state.book cimport Book
from engine._core.state.ladder cimport NO_KEY, Ladder
from engine._core.state.orders cimport REQUESTS_MAX, Order, OrderTable, Request

cdef enum:
    FRAME_LEVELS = 8           # levels of a frame, as most have fewer
    RECORDS_BYTES = 1024       # of a journal: a frame and two requests
    TOUCH_TICKS = 16           # a side's levels within so much of its best


cdef void bring_book_near(Book book) noexcept:
    cdef Ladder* side
    cdef int64_t slot, first
    cdef int i, h
    near_object(book)
    for i in range(2):
        side = &book.sides[i]
        if side.near_best == NO_KEY:
            continue
        slot = side.near_best & (side.window - 1)
        first = slot - TOUCH_TICKS if slot > TOUCH_TICKS else 0
        near(&side.ring[first], (slot - first + TOUCH_TICKS) * sizeof(side.ring[0]))
        for h in range(side.height):
            slot >>= 6
            near(&side.tree[h][slot], sizeof(side.tree[h][0]))


cdef void bring_orders_near(OrderTable orders, int32_t instrument) noexcept:
    cdef int32_t first = instrument * SLOTS_PER_INSTRUMENT
    near(&orders.live[instrument], sizeof(orders.live[0]))
    # Best levels: those behind them are asked about more rarely.
    near(&orders.rows[first], sizeof(Order))
    near(&orders.rows[first + SLOTS_PER_SIDE], sizeof(Order))


cdef void bring_market_near(Core core, Market market) noexcept:
    near_object(market)
    near(market.row, sizeof(Instrument))
    bring_book_near(market.book)
    bring_orders_near(core.orders, market.index)
    near_object(market.strategy)
    near_object(market.view)
    near_object(market.sheet)
    near_object(market.volatility)
    near_object(market.position)
    near_object(market.queue)
    near_object(market.tally)


cdef void bring_core_near(Core core) noexcept:
    cdef Py_ssize_t i
    cdef ByteBuf out = core.out
    near_object(core)
    near_object(core.decoder)
    near(core.decoder.levels, FRAME_LEVELS * sizeof(LevelChange))
    near_object(core.differ)
    near_object(core.credits)
    near_object(core.caps)
    near_object(core.shares)
    near_object(core.turnover)
    near_object(core.exposure)
    near_object(core.agenda)
    near_object(core.orders)
    near(&core.orders.requests[core.orders.next_request_id & (REQUESTS_MAX - 1)],
         2 * sizeof(Request))
    near_object(out)
    near_to_write(out.start, 2 * REQUEST_TEXT_MAX)
    if core.records is not None:
        near_object(core.records)
        near_to_write(core.records.front + core.records.size, RECORDS_BYTES)
    for i in range(min(PyList_GET_SIZE(core.quoted), <Py_ssize_t>NEAR_MARKETS_MAX)):
        bring_market_near(core, <Market>PyList_GET_ITEM(core.quoted, i))

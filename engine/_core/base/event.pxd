# What the venue can say, as structs: decode fills them, state reads them.
# Pointers inside are valid until the decoder's next payload.
from libc.stdint cimport int32_t, int64_t, uint32_t

from engine._core.base.fixed cimport Number
from engine._core.base.types cimport (
    FEE_CURRENCY_MAX, LABEL_MAX, ORDER_ID_MAX, Side, price_t, qty_t)


cdef struct LevelChange:
    price_t price_ticks
    qty_t qty_lots             # the level's new total; 0 = the level is gone
    Side side


cdef struct BookChange:
    int32_t instrument
    bint is_snapshot
    int64_t change_id
    int64_t prev_change_id     # -1 = not sent
    int64_t venue_ms
    int n_levels
    const LevelChange* levels  # in the order of the frame


cdef struct Ticker:
    int32_t instrument
    bint is_open               # book state "open" (absent counts as open)
    int64_t venue_ms
    double mark_price          # quote currency; 0 = absent
    double index_price
    double underlying_price    # forward of an option's expiry; 0 = absent
    double delta               # Black's, of an option, coins a coin; NAN = absent
    double current_funding     # of a perpetual, per 8 hours, now; 0 = absent or none
    double funding_8h          # paid over the last 8 hours
    price_t min_price_ticks    # lowest sell the venue takes; NO_PRICE = absent
    price_t max_price_ticks    # highest buy


cdef enum OrderStatus:
    STATUS_OPEN = 0
    STATUS_FILLED = 1
    STATUS_CANCELLED = 2
    STATUS_REJECTED = 3
    STATUS_OTHER = 4           # untriggered, triggered, speed_bumped, anything new


# Our label is "hs-<run, 8 hex>-<slot, decimal>-<sequence, decimal>". slot is the core's
# number: instrument * SLOTS_PER_INSTRUMENT + side * SLOTS_PER_SIDE + level. An order of
# ours that is no quote has the letter t for a slot: a ticket.
cdef struct Label:
    bint ours                  # False: not of this form; the other fields are 0
    uint32_t run
    int32_t slot               # -1 = a ticket
    int64_t sequence


cdef struct OrderUpdate:
    int32_t instrument         # -1 = an instrument we do not know
    Label label
    char[ORDER_ID_MAX] order_id
    int order_id_size
    OrderStatus status
    Side side
    price_t price_ticks        # NO_PRICE = market price, or off the grid
    qty_t amount_lots          # total size, filled part included
    qty_t filled_lots
    int64_t venue_ms           # last_update_timestamp


cdef struct Fill:
    int32_t instrument         # -1 = an instrument we do not know
    Label label
    char[ORDER_ID_MAX] order_id
    int order_id_size
    char[ORDER_ID_MAX] trade_id
    int trade_id_size
    char[LABEL_MAX] label_text
    int label_size             # 0 = no label, or none that fits unescaped
    Side side                  # direction of our order
    bint is_maker
    price_t price_ticks        # NO_PRICE = off the grid, as a combo's legs can be
    Number price               # as written; exact where ticks are not
    qty_t qty_lots
    int64_t fee_e12            # 1e-12 of the fee currency, negative = rebate
    Number fee                 # as written
    char[FEE_CURRENCY_MAX] fee_currency
    int fee_currency_size      # 0 = not sent
    int64_t trade_seq          # -1 = not sent
    int64_t venue_ms


# A trade of the venue between anybody, as the public channel tells it.
cdef struct Print:
    Side side                  # whose resting orders were hit: BID, the taker sold
    price_t price_ticks
    qty_t qty_lots
    int64_t venue_ms


# Answer to a request of the gateway; requests of the session go to it as control.
cdef struct Reply:
    int64_t id
    bint is_error
    int32_t code               # venue error code, 0 without error

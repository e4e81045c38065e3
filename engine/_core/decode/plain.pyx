"""Events as plain Python values, for tests and tools; the core never comes here."""

from libc.math cimport isnan

from engine._core.base.event cimport (
    BookChange, Fill, Label, OrderUpdate, Print, Ticker)
from engine._core.base.fixed cimport to_decimal
from engine._core.base.types cimport BID, NO_PRICE, Side, price_t

STATUS_NAMES = ("open", "filled", "cancelled", "rejected", "other")


cdef object plain_price(price_t ticks):
    return None if ticks == NO_PRICE else ticks


cdef str plain_side(Side side):
    return "bid" if side == BID else "ask"


cdef object plain_label(const Label* label):
    return (label.run, label.slot, label.sequence) if label.ours else None


cdef dict plain_book(const BookChange* book):
    levels = [
        (plain_side(book.levels[i].side), book.levels[i].price_ticks,
         book.levels[i].qty_lots)
        for i in range(book.n_levels)]
    return {
        "instrument": book.instrument,
        "is_snapshot": bool(book.is_snapshot),
        "change_id": book.change_id,
        "prev_change_id": book.prev_change_id,
        "venue_ms": book.venue_ms,
        "levels": levels,
    }


cdef dict plain_ticker(const Ticker* ticker):
    return {
        "instrument": ticker.instrument,
        "is_open": bool(ticker.is_open),
        "venue_ms": ticker.venue_ms,
        "mark_price": ticker.mark_price,
        "index_price": ticker.index_price,
        "underlying_price": ticker.underlying_price,
        "delta": None if isnan(ticker.delta) else ticker.delta,
        "current_funding": ticker.current_funding,
        "funding_8h": ticker.funding_8h,
        "min_price_ticks": plain_price(ticker.min_price_ticks),
        "max_price_ticks": plain_price(ticker.max_price_ticks),
    }


cdef dict plain_order(const OrderUpdate* order):
    return {
        "instrument": order.instrument,
        "label": plain_label(&order.label),
        "order_id": (<bytes>order.order_id[:order.order_id_size]).decode(),
        "status": STATUS_NAMES[order.status],
        "side": plain_side(order.side),
        "price_ticks": plain_price(order.price_ticks),
        "amount_lots": order.amount_lots,
        "filled_lots": order.filled_lots,
        "venue_ms": order.venue_ms,
    }


cdef dict plain_fill(const Fill* fill):
    return {
        "instrument": fill.instrument,
        "label": plain_label(&fill.label),
        "order_id": (<bytes>fill.order_id[:fill.order_id_size]).decode(),
        "trade_id": (<bytes>fill.trade_id[:fill.trade_id_size]).decode(),
        "label_text": (<bytes>fill.label_text[:fill.label_size]).decode(),
        "side": plain_side(fill.side),
        "is_maker": bool(fill.is_maker),
        "price_ticks": plain_price(fill.price_ticks),
        "price": to_decimal(fill.price),
        "qty_lots": fill.qty_lots,
        "fee_e12": fill.fee_e12,
        "fee": to_decimal(fill.fee),
        "fee_currency": (<bytes>fill.fee_currency[:fill.fee_currency_size]).decode(),
        "trade_seq": fill.trade_seq,
        "venue_ms": fill.venue_ms,
    }


cdef dict plain_print(const Print* row):
    return {
        "side": plain_side(row.side),
        "price_ticks": plain_price(row.price_ticks),
        "qty_lots": row.qty_lots,
        "venue_ms": row.venue_ms,
    }

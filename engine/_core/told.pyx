"""What the core tells its session, as plain Python values."""

from engine._core.base.event cimport Fill, OrderUpdate
from engine._core.base.fixed cimport to_decimal
from engine._core.base.types cimport BID, NO_PRICE, nanos_t


cdef dict told_order(const OrderUpdate* order, str name, nanos_t now_ns):
    label = ""
    if order.label.ours:
        where = "t" if order.label.slot < 0 else order.label.slot
        label = f"hs-{order.label.run:08x}-{where}-{order.label.sequence}"
    return {
        "instrument": order.instrument,
        "name": name,
        "order_id": (<bytes>order.order_id[:order.order_id_size]).decode(),
        "label": label,
        "run": order.label.run if order.label.ours else -1,
        "venue_ms": order.venue_ms,
        "now_ns": now_ns,
    }


cdef dict told_fill(const Fill* fill, str name, nanos_t now_ns):
    return {
        "instrument": fill.instrument,
        "name": name,
        "side": "bid" if fill.side == BID else "ask",
        "lots": fill.qty_lots,
        "price_ticks": None if fill.price_ticks == NO_PRICE else fill.price_ticks,
        "price": to_decimal(fill.price),
        "fee_e12": fill.fee_e12,
        "fee": to_decimal(fill.fee),
        "fee_currency": (<bytes>fill.fee_currency[:fill.fee_currency_size]).decode(),
        "trade_id": (<bytes>fill.trade_id[:fill.trade_id_size]).decode(),
        "trade_seq": fill.trade_seq,
        "order_id": (<bytes>fill.order_id[:fill.order_id_size]).decode(),
        "label": (<bytes>fill.label_text[:fill.label_size]).decode(),
        "slot": fill.label.slot if fill.label.ours else -1,
        "run": fill.label.run if fill.label.ours else -1,
        "is_maker": bool(fill.is_maker),
        "venue_ms": fill.venue_ms,
        "now_ns": now_ns,
    }

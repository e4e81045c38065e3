"""What the core looks like from outside: metrics, the live view and reports read this.

Units: prices, amounts and positions in the venue's own (quote currency; USD for inverse
contracts, else base coin), money in the settlement currency, times in nanoseconds.
"""

from libc.math cimport isnan
from libc.stdint cimport int32_t, int64_t

from engine._core.base.instrument cimport amount_of, price_of
from engine._core.base.types cimport (
    ASK, BID, LEVELS_MAX, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side)
from engine._core.decode.message cimport (
    MESSAGE_IGNORED, MESSAGE_MALFORMED, MESSAGE_OUT_OF_RANGE, MESSAGE_UNKNOWN,
    MESSAGE_UNKNOWN_INSTRUMENT)
from engine._core.desk cimport MODE_QUOTE, Desk
from engine._core.quote.market cimport Market
from engine._core.quote.models.quoter cimport Quoter
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport (
    imbalance_of, mid_of, weighted_mid_of)
from engine._core.state.book cimport BookLevel
from engine._core.state.orders cimport (
    ORDER_DONE, REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_EDIT, REQUEST_NEW,
    OrderTable)

from engine._core.base.stance import STANCES
from engine._core.state.orders import STATE_NAMES

cdef enum:
    LEVELS_SHOWN = 5

MODE_NAMES = ("hold", "pull", "quote", "halt")
BOOK_STATES = ("empty", "readable", "gapped", "crossed")


cdef list top_levels(Market market, Side side):
    """Return the best levels of a side as ``[[price, amount], ...]``."""
    cdef BookLevel[LEVELS_SHOWN] found
    cdef int i, n = market.book.top(side, LEVELS_SHOWN, found)
    return [[price_of(market.row, found[i].price_ticks),
             amount_of(market.row, found[i].qty_lots)] for i in range(n)]


cdef list own_quotes(Market market, OrderTable orders, Side side):
    """Return our orders of a side as ``[[price, open amount, state], ...]``."""
    cdef int32_t first = (
        market.index * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE)
    cdef int32_t slot
    quotes = []
    for slot in range(first, first + SLOTS_PER_SIDE):
        if orders.rows[slot].state != ORDER_DONE:
            quotes.append([price_of(market.row, orders.rows[slot].wanted_price_ticks),
                           amount_of(market.row, orders.worst(slot)),
                           STATE_NAMES[<int>orders.rows[slot].state]])
    return sorted(quotes, reverse=side == BID)


cdef list places_in_line(Market market, OrderTable orders, Side side):
    """Return our resting orders of a side, best price first.

    Each as ``[price, open amount, amount of others ahead, of others at the price]``.
    """
    cdef int32_t first = (
        market.index * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE)
    cdef double lot = market.row.lot_size
    cdef int32_t slot
    places = []
    for slot in range(first, first + LEVELS_MAX):
        if market.queue.ahead(slot) >= 0.0:
            places.append([price_of(market.row, orders.rows[slot].price_ticks),
                           amount_of(market.row, orders.remaining(slot)),
                           market.queue.ahead(slot) * lot,
                           market.queue.others(slot) * lot])
    return sorted(places, reverse=side == BID)


cdef list wished(Market market, Side side):
    """Return the permitted wish of a side as ``[[price, amount], ...]``."""
    return [[price_of(market.row, market.permitted.levels[<int>side][i].price_ticks),
             amount_of(market.row, market.permitted.levels[<int>side][i].qty_lots)]
            for i in range(market.permitted.n_levels[<int>side])]


cdef dict duty_of(Market market):
    """Return how a calculator meets the obligation it was given, {} without one."""
    if not isinstance(market.strategy, Quoter):
        return {}
    obligation = (<Quoter>market.strategy).obligation
    return {} if obligation is None else obligation.describe()


cdef list signals_of(Market market):
    """Return the signals of a strategy, in the order it listens to them."""
    cdef Signal signal
    return [{"signal": type(signal).__name__, "hears": hears or market.name,
             "value": signal.value, "is_ready": bool(signal.is_ready)}
            for signal, hears in zip(
                market.strategy.signals, market.strategy.sources)]


cdef dict market_snapshot(Desk desk, Market market):
    cdef OrderTable orders = desk.orders
    cdef double mark = market.ticker.mark_price
    cdef bint has_touch = market.book.has_touch()
    return {
        "book_state": BOOK_STATES[market.book.state],
        "change_id": market.book.change_id,
        "venue_ms": market.book.venue_ms,
        "bids": top_levels(market, BID),
        "asks": top_levels(market, ASK),
        "quotes": {"bid": own_quotes(market, orders, BID),
                   "ask": own_quotes(market, orders, ASK)},
        "queue": {"bid": places_in_line(market, orders, BID),
                  "ask": places_in_line(market, orders, ASK)},
        "wished": {"bid": wished(market, BID), "ask": wished(market, ASK)},
        "why_blank": market.why_blank,
        "why_held": market.why_held,
        "duty": duty_of(market),
        "stance": STANCES[<int>market.limits.stance],
        "stance_reason": market.why_stance,
        "mid": mid_of(market.book) * market.row.tick_size if has_touch else 0.0,
        "micro": (
            weighted_mid_of(market.book) * market.row.tick_size if has_touch else 0.0),
        "imbalance": imbalance_of(market.book) if has_touch else 0.0,
        "sigma": market.volatility.value * market.row.tick_size,
        "signals": signals_of(market),
        "mark_price": mark,
        "index_price": market.ticker.index_price,
        "underlying_price": market.ticker.underlying_price,
        "delta": None if isnan(market.ticker.delta) else market.ticker.delta,
        "position": amount_of(market.row, market.position.size_lots),
        "position_limit": amount_of(market.row, market.limits.position_max_lots),
        "max_abs_position": amount_of(market.row, market.position.max_abs_lots),
        "average_price": market.position.average_price,
        "realized_pnl": market.position.realized_pnl,
        "unrealized_pnl": market.position.unrealized_pnl(mark),
        "fees": market.position.fees,
        "fills": market.position.n_fills,
        "currency": market.currency,
        "budget": desk.budget_of.get(market.name, ""),
        "tick_size": market.row.tick_size,
        "gaps": market.gaps,
        "wishes": market.quotes,
        "strategy_errors": market.strategy_errors,
        "gate": dict(market.gate_counts),
        "held": market.attribution.held(desk.now_ns),
        "markouts": desk.markouts.describe(market.mark_place),
        "levels": market.tally.levels(market.row.lot_size),
        "presence": market.tally.presence(market.row.lot_size),
        "requests": requests_of(market.tally.requests),
    }


cdef dict requests_of(const long* by_kind):
    """Return how many requests were sent, by kind."""
    return {"new": by_kind[<int>REQUEST_NEW], "edit": by_kind[<int>REQUEST_EDIT],
            "cancel": by_kind[<int>REQUEST_CANCEL],
            "cancel_all": by_kind[<int>REQUEST_CANCEL_ALL]}


cdef dict exposures(Desk desk):
    """Return worst-case exposure in USD: "" the account, and by currency."""
    account, by_currency = desk.exposure.totals(desk.orders)
    return {"": account, **{name: row[0] for name, row in by_currency.items()}}


cdef dict budgets(Desk desk):
    """Return the worst cases of each budget in USD, and what else it may send.

    Keys: ``exposure_usd``, ``delta_usd`` (the larger side) by base currency, and
    ``credits_left`` by pool where the credits are shared out.
    """
    return {
        name: {
            "exposure_usd": usd,
            "delta_usd": {base: max(sides) for base, sides in nets.items()},
            "credits_left": {
                pool: desk.shares.left(desk.exposure.budgets[name], number, desk.now_ns)
                for number, pool in enumerate(desk.credits.names)
            } if desk.shares.is_split else {},
        } for name, (usd, nets) in desk.exposure.budget_totals(desk.orders).items()}


cdef dict market_snapshots(Desk desk, Py_ssize_t first, Py_ssize_t count):
    """Return so many of the quoted instruments, from a place of theirs on."""
    return {market.name: market_snapshot(desk, market)
            for market in desk.quoted[first:first + count]}


cdef dict core_outline(Desk desk):
    """Return the core but for its instruments."""
    cdef Market market
    cdef int64_t book_bytes = 0
    counters = dict(desk.counters)
    counters["malformed"] = desk.n_by_kind[<int>MESSAGE_MALFORMED]
    counters["unknown"] = desk.n_by_kind[<int>MESSAGE_UNKNOWN]
    counters["ignored"] = desk.n_by_kind[<int>MESSAGE_IGNORED]
    counters["out_of_range"] = desk.n_by_kind[<int>MESSAGE_OUT_OF_RANGE]
    counters["unknown_instrument"] = desk.n_by_kind[<int>MESSAGE_UNKNOWN_INSTRUMENT]
    counters["surprises"] = desk.decoder.surprises
    counters["quotes"] = counters["strategy_errors"] = 0
    for market in desk.markets:
        if market is not None:
            book_bytes += market.book.memory_max_bytes()
    for market in desk.quoted:
        counters["quotes"] += market.quotes
        counters["strategy_errors"] += market.strategy_errors
    return {
        "t_ns": desk.now_ns,
        "quoting": desk.mode == MODE_QUOTE,
        "mode": MODE_NAMES[<int>desk.mode],
        "quoting_reason": desk.mode_reason,
        "halted": desk.halted,
        "stance": STANCES[<int>desk.stance],
        "stance_reason": desk.stance_reason,
        "exposure": exposures(desk),
        "budgets": budgets(desk),
        "connected": [bool(desk.is_connected[i]) for i in range(desk.n_connections)],
        "counters": counters,
        "requests": requests_of(desk.n_by_request),
        "rejects_by_code": dict(desk.rejects),
        "credits": desk.credits.describe(desk.now_ns),
        "turnover": desk.turnover.describe(),
        "orders": desk.orders.counts(),
        "book_memory_max_bytes": book_bytes,
        "latency_ns": {stage: histogram.summary()
                       for stage, histogram in desk.histograms().items()},
        "session": desk.session.snapshot() if desk.session is not None else {},
    }

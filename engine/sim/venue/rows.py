"""Rows: how the venue shows orders, trades, positions, tickers and accounts.

Keys come in the order production sends them today (it is not stable: books moved to
another engine in 2026 and it changed); clients must not depend on it.
Source: captured frames of 2025-12 to 2026-09 (order answers, user.changes, tickers,
trades); docs.deribit.com for fields no capture shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.matching import BUY, SELL
from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts import Account, Position
    from engine.sim.venue.market import Market
    from engine.sim.venue.matching import Order
    from engine.sim.venue.trades import Trade

Row = dict[str, Any]


def order_row(order: Order) -> Row:
    """Return the order object of answers, lists and channels."""
    i = order.instrument
    row: Row = {
        "label": order.label,
        "price": i.price(order.price_ticks),
        "user_id": order.account.user_id,
        "amount": i.amount(order.amount_lots),
        "direction": order.direction,
        "time_in_force": order.time_in_force,
        "instrument_name": i.name,
        "web": False,
        "api": order.api,
        "order_id": order.order_id,
        "creation_timestamp": order.created_ms,
        "replaced": order.replaced,
        "filled_amount": i.amount(order.filled_lots),
        "last_update_timestamp": order.updated_ms,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
    }
    if order.cancel_reason:
        row["cancel_reason"] = order.cancel_reason
    row["average_price"] = i.average_price(order.filled_lots, order.value_filled)
    row["mmp"] = False
    row["contracts"] = i.contracts(order.amount_lots)
    if order.post_only:
        row["reject_post_only"] = order.reject_post_only
    row["order_state"] = order.state
    row["order_type"] = order.order_type
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    row["is_liquidation"] = False
    row["risk_reducing"] = False
    return row


def public_trade_row(trade: Trade) -> Row:
    """Return a trade as the tape shows it; the direction is the taker's."""
    i = trade.instrument
    return {
        "timestamp": trade.time_ms,
        "price": i.price(trade.price_ticks),
        "amount": i.amount(trade.lots),
        "direction": trade.taker.direction,
        "index_price": ref_price(trade.index_ref),
        "instrument_name": i.name,
        "trade_seq": trade.trade_seq,
        "mark_price": ref_price(trade.mark_ref),
        "tick_direction": trade.tick_direction,
        "starbase_match_id": trade.match_id,
        "trade_id": trade.trade_id,
        "contracts": i.contracts(trade.lots),
        "starbase_timestamp": trade.time_ns,
    }


def user_trade_row(trade: Trade, maker: bool) -> Row:
    """Return a trade as one of its two accounts sees it.

    ``matching_id`` is a text, as the published schema has it (captures show null), and
    ``post_only`` / ``reduce_only``, whose published type contradicts the wire, are left
    to the order object; so both readings of the row parse it.
    """
    i = trade.instrument
    order = trade.maker if maker else trade.taker
    row: Row = {
        "label": order.label,
        "timestamp": trade.time_ms,
        "state": trade.maker_state if maker else trade.taker_state,
        "price": i.price(trade.price_ticks),
        "user_id": order.account.user_id,
        "amount": i.amount(trade.lots),
        "direction": order.direction,
        "index_price": ref_price(trade.index_ref),
        "instrument_name": i.name,
        "trade_seq": trade.trade_seq,
        "api": order.api,
        "mark_price": ref_price(trade.mark_ref),
        "order_id": order.order_id,
        "matching_id": "",
        "tick_direction": trade.tick_direction,
        "profit_loss": coins(trade.maker_profit if maker else trade.taker_profit),
        "self_trade": False,
        "mmp": False,
        "contracts": i.contracts(trade.lots),
        "trade_id": trade.trade_id,
        "fee_currency": i.currency,
        "fee": coins(trade.maker_fee if maker else trade.taker_fee),
        "order_type": order.order_type,
    }
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    row["risk_reducing"] = False
    row["starbase_match_id"] = trade.match_id
    row["starbase_timestamp"] = trade.time_ns
    row["liquidity"] = "M" if maker else "T"
    return row


def account_trade_row(trade: Trade, account: Account) -> Row:
    """Return a trade as the given account sees it."""
    return user_trade_row(trade, trade.maker.account is account)


def position_row(position: Position) -> Row:
    """Return a position; ``size`` is signed, in the unit of order amounts."""
    i, market = position.instrument, position.market
    size_value = coins(position.size_value) if position.size else 0.0
    open_margin = position.initial_margin() - position.position_margin()
    direction = "zero"
    if position.size:
        direction = "buy" if position.size > 0 else "sell"
    unrealized = coins(position.unrealized)
    row: Row = {
        "size": i.amount(position.size),
        "kind": i.kind,
        "maintenance_margin": coins(position.maintenance_margin()),
        "initial_margin": coins(position.position_margin()),
        "open_orders_margin": coins(max(open_margin, 0)),
        "direction": direction,
        "index_price": ref_price(market.index.ref),
        "instrument_name": i.name,
        "settlement_price": ref_price(market.settlement_ref),
        "mark_price": ref_price(market.mark_ref),
        "delta": size_value if i.inverse else i.amount(position.size),
        "average_price": position.average_price,
        "floating_profit_loss": unrealized,
        "realized_profit_loss": coins(position.realized),
        "total_profit_loss": unrealized,
        "leverage": i.max_leverage,
        "size_currency": size_value if i.inverse else i.amount(position.size),
        "estimated_liquidation_price": None,
    }
    if i.perpetual:
        row["interest_value"] = 0.0
        row["realized_funding"] = 0.0
    return row


def quote_row(market: Market, now_ms: int) -> Row:
    """Return the touch; an empty side is 0.0, as production shows it."""
    i, book = market.instrument, market.book
    bid, ask = book.best(BUY), book.best(SELL)
    return {
        "timestamp": now_ms,
        "instrument_name": i.name,
        "best_ask_price": i.price(ask) if ask is not None else 0.0,
        "best_bid_price": i.price(bid) if bid is not None else 0.0,
        "best_ask_amount": i.amount(book.lots_at(SELL, ask))
        if ask is not None
        else 0.0,
        "best_bid_amount": i.amount(book.lots_at(BUY, bid)) if bid is not None else 0.0,
    }


def stats_row(market: Market, now_ms: int) -> Row:
    """Return the 24 hour statistics; without a trade, high and low are the mark."""
    i = market.instrument
    stats = market.stats(now_ms)
    if stats is None:
        mark = ref_price(market.mark_ref)
        zero = {"volume": 0.0, "volume_usd": 0.0, "volume_notional": 0.0}
        return {"high": mark, "low": mark, "price_change": 0.0, **zero}
    first, high, low, lots, value = stats
    last = market.last_ticks if market.last_ticks is not None else first
    coin, quote = coins(value), i.amount(lots)
    if not i.inverse:
        coin, quote = quote, coin
    return {
        "high": i.price(high),
        "low": i.price(low),
        "price_change": round((last - first) / first * 100, 4),
        "volume": coin,
        "volume_usd": quote,
        "volume_notional": quote,
    }


def ticker_row(market: Market, now_ms: int) -> Row:
    """Return the ticker; before the first trade the mark's tick stands in for it."""
    i = market.instrument
    quote = quote_row(market, now_ms)
    index, last = ref_price(market.index.ref), market.last_ticks
    if last is None:
        last = i.ticks_below(market.mark_ref)
    row: Row = {
        "timestamp": now_ms,
        "state": market.state,
        "stats": stats_row(market, now_ms),
        "index_price": index,
        "instrument_name": i.name,
        "last_price": i.price(last),
        "settlement_price": ref_price(market.settlement_ref),
        "min_price": i.price(market.min_ticks),
        "max_price": i.price(market.max_ticks),
        "open_interest": i.amount(market.open_interest_lots),
        "mark_price": ref_price(market.mark_ref),
        "best_ask_price": quote["best_ask_price"],
        "best_bid_price": quote["best_bid_price"],
        "estimated_delivery_price": index,
        "best_ask_amount": quote["best_ask_amount"],
        "best_bid_amount": quote["best_bid_amount"],
    }
    if i.perpetual:
        row["interest_value"] = 0.0
        row["current_funding"] = 0.0
        row["funding_8h"] = 0.0
    return row


def book_row(market: Market, depth: int, now_ms: int) -> Row:
    """Return ``public/get_order_book``: the ticker with levels and change id."""
    row = ticker_row(market, now_ms)
    row["change_id"] = market.change_id
    row["bids"] = levels_row(market, BUY, depth)
    row["asks"] = levels_row(market, SELL, depth)
    return row


def levels_row(market: Market, side: int, depth: int | None) -> list[list[float]]:
    """Return ``[price, amount]`` pairs, best first."""
    i = market.instrument
    levels = market.book.levels(side, depth)
    return [[i.price(ticks), i.amount(lots)] for ticks, lots in levels]


def portfolio_row(account: Account, currency: str) -> Row:
    """Return the figures of one currency: user.portfolio and the account summary."""
    cash = account.cash.get(currency, 0)
    realized, unrealized = account.realized(currency), account.unrealized(currency)
    equity = cash + realized + unrealized
    initial = account.initial_margin(currency)
    maintenance = account.maintenance_margin(currency)
    available = max(equity - initial, 0)
    held = [p for p in account.in_currency(currency) if p.size and p.instrument.inverse]
    deltas: dict[str, int] = {}
    for p in held:
        name = p.instrument.index_name
        deltas[name] = deltas.get(name, 0) + p.size_value
    delta = coins(sum(deltas.values()))
    return {
        "currency": currency,
        "balance": coins(cash),
        "equity": coins(equity),
        "margin_balance": coins(equity),
        "available_funds": coins(available),
        "available_withdrawal_funds": coins(min(available, max(cash, 0))),
        "initial_margin": coins(initial),
        "maintenance_margin": coins(maintenance),
        "projected_initial_margin": coins(initial),
        "projected_maintenance_margin": coins(maintenance),
        "session_rpl": coins(realized),
        "session_upl": coins(unrealized),
        "total_pl": coins(realized + unrealized),
        "futures_pl": coins(realized + unrealized),
        "futures_session_rpl": coins(realized),
        "futures_session_upl": coins(unrealized),
        "options_pl": 0.0,
        "options_session_rpl": 0.0,
        "options_session_upl": 0.0,
        "options_value": 0.0,
        "options_delta": 0.0,
        "options_gamma": 0.0,
        "options_vega": 0.0,
        "options_theta": 0.0,
        "options_gamma_map": {},
        "options_vega_map": {},
        "options_theta_map": {},
        "delta_total": delta,
        "delta_total_map": {name: coins(value) for name, value in deltas.items()},
        "projected_delta_total": delta,
        "fee_balance": 0.0,
        "spot_reserve": 0.0,
        "additional_reserve": 0.0,
        "locked_balance": 0.0,
        "margin_model": "segregated_sm",
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
    }

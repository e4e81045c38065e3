"""Orders and trades as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.markets.trades import Trade

Row = dict[str, Any]


def order_row(order: Order) -> Row:
    """Return the order object of answers, lists and channels.

    The amount of a quote is what remains of it.
    """
    i = order.instrument
    lots = order.open_lots if order.is_quote else order.amount_lots
    row: Row = {
        "label": order.label,
        "price": i.price(order.price_ticks),
        "user_id": order.account.user_id,
        "amount": i.amount(lots),
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
    row["mmp"] = order.group is not None
    if order.is_quote:
        row |= _quote_fields(order)
    if order.cancel_reason == "mmp_trigger":
        row["mmp_cancelled"] = True
    row["contracts"] = i.contracts(lots)
    if order.post_only:
        row["reject_post_only"] = order.reject_post_only
    row["order_state"] = order.state
    row["order_type"] = order.order_type
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    row["is_liquidation"] = False
    row["risk_reducing"] = False
    return row


def _quote_fields(order: Order) -> Row:
    """Return what only quotes show."""
    assert order.group is not None, "a quote has a group"
    row: Row = {
        "quote": True,
        "quote_id": order.quote_id,
        "mmp_group": order.group.name,
    }
    if order.quote_set_id:
        row["quote_set_id"] = order.quote_set_id
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

    ``matching_id`` is always null, as captures and the prose have it, whatever type the
    published schema gives it. ``post_only`` / ``reduce_only``, whose published type
    contradicts the wire, are left to the order object; so both readings parse the row.
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
        "matching_id": None,
        "tick_direction": trade.tick_direction,
        "profit_loss": coins(trade.maker_profit if maker else trade.taker_profit),
        "self_trade": False,
        "mmp": order.group is not None,
        "contracts": i.contracts(trade.lots),
        "trade_id": trade.trade_id,
        "fee_currency": i.currency,
        "fee": coins(trade.maker_fee if maker else trade.taker_fee),
        "order_type": order.order_type,
    }
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    if order.is_quote:
        row["quote_id"] = order.quote_id
        if order.quote_set_id:
            row["quote_set_id"] = order.quote_set_id
    row["risk_reducing"] = False
    row["starbase_match_id"] = trade.match_id
    row["starbase_timestamp"] = trade.time_ns
    row["liquidity"] = "M" if maker else "T"
    return row


def account_trade_row(trade: Trade, account: Account) -> Row:
    """Return a trade as the given account sees it."""
    return user_trade_row(trade, trade.maker.account is account)

"""Orders and trades as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.markets.watch import AT_MARKET
from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.markets.watch import Trigger
    from engine.sim.venue.trading.linked import Link
    from engine.sim.venue.trading.triggers import TriggerRecord

Row = dict[str, Any]


def order_row(order: Order) -> Row:
    """Return the order object of answers, lists and channels.

    The amount of a quote is what remains of it. Nothing of positions comes with spot.
    """
    i = order.instrument
    lots = order.open_lots if order.is_quote else order.amount_lots
    at_market = order.order_type in AT_MARKET
    row: Row = {
        "label": order.label,
        "price": "market_price" if at_market else i.price(order.price_ticks),
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
    }
    if not i.is_spot:
        row["reduce_only"] = order.reduce_only
    if order.cancel_reason:
        row["cancel_reason"] = order.cancel_reason
    row["average_price"] = i.average_price(order.filled_lots, order.value_filled)
    if order.trigger is not None:
        row |= _trigger_fields(order, order.trigger)
    if order.link is not None:
        row |= _link_fields(order, order.link)
    row["mmp"] = order.group is not None
    if order.advanced is not None:
        row["advanced"] = order.advanced.kind
        row[order.advanced.kind] = order.advanced.value
        row["auto_replaced"] = order.auto_replaced
    if order.refresh_lots:
        row["display_amount"] = i.amount(order.display_lots)
        row["refresh_amount"] = i.amount(order.refresh_lots)
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
    if not i.is_spot:
        row["is_liquidation"] = False
    row["risk_reducing"] = False
    return row


def _trigger_fields(order: Order, trigger: Trigger) -> Row:
    """Return what an order waits for, or the order it came of."""
    row: Row = {"trigger": trigger.source}
    if trigger.level_ref:
        row["trigger_price"] = ref_price(trigger.level_ref)
    if trigger.trail_ref:
        row["trigger_offset"] = ref_price(trigger.trail_ref)
    if trigger.start_ref:
        row["trigger_reference_price"] = ref_price(trigger.start_ref)
    row["triggered"] = bool(order.trigger_order_id) or order.state == "triggered"
    if order.trigger_order_id:
        row["trigger_order_id"] = order.trigger_order_id
    return row


def _link_fields(order: Order, link: Link) -> Row:
    """Return how an order is linked to others."""
    row: Row = {"trigger_fill_condition": link.condition}
    if link.oco_ref:
        row["oco_ref"] = link.oco_ref
    if link.secondaries:
        row["oto_order_ids"] = list(link.oto_order_ids)
        if link.secondaries[0].oco_ref:
            row["is_primary_otoco"] = True
    if link.primary is not None and order.order_id in link.primary.oto_order_ids:
        row["is_secondary_oto"] = True
    elif link.primary is not None and link.primary.order is not None:
        row["primary_order_id"] = link.primary.order.order_id
    return row


def trigger_record_row(record: TriggerRecord) -> Row:
    """Return one line of the trigger order history."""
    order, trigger, i = record.order, record.trigger, record.order.instrument
    at_market = order.order_type in AT_MARKET
    row: Row = {
        "timestamp": record.time_ms,
        "trigger": trigger.source,
        "trigger_price": ref_price(trigger.level_ref),
        "trigger_offset": ref_price(trigger.trail_ref),
        "trigger_order_id": order.order_id,
        "order_id": record.order_id,
        "order_state": record.state,
        "request": record.request,
        "order_type": "market" if at_market else "limit",
        "price": "market_price" if at_market else i.price(record.price_ticks),
        "amount": i.amount(record.amount_lots),
        "direction": order.direction,
        "instrument_name": i.name,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "last_update_timestamp": order.updated_ms,
        "source": "api",
    }
    if order.label:
        row["label"] = order.label
    if order.link is not None and order.link.oco_ref:
        row["oco_ref"] = order.link.oco_ref
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


def _option_fields(trade: Trade) -> Row:
    """Return the vol of an option's trade, in percent."""
    return {"iv": round(100 * trade.vol, 2)} if trade.instrument.is_option else {}


def public_trade_row(trade: Trade) -> Row:
    """Return a trade as the tape shows it; the direction is the taker's."""
    i = trade.instrument
    row: Row = {
        "timestamp": trade.time_ms,
        **_option_fields(trade),
        "price": trade.price,
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
    if trade.legs:
        row["legs"] = [public_trade_row(leg) for leg in trade.legs]
    return row | _combo_fields(trade)


def _combo_fields(trade: Trade) -> Row:
    """Return of which combo's trade this one is a leg."""
    if not trade.combo_id:
        return {}
    return {"combo_id": trade.combo_id, "combo_trade_id": trade.combo_trade_id}


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
        **_option_fields(trade),
        "state": trade.maker_state if maker else trade.taker_state,
        "price": trade.price,
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
    if i.is_option:
        row["underlying_price"] = ref_price(trade.underlying_ref)
    if order.original_order_type:
        row["original_order_type"] = order.original_order_type
    if order.advanced is not None:
        row["advanced"] = order.advanced.kind
    if order.is_quote:
        row["quote_id"] = order.quote_id
        if order.quote_set_id:
            row["quote_set_id"] = order.quote_set_id
    row["risk_reducing"] = False
    row["starbase_match_id"] = trade.match_id
    row["starbase_timestamp"] = trade.time_ns
    row["liquidity"] = "M" if maker else "T"
    return row | _combo_fields(trade)


def account_trade_row(trade: Trade, account: Account) -> Row:
    """Return a trade as the given account sees it."""
    return user_trade_row(trade, trade.maker.account is account)


def combo_trade_row(trade: Trade, account: Account) -> Row:
    """Return a combo's trade with those of its legs, as the given account sees them."""
    legs = [account_trade_row(leg, account) for leg in trade.legs]
    return account_trade_row(trade, account) | {"legs": legs}

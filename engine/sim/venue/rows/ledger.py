"""Entries of the transaction log, settlements and deliveries as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.ledger import Entry
    from engine.sim.venue.accounts.records import Record

Row = dict[str, Any]
ROLES = {True: "maker", False: "taker"}


def entry_row(entry: Entry, account: Account) -> Row:
    """Return one entry; what it has none of is null or left out, as on the venue."""
    row: Row = {
        "id": entry.number,
        "user_seq": entry.user_seq,
        "user_id": account.user_id,
        "username": account.name,
        "type": entry.kind,
        "timestamp": entry.time_ms,
        "currency": entry.currency,
        "change": coins(entry.change),
        "cashflow": coins(entry.cashflow),
        "commission": coins(entry.fee),
        "balance": coins(entry.balance),
        "equity": coins(entry.equity),
        "session_rpl": coins(entry.session_rpl),
        "session_upl": coins(entry.session_upl),
        "side": entry.side or "-",
    }
    if entry.info is not None:
        row["info"] = entry.info
    instrument = entry.instrument
    if instrument is None:
        return row
    row |= {
        "instrument_name": instrument.name,
        "amount": entry.amount,
        "price": entry.price,
        "price_currency": instrument.contract.quote_currency,
        "mark_price": ref_price(entry.mark_ref),
        "index_price": ref_price(entry.index_ref),
        "profit_as_cashflow": entry.kind == "trade" and instrument.is_future,
    }
    if entry.position is not None:
        row["position"] = entry.position
    if entry.settlement_ref:
        row["settlement_price"] = ref_price(entry.settlement_ref)
    if entry.funding is not None:
        row["interest_pl"] = coins(entry.funding)
        row["total_interest_pl"] = coins(entry.total_funding or 0)
    return row | _trade_part(entry)


def _trade_part(entry: Entry) -> Row:
    trade = entry.trade
    if trade is None:
        return {}
    order = trade.maker if entry.maker else trade.taker
    return {
        "trade_id": trade.trade_id,
        "order_id": order.order_id,
        "user_role": ROLES[entry.maker],
        "fee_role": ROLES[entry.fee_maker],
        "contracts": trade.instrument.contracts(trade.lots),
        "starbase_match_id": trade.match_id,
        "starbase_timestamp": trade.time_ns,
    }


def record_row(record: Record) -> Row:
    """Return one settlement or delivery."""
    return {
        "type": record.kind,
        "timestamp": record.time_ms,
        "instrument_name": record.instrument.name,
        "position": record.position,
        "mark_price": ref_price(record.mark_ref),
        "index_price": ref_price(record.index_ref),
        "session_profit_loss": coins(record.session_profit),
        "profit_loss": coins(record.profit),
        "funding": coins(record.funding),
    }

"""Position moves between the accounts of a family.

The published example answers with a bare list, the schema with ``trades``: the schema
is followed.
Source: docs.deribit.com, private/move_positions, moving positions, 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.sim.venue.accounts import moves
from engine.sim.venue.accounts.account import Account
from engine.sim.venue.accounts.moves import MOVES_MAX, WEEK_NS, Move
from engine.sim.venue.api.rpc import LIST_MAX, Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import CURRENCIES
from engine.sim.venue.markets.matching import DIRECTIONS
from engine.sim.venue.methods.account import reach
from engine.sim.venue.methods.order_params import ticks_of

SECOND_NS = 1_000_000_000
TRADE = {
    "instrument_name": Param("text", required=True),
    "amount": Param("number", required=True),
    "price": Param("number"),
}


@method(
    "private/move_positions",
    {
        "currency": Param("text", choices=CURRENCIES[:-1]),
        "source_uid": Param("integer", required=True),
        "target_uid": Param("integer", required=True),
        "trades": Param("objects", required=True, size_max=LIST_MAX, fields=TRADE),
    },
    scope="trade:read_write",
    cost="move_positions",
)
def move_positions(call: Call) -> Any:
    """Move positions from one account of the family to another, free of charge."""
    if call.account.main:
        raise Reject("forbidden", data={"reason": "mainaccount required"})
    source, target = (_member(call, name) for name in ("source_uid", "target_uid"))
    if source is target:
        raise bad_param("target_uid", "must differ from source_uid")
    wanted = _wanted(call, source)
    _count(call)
    moves.do(call.venue.exchange, source, target, wanted)
    return {"trades": [_row(move, source, target) for move in wanted]}


def _member(call: Call, name: str) -> Account:
    """Return the account of the family a parameter names."""
    for account in reach(call):
        if account.user_id == call.params[name]:
            return account
    raise bad_param(name, "not an account of yours")


def _wanted(call: Call, source: Account) -> list[Move]:
    """Return what is to move: every position once, all settling in one currency."""
    params, found = call.params, []
    if not params["trades"]:
        raise bad_param("trades", "must not be empty")
    names = [one["instrument_name"] for one in params["trades"]]
    if len(set(names)) < len(names):
        raise bad_param("trades", "every instrument once")
    for one in params["trades"]:
        found.append(_read(call, source, one))
    currencies = {move.market.instrument.currency for move in found}
    if len(currencies) > 1 or params.get("currency", min(currencies)) not in currencies:
        raise bad_param("trades", "must settle in the currency")
    return found


def _read(call: Call, source: Account, one: Params) -> Move:
    market = call.venue.exchange.market(
        one["instrument_name"], "invalid_or_unsupported_instrument"
    )
    lots = market.instrument.lots(one["amount"])
    if lots is None or lots <= 0:
        raise Reject("invalid_amount")
    ticks = ticks_of(market.instrument, one) if "price" in one else None
    return moves.read(source, market, lots, ticks)


def _count(call: Call) -> None:
    """Count one use of the week's.

    Raises:
        Reject: 13780 with the seconds to wait.
    """
    uses, now_ns = call.account.moves, call.venue.exchange.now_ns
    if len(uses) == MOVES_MAX and now_ns < uses[0] + WEEK_NS:
        wait = -(-(uses[0] + WEEK_NS - now_ns) // SECOND_NS)
        raise Reject("move_positions_over_limit", data={"wait": wait})
    uses.append(now_ns)


def _row(move: Move, source: Account, target: Account) -> dict[str, Any]:
    instrument = move.market.instrument
    return {
        "source_uid": source.user_id,
        "target_uid": target.user_id,
        "instrument_name": instrument.name,
        "direction": DIRECTIONS[move.side],
        "price": move.price,
        "amount": instrument.amount(move.lots),
    }

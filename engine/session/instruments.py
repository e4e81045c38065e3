"""The instruments to quote and to read, from the venue's own rows, never from names.

Source: docs.deribit.com, public/get_instrument and book states, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.closed import judge
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Reply, Script, Sleep
from engine.session.plan import QuotePlan
from engine.session.verdict import Unusable, Verdict, as_object, rejection, short

REREAD_NS = 2_000_000_000
"""An instrument that is not open is read again after this long."""

FINAL_STATES = ("delivered", "archivized", "closed", "terminated")
"""An instrument in one of these never opens again; the last two are older names."""

CONTRACT_FIELDS = (
    "kind",
    "instrument_type",
    "tick_size",
    "tick_size_steps",
    "contract_size",
    "min_trade_amount",
    "settlement_currency",
)
"""Facts that may not change under a running core."""

_METHOD = "public/get_instrument"


def load_rows(ctx: Context) -> Script[None]:
    """Read the row of every planned instrument, and wait until one can be quoted.

    One that has expired is left out; a run may begin long after it was configured.
    Those that are not open are held until they are.

    Raises: Unusable when the venue does not know one, all have expired before anything
        was ever quoted, or a contract changed while we were away.
    """
    waited = False
    while True:  # ends when the venue opens; one round a REREAD_NS, stopped by a drop
        yield from _read_all(ctx)
        if ctx.open_ones() or not ctx.quoted():
            return
        if not waited:
            waited = True
            ctx.note("warning", "instrument", "nothing to quote is open: waiting")
        yield Sleep(REREAD_NS)


def _read_all(ctx: Context) -> Script[None]:
    plans = {plan.instrument: plan for plan in ctx.plans}
    yield from _read(ctx, ctx.listings, plans)
    _demand_one(ctx)
    yield from _read(ctx, ctx.references, dict.fromkeys(ctx.reads))
    judge(ctx)


def reread_closed(ctx: Context) -> Script[None]:
    """Read again what is not open: a notification that it is may have been lost.

    Raises: as `load_rows`.
    """
    closed = [one for one in ctx.subscribed() if one.state != "open"]
    for known in (ctx.listings, ctx.references):
        of = {one.name: one.plan for one in closed if one.name in known}
        if of:
            yield from _read(ctx, known, of)
    if closed:
        judge(ctx)


def _read(
    ctx: Context, known: dict[str, Listing], plans: Mapping[str, QuotePlan | None]
) -> Script[None]:
    """Read the rows of instruments by name, plan None for those that are only read."""
    asked = [
        name for name in plans if not ((one := known.get(name)) and one.is_retired)
    ]
    conn = ctx.settings.market_conn
    asks = [Ask(conn, _METHOD, {"instrument_name": name}) for name in asked]
    replies = yield from ctx.ask_all(asks)
    for name, reply in zip(asked, replies, strict=True):
        row = _row_of(name, reply)
        one = known.setdefault(name, Listing(plans[name], row))
        _demand_same(one, row)
        one.row, one.state = row, state_of(row)
        if one.state in FINAL_STATES and not one.is_retired:
            retire(ctx, one, one.state)


def _row_of(name: str, reply: Reply) -> dict[str, Any]:
    if reply.code:
        error = rejection(reply.method, reply.code, reply.message)
        if reply.verdict is Verdict.REFUSED:
            raise Unusable(f"instrument {name}: {error}")
        raise error  # not its last word: the next connection asks again
    row = as_object(_METHOD, reply.result)
    if row.get("instrument_name") != name:
        raise Unusable(f"instrument {name}: the venue answered with {short(row, 80)}")
    return row


def state_of(row: dict[str, Any]) -> str:
    """Return the book state in a row; rows of older venues only say whether active."""
    state = row.get("state")
    if isinstance(state, str):
        return state
    return "open" if row.get("is_active", True) else "inactive"


def _demand_same(old: Listing, row: dict[str, Any]) -> None:
    for key in CONTRACT_FIELDS:
        before, after = old.row.get(key), row.get(key)
        if before != after:
            raise Unusable(
                f"instrument {old.name}: {key} changed from {short(before, 40)} to "
                f"{short(after, 40)}; its book and orders are counted in the old one"
            )


def _demand_one(ctx: Context) -> None:
    """Refuse a run that has nothing to quote from its start."""
    listings = ctx.listings.values()
    if all(one.is_retired and one.index < 0 for one in listings):
        one = next(iter(listings))
        state = state_of(one.row)
        raise Unusable(f"instrument {one.name}: it is {state} and never opens again")


def retire(ctx: Context, one: Listing, state: str) -> None:
    """Quote or read an instrument no more: it has expired. The others go on."""
    one.is_retired = True
    if one.index >= 0:
        ctx.core.expect_snapshot(one.index)
    end = "not read any more" if one.plan is None else "not quoted any more"
    ctx.note("error", "instrument", f"{one.name} is {state}: {end}")


def list_all(ctx: Context) -> None:
    """Give every instrument that the core does not have yet to it, with its limits.

    An expired one, too: it is not quoted, but what filled before is booked. One that
    is only read comes without limits, after the others.

    Raises: Unusable when a row or a limit cannot be used; names instrument and key.
    """
    for one in (*ctx.listings.values(), *ctx.references.values()):
        if one.index >= 0:
            continue
        try:
            index = ctx.core.add_instrument(one.row)
        except (ValueError, OverflowError) as error:
            raise Unusable(short(error.args[0] if error.args else error)) from error
        if one.plan is not None:
            _bind(ctx, one, one.plan, index)
        one.index = index


def _bind(ctx: Context, one: Listing, plan: QuotePlan, index: int) -> None:
    limits = _limits(ctx, one, plan, index)
    ctx.ledger.know(one.row)
    try:
        ctx.core.bind(index, plan.strategy, limits)
    except ValueError as error:
        raise Unusable(f"instrument {one.name}: {error}") from error
    if one.hold:
        ctx.core.set_hold(index, one.hold)


def _demand_price(one: Listing, plan: QuotePlan) -> None:
    """Refuse guards that mean nothing for the kind of instrument.

    Raises: Unusable when a price that a guard needs has another unit.
    """
    kind, quote = one.row.get("kind"), str(one.row.get("quote_currency") or "USD")
    is_option = str(kind).startswith("option")
    if plan.guards.get("collar_index_bps") and is_option:
        text = f"instrument {one.name}: collar_index_bps is not for options"
        raise Unusable(text)
    if plan.counts_in_usd and not (is_option or quote.startswith("USD")):
        raise Unusable(f"instrument {one.name}: its price is in {quote}, not in USD")


def _limits(
    ctx: Context, one: Listing, plan: QuotePlan, index: int
) -> dict[str, int | float]:
    """Return the limits of a plan in the core's units."""
    amounts = {"position_max": plan.position_max, "order_max": plan.order_max}
    promised: dict[str, int | float] = {}
    if plan.obligation is not None:
        promised["obligation_spread_bps"], amount, uptime = plan.obligation
        promised["obligation_uptime_pct"] = uptime
        amounts["obligation.size_min"] = amount
    lots = {}
    for key, amount in amounts.items():
        try:
            lots[key] = ctx.core.table.lots(index, amount)
        except (ValueError, ArithmeticError) as error:
            text = f"instrument {one.name}: {key} = {amount}: {error}"
            raise Unusable(text) from error
    if plan.obligation is not None:
        promised["obligation_size_lots"] = lots["obligation.size_min"]
    least = int(ctx.core.table.facts(index)["min_qty_lots"])
    if lots["order_max"] < least:
        smallest = one.row.get("min_trade_amount")
        raise Unusable(
            f"instrument {one.name}: order_max = {plan.order_max} is below the "
            f"venue's smallest order, {smallest}"
        )
    _demand_price(one, plan)
    return {
        "position_max_lots": lots["position_max"],
        "order_max_lots": lots["order_max"],
        "collar_bps": plan.collar_bps,
        "stale_ns": plan.stale_ns,
        "requote_ticks": plan.requote_ticks,
        "requote_qty_pct": plan.requote_qty_pct,
        **plan.guards,
        **promised,
    }

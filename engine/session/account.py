"""What the account may do and what it pays.

Source: docs.deribit.com, private/get_account_summary and rate limits, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import RequestRejected
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Script, Sleep
from engine.session.limits import (
    OTHER,
    AccountLimits,
    Rate,
    account_limits,
    rate_of,
)
from engine.session.verdict import Verdict, as_object, rejection, verdict_of

ACCOUNT_AGAIN_NS = 60_000_000_000
"""So often are the limits read while the session runs."""

FEE_MAX = 0.01
"""A fee above 1 % of notional is a misread field, not a fee."""

_METHOD = "private/get_account_summary"


def read_account(ctx: Context) -> Script[None]:
    """Read limits, fees and equity of every settlement currency.

    Raises: RequestRejected when the venue refuses a summary.
    """
    currencies = ctx.currencies()
    asks = [
        Ask(ctx.settings.orders_conn, _METHOD, {"currency": one, "extended": True})
        for one in currencies
    ]
    replies = yield from ctx.ask_all(asks)
    found: dict[str, Rate] = {}
    per_currency = False
    for currency, reply in zip(currencies, replies, strict=True):
        if reply.code:
            raise rejection(reply.method, reply.code, reply.message)
        summary = as_object(_METHOD, reply.result)
        ctx.set_balance(currency, summary.get("equity"))
        account_id = summary.get("id")
        ctx.account_id = account_id if isinstance(account_id, int) else None
        limits = account_limits(summary.get("limits"))
        per_currency |= limits.per_currency
        for name, (rate, burst) in limits.pools.items():
            known_rate, known_burst = found.get(name, (rate, burst))
            found[name] = min(rate, known_rate), min(burst, known_burst)
        ctx.set_margin(currency, summary)
        _limit_requests(ctx, summary.get("limits"))
        _take_fees(ctx, currency, summary.get("fees"))
    _set_credits(ctx, AccountLimits(found, per_currency))


def assume_limits(ctx: Context) -> None:
    """Take the lowest tier for granted until the account has been read.

    Orders may have to be cancelled before that.
    """
    if not ctx.limits.pools:
        ctx.limits = account_limits(None)
        ctx.core.set_credit_limits(ctx.limits.pools)


def watch_account(ctx: Context) -> Script[None]:
    """Read the account again and again: a tier is computed anew every hour.

    A summary that is refused is tried again at the next time; what was known holds.

    Raises: RequestRejected when the venue ends the session.
    """
    while True:  # ends with the connection
        yield Sleep(ACCOUNT_AGAIN_NS)
        try:
            yield from read_account(ctx)
        except RequestRejected as error:
            if verdict_of(error.code) in (Verdict.LOGIN, Verdict.ENDED):
                raise
            ctx.note("warning", "limits", f"limits not read again: {error}")
        else:
            route_credits(ctx)


def route_credits(ctx: Context) -> None:
    """Tell the core from which pools each instrument pays."""
    for one in ctx.listings.values():
        if one.index < 0 or one.is_retired:
            continue
        first, second = ctx.limits.pays(one.name)
        ctx.core.route_credits(one.index, first, second)
        if first == OTHER:
            rate, burst = ctx.limits.pools[OTHER]
            ctx.warn_once(
                f"limits {one.name}",
                f"{_METHOD}: no trading limit for {one.name}; the lowest tier is "
                f"assumed: {rate:g}/s, burst {burst:g}",
            )


def _set_credits(ctx: Context, limits: AccountLimits) -> None:
    """Give the core the limits, and say what has changed."""
    if ctx.has_recovered and ctx.limits != limits:
        shown = ", ".join(
            f"{name} {rate:g}/s burst {burst:g}"
            for name, (rate, burst) in limits.pools.items()
            if ctx.limits.pools.get(name) != (rate, burst)
        )
        ctx.note("info", "limits", f"the account's limits changed: {shown}")
    ctx.limits = limits
    ctx.core.set_credit_limits(limits.pools)


def _limit_requests(ctx: Context, limits: Any) -> None:
    """Respect a lower limit on requests that are no orders."""
    if isinstance(limits, Mapping):
        rate = rate_of(limits.get("non_matching_engine"))
        if rate is not None:
            ctx.credits.limit(*rate)


def _take_fees(ctx: Context, currency: str, fees: Any) -> None:
    """Put the account's own fees into the rows that are not yet in the core."""
    if not isinstance(fees, Mapping):
        return
    for one in ctx.listings.values():
        if one.currency != currency or one.index >= 0:
            continue
        own = account_fees(one, fees)
        if own is not None:
            maker, taker = own
            one.row["maker_commission"], one.row["taker_commission"] = maker, taker
            text = f"{one.name}: the account pays maker {maker}, taker {taker}"
            ctx.note("info", "fees", text)


def account_fees(one: Listing, fees: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return ``(maker, taker)`` of the account for an instrument.

    Only an entry under the instrument's own index and kind with absolute ("fixed")
    fees is taken; what a relative one multiplies is not documented.

    Units: fraction of notional. Empty: None, the standard fees of the row apply.
    """
    is_perpetual = one.row.get("settlement_period") == "perpetual"
    kind = "perpetual" if is_perpetual else one.row.get("kind")
    group = fees.get(one.price_index)
    entry = group.get(kind) if isinstance(group, Mapping) else None
    default = entry.get("default") if isinstance(entry, Mapping) else None
    if not isinstance(default, Mapping) or default.get("type") != "fixed":
        return None
    maker, taker = default.get("maker"), default.get("taker")
    if not isinstance(maker, int | float) or not isinstance(taker, int | float):
        return None
    if max(abs(maker), abs(taker)) > FEE_MAX:
        return None
    return float(maker), float(taker)

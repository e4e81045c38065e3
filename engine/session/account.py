"""What the account may do and what it pays.

Source: docs.deribit.com, private/get_account_summary and rate limits, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.session.context import Context, Listing
from engine.session.flow import Ask, Script
from engine.session.verdict import as_object, rejection

DEFAULT_RATE_PER_S = 5.0
DEFAULT_BURST = 20.0
"""Matching-engine limits of the lowest tier: what any account has."""

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
    limits = []
    for currency, reply in zip(currencies, replies, strict=True):
        if reply.code:
            raise rejection(reply.method, reply.code, reply.message)
        summary = as_object(_METHOD, reply.result)
        ctx.set_balance(currency, summary.get("equity"))
        account_id = summary.get("id")
        ctx.account_id = account_id if isinstance(account_id, int) else None
        limits.append(trading_limit(summary.get("limits"), currency))
        _limit_requests(ctx, summary.get("limits"))
        _take_fees(ctx, currency, summary.get("fees"))
    _set_credits(ctx, currencies, limits)


def _set_credits(
    ctx: Context, currencies: list[str], limits: list[tuple[float, float] | None]
) -> None:
    """Give the core the tightest limit: it has one pool for all currencies."""
    known = []
    for currency, limit in zip(currencies, limits, strict=True):
        if limit is None:
            limit = (DEFAULT_RATE_PER_S, DEFAULT_BURST)
            ctx.note(
                "warning",
                "limits",
                f"{_METHOD}: no trading limit for {currency}; the lowest tier is "
                f"assumed: {limit[0]:g}/s, burst {limit[1]:g}",
            )
        known.append(limit)
    if known:
        ctx.core.set_credit_limits(min(r for r, _ in known), min(b for _, b in known))


def trading_limit(limits: Any, currency: str) -> tuple[float, float] | None:
    """Return ``(rate per s, burst)`` for orders in a currency.

    The ``trading`` group stands under ``matching_engine`` or, when limits are per
    currency, under the currency's key there; it holds one limit or several
    (``total``, ``perpetuals``), of which the tightest is taken.

    Empty: None, the answer holds no such limit.
    """
    if not isinstance(limits, Mapping):
        return None
    engine = limits.get("matching_engine")
    places = [engine, limits]
    if limits.get("limits_per_currency"):
        key = currency.lower()
        places = [place.get(key) for place in places if isinstance(place, Mapping)]
    for place in places:
        group = place.get("trading") if isinstance(place, Mapping) else None
        found = list(_buckets(group)) or list(_buckets(place))
        if found:
            return min(rate for rate, _ in found), min(burst for _, burst in found)
    return None


def _buckets(group: Any) -> Iterator[tuple[float, float]]:
    """Yield the limits in a group: the group itself, or its members."""
    if not isinstance(group, Mapping):
        return
    if "rate" in group:
        members = [group]
    else:
        members = [group[key] for key in ("total", "perpetuals") if key in group]
    for bucket in members:
        if not isinstance(bucket, Mapping):
            continue
        rate, burst = bucket.get("rate"), bucket.get("burst")
        if (
            isinstance(rate, int | float)
            and isinstance(burst, int | float)
            and rate > 0
            and burst >= 1
        ):
            yield float(rate), float(burst)


def _limit_requests(ctx: Context, limits: Any) -> None:
    """Respect a lower limit on requests that are no orders."""
    if isinstance(limits, Mapping):
        for rate_per_s, burst in _buckets(limits.get("non_matching_engine")):
            ctx.credits.limit(rate_per_s, burst)


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

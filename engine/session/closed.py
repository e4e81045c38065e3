"""Which instruments the venue has closed, and what is held for it.

An instrument is held while it, its index, or one it needs is closed (see
`plan.needs_of`), or expired: the core pulls its orders and asks its strategy nothing.
All others go on. When every quoted one is held the session itself is, and says why.
"""

from __future__ import annotations

from engine.session.context import Context, Listing

MARKET = "market"
"""Name of the hold when nothing is left to quote."""

NAMED_MAX = 3


def judge(ctx: Context) -> None:
    """Hold and release what the states of instruments and indices ask for.

    Cost: one look at each instrument and those it needs.
    """
    for one in ctx.subscribed():
        reason = _reason(ctx, one)
        if reason == one.hold:
            continue
        if not one.hold:
            ctx.note("warning", "hold", _told(one, reason))
        elif not reason:
            ctx.note("info", "hold", f"over: {one.name}")
        ctx.has_opened = ctx.has_opened or not reason
        one.hold = reason
        if one.index >= 0 and one.plan is not None:
            ctx.core.set_hold(one.index, reason)
    quoted = ctx.quoted()
    if quoted and all(one.hold for one in quoted):
        ctx.holds[MARKET] = reasons_of(quoted)
    else:
        ctx.holds.pop(MARKET, None)


def reasons_of(listings: list[Listing]) -> str:
    """Return why these are held, each reason once, the first few of them."""
    reasons = list(dict.fromkeys(one.hold for one in listings if one.hold))
    more = len(reasons) - NAMED_MAX
    return "; ".join(reasons[:NAMED_MAX] + ([f"and {more} more"] if more > 0 else []))


def _reason(ctx: Context, one: Listing) -> str:
    """Return why an instrument is held. Empty: "", it is not."""
    needed = (ctx.by_name(name) for name in ctx.needs.get(one.name, ()))
    for other in (one, *needed):
        if other is not None and (obstacle := _obstacle(ctx, other)):
            return obstacle
    return ""


def _obstacle(ctx: Context, one: Listing) -> str:
    if one.state != "open":
        return f"{one.name} is {one.state}"
    if one.price_index in ctx.locked:
        return f"index {one.price_index} is locked"
    return ""


def _told(one: Listing, reason: str) -> str:
    return reason if one.name in reason else f"{one.name}: {reason}"

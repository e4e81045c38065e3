"""Signals that take long to be ready learn from the venue's candles before they hear.

A trend over days would be ready after weeks. What a signal wants stands in
`signals.past`; here the candles are chosen, asked for and read, each instrument and
length once. It is a help: where the venue has none, too few, or does not answer, a
signal starts cold or half warm, as it would have without.

Source: docs.deribit.com, public/get_tradingview_chart_data, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine._core.signals.past import Candle, Wish
from engine.errors import ProtocolError, RequestRejected
from engine.session.context import Context
from engine.session.flow import Script
from engine.session.plan import QuotePlan
from engine.session.verdict import as_object, is_the_end, short

RESOLUTIONS_S = {
    **{str(minutes): 60 * minutes for minutes in (1, 3, 5, 10, 15, 30)},
    **{str(60 * hours): 3_600 * hours for hours in (1, 2, 3, 6, 12)},
    "1D": 86_400,
}
"""Lengths of candles the venue has, shortest first."""

CANDLES_MAX = 1_000
"""Asked for at once, if longer ones do as well; the venue shows some thousands."""

TRIES_MAX = 2
"""An answer that never comes ends the connection; then it is asked once more."""

_METHOD = "public/get_tradingview_chart_data"


def resolution_of(span_s: float, step_s: float) -> str:
    """Return the shortest candles of use that are not too many, else the longest.

    Empty: "", none is short enough.
    """
    of_use = [name for name, long_s in RESOLUTIONS_S.items() if long_s <= step_s]
    few = [name for name in of_use if span_s <= CANDLES_MAX * RESOLUTIONS_S[name]]
    return few[0] if few else of_use[-1] if of_use else ""


def learn_past(ctx: Context) -> Script[None]:
    """Let every signal that has heard nothing yet learn what it would.

    Raises: RequestRejected when the venue ends the session.
    """
    wanted = []
    spans_s: dict[tuple[str, str], float] = {}
    for plan in ctx.plans:
        for wish in plan.strategy.past_wishes(plan.instrument):
            key = wish.hears, resolution_of(wish.span_s, wish.step_s)
            if key[1]:
                wanted.append((plan, wish, key))
                spans_s[key] = max(wish.span_s, spans_s.get(key, 0.0))
    if not wanted:
        return
    if ctx.past_tries == TRIES_MAX:
        ctx.note("warning", "signal", "signals start cold: no answer about the past")
        return
    ctx.past_tries += 1
    charts = {}
    for key, span_s in spans_s.items():
        charts[key] = yield from _chart(ctx, *key, span_s)
    for plan, wish, key in wanted:
        rows = charts[key]
        if rows is not None:
            level, text = _learn(ctx, plan, wish, rows, RESOLUTIONS_S[key[1]])
            ctx.note(level, "signal", f"{plan.instrument}: {wish.signal} {text}")


def _learn(
    ctx: Context, plan: QuotePlan, wish: Wish, rows: Mapping[str, Any], long_s: int
) -> tuple[str, str]:
    """Let one signal learn; return the level and the text of a note about it."""
    if not rows.get("ticks", True):
        return "info", "starts cold: nothing traded yet"
    try:
        candles = _candles(rows, wish, long_s, ctx.venue_ms("ask for candles"))
        plan.strategy.learn(wish.place, candles, ctx.now_ns)
    except (ProtocolError, ValueError) as error:
        return "warning", f"starts cold: {short(str(error))}"
    known_h = min(candles[0][0] / 1e9, wish.span_s) / 3_600
    share = f"{known_h:.1f} h from candles, of the {wish.span_s / 3_600:.1f} h it wants"
    return "info", f"has learned {share}"


def _chart(
    ctx: Context, name: str, resolution: str, span_s: float
) -> Script[dict[str, Any] | None]:
    """Ask for the candles of an instrument. Empty: None, the venue refuses them."""
    now_ms, long_s = ctx.venue_ms("ask for candles"), RESOLUTIONS_S[resolution]
    params = {
        "instrument_name": name,
        "start_timestamp": now_ms - round(1e3 * (span_s + long_s)),
        "end_timestamp": now_ms,
        "resolution": resolution,
    }
    try:
        found = yield from ctx.ask(ctx.settings.market_conn, _METHOD, params)
        return as_object(_METHOD, found)
    except (RequestRejected, ProtocolError) as error:
        if is_the_end(error):
            raise
        text = f"{name}: nothing learned of the past: {short(str(error))}"
        ctx.note("warning", "signal", text)
        return None


def _candles(
    rows: Mapping[str, Any], wish: Wish, long_s: int, now_ms: int
) -> list[Candle]:
    """Return the venue's columns as candles; the first is the moment they begin at.

    Raises: ProtocolError when they are no columns of one length, or numbers.
    """
    names = ("ticks", "open", "low", "high", "close")
    columns = [rows.get(name) for name in names]
    if not all(isinstance(column, list) for column in columns):
        raise ProtocolError(f"{_METHOD}: no columns {', '.join(names)}")
    found: list[Candle] = []
    try:
        for start_ms, *prices in zip(*columns, strict=True):
            first, low, high, close = (price / wish.tick_size for price in prices)
            if not found:
                found.append((_age_ns(start_ms, now_ms), first, first, first))
            end_ms = start_ms + 1_000 * long_s
            found.append((_age_ns(end_ms, now_ms), low, high, close))
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"{_METHOD}: {short(str(error))}") from error
    return found


def _age_ns(at_ms: int, now_ms: int) -> int:
    """Return how long ago something was; a candle that goes on ends now."""
    return max(0, now_ms - at_ms) * 1_000_000

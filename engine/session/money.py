"""Fills and positions, so that what the core holds is what the venue holds.

A position read while fills arrive is worthless: the fill may be counted twice or not at
all. So trades are fetched first, then positions, then trades again; only when no fill
was booked in between do the positions fit the fills the core has booked.

Source: docs.deribit.com, private/get_user_trades_by_instrument and
private/get_positions, seen 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ProtocolError
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Script
from engine.session.verdict import (
    Reconnect,
    Unusable,
    as_object,
    as_rows,
    rejection,
    short,
)

TRADES_PER_PAGE = 1_000
PAGES_MAX = 50
POSITION_READS_MAX = 10

OVERLAP_MS = 60_000
"""Trades are fetched from this long before the line was last heard; ids dedupe them."""

_TRADES = "private/get_user_trades_by_instrument"
_POSITIONS = "private/get_positions"


def settle(ctx: Context) -> Script[None]:
    """Book the fills that were missed and take the venue's positions.

    Raises: Reconnect when fills keep arriving between the readings.
    """
    yield from fetch_trades(ctx)
    for _ in range(POSITION_READS_MAX):
        booked = ctx.core.fills_booked()
        positions = yield from _read_positions(ctx)
        yield from fetch_trades(ctx)
        if ctx.core.fills_booked() == booked:
            _take(ctx, positions)
            return
    conn = ctx.settings.orders_conn
    raise Reconnect(conn, f"fills arrived during {POSITION_READS_MAX} position reads")


def line_broke(ctx: Context) -> None:
    """Remember from when on fills may be missed: since the line was last heard.

    Never from before the first recovery: the position read then holds all older fills,
    whose ids the core has not seen.
    """
    heard_ms = ctx.clock.venue_ms(ctx.orders_link.heard_ns)
    if heard_ms is None or ctx.trades_floor_ms is None:
        return
    since_ms = max(heard_ms - OVERLAP_MS, ctx.trades_floor_ms)
    known_ms = ctx.trades_since_ms
    ctx.trades_since_ms = since_ms if known_ms is None else min(known_ms, since_ms)


def trades_start_ms(ctx: Context) -> int:
    """Return from when on fills may have been missed, venue time in ms since epoch.

    Raises: Reconnect when no wall clock was ever told.
    """
    if ctx.trades_since_ms is not None:
        return ctx.trades_since_ms
    connected_ms = ctx.clock.venue_ms(ctx.orders_link.connected_ns)
    if connected_ms is None:
        raise Reconnect(ctx.settings.orders_conn, "no wall clock to fetch trades by")
    # No overlap at the first start: user channels were subscribed later, so nothing
    # older can be told by them, and fills of an earlier run are not ours to count.
    ctx.trades_since_ms = connected_ms
    if ctx.trades_floor_ms is None:
        ctx.trades_floor_ms = ctx.trades_since_ms
    return ctx.trades_since_ms


def fetch_trades(ctx: Context) -> Script[None]:
    """Fetch and book the user trades of every listed instrument since the line broke.

    Raises: Reconnect when there are more than PAGES_MAX pages of one instrument.
    """
    listings = list(ctx.listings.values())
    base = {"sorting": "asc", "count": TRADES_PER_PAGE}
    start = {**base, "start_timestamp": trades_start_ms(ctx)}
    asks = [_trades_ask(ctx, one, start) for one in listings]
    replies = yield from ctx.ask_all(asks)
    for one, reply in zip(listings, replies, strict=True):
        for _ in range(PAGES_MAX):
            if reply.code:
                raise rejection(reply.method, reply.code, reply.message)
            last_seq = _book(ctx, reply.result)
            if last_seq is None:
                break
            # By sequence number, not by time: a thousand trades may share one
            # millisecond.
            more = {**base, "start_seq": last_seq + 1}
            (reply,) = yield from ctx.ask_all((_trades_ask(ctx, one, more),))
        else:
            text = f"{_TRADES}: more than {PAGES_MAX} pages for {one.name}"
            raise Reconnect(ctx.settings.orders_conn, text)


def _trades_ask(ctx: Context, one: Listing, params: dict[str, Any]) -> Ask:
    params = {"instrument_name": one.name, **params}
    return Ask(ctx.settings.orders_conn, _TRADES, params)


def _book(ctx: Context, result: Any) -> int | None:
    """Book one page of trades; return its last sequence number.

    Empty: None, there are no more pages.
    """
    page = as_object(_TRADES, result)
    rows = as_rows(_TRADES, page.get("trades"))
    for row in rows:
        ctx.core.trade(row)
    if not rows or not page.get("has_more"):
        return None
    seqs = [row.get("trade_seq") for row in rows]
    known = [seq for seq in seqs if isinstance(seq, int)]
    if not known:
        raise ProtocolError(f"{_TRADES}: rows without trade_seq")
    return max(known)


def _read_positions(ctx: Context) -> Script[dict[str, tuple[int, float]]]:
    """Return ``(lots, average price)`` by instrument; an absent row is a flat one."""
    currencies = ctx.currencies()
    asks = [
        Ask(ctx.settings.orders_conn, _POSITIONS, {"currency": currency})
        for currency in currencies
    ]
    replies = yield from ctx.ask_all(asks)
    found = {one.name: (0, 0.0) for one in ctx.listings.values()}
    for reply in replies:
        if reply.code:
            raise rejection(reply.method, reply.code, reply.message)
        for row in as_rows(_POSITIONS, reply.result):
            name = row.get("instrument_name")
            if isinstance(name, str) and name in found:
                found[name] = position_of(ctx, ctx.listings[name], row)
    return found


def position_of(ctx: Context, one: Listing, row: dict[str, Any]) -> tuple[int, float]:
    """Return ``(lots, average price)`` of a position row; short is negative.

    Raises: Unusable when the size is no whole number of lots; ProtocolError when the
        row has no size or direction.
    """
    size, direction = row.get("size"), row.get("direction")
    if not isinstance(size, int | float) or direction not in ("buy", "sell", "zero"):
        raise ProtocolError(f"{_POSITIONS}: not a position: {short(row, 80)}")
    try:
        lots = ctx.core.table.lots(one.index, abs(size))
    except (ValueError, ArithmeticError) as error:
        raise Unusable(f"position of {one.name}: {error}") from error
    average = row.get("average_price")
    sign = {"buy": 1, "sell": -1, "zero": 0}[direction]
    return sign * lots, float(average) if isinstance(average, int | float) else 0.0


def _take(ctx: Context, positions: dict[str, tuple[int, float]]) -> None:
    """Give the core the venue's positions; a difference after a break is an error."""
    held = ctx.core.snapshot()["instruments"] if ctx.has_recovered else {}
    for one in ctx.listings.values():
        lots, average_price = positions[one.name]
        if ctx.has_recovered:
            lot_size = float(ctx.core.table.facts(one.index)["lot_size"])
            ours = round(float(held[one.name]["position"]) / lot_size)
            if ours == lots:
                continue
            ctx.note(
                "error",
                "position",
                f"{one.name}: we had {ours * lot_size:g}, the venue says "
                f"{lots * lot_size:g}; the venue's is taken",
            )
        ctx.core.set_position(one.index, lots, average_price)

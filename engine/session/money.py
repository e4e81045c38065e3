"""Fills and positions, so that what the core holds is what the venue holds.

A position read while fills arrive is worthless: the fill may be counted twice or not at
all. So the trade history was replayed before (`trades.py`), then positions are read,
then the history again; only when no fill was booked in between do the positions fit the
fills the core has booked.

Source: docs.deribit.com, private/get_positions, seen 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ProtocolError
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Script, Sleep
from engine.session.trades import fetch_trades
from engine.session.verdict import Reconnect, Unusable, as_rows, rejection, short

POSITION_READS_MAX = 10

LOOKS = 3
LOOK_AGAIN_NS = 1_000_000_000
"""A position that contradicts ours is believed at the third look, two seconds later."""

COMPARES_MAX = 3
"""While quoting goes on, positions that fills move this often are left for later."""

_POSITIONS = "private/get_positions"


def settle(ctx: Context) -> Script[None]:
    """Take the venue's positions, once they fit the fills that are booked.

    One that differs from ours is looked at again first: the trade that explains it may
    not be in the history yet.

    Raises: Reconnect when fills keep arriving between the readings.
    """
    looks = 0
    for _ in range(POSITION_READS_MAX):
        booked = ctx.core.fills_booked()
        positions = yield from _read_positions(ctx)
        yield from fetch_trades(ctx)
        if ctx.core.fills_booked() != booked:
            continue
        looks += 1
        if looks == LOOKS or not _contradictions(ctx, positions):
            _take(ctx, positions)
            return
        yield Sleep(LOOK_AGAIN_NS)
    conn = ctx.settings.orders_conn
    raise Reconnect(conn, f"fills arrived during {POSITION_READS_MAX} position reads")


def _read_positions(ctx: Context) -> Script[dict[str, tuple[int, float]]]:
    """Return ``(lots, average price)`` by instrument; an absent row is a flat one.

    Empty: spot instruments are left out.
    """
    currencies = ctx.currencies()
    asks = [
        Ask(ctx.settings.orders_conn, _POSITIONS, {"currency": currency})
        for currency in currencies
    ]
    replies = yield from ctx.ask_all(asks)
    # The venue has no position in spot: what was bought is cash of the account.
    found = {
        one.name: (0, 0.0)
        for one in ctx.listings.values()
        if one.row.get("kind") != "spot"
    }
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


def _contradictions(ctx: Context, positions: dict[str, tuple[int, float]]) -> list[str]:
    """Return where the core has a position, and the venue another one."""
    return [name for name in different(ctx, positions) if name in ctx.has_baseline]


def _take(ctx: Context, positions: dict[str, tuple[int, float]]) -> None:
    """Give the core the venue's positions; one it has may not differ from them."""
    for name in _contradictions(ctx, positions):
        take_position(ctx, ctx.listings[name], *positions[name])
    for name in positions:
        if name not in ctx.has_baseline:
            ctx.core.set_position(ctx.listings[name].index, *positions[name])
    ctx.has_baseline.update(dict.fromkeys(ctx.listings))


def different(ctx: Context, positions: dict[str, tuple[int, float]]) -> list[str]:
    """Return the instruments of which the core holds another size."""
    held = held_lots(ctx)
    return [name for name, (lots, _) in positions.items() if held[name] != lots]


def held_lots(ctx: Context) -> dict[str, int]:
    """Return what the core holds, signed lots by instrument."""
    held = ctx.core.snapshot()["instruments"]
    facts = ctx.core.table.facts
    return {
        one.name: round(
            float(held[one.name]["position"]) / float(facts(one.index)["lot_size"])
        )
        for one in ctx.listings.values()
    }


def take_position(ctx: Context, one: Listing, lots: int, average_price: float) -> None:
    """Take the venue's word where ours differs: it is counted, and it is an error.

    But for what has expired: its position was delivered.
    """
    if lots == 0 and has_expired(ctx, one):
        ctx.note("info", "position", f"{one.name} has expired: what was held is gone")
        ctx.core.set_position(one.index, 0, 0.0)
        return
    lot_size = float(ctx.core.table.facts(one.index)["lot_size"])
    ours = held_lots(ctx)[one.name]
    ctx.differences.positions += 1
    ctx.note(
        "error",
        "position",
        f"{one.name}: we had {ours * lot_size:g}, the venue says "
        f"{lots * lot_size:g}; the venue's is taken",
    )
    ctx.core.set_position(one.index, lots, average_price)


def has_expired(ctx: Context, one: Listing) -> bool:
    """Whether an instrument's time is over, by what was told or by the clock."""
    expires_ms = one.row.get("expiration_timestamp")
    now_ms = ctx.clock.venue_ms(ctx.now_ns)
    is_past = isinstance(expires_ms, int) and now_ms is not None and now_ms > expires_ms
    return one.is_retired or is_past


def compare_positions(ctx: Context) -> Script[dict[str, tuple[int, float]]]:
    """Return the venue's ``(lots, average price)`` where it differs at this moment.

    A fill between the readings, also one that only the history tells, explains a
    difference; then it is read again.

    Empty: none differs, or fills kept arriving.
    """
    for _ in range(COMPARES_MAX):
        booked = ctx.core.fills_booked()
        positions = yield from _read_positions(ctx)
        if ctx.core.fills_booked() != booked:
            continue
        names = different(ctx, positions)
        if not names:
            return {}
        yield from fetch_trades(ctx, [ctx.listings[name] for name in names])
        if ctx.core.fills_booked() == booked:
            return {name: positions[name] for name in names}
    return {}

"""Recovery: the one road from connected to quoting, at the start and after every break.

It runs when every connection is READY (logged in, heartbeat set, cancel-on-disconnect
verified) and does, in this order:

1. instruments: read, at least one open, known to the core with their limits
2. account: limits to the core, equity
   and what an earlier run left in its checkpoint, if it is of this account;
   candles of the past for signals that know nothing yet and would take long
3. subscriptions: user channels first, then market data; at the first start also the
   last chance of what a process before this one may have sent
4. fills: the trade history is replayed, before any look at orders and positions
5. orders: ours cancelled, or kept for adoption, until the venue's list shows it;
   then what became of every UNKNOWN order, and the core and the venue agree
6. money: positions as the venue has them, while no fill came in between
   and the first checkpoint is on the disk, where one is kept
7. the platform is not locked, the book of every open one is readable
8. adoption of kept orders; quoting

Any error gives the connection up, and the whole road is walked again on the next one.
Nothing is skipped on a reconnect: each step asks what is, not what we remember.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.session.account import read_account, route_credits
from engine.session.checkpoint import await_kept, take_over
from engine.session.context import Context, Listing
from engine.session.flow import Script, Sleep
from engine.session.holds import await_unlocked, clear_holds
from engine.session.instruments import list_all, load_rows
from engine.session.money import settle
from engine.session.orders import (
    FINAL_MS,
    clear,
    keep_none,
    read_open,
    resolve_slots,
    unknown_slots,
)
from engine.session.past import learn_past
from engine.session.subscriptions import subscribe_missing
from engine.session.trades import fetch_trades
from engine.session.verdict import Reconnect

CLEAR_NS = 60_000_000_000
"""Orders of ours that stay open for this long after a cancel end the connection."""

AGREE_NS = 10_000_000_000
"""So long may the core hold orders that the venue does not show."""

BOOKS_NS = 10_000_000_000
"""So long may a book take to come after its subscription."""

POLL_NS = 10_000_000
POLL_MAX_NS = 100_000_000
FINAL_ROUNDS_MAX = 10


def recover(ctx: Context, prepared: Callable[[], None]) -> Script[None]:
    """Walk the road; when this returns, quoting may begin in the same hook.

    Raises: Reconnect, Unusable, RequestRejected, ProtocolError.
    """
    clear_holds(ctx)
    yield from load_rows(ctx)
    yield from read_account(ctx)
    list_all(ctx)
    take_over(ctx)
    if ctx.clock.offset_ns is None:
        text = "the venue's answers do not say what time it is there"
        raise Reconnect(ctx.settings.orders_conn, text)
    route_credits(ctx)
    yield from learn_past(ctx)
    prepared()
    yield from subscribe_missing(ctx)
    yield from fetch_trades(ctx)
    yield from _outlast_the_dead(ctx)
    for _ in range(FINAL_ROUNDS_MAX):
        kept = yield from _settle_orders(ctx)
        yield from settle(ctx)
        yield from await_kept(ctx)
        yield from await_unlocked(ctx)
        yield from _await_books(ctx)
        if kept and not (yield from _adopt(ctx)):
            continue
        if not kept and ctx.core.open_slots():
            continue
        ctx.has_recovered = True
        return
    conn = ctx.settings.orders_conn
    raise Reconnect(conn, "orders and positions did not hold still")


def _outlast_the_dead(ctx: Context) -> Script[None]:
    """Wait until no request of a process before this one can still be carried out.

    One that was killed may have orders in the venue's queue, which cancel-on-disconnect
    does not see. Their last chance passes before this; then the list of open orders is
    whole. What this process sent it knows, and asks about.
    """
    if ctx.has_recovered or not ctx.settings.valid_for_ns:
        return
    whole_ns = FINAL_MS * 1_000_000 + ctx.settings.valid_for_ns
    left_ns = ctx.orders_link.connected_ns + whole_ns - ctx.now_ns
    if left_ns > 0:
        yield Sleep(left_ns)


def _settle_orders(ctx: Context) -> Script[list[dict[str, Any]]]:
    """Make the core and the venue agree on our orders; return those to adopt."""
    may_adopt = ctx.settings.on_start == "adopt" and not ctx.has_recovered
    keep = _adoptable(ctx) if may_adopt else keep_none
    kept = yield from clear(ctx, keep, until_ns=ctx.now_ns + CLEAR_NS)
    end_ns = ctx.now_ns + AGREE_NS
    attempt = 0
    while ctx.core.open_slots():
        if unknown_slots(ctx):
            yield from resolve_slots(ctx)
        # What is left is being pulled by the core, because quoting is off.
        elif ctx.now_ns >= end_ns:
            text = f"{len(ctx.core.open_slots())} orders here that the venue has not"
            raise Reconnect(ctx.settings.orders_conn, text)
        yield Sleep(ctx.backoff_ns(attempt, POLL_NS, POLL_MAX_NS))
        attempt += 1
    return kept


def _adoptable(ctx: Context) -> Callable[[dict[str, Any]], bool]:
    """Return the test for orders worth keeping: quoted, plain, one per slot."""
    first: dict[tuple[str, str], Any] = {}

    def keep(row: dict[str, Any]) -> bool:
        one = ctx.listings.get(str(row.get("instrument_name")))
        if one is None or one.is_retired or row.get("order_state") != "open":
            return False
        slot = str(row["label"]).split("-")[2:3]
        order_id = row.get("order_id")
        return slot not in ([], ["t"]) and first.setdefault(
            (one.name, slot[0]), order_id
        ) == (order_id)

    return keep


def _adopt(ctx: Context) -> Script[bool]:
    """Give the core the orders that are open right now; False: it did not take all.

    The reading is fresh and quoting begins in the same hook: the core would pull an
    adopted order at once while quoting is off. What it shows as filled is booked: the
    history, read after it, had nothing new.
    """
    booked = ctx.core.fills_booked()
    ours, _ = yield from read_open(ctx)
    yield from fetch_trades(ctx)
    if ctx.core.fills_booked() != booked:
        return False
    refused = [row for row in ours if not ctx.core.adopt(row)]
    if refused:
        ids = ", ".join(str(row.get("order_id")) for row in refused[:5])
        text = f"{len(refused)} open orders have no slot, all are cancelled: {ids}"
        ctx.note("warning", "adopt", text)
        yield from clear(ctx, keep_none, until_ns=ctx.now_ns + CLEAR_NS)
        return False
    ctx.note("info", "adopt", f"{len(ours)} open orders adopted")
    return True


def _await_books(ctx: Context) -> Script[None]:
    """Wait until the book of every instrument that is not held can be read.

    Raises: Reconnect naming the books that did not come.
    """
    end_ns = ctx.now_ns + BOOKS_NS
    attempt = 0
    while missing := unreadable(ctx, ctx.open_ones()):
        if ctx.now_ns >= end_ns:
            names = ", ".join(one.name for one in missing[:5])
            text = f"no readable book for {names}"
            raise Reconnect(ctx.settings.market_conn, text)
        yield Sleep(ctx.backoff_ns(attempt, POLL_NS, POLL_MAX_NS))
        attempt += 1


def unreadable(ctx: Context, listings: list[Listing]) -> list[Listing]:
    """Return those of the listings whose book the core cannot read."""
    return [one for one in listings if not ctx.core.is_readable(one.index)]

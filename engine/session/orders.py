"""The orders the venue shows: which are ours, how they go, what became of one.

Source: docs.deribit.com, private/get_open_orders, private/cancel and
private/get_order_state_by_label, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.session.context import Context
from engine.session.flow import Ask, Reply, Script, Sleep
from engine.session.plan import is_ours
from engine.session.verdict import (
    Reconnect,
    Verdict,
    as_rows,
    rejection,
    short,
)

CANCELS_AT_ONCE = 8
"""Cancels on their way together: the venue queues this many of an account."""

NO_CREDIT_NS = 100_000_000
NO_CREDIT_WAITS_MAX = 10
"""After so many waits for a credit the orders are read again: some may be gone."""

REREAD_NS = 50_000_000
REREAD_MAX_NS = 1_000_000_000

CORE_PASSES = 4
"""Readings during which an order the core is pulling itself is left to the core."""

FINAL_MS = 500
"""So long after its last chance (``valid_until``) a request is over for certain.

At the book it may still wait for the speed bump, and what the venue is asked by label
may be a little behind the book.
"""

LOOKS_MAX = 4
"""How often a question is put before it is left to the core, which asks again."""

LOOK_AGAIN_NS = 50_000_000

ORDER_NOT_FOUND = 10_004
"""The one code that says there is no order of a label. Others that name an order's end
answer another question, or, as a purged request (13666), none at all."""

ROUNDS_MAX = 3

OVER = ("filled", "cancelled", "rejected")
"""States of an order that nothing changes any more."""

NEVER_MS = 2**63 - 1
"""The core's word for a request that has no last chance."""

_NS_PER_MS = 1_000_000

Keep = Callable[[dict[str, Any]], bool]


def keep_none(_row: dict[str, Any]) -> bool:
    """Say of every order that it should go."""
    return False


def read_open(
    ctx: Context,
) -> Script[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Return the open orders of the account: ours, and everybody else's."""
    method = "private/get_open_orders"
    rows = as_rows(method, (yield from ctx.ask(ctx.settings.orders_conn, method)))
    ours = [row for row in rows if is_ours(row)]
    foreign = [row for row in rows if not is_ours(row)]
    ctx.open_ours = len(ours)
    ctx.foreign_orders = len(foreign)
    ctx.kill.saw(len(rows), ctx.now_ns)
    if foreign and ctx.settings.foreign == "leave":
        labels = ", ".join(repr(str(row.get("label", ""))) for row in foreign[:3])
        ctx.warn_once(
            "foreign_orders",
            f"{len(foreign)} open orders are not ours and left alone: {labels}",
        )
    return ours, foreign


def clear(
    ctx: Context, keep: Keep, *, in_bulk: bool = False, until_ns: int = 0
) -> Script[list[dict[str, Any]]]:
    """Cancel ours until the venue shows none but those to keep; return the kept ones.

    Orders of others go too, when the configuration says so.

    A request to cancel proves nothing, only the next reading does. ``in_bulk`` allows
    one request for a whole instrument when nobody else's order is there.

    Units: until_ns on the core's clock, 0 = no end.
    Raises: Reconnect when orders of ours are still open at ``until_ns``.
    """
    attempt = 0
    while True:  # ends at until_ns, or with the caller's own deadline
        ours, foreign = yield from read_open(ctx)
        kept = [row for row in ours if keep(row)]
        doomed = [row for row in ours if not keep(row)]
        if ctx.settings.foreign == "cancel":
            doomed, foreign = doomed + foreign, []
        if not doomed:
            return kept
        if until_ns and ctx.now_ns >= until_ns:
            ids = ", ".join(str(row.get("order_id")) for row in doomed[:5])
            text = f"{len(doomed)} orders that should go stay open: {ids}"
            raise Reconnect(ctx.settings.orders_conn, text)
        if attempt < CORE_PASSES:
            doomed = _without_the_cores(ctx, doomed)
        yield from cancel(ctx, doomed, foreign if in_bulk else None)
        yield Sleep(ctx.backoff_ns(attempt, REREAD_NS, REREAD_MAX_NS))
        attempt += 1


def _without_the_cores(
    ctx: Context, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Leave out what the core knows and pulls itself, because quoting is off."""
    labels = {
        slot["label"] for slot in ctx.core.open_slots() if slot["state"] != "unknown"
    }
    return [row for row in rows if row.get("label") not in labels]


def cancel(
    ctx: Context,
    rows: Sequence[dict[str, Any]],
    foreign: Sequence[dict[str, Any]] | None,
) -> Script[None]:
    """Send a cancel for each row, as credits come. ``foreign`` given: in bulk."""
    asks = _cancel_requests(ctx, rows, foreign)
    at = waits = 0
    while at < len(asks) and waits < NO_CREDIT_WAITS_MAX:
        batch: list[tuple[Ask, tuple[str, str]]] = []
        while (
            len(batch) < CANCELS_AT_ONCE
            and at + len(batch) < len(asks)
            and ctx.core.take_credit(*asks[at + len(batch)][1])
        ):
            batch.append(asks[at + len(batch)])
        if not batch:
            waits += 1
            yield Sleep(NO_CREDIT_NS)
            continue
        at += len(batch)
        waits = 0
        replies = yield tuple(ask for ask, _ in batch)
        for (_, pools), reply in zip(batch, replies, strict=True):
            ctx.core.credit_answered(reply.sent_ns, *pools)
        _judge_cancels(ctx, replies)


def _cancel_requests(
    ctx: Context,
    rows: Sequence[dict[str, Any]],
    foreign: Sequence[dict[str, Any]] | None,
) -> list[tuple[Ask, tuple[str, str]]]:
    """Return the requests that cancel these orders, and what pays; as few as may be."""
    conn = ctx.settings.orders_conn
    asks = []
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(str(row.get("instrument_name", "")), []).append(row)
    for name, group in by_name.items():
        pools = ctx.limits.pays(name)
        alone = foreign is not None and all(
            row.get("instrument_name") != name for row in foreign
        )
        if alone and len(group) > 1:
            method = "private/cancel_all_by_instrument"
            asks.append((Ask(conn, method, {"instrument_name": name}), pools))
            continue
        for row in group:
            order_id = str(row.get("order_id", ""))
            asks.append((Ask(conn, "private/cancel", {"order_id": order_id}), pools))
    return asks


def _judge_cancels(ctx: Context, replies: Sequence[Reply]) -> None:
    """Stop on what makes further cancels useless; the rest is for the next reading."""
    for reply in replies:
        if reply.verdict in (Verdict.LOGIN, Verdict.ENDED):
            raise rejection(reply.method, reply.code, reply.message)
        if reply.code and reply.verdict is not Verdict.GONE:
            text = f"{reply.method}: {reply.code} {short(reply.message)}"
            ctx.note("warning", "cancel", text)


def resolve_slots(ctx: Context) -> Script[None]:
    """Give every UNKNOWN order of the core the venue's word.

    Raises: Reconnect when orders keep becoming unknown.
    """
    for _ in range(ROUNDS_MAX):
        unknown = unknown_slots(ctx)
        if not unknown:
            return
        yield from resolve(ctx, unknown)
    if unknown_slots(ctx):
        conn = ctx.settings.orders_conn
        raise Reconnect(conn, "the fate of orders stays unknown")


def unknown_slots(ctx: Context) -> list[dict[str, Any]]:
    """Return the core's slots whose order's fate is unknown."""
    return [slot for slot in ctx.core.open_slots() if slot["state"] == "unknown"]


def resolve(ctx: Context, slots: Sequence[dict[str, Any]]) -> Script[None]:
    """Ask what became of these orders and tell the core.

    That there is none, or that it is open at some size, counts only once the last
    chance of every request about it has passed by the venue's own clock: until then one
    may still lie in the venue's queue. It has to have passed by our clock, too: the
    venue's may run ahead for a while and be set back.
    """
    for _ in range(LOOKS_MAX):
        slots = yield from _look_up(ctx, slots)
        last_ms = max((slot["valid_until_ms"] for slot in slots), default=NEVER_MS)
        venue_ms = ctx.clock.venue_ms(ctx.now_ns)
        if last_ms == NEVER_MS or venue_ms is None:
            return
        left_ns = (last_ms + FINAL_MS - venue_ms) * _NS_PER_MS
        ends_ns = max(_ends_ns(ctx, slot) for slot in slots)
        left_ns = max(left_ns, ends_ns - ctx.now_ns)
        yield Sleep(max(left_ns, 0) + LOOK_AGAIN_NS)


def resolve_doubted(ctx: Context, doubted: dict[int, None]) -> Script[None]:
    """Resolve the slots the core has asked about, until it asks about no more."""
    while doubted:
        slots = [slot for slot in unknown_slots(ctx) if slot["slot"] in doubted]
        doubted.clear()
        yield from resolve(ctx, slots)


def _look_up(
    ctx: Context, slots: Sequence[dict[str, Any]]
) -> Script[list[dict[str, Any]]]:
    """Tell the core what is final; return the slots whose fate is still open."""
    method = "private/get_order_state_by_label"
    asks = []
    for slot in slots:
        one = ctx.by_index(slot["instrument"])
        currency = one.currency if one else ""
        params = {"currency": currency, "label": slot["label"]}
        asks.append(Ask(ctx.settings.orders_conn, method, params))
    replies = yield from ctx.ask_all(asks)
    # As it is now: what was sent since is later than these answers.
    unknown = {slot["label"]: slot for slot in unknown_slots(ctx)}
    early = []
    for asked, reply in zip(slots, replies, strict=True):
        label = asked["label"]
        if reply.code and reply.verdict is not Verdict.GONE:
            raise rejection(reply.method, reply.code, reply.message)
        says_none = reply.code in (0, ORDER_NOT_FOUND)
        row = None if reply.code else _row_with(label, method, reply.result)
        current = unknown.get(label)
        if current is None:
            continue
        is_over = row is not None and row.get("order_state") in OVER
        if is_over or (says_none and _is_final(ctx, current, reply)):
            ctx.core.resolve(current["slot"], row, label)
        else:
            early.append(current)
    return early


def _ends_ns(ctx: Context, slot: dict[str, Any]) -> int:
    """Return when the last chance of what was sent passes by our own clock."""
    sent_ns: int = slot["sent_ns"]
    return sent_ns + ctx.settings.valid_for_ns + FINAL_MS * _NS_PER_MS


def _is_final(ctx: Context, slot: dict[str, Any], reply: Reply) -> bool:
    """Return whether nothing about an order could be on its way when it was asked."""
    valid_until_ms: int = slot["valid_until_ms"]
    if valid_until_ms == 0:
        return True
    if reply.sent_ns < _ends_ns(ctx, slot):
        return False
    if reply.us_in:
        return reply.us_in > (valid_until_ms + FINAL_MS) * 1_000
    venue_ms = ctx.clock.venue_ms(reply.sent_ns)
    return venue_ms is not None and venue_ms > valid_until_ms + FINAL_MS


def _row_with(label: str, method: str, result: Any) -> dict[str, Any] | None:
    """Return the newest row with exactly this label. Empty: None, there is none."""
    rows = as_rows(method, [result] if isinstance(result, dict) else result)
    rows = [row for row in rows if row.get("label") == label]
    return max(rows, key=_updated_ms, default=None)


def _updated_ms(row: dict[str, Any]) -> int:
    value = row.get("last_update_timestamp")
    return value if isinstance(value, int) else 0

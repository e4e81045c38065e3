"""The orders the venue shows: which are ours, how they go, what became of one.

Source: docs.deribit.com, private/get_open_orders, private/cancel and
private/get_order_state_by_label, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.session.context import Context
from engine.session.flow import Ask, Reply, Script, Sleep
from engine.session.plan import ORDER_LABEL_PREFIX
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

LOOK_AGAIN_NS = 2_500_000_000
"""An order the venue does not know may still be on its way: look again after this.

A request may wait five seconds in the venue's queue (10050); with the time after which
an unanswered one is in doubt (``ack_timeout_ms``, 3 s by default) this is longer.
"""

ROUNDS_MAX = 3

Keep = Callable[[dict[str, Any]], bool]


def is_ours(row: dict[str, Any]) -> bool:
    """Return whether an order row carries a label of this engine, of any run."""
    return str(row.get("label", "")).startswith(ORDER_LABEL_PREFIX)


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
    if foreign:
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

    A request to cancel proves nothing, only the next reading does. ``in_bulk`` allows
    one request for a whole instrument when nobody else's order is there.

    Units: until_ns on the core's clock, 0 = no end.
    Raises: Reconnect when orders of ours are still open at ``until_ns``.
    """
    attempt = 0
    while True:  # ends at until_ns, or with the caller's own deadline
        ours, foreign = yield from read_open(ctx)
        doomed = [row for row in ours if not keep(row)]
        if not doomed:
            return ours
        if until_ns and ctx.now_ns >= until_ns:
            ids = ", ".join(str(row.get("order_id")) for row in doomed[:5])
            text = f"{len(doomed)} orders of ours stay open: {ids}"
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

    "Not found" counts only when it is said twice, some time apart: the question may
    have overtaken the order.
    """
    missing = yield from _look_up(ctx, slots)
    if missing:
        yield Sleep(LOOK_AGAIN_NS)
        missing = yield from _look_up(ctx, missing)
    for slot in missing:
        ctx.core.resolve(slot["slot"], None, slot["label"])


def resolve_doubted(ctx: Context, doubted: dict[int, None]) -> Script[None]:
    """Resolve the slots the core has asked about, until it asks about no more."""
    while doubted:
        slots = [slot for slot in unknown_slots(ctx) if slot["slot"] in doubted]
        doubted.clear()
        yield from resolve(ctx, slots)


def _look_up(
    ctx: Context, slots: Sequence[dict[str, Any]]
) -> Script[list[dict[str, Any]]]:
    """Resolve what the venue finds by label; return the slots it found nothing for."""
    method = "private/get_order_state_by_label"
    asks = []
    for slot in slots:
        one = ctx.by_index(slot["instrument"])
        currency = one.currency if one else ""
        params = {"currency": currency, "label": slot["label"]}
        asks.append(Ask(ctx.settings.orders_conn, method, params))
    replies = yield from ctx.ask_all(asks)
    missing = []
    for slot, reply in zip(slots, replies, strict=True):
        if reply.code and reply.verdict is not Verdict.GONE:
            raise rejection(reply.method, reply.code, reply.message)
        row = None if reply.code else _row_with(slot["label"], method, reply.result)
        if row is None:
            missing.append(slot)
        else:
            ctx.core.resolve(slot["slot"], row, slot["label"])
    return missing


def _row_with(label: str, method: str, result: Any) -> dict[str, Any] | None:
    """Return the newest row with exactly this label. Empty: None, there is none."""
    rows = as_rows(method, [result] if isinstance(result, dict) else result)
    rows = [row for row in rows if row.get("label") == label]
    return max(rows, key=_updated_ms, default=None)


def _updated_ms(row: dict[str, Any]) -> int:
    value = row.get("last_update_timestamp")
    return value if isinstance(value, int) else 0

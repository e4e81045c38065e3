"""Once a minute, while quoting goes on: is what we believe what the venue shows?

A lost notification leaves no trace on a sound line. So the trade history is read, then
the open orders, then the positions, and each is compared with the core's view.

A reading is old when it arrives. It is therefore held against what the core knew when
it was asked for *and* what it knows now: an order is missed only if it was confirmed
before the question and is still thought open, so a reading never ends an order it could
not have seen. And nothing follows from one reading: only what a second one, a moment
later, says again is acted upon.

- an order the venue does not show, or shows otherwise, becomes UNKNOWN: the venue is
  asked about it by its label, and it counts in full until the answer
- an order of ours the core does not know is cancelled
- a position that disagrees while no fill came in between is taken over

Instruments that were not open are read again: a lost notification may have opened them.

A delivery takes a position away without a fill: then the next look does not wait for
the minute to end.

Source: docs.deribit.com, private/get_open_orders, seen 2026-08-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.session.context import Context
from engine.session.flow import Script, Sleep
from engine.session.instruments import reread_closed
from engine.session.money import compare_positions, take_position
from engine.session.orders import cancel, read_open, resolve
from engine.session.plan import ticket_prefix
from engine.session.trades import fetch_trades

AGAIN_NS = 1_000_000_000
"""Between the two readings: what was on its way has arrived."""

CONFIRMED = ("live", "pending_edit", "pending_cancel")
"""States of an order that the venue has shown open once."""

NAMED_MAX = 3


@dataclass(slots=True)
class Look:
    """What one reading disagrees about."""

    doubts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The core's slots by label."""
    orphans: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The venue's rows by order id."""
    positions: dict[str, tuple[int, float]] = field(default_factory=dict)
    """The venue's ``(lots, average price)`` by instrument."""

    def again(self, second: Look) -> Look:
        """Return what a second reading repeats."""
        return Look(
            {key: one for key, one in second.doubts.items() if key in self.doubts},
            {key: one for key, one in second.orphans.items() if key in self.orphans},
            {
                key: one
                for key, one in second.positions.items()
                if key in self.positions and self.positions[key][0] == one[0]
            },
        )

    def __bool__(self) -> bool:
        return bool(self.doubts or self.orphans or self.positions)


class Timetable:
    """When to look next.

    Units: nanoseconds on the core's clock. Empty: 0, not before a recovery.
    """

    def __init__(self, every_ns: int) -> None:
        self._every_ns = every_ns
        self.next_ns = 0

    def begin(self, ctx: Context) -> None:
        """Count from now on."""
        self.next_ns = ctx.now_ns + self._every_ns

    def hasten(self, ctx: Context) -> None:
        """Look again in a moment, not only when the interval is over."""
        self.next_ns = min(self.next_ns, ctx.now_ns + AGAIN_NS)

    def is_due(self, ctx: Context) -> bool:
        """Whether it is time, or the ids of booked trades fill up."""
        return 0 < self.next_ns <= ctx.now_ns or ctx.booked.is_crowded()


def recheck(ctx: Context) -> Script[None]:
    """Compare everything once, and mend what two readings say.

    Raises: Reconnect, RequestRejected, ProtocolError, Unusable.
    """
    yield from reread_closed(ctx)
    yield from fetch_trades(ctx)
    first = yield from _look(ctx)
    if first:
        yield Sleep(AGAIN_NS)
        found = first.again((yield from _look(ctx)))
        yield from _mend(ctx, found)
    ctx.differences.rechecks += 1


def _look(ctx: Context) -> Script[Look]:
    """Read orders and positions; positions last: they hold at this very moment."""
    look = Look()
    before = {slot["label"]: slot for slot in ctx.core.open_slots()}
    ours, _ = yield from read_open(ctx)
    now = {slot["label"]: slot for slot in ctx.core.open_slots()}
    shown = {str(row["label"]): row for row in ours}
    for label, slot in now.items():
        earlier = before.get(label)
        if earlier is None or slot["state"] not in CONFIRMED:
            continue
        if earlier["state"] in CONFIRMED and (
            label not in shown or _is_other(ctx, earlier, slot, shown[label])
        ):
            look.doubts[label] = slot
    tickets = ticket_prefix(ctx.core.run_id)
    for label, row in shown.items():
        if label not in before and label not in now and not label.startswith(tickets):
            look.orphans[str(row.get("order_id"))] = row
    look.positions = yield from compare_positions(ctx)
    return look


def _is_other(
    ctx: Context, earlier: dict[str, Any], slot: dict[str, Any], row: dict[str, Any]
) -> bool:
    """Whether a row shows another price or size than an order at rest has here."""
    keys = ("state", "price_ticks", "amount_lots")
    if slot["state"] != "live" or any(earlier[key] != slot[key] for key in keys):
        return False
    one = ctx.by_index(slot["instrument"])
    if one is None:
        return False
    try:
        ticks = ctx.core.table.ticks(one.index, row["price"])
        lots = ctx.core.table.lots(one.index, row["amount"])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return True
    return (ticks, lots) != (slot["price_ticks"], slot["amount_lots"])


def _mend(ctx: Context, found: Look) -> Script[None]:
    for name, (lots, average_price) in found.positions.items():
        take_position(ctx, ctx.listings[name], lots, average_price)
    slots = [
        slot
        for label, slot in found.doubts.items()
        if ctx.core.doubt(slot["slot"], label)
    ]
    if slots:
        ctx.differences.orders_doubted += len(slots)
        _say(ctx, slots, "orders here the venue shows otherwise; asking about them")
        yield from resolve(ctx, slots)
    rows = list(found.orphans.values())
    if rows:
        ctx.differences.orders_orphaned += len(rows)
        _say(ctx, rows, "open orders of ours nobody here knows; cancelling them")
        yield from cancel(ctx, rows, None)


def _say(ctx: Context, rows: list[dict[str, Any]], text: str) -> None:
    labels = ", ".join(str(row["label"]) for row in rows[:NAMED_MAX])
    ctx.note("warning", "recheck", f"{len(rows)} {text}: {labels}")

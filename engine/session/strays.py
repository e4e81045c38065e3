"""Open orders on our account that the core has in no slot, told as they are seen.

- one of an earlier run that arrives late, or one of this run that was thought gone, is
  cancelled at once;
- several of another run mean that a second engine trades on this account: quoting is
  held and says so, since two engines would cancel each other's orders for ever;
- one of somebody else is left alone, or cancelled (``orders.foreign``).

What is not told here is found by the readings of recovery and of every minute.

Source: docs.deribit.com, user.orders and private/cancel, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.context import Context
from engine.session.flow import Script
from engine.session.orders import cancel
from engine.session.plan import ticket_prefix

DOOMED_MAX = 64
"""Strays to cancel that are remembered; the next reading finds what is beyond."""

OTHERS_MAX = 3
"""So many orders of other runs within OTHERS_NS are a second engine."""

OTHERS_NS = 60_000_000_000

HOLD = "second engine"


class Strays:
    """What is to be cancelled, and the watch for a second engine.

    Units: until_ns on the core's clock. Empty: until_ns 0, nothing is held.
    """

    def __init__(self) -> None:
        self.doomed: dict[str, dict[str, Any]] = {}
        self.until_ns = 0
        self._others: dict[str, int] = {}

    def note(self, ctx: Context, order: Mapping[str, Any]) -> None:
        """Take note of an open order; see SessionHooks.on_stray for the keys."""
        run = int(order["run"])
        if str(order["label"]).startswith(ticket_prefix(ctx.core.run_id)):
            return  # a ticket of ours: it has no slot
        if run < 0:
            if ctx.settings.foreign == "cancel":
                self._doom(order)
            return
        if run != ctx.core.run_id:
            if not ctx.has_recovered:
                return  # recovery reads, adopts or cancels them
            self._note_other(ctx, str(order["order_id"]), run)
        text = f"order {order['order_id']} ({order['label']}) is open and in no slot"
        ctx.note("warning", "stray", f"{order['name']}: {text}; cancelling it")
        self._doom(order)

    def pass_time(self, ctx: Context) -> None:
        """End the hold when no other engine has been seen for a while."""
        if self.until_ns and ctx.now_ns >= self.until_ns:
            self.until_ns = 0
            ctx.holds.pop(HOLD, None)
            text = f"no order of another run for {OTHERS_NS // 10**9} s"
            ctx.note("info", "second_engine", text)

    def _doom(self, order: Mapping[str, Any]) -> None:
        if len(self.doomed) < DOOMED_MAX:
            row = {"order_id": order["order_id"], "instrument_name": order["name"]}
            self.doomed[str(order["order_id"])] = row

    def _note_other(self, ctx: Context, order_id: str, run: int) -> None:
        since_ns = ctx.now_ns - OTHERS_NS
        self._others = {
            key: at_ns for key, at_ns in self._others.items() if at_ns > since_ns
        }
        self._others[order_id] = ctx.now_ns
        if len(self._others) < OTHERS_MAX:
            return
        self.until_ns = ctx.now_ns + OTHERS_NS
        del self._others[next(iter(self._others))]
        if HOLD not in ctx.holds:
            text = f"another engine, run {run:08x}, places orders on this account"
            ctx.holds[HOLD] = f"{text}; one of the two must stop"
            ctx.note("error", "second_engine", ctx.holds[HOLD])


def cancel_strays(ctx: Context, strays: Strays) -> Script[None]:
    """Cancel them, until no more are told."""
    while strays.doomed:
        rows = list(strays.doomed.values())
        strays.doomed.clear()
        yield from cancel(ctx, rows, None)

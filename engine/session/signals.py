"""What signals know outlives a restart, where it takes long to be known.

A trend over hours is ready after days; a new version of the engine, or a crash, should
not cost them. A restart is to a signal what a cut of its book is: what it knew stands
until the next one. An absence longer than its shortest memory is too long, and a signal
made with other parameters is another one: both start cold, and are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.context import Context
from engine.session.verdict import short

BACK_MS = 1_000
"""Clocks of two runs differ by less; a checkpoint from later than that is wrong."""

EVERY_NS = 10_000_000_000
"""They change with each tick: what is written lags so much behind, and no more."""


class LastingSignals:
    """Signals as a part of the checkpoint; the time between is the venue's."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._found: dict[str, Any] = {}
        self._due_ns = 0

    def dump(self) -> dict[str, Any]:
        """Return what they know, and since when. Empty: {}, nothing, or no clock yet.

        Read anew every EVERY_NS at most.
        """
        ctx = self._ctx
        if ctx.now_ns >= self._due_ns:
            self._due_ns = ctx.now_ns + EVERY_NS
            now_ms, found = ctx.clock.venue_ms(ctx.now_ns), self._rows()
            known = bool(found and now_ms)
            self._found = {"venue_ms": now_ms, "signals": found} if known else {}
        return self._found

    def load(self, found: Mapping[str, Any]) -> None:
        """Go on from what an earlier run dumped; name those that start cold.

        Raises: KeyError, TypeError, ValueError or AttributeError, when it is not what
            was dumped.
        """
        if not found:
            return
        now_ms = self._ctx.clock.venue_ms(self._ctx.now_ns)
        if now_ms is None:
            raise ValueError("the venue's clock is not known")
        away_ms = now_ms - int(found["venue_ms"])
        if away_ms < -BACK_MS:
            raise ValueError(f"it is {-away_ms} ms from later than now")
        rows, away_ns = dict(found["signals"]), max(0, away_ms) * 1_000_000
        for plan in self._ctx.plans:
            kept = rows.get(plan.instrument, ())
            cold = plan.strategy.load_signals(
                plan.instrument, kept, self._ctx.now_ns, away_ns
            )
            for signal, why in cold:
                text = f"{plan.instrument}: {signal} starts cold: {short(why)}"
                self._ctx.note("warning", "signal", text)

    def _rows(self) -> dict[str, list[Any]]:
        """Return what they know, by instrument quoted."""
        found = {}
        for plan in self._ctx.plans:
            rows = plan.strategy.dump_signals(plan.instrument, self._ctx.now_ns)
            if any(rows):
                found[plan.instrument] = rows
        return found

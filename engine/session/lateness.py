"""Orders that reach the book after their last chance (13888): is it the clock?

Each order says until when the venue may carry it out (``orders.valid_for_ms``). When
they come too late one after the other, either the venue's clock is not where we reckon
it, or the way there takes too long. The clock is measured anew at once; if that does
not help, quoting is held with the reason, tried again later, and nothing times out in
silence.

Source: docs.deribit.com, private/buy (valid_until), seen 2026-08-22.
"""

from __future__ import annotations

from collections import deque

from engine.session.context import Context
from engine.session.flow import Ask, Script

TIMED_OUT = 13888

LATE_MAX = 5
WINDOW_NS = 10_000_000_000
"""So many within this time hold quoting."""

HOLD_NS = 10_000_000_000

HOLD = "late"


class Lateness:
    """Counts late requests and holds quoting while they are too many.

    Units: until_ns on the core's clock. Empty: until_ns 0, nothing is held.
    """

    def __init__(self) -> None:
        self.until_ns = 0
        self._times: deque[int] = deque(maxlen=LATE_MAX)

    def note(self, ctx: Context) -> None:
        """Take note of one; the next answer of the venue sets the clock anew."""
        ctx.clock.doubt()
        self._times.append(ctx.now_ns)
        is_full = len(self._times) == LATE_MAX
        if not is_full or ctx.now_ns - self._times[0] > WINDOW_NS:
            return
        self._times.clear()
        self.until_ns = ctx.now_ns + HOLD_NS
        offset_ms = ctx.clock.offset_ms
        text = (
            f"{LATE_MAX} orders in {WINDOW_NS // 10**9} s came too late for the venue"
        )
        if offset_ms is not None:
            text += f"; its clock is {offset_ms:+.0f} ms from ours"
        ctx.holds[HOLD] = f"{text}; see orders.valid_for_ms"
        ctx.note("error", "late", ctx.holds[HOLD])

    def pass_time(self, ctx: Context) -> None:
        """End the hold when its time is over."""
        if self.until_ns and ctx.now_ns >= self.until_ns:
            self.until_ns = 0
            ctx.holds.pop(HOLD, None)
            ctx.note("info", "late", "trying to quote again")


def measure_clock(ctx: Context) -> Script[None]:
    """Ask the venue anything: its answer says what time it is there."""
    yield Ask(ctx.settings.orders_conn, "public/test", urgent=True)

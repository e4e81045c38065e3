"""A kill and what became of it: done when the venue shows no order, not when asked.

The core sends the kill on the connection and asks the shell for the same on a road of
its own; see `Outbox.kill_orders`. Either road may be the one that works. Here the venue
is read back on the connection, the other road tells by the command ``errand_done``, and
the first to find the account empty ends it.

Source: docs.deribit.com, private/cancel_all and private/get_open_orders, seen
2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.port import CorePort
from engine.session.verdict import short

SURE_NS = 500_000_000
"""An empty account is read twice, this far apart: an order may have been on its way."""

READ_FOR_NS = 60_000_000_000
"""So long is a kill read back; then it counts as not confirmed, and says so."""

CONNECTION, HTTP = "connection", "http"


class Kill:
    """The last kill: why, since when, and which road found the account empty.

    Units: open_orders counts the whole account, None before anything was read.
    """

    def __init__(self, core: CorePort) -> None:
        self._core = core
        self.count = 0
        self.reason = ""
        self.is_pending = False
        self.road = ""
        self.open_orders: int | None = None
        self._until_ns = 0
        self._empty_ns = 0

    def start(self, reason: str, t_ns: int) -> None:
        """Cancel everything by both roads. Quoting has to be forbidden already."""
        self.note_asked(reason, t_ns)
        self._core.kill_orders(short(reason))

    def note_asked(self, reason: str, t_ns: int) -> None:
        """Take note that the core has sent a kill, as it does when it halts."""
        self.count += 1
        self.reason, self.road = short(reason), ""
        self.is_pending, self.open_orders = True, None
        self._until_ns, self._empty_ns = t_ns + READ_FOR_NS, 0

    def saw(self, open_orders: int, t_ns: int) -> None:
        """Take what the connection shows is open in the account."""
        self.open_orders = open_orders
        if open_orders:
            self._empty_ns = 0
        elif not self._empty_ns:
            self._empty_ns = t_ns
        elif t_ns - self._empty_ns >= SURE_NS:
            self._done(CONNECTION)
        if self.is_pending and t_ns >= self._until_ns:
            self.is_pending = False
            left = f"{open_orders} orders are open"
            self._core.note("critical", "kill", f"not confirmed in time: {left}")

    def on_errand(self, cmd: Mapping[str, Any]) -> int | None:
        """Take what the other road found; return what is open by its word.

        ``cancel_all`` speaks of the account, ``cancel_ours`` of our orders alone.
        Empty: None, it never found out.
        """
        left = cmd.get("open_orders")
        if not isinstance(left, int):
            problem = short(cmd.get("problem", "no answer"))
            self._core.note("error", "kill", f"not confirmed over HTTP: {problem}")
            return None
        if self.is_pending and cmd.get("errand") == "cancel_all":
            self.open_orders = left
            if left == 0:
                self._done(HTTP)
        return left

    def snapshot(self) -> dict[str, Any]:
        """Return what metrics and operators see of it."""
        return {
            "count": self.count,
            "reason": self.reason,
            "pending": self.is_pending,
            "confirmed_by": self.road,
            "open_orders": self.open_orders,
        }

    def _done(self, road: str) -> None:
        if self.is_pending:
            self.is_pending, self.road = False, road
            text = f"the venue shows no open order, read by {road}"
            self._core.note("warning", "kill", text)

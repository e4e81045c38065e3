"""Tight risk limits for a share of the seeds, and what must hold while one is past.

Every limit is drawn so that an ordinary run gets past it now and then. Few of them at
a time: what one forbids the next is never asked about.
"""

from __future__ import annotations

import random
from typing import Any

from engine.session.risk.officer import OPERATOR

RISK_SHARE = 0.35
LIMIT_CHANCE = 0.3
TIGHT: dict[str, tuple[float, ...]] = {
    "loss_session_usd": (0.02, 0.3, 3.0),
    "loss_day_usd": (0.02, 0.3, 3.0),
    "loss_peak_usd": (0.02, 0.3, 3.0),
    "exposure_max_usd": (300.0, 3_000.0),
    "order_max_usd": (50.0, 500.0),
    "open_orders_max": (1, 3),
    "requests_per_s_max": (1, 3),
    "margin_use_max_pct": (4e-5, 4e-4),
    "rejects_max": (2, 5),
    "clock_offset_max_ms": (5_000, 15_000),
    "stale_user_ms": (2_000, 15_000),
    "feed_lag_widen_ms": (20, 100),
    "feed_lag_max_ms": (150, 1_000),
    "stall_max_ms": (300, 1_000),
}
OF_ONE: dict[str, tuple[float, ...]] = {
    "loss_max": (1e-6, 1e-5),
    "rejects_max": (1, 3),
    "post_only_rejects_max": (1, 2),
    "stale_book_ms": (1_000, 5_000),
    "collar_fair_bps": (0.5, 5.0),
    "collar_index_bps": (10.0, 100.0),
    "widen_ticks": (1.0, 5.0),
}
"""Limits of one instrument."""
DRILLS = ("reduce", "pull", "flatten", "disconnect")


def draw_risk(dice: random.Random) -> dict[str, Any]:
    """Return the ``[risk]`` table of a run. Empty: {}, limits as they are."""
    if dice.random() >= RISK_SHARE:
        return {}
    step = dice.choice(("pull", "flatten", "disconnect"))
    return {"on_loss": step, **_some(dice, TIGHT)}


def draw_of_one(dice: random.Random) -> dict[str, Any]:
    """Return more limits of one instrument."""
    return _some(dice, OF_ONE)


def _some(dice: random.Random, of: dict[str, tuple[float, ...]]) -> dict[str, Any]:
    return {
        name: dice.choice(values)
        for name, values in of.items()
        if dice.random() < LIMIT_CHANCE
    }


class Latches:
    """The latched trips of one engine, followed from outside.

    A trip that was seen must be seen until somebody arms rules again: over lost lines,
    and over restarts with a checkpoint that has it.
    """

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.seen = 0
        self._armed_ns = -1
        self._looked_ns = 0

    def rearm(self, due_ns: int) -> None:
        """Somebody arms everything again; the engine hears of it at ``due_ns``."""
        self.held.clear()
        self._armed_ns = max(self._armed_ns, due_ns)

    def step(self, due_ns: int) -> None:
        """The operator takes another step, which may be a lesser one."""
        self.held = {key: step for key, step in self.held.items() if key[0] != OPERATOR}
        self._armed_ns = max(self._armed_ns, due_ns)

    def restart(self, checkpoint: Any) -> None:
        """Another process begins, from a checkpoint. Empty: None, from none."""
        try:
            trips = checkpoint["parts"]["risk"]["trips"]
            self.held = {(row["rule"], row["scope"]): row["stance"] for row in trips}
        except (TypeError, KeyError):
            self.held = {}

    def look(self, trips: list[dict[str, Any]], now_ns: int) -> str:
        """Compare with what the engine shows. Empty: "", as it should be."""
        if now_ns <= self._armed_ns:
            return ""
        is_first = self._looked_ns <= self._armed_ns
        self._looked_ns = now_ns
        shown = {
            (row["rule"], row["scope"]): row["stance"]
            for row in trips
            if row["latched"]
        }
        # The first look after an arming only learns: it may have reached a process that
        # began meanwhile, from a checkpoint older than it.
        gone = set() if is_first else self.held.keys() - shown.keys()
        self.seen += len(shown.keys() - self.held.keys())
        self.held = shown
        return f"a latched limit armed itself again: {sorted(gone)}" if gone else ""

    def forbids(self, name: str) -> str:
        """Return the latched step that keeps an instrument from any quote.

        Empty: "", none does. Only what concerns the account or the instrument counts,
        and nothing between an arming and the next look.
        """
        if self._looked_ns <= self._armed_ns:
            return ""
        steps = [step for (_, scope), step in self.held.items() if scope in ("", name)]
        found = [step for step in steps if step in ("pull", "flatten", "disconnect")]
        return found[0] if found else ""

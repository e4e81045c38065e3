"""Says when the market has left what a strategy was configured for.

``[quote.drift]`` gives an instrument a `Drift` signal; here it is looked at every few
seconds, a note is written when a number goes off and when it is well again, and all of
them are in the snapshot. Nothing is quoted otherwise for it: what to do is a decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine._core.signals.drift import Drift
from engine.session.context import Context
from engine.session.plan import QuotePlan

LOOK_NS = 10_000_000_000

WORDS = {
    "k_per_tick": ("k", "/tick"),
    "a_per_s": ("A", "/s"),
    "sigma_ticks": ("volatility", "ticks per root second"),
    "adverse_ticks": ("adverse move", "ticks"),
}


class DriftWatch:
    """The drift signals of a run. Units: due_ns on the core's clock, 0 = none."""

    def __init__(self, plans: Iterable[QuotePlan]) -> None:
        self._drifts: dict[str, Drift] = {
            plan.instrument: plan.drift for plan in plans if plan.drift is not None
        }
        self._off: dict[tuple[str, str], bool] = {}
        # Due as soon as there is a time at all.
        self.due_ns = 1 if self._drifts else 0

    def watch(self, ctx: Context) -> None:
        """Look at all of them, when it is time."""
        if not self.due_ns or ctx.now_ns < self.due_ns:
            return
        self.due_ns = ctx.now_ns + LOOK_NS
        for instrument, drift in self._drifts.items():
            for name, row in drift.readings().items():
                key = (instrument, name)
                if row["is_off"] != self._off.get(key, False):
                    self._off[key] = row["is_off"]
                    self._tell(ctx, instrument, name, row)

    def _tell(self, ctx: Context, instrument: str, name: str, row: Any) -> None:
        word, unit = WORDS[name]
        level = "warning" if row["is_off"] else "info"
        state = "is off" if row["is_off"] else "is well again"
        ctx.note(
            level,
            "drift",
            f"{instrument}: {word} {state}: {row['live']:.4g} {unit}, "
            f"configured {row['configured']:.4g}",
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the readings by instrument; see `Drift.readings`."""
        return {name: drift.readings() for name, drift in self._drifts.items()}

"""The kill ladder at the end of a run, when nothing is in its way any more.

The step that was drawn is taken while the market goes on. What it promises must be so
within a bound and stay so, and arming it again must bring the quotes back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

from engine.sim.links import LinkState
from tests.simulation.swarm.engine import Engine
from tests.simulation.swarm.watch import Broken

GONE_S = 5.0
"""From a command to no open order at the venue, the slowest line included."""
LANDED_S = 1.5
"""What was on its way to the venue with the command has arrived; until then that no
order is open there says nothing."""
FLAT_S = 60.0
"""From there to no position: a side of the book may be gone for some of it."""
HOLD_S = 4.0
EXCUSES = ("the feed lags", "book has an empty side")
"""Why a position may be kept: a clock of the venue that was set makes every book late
for ten minutes, and in a thin market nobody may stand on the other side for as long."""
LOOK_S = 0.25


class Clock(Protocol):
    """What a drill needs of its run."""

    def run_for(self, seconds: float) -> None:
        """Let virtual time pass."""

    def wait(self, holds: Callable[[], str], within_s: float, look_s: float) -> None:
        """Let it pass until nothing is missing."""


def drill(run: Clock, engine: Engine) -> None:
    """Take the drawn step with one engine.

    Raises:
        Broken: something it promises is not so.
    """
    step = engine.setup.drill
    engine.watch.say("part", f"drill: {step}")
    engine.withdraw_all(step)
    if step == "reduce":
        _reduce(run, engine)
        return
    run.run_for(LANDED_S)
    run.wait(partial(_still_open, engine), GONE_S - LANDED_S, LOOK_S)
    if step == "flatten":
        run.wait(partial(_still_held, engine), FLAT_S, LOOK_S)
    if step == "disconnect":
        run.wait(partial(_still_connected, engine), GONE_S, LOOK_S)
    _hold(run, engine, step)


def _hold(run: Clock, engine: Engine, step: str) -> None:
    """Look again and again whether it stays so."""
    excused = set(_positions(engine))
    for _ in range(round(HOLD_S / LOOK_S)):
        run.run_for(LOOK_S)
        problem = _still_open(engine)
        if step == "flatten":
            # What closes is an order, too: it lives for a moment.
            problem = _still_held(engine, excused)
        if step == "disconnect":
            problem = problem or _still_connected(engine)
        if problem:
            raise Broken(f"it did not last: {problem}")
    if step == "flatten":
        # What had an excuse a moment ago and has none now is closed now.
        run.wait(partial(_still_held, engine), FLAT_S, LOOK_S)


def _reduce(run: Clock, engine: Engine) -> None:
    run.run_for(GONE_S)
    engine.watch.may_not_grow(True)
    run.run_for(HOLD_S)
    engine.watch.may_not_grow(False)


def _still_open(engine: Engine) -> str:
    left = [one.label for one in engine.watch.account.open_orders.values()]
    return f"{engine.setup.drill}, and orders are open: {left}" if left else ""


def _positions(engine: Engine) -> dict[str, int]:
    markets, _, _ = engine.theirs()
    return {name: lots for name, lots in markets.items() if lots}


def _still_held(engine: Engine, excused: Collection[str] = ()) -> str:
    if engine.stance() != "flatten":
        return ""  # a rule went further
    held = {
        name: lots
        for name, lots in _positions(engine).items()
        if name not in excused and not engine.why_blank(name).startswith(EXCUSES)
    }
    return f"flatten, and positions are held: {held}" if held else ""


def _still_connected(engine: Engine) -> str:
    states = [link.state for link in engine.links.links]
    if engine.state() == "disconnected" and set(states) == {LinkState.DOWN}:
        return ""
    return f"disconnect, and it is {engine.state()}, lines {states}"

"""One run of the swarm: a seed in, a verdict out.

A run has three parts. In the first the drawn mischief happens while the market moves.
In the second every fault is cleared, every engine must come back, the market falls
still, and then engines and venue must say the same. In the third the engines are told
to stop, and nothing of them may be left.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.sim.together import Switchboard, run_together
from engine.sim.world import World
from tests.simulation.swarm.draw import Setup, draw
from tests.simulation.swarm.drill import drill
from tests.simulation.swarm.engine import Engine
from tests.simulation.swarm.market import SECOND_NS, SparseMarket
from tests.simulation.swarm.mischief import DEEDS
from tests.simulation.swarm.products import draw_products
from tests.simulation.swarm.watch import Broken

CLEAR_S = 30.0  # a silent line is given up within this
RETURN_S = 120.0  # from there to quoting
AGREE_S = 20.0
RESTLESS = 20
"""Requests within AGREE_S of a strategy that runs after its own orders."""
TIE_OUT_S = 60.0
STOP_S = 15.0
LOOK_S = 0.25
SHORT_LOOK_S = 0.02  # some strategies chase their own orders and rest for a moment only


@dataclass(frozen=True)
class Verdict:
    """What a run came to. Empty: ``problem`` "" = everything held."""

    seed: int
    seconds: float
    problem: str
    facts: dict[str, Any]
    products: bool = False


class Run:
    """One venue, an engine or two, and what befalls them."""

    def __init__(self, seed: int, seconds: float, setup: Setup | None = None) -> None:
        self.seed, self.seconds = seed, seconds
        self.setup = setup if setup is not None else draw(seed)
        self.dice = random.Random(f"{seed}/mischief")
        self.market = SparseMarket(seed, self.setup.weather)
        self.world = World(seed, self.setup.world, self.setup.epoch_ns, self.market)
        count = self.setup.engines
        board = Switchboard(self.world, count)
        # One alone needs nobody between; this is asked before and after every event.
        venues = [board.share(n) for n in range(count)] if count > 1 else [self.world]
        self.engines = [
            Engine(number, self.setup, self.world, venue)
            for number, venue in enumerate(venues)
        ]
        self._links = [engine.links for engine in self.engines]

    @property
    def now_ns(self) -> int:
        """Return the virtual time."""
        return self._links[0].now_ns

    def go(self) -> None:
        """Run all of it.

        Raises:
            Broken: something that must hold does not.
        """
        for links in self._links:
            links.start()
        self._mischief()
        self._quiet()
        self._drill()
        self._agree()
        self._stop()

    def run_for(self, seconds: float) -> None:
        """Let virtual time pass."""
        run_together(self._links, self.now_ns + round(seconds * SECOND_NS))

    def wait(self, holds: Callable[[], str], within_s: float, look_s: float) -> None:
        """Run until nothing is said to be missing any more.

        Raises:
            Broken: it still is, and what.
        """
        end_ns = self.now_ns + round(within_s * SECOND_NS)
        while missing := holds():
            if self.now_ns >= end_ns:
                raise Broken(missing)
            self.run_for(look_s)

    def _say(self, kind: str, text: str) -> None:
        for engine in self.engines:
            engine.watch.say(kind, text)

    def _mischief(self) -> None:
        end_ns = round(self.seconds * SECOND_NS)
        while True:
            gap_ns = round(self.dice.expovariate(1.0) * self.setup.gap_ns)
            if self.now_ns + gap_ns >= end_ns:
                break
            run_together(self._links, self.now_ns + gap_ns)
            kind = self.dice.choice(self.setup.kinds)
            victim = self.dice.choice(self.engines)
            for engine in self.engines:
                engine.keep_checkpoint()
            victim.watch.say("mischief", kind)
            DEEDS[kind](victim)
        run_together(self._links, end_ns)

    def _quiet(self) -> None:
        self._say("part", "every fault is cleared")
        self.world.venue.faults.board.clear_all()
        for links in self._links:
            links.refuses_connections = False
            for link in links.links:
                links.delay(link.conn)
        self.run_for(CLEAR_S)
        for links in self._links:
            links.command("resume")
        for engine in self.engines:
            engine.rearm()
            engine.cancel_tickets()
        self.run_for(1.0)
        for links in self._links:
            # A lost message about an own order shows on the next line only.
            links.drop(0)
        for engine in self.engines:
            self.wait(partial(self._not_back, engine), RETURN_S, LOOK_S)

    def _drill(self) -> None:
        """Try a step of the kill ladder while the market goes on."""
        for engine in self.engines:
            drill(self, engine)
            engine.rearm()
            self.wait(partial(self._not_back, engine), RETURN_S, LOOK_S)

    def _not_back(self, engine: Engine) -> str:
        """Whether it quotes; a limit that is past once more is armed once more."""
        if problem := self._not_in(engine, "quoting"):
            engine.rearm_if_tripped()
        return problem

    def _not_in(self, engine: Engine, state: str) -> str:
        found = engine.state()
        return "" if found == state else f"not {state} in time, but {found}"

    def _agree(self) -> None:
        """Let the market fall still; then both sides must say the same."""
        self._say("part", "the market falls still")
        self.run_for(2.0)
        now_ns = self.setup.epoch_ns + self.now_ns
        self._links[0].at(self.now_ns, lambda: self.market.calm_down(now_ns))
        self.run_for(2.0)
        for engine in self.engines:
            self._agree_with(engine)
        for engine in self.engines:
            self.wait(partial(self._untied, engine), TIE_OUT_S, 1.0)
            if problem := engine.miscounted():
                raise Broken(problem)

    def _agree_with(self, engine: Engine) -> None:
        """Compare positions and orders; who never rests is paused for it."""
        before = engine.requests()
        try:
            self.wait(partial(self._unequal, engine), AGREE_S, SHORT_LOOK_S)
        except Broken:
            if engine.requests() - before < RESTLESS:
                raise
            engine.links.command("pause")
            self.wait(partial(self._unequal, engine), AGREE_S, SHORT_LOOK_S)

    def _unequal(self, engine: Engine) -> str:
        engine.rearm_if_tripped()
        ours, theirs = engine.ours(), engine.theirs()
        return "" if ours == theirs else f"the engine says {ours}, the venue {theirs}"

    def _untied(self, engine: Engine) -> str:
        engine.rearm_if_tripped()
        found = engine.ledger_differences()
        return f"the ledger is not the venue's: {found}" if found else ""

    def _stop(self) -> None:
        self._say("part", "the engine is told to stop")
        for links in self._links:
            links.reconnects = False
            links.command("stop")
        for engine in self.engines:
            self.wait(partial(self._not_in, engine, "stopped"), STOP_S, LOOK_S)
        self.run_for(1.0)
        for engine in self.engines:
            if problem := engine.left_over() or engine.end_journal():
                raise Broken(problem)

    def forget(self) -> None:
        """Leave nothing on the disk."""
        for engine in self.engines:
            if engine.journals is not None:
                engine.journals.forget()

    def facts(self) -> dict[str, Any]:
        """Return what happened, in numbers."""
        engines = self.engines
        counters = [links.counters for links in self._links]
        return {
            "trades": sum(len(one.watch.account.trades) for one in engines),
            "priced": sum(one.watch.priced for one in engines),
            "worst": max(one.watch.worst for one in engines),
            "connects": sum(one.connects for one in counters),
            "crashes": sum(one.crashes for one in engines),
            "latched": sum(one.latches.seen for one in engines),
            "journals": sum(one.journals.judged for one in engines if one.journals),
            "frames": sum(one.frames_up + one.frames_down for one in counters),
            "end_s": self.now_ns / SECOND_NS,
        }


def judge(run: Run) -> Verdict:
    """Go through a run; a verdict even when the simulation itself fails."""
    problem = ""
    try:
        run.go()
    except Broken as error:
        problem = str(error)
    except Exception as error:
        problem = f"the simulation failed: {error!r}"
    finally:
        run.forget()
    return Verdict(run.seed, run.seconds, problem, run.facts())


def run_seed(seed: int, seconds: float, products: bool = False) -> Verdict:
    """Run one seed, over perpetuals, or over instruments of every kind."""
    setup = draw_products(seed) if products else None
    return replace(judge(Run(seed, seconds, setup)), products=products)

"""One run of the swarm: a seed in, a verdict out.

A run has three parts. In the first the drawn mischief happens while the market moves.
In the second every fault is cleared, the engine must come back, the market falls still,
and then engine and venue must say the same. In the third the engine is told to stop,
and nothing of it may be left.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import orjson

from engine._core.core import Core
from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Links, LinkState
from engine.sim.venue.faults.fault import Fault
from engine.sim.world import World
from tests.simulation.swarm.draw import Setup, draw
from tests.simulation.swarm.market import SECOND_NS, SparseMarket
from tests.simulation.swarm.mischief import DEEDS
from tests.simulation.swarm.watch import MILLISECOND_NS, Broken, Watch

EPOCH_NS = 1_790_000_000 * SECOND_NS
CLEAR_S = 30.0  # a silent line is given up within this
RETURN_S = 120.0  # from there to quoting
AGREE_S = 20.0
TIE_OUT_S = 60.0
ATTO, SATOSHI = 1e18, 1e-8
STOP_S = 15.0
LOOK_S = 0.25
CHECKPOINTS_MAX = 8
SHORT_LOOK_S = 0.02  # some strategies chase their own orders and rest for a moment only


@dataclass(frozen=True)
class Verdict:
    """What a run came to. Empty: ``problem`` "" = everything held."""

    seed: int
    seconds: float
    problem: str
    facts: dict[str, Any]


class Run:
    """One engine, one venue, and what befalls them."""

    def __init__(self, seed: int, seconds: float, setup: Setup | None = None) -> None:
        self.seed, self.seconds = seed, seconds
        self.setup = setup if setup is not None else draw(seed)
        self.dice = random.Random(f"{seed}/mischief")
        self.market = SparseMarket(seed, self.setup.weather)
        self.world = World(seed, self.setup.world, EPOCH_NS, self.market)
        self.config = from_mapping(self._document())
        self.runs = 0
        self._indices: dict[str, int] = {}
        self.saved: deque[bytes] = deque(maxlen=CHECKPOINTS_MAX)
        self.crashes = 0
        self.links = Links(
            self.new_core(),
            self.world,
            self.new_signer(),
            seed=seed,
            venue_epoch_ns=EPOCH_NS,
            connections=self.setup.connections,
            up=self.setup.up,
            down=self.setup.down,
            wall_offset_ms=self.dice.choice((0, 0, -3_000, 3_000)),
        )
        self.watch = Watch(
            self.links,
            self.world.venue,
            self.setup.limits,
            {
                plan["instrument"]: plan["limits"]["stale_ms"] * MILLISECOND_NS
                for plan in self.setup.plans
            },
        )

    def _document(self) -> dict[str, Any]:
        """Return the engine's configuration, sizes turned into amounts."""
        quotes = []
        for plan in self.setup.plans:
            facts = self.market.stalls[plan["instrument"]].instrument
            limits = dict(plan["limits"])
            for key in ("position_max", "order_max"):
                limits[key] = float(facts.amount(limits[key]))
            quotes.append({**plan, "limits": limits})
        return {**self.setup.engine, "quote": quotes}

    def new_core(self) -> Core:
        """Return the core of a new process."""
        self.runs += 1
        return assemble(self.config, run_id=self.runs)

    def new_signer(self) -> Signer:
        """Return the signer of a new process."""
        return Signer(Credentials("maker", "maker-secret"))

    # What mischief may do.

    def inject(self, fault: Fault) -> None:
        """Set a fault at the venue."""
        self.watch.say("fault", f"{fault}")
        self.world.venue.faults.inject(fault)

    def crash(self, *, venue_notices_ns: int, restarts_ns: int) -> None:
        """Kill the engine's process and start another."""
        self.crashes += 1
        self.watch.say("crash", f"back in {restarts_ns} ns, seen in {venue_notices_ns}")
        left = self._left_behind()
        self.links.crash(
            self.new_core(),
            self.new_signer(),
            venue_notices_ns=venue_notices_ns,
            restarts_ns=restarts_ns,
        )
        if left is not None:
            self.links.command("restore", checkpoint=left)

    def _keep_checkpoint(self) -> None:
        """Write down what the engine would have written into its folder."""
        core: Any = self.links.core
        if saved := core.checkpoint():
            self.saved.append(orjson.dumps(saved))

    def _left_behind(self) -> Any:
        """Return the checkpoint a new process finds: new, old, spoilt, or none."""
        if not self.saved:
            return None
        match self.setup.memory:
            case "newest":
                self._keep_checkpoint()
                return orjson.loads(self.saved[-1])
            case "old":
                return orjson.loads(self.dice.choice(self.saved))
            case "spoilt":
                left = orjson.loads(self.saved[-1])
                left[self.dice.choice(sorted(left))] = self.dice.choice((None, 7, [""]))
                return left
        return None

    def crash_at_next_write(self, frames_kept: int) -> None:
        """Kill it in the middle of its next write."""

        def act() -> None:
            self.crash(venue_notices_ns=0, restarts_ns=SECOND_NS // 10)

        self.links.crash_at_next_write(frames_kept, act)

    # The three parts.

    def go(self) -> None:
        """Run all of it.

        Raises:
            Broken: something that must hold does not.
        """
        self.links.start()
        self._mischief()
        self._quiet()
        self._agree()
        self._stop()

    def _mischief(self) -> None:
        end_ns = round(self.seconds * SECOND_NS)
        while True:
            gap_ns = round(self.dice.expovariate(1.0) * self.setup.gap_ns)
            if self.links.now_ns + gap_ns >= end_ns:
                break
            self.links.run_for(gap_ns)
            kind = self.dice.choice(self.setup.kinds)
            self._keep_checkpoint()
            self.watch.say("mischief", kind)
            DEEDS[kind](self)
        self.links.run_until(end_ns)

    def _quiet(self) -> None:
        self.watch.say("part", "every fault is cleared")
        self.world.venue.faults.board.clear_all()
        self.links.refuses_connections = False
        for link in self.links.links:
            self.links.delay(link.conn)
        self.links.run_for(round(CLEAR_S * SECOND_NS))
        self.links.command("resume")
        self.links.command("rearm")
        # A lost message about an own order shows on the next line only.
        self.links.drop(0)
        self._wait_for("quoting", RETURN_S)

    def _wait_for(self, state: str, within_s: float) -> None:
        end_ns = self.links.now_ns + round(within_s * SECOND_NS)
        while self.state() != state:
            if self.links.now_ns >= end_ns:
                raise Broken(f"not {state} within {within_s:g} s, but {self.state()}")
            self.links.run_for(round(LOOK_S * SECOND_NS))

    def state(self) -> str:
        """Return the session's state."""
        state: str = self.links.core.snapshot()["session"]["state"]
        return state

    def _agree(self) -> None:
        """Let the market fall still; then both sides must say the same."""
        self.watch.say("part", "the market falls still")
        self.links.run_for(round(2.0 * SECOND_NS))
        now_ns = EPOCH_NS + self.links.now_ns
        self.links.at(self.links.now_ns, lambda: self.market.calm_down(now_ns))
        self.links.run_for(round(2.0 * SECOND_NS))
        end_ns = self.links.now_ns + round(AGREE_S * SECOND_NS)
        while True:
            self.links.run_for(round(SHORT_LOOK_S * SECOND_NS))
            ours, theirs = self.ours(), self.theirs()
            if ours == theirs:
                break
            if self.links.now_ns >= end_ns:
                raise Broken(f"the engine says {ours}, the venue {theirs}")
        self._tie_out()
        if self.runs == 1:
            booked = self.links.core.snapshot()["counters"]["fills"]
            traded = len(self.watch.account.trades)
            if booked != traded:
                raise Broken(f"{booked} fills booked, {traded} trades at the venue")

    def _tie_out(self) -> None:
        """Let the ledger read the venue's log to its end; it must be equal then."""
        end_ns = self.links.now_ns + round(TIE_OUT_S * SECOND_NS)
        while True:
            self.links.run_for(SECOND_NS)
            differences = self._ledger_differences()
            if not differences:
                return
            if self.links.now_ns >= end_ns:
                raise Broken(f"the ledger is not the venue's: {differences}")

    def _ledger_differences(self) -> list[str]:
        """Return in what the ledger and the venue's account differ."""
        account = self.watch.account
        shown = self.links.core.snapshot()["session"]["ledger"]
        keys = ["pending", "unlogged", "gaps", "repeats", "unread"]
        if self.setup.memory != "spoilt":
            keys.append("untold")
        found = [f"{key} {shown[key]}" for key in keys if shown[key]]
        for currency, row in shown["currencies"].items():
            found += [
                f"{currency} {key} {row[key]}"
                for key in ("cash_difference", "fee_difference")
                if row[key]
            ]
            cash = account.cash.get(currency, 0) / ATTO
            if abs(row["cash"] - cash) >= SATOSHI:
                found.append(f"{currency} cash {row['cash']}, at the venue {cash}")
        for name, row in shown["instruments"].items():
            if row["position_difference"]:
                found.append(f"{name} {row['position_difference']}")
        return found

    def ours(self) -> Any:
        """Return positions and open orders as the core has them."""
        core: Any = self.links.core
        slots = core.open_slots()
        if not self._indices:
            self._indices = {name: self.index_of(name) for name in self.setup.limits}
        markets = {
            name: core.market(index).position.size_lots
            for name, index in self._indices.items()
        }
        orders = sorted(
            (one["label"], one["order_id"], one["price_ticks"], one["worst_lots"])
            for one in slots
        )
        return markets, orders, [one for one in slots if one["state"] != "live"]

    def index_of(self, name: str) -> int:
        """Return the core's index of an instrument."""
        core: Any = self.links.core
        for index in range(len(self.market.stalls) + 64):
            try:
                if core.market(index).name == name:
                    return index
            except IndexError:
                continue
        raise Broken(f"the engine does not know {name}")

    def theirs(self) -> Any:
        """Return positions and open orders as the venue has them."""
        markets = {name: self.watch.position_lots(name) for name in self.setup.limits}
        orders = sorted(
            (one.label, one.order_id, one.price_ticks, one.open_lots)
            for one in self.watch.account.open_orders.values()
        )
        return markets, orders, []

    def _stop(self) -> None:
        self.watch.say("part", "the engine is told to stop")
        self.links.reconnects = False
        self.links.command("stop")
        self._wait_for("stopped", STOP_S)
        self.links.run_for(SECOND_NS)
        left = [one.label for one in self.watch.account.open_orders.values()]
        if left:
            raise Broken(f"left behind after the stop: {left}")
        if any(link.state is not LinkState.DOWN for link in self.links.links):
            raise Broken("a line is up after the stop")

    def facts(self) -> dict[str, Any]:
        """Return what happened, in numbers."""
        counters = self.links.counters
        return {
            "trades": len(self.watch.account.trades),
            "priced": self.watch.priced,
            "worst": self.watch.worst,
            "connects": counters.connects,
            "crashes": self.crashes,
            "frames": counters.frames_up + counters.frames_down,
            "end_s": self.links.now_ns / SECOND_NS,
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
    return Verdict(run.seed, run.seconds, problem, run.facts())


def run_seed(seed: int, seconds: float) -> Verdict:
    """Run one seed."""
    return judge(Run(seed, seconds))

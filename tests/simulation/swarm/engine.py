"""One engine of a run: its processes, its line to the venue, and whoever watches it."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import orjson

from engine._core.core import Core
from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Links, LinkState
from engine.sim.ports import VenueVerbs
from engine.sim.venue.faults.fault import Fault
from engine.sim.world import World
from tests.simulation.swarm.draw import ACCOUNTS, Setup
from tests.simulation.swarm.journals import Journals
from tests.simulation.swarm.limits import Latches
from tests.simulation.swarm.market import SECOND_NS
from tests.simulation.swarm.watch import MILLISECOND_NS, Broken, Watch

ATTO, SATOSHI = 1e18, 1e-8
CHECKPOINTS_MAX = 8
INDICES_MAX = 64
TICKET_LOTS_MAX = 6
TICKET_REACH_TICKS = 30


class Engine:
    """A core that dies and comes back, and what mischief may do to it."""

    def __init__(
        self, number: int, setup: Setup, world: World, venue: VenueVerbs
    ) -> None:
        self.setup, self.world = setup, world
        self.account = ACCOUNTS[number]
        self.dice = random.Random(f"{setup.seed}/mischief/{number}")
        self.config = from_mapping(self.document())
        self.journals: Journals | None = None
        if setup.journal_bytes:
            dice = random.Random(f"{setup.seed}/journals/{number}")
            self.journals = Journals(self.config, dice, setup.journal_bytes)
        self.latches = Latches()
        self.runs = 0
        self.crashes = 0
        self.saved: deque[bytes] = deque(maxlen=CHECKPOINTS_MAX)
        self.links = Links(
            self.new_core(),
            venue,
            self.new_signer(),
            seed=setup.seed + number,
            venue_epoch_ns=setup.epoch_ns,
            connections=setup.connections,
            up=setup.up,
            down=setup.down,
            wall_offset_ms=self.dice.choice((0, 0, -3_000, 3_000)),
        )
        self.watch = Watch(
            self.links,
            world.venue,
            self.account,
            setup.limits,
            {
                plan["instrument"]: plan["limits"]["stale_ms"] * MILLISECOND_NS
                for plan in setup.plans
            },
            self.latches.forbids,
        )

    def document(self) -> dict[str, Any]:
        """Return the configuration, sizes turned into amounts."""
        quotes = []
        for plan in self.setup.plans:
            facts = self.world.venue.exchange.market(plan["instrument"]).instrument
            limits = dict(plan["limits"])
            for key in ("position_max", "order_max"):
                limits[key] = float(facts.amount(limits[key]))
            quotes.append({**plan, "limits": limits})
        return {**self.setup.engine, "quote": quotes}

    def new_core(self) -> Core:
        """Return the core of a new process."""
        self.runs += 1
        core: Core = assemble(self.config, run_id=self.runs)
        if self.journals is not None:
            self.journals.begin(core, self.runs)
        return core

    def new_signer(self) -> Signer:
        """Return the signer of a new process."""
        return Signer(Credentials(self.account, f"{self.account}-secret"))

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
        if self.journals is not None and (problem := self.journals.kill()):
            raise Broken(problem)
        self.watch.process_began()
        self.links.crash(
            self.new_core(),
            self.new_signer(),
            venue_notices_ns=venue_notices_ns,
            restarts_ns=restarts_ns,
        )
        self.latches.restart(None if self.setup.memory == "spoilt" else left)
        if left is not None:
            self.links.command("restore", checkpoint=left)

    def crash_at_next_write(self, frames_kept: int) -> None:
        """Kill it in the middle of its next write."""

        def act() -> None:
            self.crash(venue_notices_ns=0, restarts_ns=SECOND_NS // 10)

        self.links.crash_at_next_write(frames_kept, act)

    def place_ticket(self) -> None:
        """Let the operator place an order outside the quotes, of any type."""
        dice = self.dice
        if not (names := self.listed()):
            return
        name = dice.choice(names)
        market = self.world.venue.exchange.market(name)
        facts = market.instrument
        away = dice.randint(-TICKET_REACH_TICKS, TICKET_REACH_TICKS)
        at = facts.floor(facts.ticks_below(market.mark_ref) + away)
        kind = dice.choice(("market", "limit", "stop_market", "take_limit"))
        fields: dict[str, Any] = {}
        if kind in ("limit", "take_limit"):
            fields["price"] = f"{facts.price(at)}"
        if kind in ("stop_market", "take_limit"):
            fields |= {"trigger": "mark_price", "trigger_price": f"{facts.price(at)}"}
        self.links.command(
            "ticket",
            instrument=name,
            side=dice.choice(("buy", "sell")),
            amount=f"{facts.amount(dice.randint(1, TICKET_LOTS_MAX))}",
            type=kind,
            reduce_only=dice.random() < 0.5,
            **fields,
        )

    def cancel_tickets(self) -> None:
        """Let the operator take back every ticket that is still open."""
        for order in list(self.watch.account.open_orders.values()):
            if "-t-" in order.label:
                self.links.command("cancel_ticket", label=order.label)

    def withdraw(self, step: str) -> None:
        """Let the operator take a step of the ladder, for all or one instrument."""
        dice = self.dice
        self.latches.step(self.links.awake_ns())
        if step == "disconnect" or dice.random() < 0.6:
            self.links.command(step)
        else:
            name = dice.choice(sorted(self.setup.limits))
            self.links.command(step, instrument=name)

    def withdraw_all(self, step: str) -> None:
        """Let the operator take a step of the ladder for the whole account."""
        self.latches.step(self.links.awake_ns())
        self.links.command(step)

    def rearm(self) -> None:
        """Let the operator arm every rule again."""
        self.latches.rearm(self.links.awake_ns())
        self.links.command("rearm")

    def rearm_if_tripped(self) -> None:
        """Let the operator arm the rules again when one of them took the line away."""
        if self.state() in ("paused", "disconnected"):
            self.rearm()

    def _look_at_latches(self) -> None:
        """Check that what is latched has stayed so.

        Raises:
            Broken: it has not.
        """
        risk = self.links.core.snapshot()["session"]["risk"]
        if problem := self.latches.look(risk["trips"], self.links.now_ns):
            raise Broken(problem)

    def requests(self) -> int:
        """Return how many order requests this process has sent."""
        return sum(self.links.core.snapshot()["requests"].values())

    def stance(self) -> str:
        """Return the step of the ladder the whole account is on."""
        stance: str = self.links.core.snapshot()["stance"]
        return stance

    def why_blank(self, name: str) -> str:
        """Return why an instrument has no quotes. Empty: "", it may have."""
        why: str = self.links.core.snapshot()["instruments"][name]["why_blank"]
        return why

    def keep_checkpoint(self) -> None:
        """Write down what the engine would have written into its folder."""
        core: Any = self.links.core
        if saved := core.checkpoint():
            self.saved.append(orjson.dumps(saved))
            self._look_at_latches()

    def _left_behind(self) -> Any:
        """Return the checkpoint a new process finds: new, old, spoilt, or none."""
        if not self.saved:
            return None
        match self.setup.memory:
            case "newest":
                self.keep_checkpoint()
                return orjson.loads(self.saved[-1])
            case "old":
                return orjson.loads(self.dice.choice(self.saved))
            case "spoilt":
                left = orjson.loads(self.saved[-1])
                left[self.dice.choice(sorted(left))] = self.dice.choice((None, 7, [""]))
                return left
        return None

    # What it says, and what the venue says.

    def listed(self) -> list[str]:
        """Return what it quotes and has not expired."""
        markets = self.world.venue.exchange.markets
        return [name for name in sorted(self.setup.limits) if name in markets]

    def state(self) -> str:
        """Return the session's state."""
        state: str = self.links.core.snapshot()["session"]["state"]
        return state

    def ours(self) -> Any:
        """Return positions and open orders as the core has them."""
        core: Any = self.links.core
        slots = core.open_slots()
        markets = {
            name: core.market(self._index_of(name)).position.size_lots
            for name in self.listed()
        }
        orders = sorted(
            (one["label"], one["order_id"], one["price_ticks"], one["worst_lots"])
            for one in slots
        )
        return markets, orders, [one for one in slots if one["state"] != "live"]

    def _index_of(self, name: str) -> int:
        core: Any = self.links.core
        for index in range(INDICES_MAX):
            try:
                if core.market(index).name == name:
                    return index
            except IndexError:
                continue
        raise Broken(f"the engine does not know {name}")

    def theirs(self) -> Any:
        """Return positions and open orders as the venue has them."""
        markets = {name: self.watch.position_lots(name) for name in self.listed()}
        orders = sorted(
            (one.label, one.order_id, one.price_ticks, one.open_lots)
            for one in self.watch.account.open_orders.values()
            if "-t-" not in one.label
        )
        return markets, orders, []

    def miscounted(self) -> str:
        """Return how fills and trades differ in number. Empty: "", they do not.

        Only a process that was there from the first trade on can tell.
        """
        booked = self.links.core.snapshot()["counters"]["fills"]
        traded = len(self.watch.account.trades)
        if self.runs > 1 or booked == traded:
            return ""
        return f"{booked} fills booked, {traded} trades at the venue"

    def ledger_differences(self) -> list[str]:
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

    def end_journal(self) -> str:
        """Return what is wrong with the journal of the last process. Empty: ""."""
        if self.journals is None:
            return ""
        return self.journals.end(self.links.now_ns)

    def left_over(self) -> str:
        """Return what is left of it after a stop. Empty: "", nothing."""
        left = [one.label for one in self.watch.account.open_orders.values()]
        if left:
            return f"left behind after the stop: {left}"
        if any(link.state is not LinkState.DOWN for link in self.links.links):
            return "a line is up after the stop"
        return ""

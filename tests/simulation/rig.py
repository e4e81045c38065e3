"""The whole engine against the simulated venue under the virtual clock.

A scenario makes a ``Rig``, runs virtual time, misbehaves through ``rig.links`` and
reads ``rig.core.snapshot()`` and what the venue knows. After every event the rig checks
what must always hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from engine._core.core import Core
from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Latency, Links, Uniform
from engine.sim.settings import SimConfig, world_config
from engine.sim.world import World
from tests.generators.listings import PERPETUALS

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000 * MILLISECOND_NS
EPOCH_NS = 1_790_000_000 * SECOND_NS
PERPETUAL = "BTC-PERPETUAL"
CONTRACT = 10.0
FAST_TIER = SimConfig.model_validate(
    {"listing": PERPETUALS, "venue": {"matching_rate": 30, "matching_burst": 100}}
)
NEAR = Uniform(100_000, 900_000)


def engine_config(**changes: Any) -> dict[str, Any]:
    """Return a configuration document that quotes the BTC perpetual."""
    document: dict[str, Any] = {
        "environment": "simulation",
        "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"], "heartbeat_s": 10},
        "quote": [
            {
                "instrument": PERPETUAL,
                "strategy": "strategies.join_touch:JoinTouch",
                "params": {"qty_lots": 5, "skew_ticks": 0.05},
                "requote_ticks": 1,
                "limits": {
                    "position_max": 500.0,
                    "order_max": 100.0,
                    "collar_bps": 100.0,
                    "stale_ms": 5_000,
                },
            }
        ],
    }
    return {**document, **changes}


class Rig:
    """One engine, one world, links between, and the checks after every event."""

    def __init__(
        self,
        seed: int,
        *,
        config: Mapping[str, Any] | None = None,
        sim: SimConfig = FAST_TIER,
        up: Latency = NEAR,
        down: Latency = NEAR,
        wall_offset_ms: int = 0,
        epoch_ns: int = EPOCH_NS,
    ) -> None:
        self.seed = seed
        document = dict(config or engine_config())
        self.position_max = document["quote"][0]["limits"]["position_max"]
        self.world = World(seed, world_config(sim, seed), epoch_ns)
        self.core: Core = assemble(from_mapping(document), run_id=seed + 1)
        connections = 2 if document["venue"].get("market_data_urls") else 1
        self.links = Links(
            self.core,
            self.world,
            Signer(Credentials("maker", "maker-secret")),
            seed=seed,
            venue_epoch_ns=epoch_ns,
            connections=connections,
            up=up,
            down=down,
            wall_offset_ms=wall_offset_ms,
        )
        self.links.on_event = self.check
        self.worst_exposure = 0.0
        self.links.start()

    def run(self, seconds: float) -> None:
        """Run virtual time."""
        self.links.run_for(round(seconds * SECOND_NS))

    def run_until(self, condition: Callable[[], bool], within_s: float = 30.0) -> float:
        """Run until something holds; return how long it took, in seconds."""
        started_ns = self.links.now_ns
        while not condition():
            taken_ns = self.links.now_ns - started_ns
            assert taken_ns < within_s * SECOND_NS, (
                f"not within {within_s} s; {self.state()}: {self.last_notes()}; "
                f"HALFSPREAD_SEED={self.seed} make sim"
            )
            self.run(0.002)
        return (self.links.now_ns - started_ns) / SECOND_NS

    def run_until_state(self, state: str, within_s: float = 30.0) -> float:
        """Run until the session is in a state; return how long it took, in seconds."""
        return self.run_until(lambda: self.state() == state, within_s)

    def run_until_two_sided(self, within_s: float = 30.0) -> float:
        """Run until a bid and an ask of ours rest at the venue."""
        return self.run_until(
            lambda: sorted(order.side for order in self.open_orders()) == [-1, 1],
            within_s,
        )

    def state(self) -> str:
        """Return the session's state."""
        state = self.core.snapshot()["session"]["state"]
        assert isinstance(state, str)
        return state

    def last_notes(self, count: int = 12) -> list[str]:
        """Return the latest notes of the core, for failure texts."""
        return [
            f"{kind}: {text}" for _, _, kind, text in list(self.links.notes)[-count:]
        ]

    def problems(self) -> list[str]:
        """Return every note of level error or worse."""
        return [
            f"{kind}: {text}"
            for _, level, kind, text in self.links.notes
            if level in ("error", "critical")
        ]

    def chaos_dice(self) -> random.Random:
        """Return the scenario's own stream of chance, of the same seed."""
        return random.Random(f"{self.seed}/chaos")

    # What the venue says.

    def account(self) -> Any:
        """Return the engine's account object at the venue."""
        return self.world.venue.exchange.accounts["maker"]

    def open_orders(self) -> list[Any]:
        """Return the orders of the engine's account resting at the venue."""
        return list(self.account().open_orders.values())

    def position(self) -> float:
        """Return the position at the venue, in amount units."""
        position = self.account().positions.get(PERPETUAL)
        return CONTRACT * position.size if position is not None else 0.0

    def check(self) -> None:
        """Check what must hold after every event, at the venue itself."""
        long, short = 0.0, 0.0
        slots = set()
        for order in self.open_orders():
            if order.instrument.name == PERPETUAL:
                if order.side > 0:
                    long += CONTRACT * order.open_lots
                else:
                    short += CONTRACT * order.open_lots
            if not order.label.startswith("hs-"):
                continue
            run, slot = order.label.split("-")[1:3]
            # The linked orders of one ticket share a label.
            shared = slot == "t" or (run, slot) not in slots
            assert shared, f"two orders of slot {slot}"
            slots.add((run, slot))
        exposure = max(self.position() + long, short - self.position())
        self.worst_exposure = max(self.worst_exposure, exposure)
        assert exposure <= self.position_max, (
            f"exposure {exposure} above {self.position_max}: {self.last_notes()}; "
            f"HALFSPREAD_SEED={self.seed} make sim"
        )

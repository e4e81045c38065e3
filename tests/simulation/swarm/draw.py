"""What a seed stands for: one configuration of engine, venue, market and mischief.

Swarm testing: not every run has everything. Each run draws which kinds of mischief are
on at all and how often they come, so that rare combinations get runs of their own
(Groce et al., "Swarm testing", 2012).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from engine.sim.links import Latency, LogNormal, Uniform
from engine.sim.settings import SimConfig, WorldConfig, world_config
from tests.simulation.swarm.limits import DRILLS, draw_of_one, draw_risk
from tests.simulation.swarm.market import SECOND_NS, Weather
from tests.simulation.swarm.mischief import KINDS, REARM

MILLISECOND_NS = 1_000_000
EPOCH_NS = 1_790_000_000 * SECOND_NS
ACCOUNTS = ("maker", "second")  # one for each engine
FAMILIES = {
    "BTC-PERPETUAL": "BTC",
    "ETH-PERPETUAL": "ETH",
    "BTC_USDC-PERPETUAL": "BTC_USDC",
    "SOL_USDC-PERPETUAL": "SOL_USDC",
}
KIND_CHANCE = 0.25
JOURNAL_SHARE = 0.3
JOURNAL_BYTES = (1 << 16, 1 << 19, 1 << 21)
URL = "ws://127.0.0.1:1/ws/api/v2"
LATENCIES: tuple[Latency, ...] = (
    Uniform(100_000, 900_000),
    Uniform(1_000_000, 3_000_000),
    LogNormal(5_000_000, 0.7, 200_000_000),
    LogNormal(40_000_000, 0.8, 900_000_000),
)


@dataclass(frozen=True)
class Setup:
    """One drawn configuration.

    Units: gap_ns is the mean time between two pieces of mischief; ``limits`` are
    position limits in lots by instrument, ``memory`` is which checkpoint a new process
    finds, ``journal_bytes`` the size a journal may reach, ``drill`` the step of the
    kill ladder that is tried at the end. Empty: journal_bytes 0, none is kept.
    """

    seed: int
    world: WorldConfig
    weather: Weather
    up: Latency
    down: Latency
    connections: int
    engines: int
    kinds: tuple[str, ...]
    gap_ns: int
    limits: dict[str, int]
    memory: str
    journal_bytes: int
    drill: str
    plans: tuple[dict[str, Any], ...]
    engine: dict[str, Any]
    epoch_ns: int = EPOCH_NS

    def text(self) -> str:
        """Return it in a few lines, for people."""
        rows = [f"seed {self.seed}: {', '.join(self.limits)}"]
        rows += [f"  engines at once: {self.engines}"]
        rows.append(f"  mischief every {self.gap_ns / SECOND_NS:.1f} s on average:")
        rows.append(f"    {', '.join(self.kinds)}")
        rows.append(f"  a new process finds as checkpoint: {self.memory}")
        rows.append(f"  journals of at most {self.journal_bytes} bytes")
        rows.append(f"  at the end: {self.drill}")
        rows.append(f"  latency up {self.up}, down {self.down}")
        for plan in self.plans:
            rows.append(f"  {plan}")
        rows.append(f"  {self.engine}")
        rows.append(f"  {self.weather}")
        return "\n".join(rows)


def draw(seed: int) -> Setup:
    """Return the configuration of a seed."""
    dice, risk_dice = random.Random(f"{seed}/setup"), random.Random(f"{seed}/risk")
    risk = draw_risk(risk_dice)
    count = dice.choices((1, 2, 3), (70, 22, 8))[0]
    names = tuple(sorted(dice.sample(sorted(FAMILIES), count)))
    kinds = tuple(kind for kind in KINDS if dice.random() < KIND_CHANCE)
    limits = {name: dice.randint(8, 80) for name in names}
    connections = dice.choices((1, 2), (75, 25))[0]
    return Setup(
        seed=seed,
        world=_world(dice, seed, names),
        weather=Weather(
            event_ns=round(SECOND_NS * count * dice.uniform(1.5, 4.0)),
            levels=dice.randint(2, 4),
            jump_bps=dice.choice((0.5, 2.0, 5.0)),
        ),
        up=dice.choice(LATENCIES),
        down=dice.choice(LATENCIES),
        connections=connections,
        engines=dice.choices((1, 2), (90, 10))[0],
        kinds=(kinds or (dice.choice(KINDS),)) + ((REARM,) if risk else ()),
        gap_ns=round(SECOND_NS * 1.5 * 20.0 ** dice.random()),
        limits=limits,
        memory=dice.choice(("newest", "old", "spoilt", "none")),
        journal_bytes=_journal_bytes(random.Random(f"{seed}/journal")),
        drill=risk_dice.choice(DRILLS),
        plans=tuple(
            plan_of(dice, name, limits[name], draw_of_one(risk_dice) if risk else {})
            for name in names
        ),
        engine={**_engine(dice, connections), "risk": risk},
    )


def _journal_bytes(dice: random.Random) -> int:
    if dice.random() >= JOURNAL_SHARE:
        return 0
    return dice.choice(JOURNAL_BYTES)


def _world(dice: random.Random, seed: int, names: tuple[str, ...]) -> WorldConfig:
    tier = dice.choice(({"tier": "T4"}, {"tier": "T3"}, {"tier": "T1"}))
    config = SimConfig.model_validate(
        {
            "listing": {
                "families": sorted({FAMILIES[name] for name in names}),
                "futures": False,
                "spot": False,
                "options": False,
                "combos": False,
            },
            "venue": {
                **tier,
                "expires_in_s": dice.choice((60, 300, 900)),
                "matching_us": dice.choice((0, 1_000, 5_000)),
            },
            "account": [
                {
                    "client_id": name,
                    "client_secret": f"{name}-secret",
                    "limits_per_currency": dice.random() < 0.3,
                }
                for name in ACCOUNTS
            ],
        }
    )
    world = world_config(config, seed)
    first = dice.random() < 0.5
    return replace(world, venue=replace(world.venue, notifications_first=first))


def plan_of(
    dice: random.Random, name: str, limit: int, more: dict[str, Any]
) -> dict[str, Any]:
    """Return one ``[[quote]]`` table; sizes in lots, turned into amounts later."""
    qty = dice.randint(1, max(1, limit // 3))
    levels = dice.randint(1, 4)
    strategies: tuple[tuple[str, dict[str, Any]], ...] = (
        ("strategies.join_touch:JoinTouch", {"qty_lots": qty, "skew_ticks": 0.05}),
        (
            "strategies.ladder:Ladder",
            {
                "qty_lots": qty,
                "half_spread_ticks": float(dice.randint(1, 4)),
                "levels": levels,
                "skew_ticks": 0.05,
            },
        ),
        (
            "tests.simulation.swarm.fickle:Fickle",
            {
                "seed": dice.randrange(1 << 30),
                "qty_lots": qty,
                "levels": levels,
                "reach_ticks": dice.randint(1, 8),
            },
        ),
    )
    strategy, params = dice.choices(strategies, (8, 8, 84))[0]
    return {
        "instrument": name,
        "strategy": strategy,
        "params": params,
        "requote_ticks": dice.choice((0, 0, 1, 3)),
        "requote_qty_pct": dice.choice((0.0, 0.0, 20.0)),
        "queue_ticks": dice.choice((0, 2, 2, 10)),
        "limits": {
            "position_max": limit,
            "order_max": dice.randint(max(1, limit // 4), limit),
            "collar_bps": dice.choice((20.0, 100.0, 500.0)),
            "stale_ms": dice.choice((1_500, 5_000, 20_000)),
            **more,
        },
    }


def _engine(dice: random.Random, connections: int) -> dict[str, Any]:
    return {
        "environment": "simulation",
        "venue": {
            "urls": [URL],
            "market_data_urls": [URL] if connections > 1 else [],
            "heartbeat_s": dice.choice((10, 15, 30)),
            "request_timeout_s": dice.choice((1.0, 3.0, 5.0)),
            "book_interval": dice.choices(("raw", "100ms"), (80, 20))[0],
        },
        "credentials": {
            "grant": dice.choice(("client_signature", "client_credentials"))
        },
        "orders": {
            "on_start": dice.choice(("cancel", "adopt")),
            "ack_timeout_ms": dice.choice((200, 500, 1_000, 3_000)),
            "valid_for_ms": dice.choice((1_000, 2_000, 5_000)),
            "cancel_reserve": dice.choice((1, 4, 6)),
        },
    }

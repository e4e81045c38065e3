"""What a world costs: to start, to keep going, and in memory, without any client.

CPU seconds of this process per virtual second are what the background market and the
venue's own timers take of one core when the world runs in real time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sim.simulated import SECOND_NS, START_NS, full_config
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.venue import Venue
from engine.sim.world import World

PAGE_KB = 4
STEP_NS = SECOND_NS
HOUR_NS = 3_600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
WORLDS = {
    "default": ListingConfig(),
    "800 options": ListingConfig(
        families=("BTC",), spot=False, combos=False, strikes_each_side=19
    ),
    "futures only": ListingConfig(options=False),
}


@dataclass(frozen=True)
class Start:
    """How a world starts. Units: seconds."""

    instruments: int
    options: int
    orders: int
    venue_s: float
    market_s: float


def started(name: str, seed: int, hour: float = 14.0) -> tuple[World, Start]:
    """Start a world at an hour of the day (UTC) and say what it took."""
    start_ns = START_NS // DAY_NS * DAY_NS + round(hour * HOUR_NS)
    config = full_config(seed, WORLDS[name])
    before = time.perf_counter()
    Venue(config.venue, start_ns)
    alone_s = time.perf_counter() - before
    before = time.perf_counter()
    world = World(seed, config, start_ns)
    whole_s = time.perf_counter() - before
    listed = world.venue.instruments()
    accounts = world.venue.exchange.accounts.values()
    orders = sum(len(account.open_orders) for account in accounts)
    options = sum(one.is_option for one in listed)
    start = Start(len(listed), options, orders, alone_s, whole_s - alone_s)
    return world, start


def spent(
    world: World, seconds: int, every: int
) -> Iterator[tuple[float, float, float]]:
    """Let virtual time pass, second by second.

    Yields: (virtual seconds, CPU seconds per virtual second since the last, memory in
    MB), once every so many seconds.
    """
    begun = cpu_s = time.process_time()
    first_ns = world.now_ns
    for second in range(1, seconds + 1):
        world.handle_timer(first_ns + second * STEP_NS)
        if second % every == 0 or second == seconds:
            now = time.process_time()
            yield second, (now - cpu_s) / (second % every or every), resident_mb()
            cpu_s = now
    assert cpu_s > begun, "a world that costs nothing was not run"


def resident_mb() -> float:
    """Return the memory of this process that is in RAM (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE_KB / 1_024

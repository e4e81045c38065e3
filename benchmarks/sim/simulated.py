"""The simulated market as tapes and samples, seen as a client sees it.

One connection subscribes to books and trades of a world under a virtual clock, so that
what is measured is what the channels say, not what the actors intended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from benchmarks.sim.statistics import ChainSample, Tape
from engine.sim.settings import SimConfig, WorldConfig, world_config
from engine.sim.venue.config import ListingConfig
from engine.sim.world import World

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
STEP_NS = SECOND_NS // 10
MERGE_NS = 12_000_000  # the capture it is compared with has a frame every 12 ms
CONN = 1


def full_config(seed: int, listing: ListingConfig | None = None) -> WorldConfig:
    """Return a world that lists everything the venue knows."""
    config = world_config(SimConfig(), seed)
    listing = listing or ListingConfig()
    return replace(config, venue=replace(config.venue, listing=listing))


class Watcher:
    """A client of a world that reads what it is sent."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._last_id = 0
        world.connection_made(CONN, world.now_ns)
        self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id="maker",
            client_secret="maker-secret",
        )

    def call(self, method: str, **params: Any) -> Any:
        """Send one request and return its result."""
        self._last_id += 1
        request = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": method,
            "params": params,
        }
        self.world.receive_data(CONN, self.world.now_ns, orjson.dumps(request))
        for payload in self.world.data_to_send(CONN):
            frame = orjson.loads(payload)
            if frame.get("id") == self._last_id:
                if "error" in frame:
                    raise RuntimeError(f"{method}: {frame['error']}")
                return frame["result"]
        raise RuntimeError(f"{method}: no answer")

    def run(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Let virtual time pass and yield the notifications of it."""
        end_ns = self.world.now_ns + round(seconds * SECOND_NS)
        while self.world.now_ns < end_ns:
            self.world.handle_timer(min(end_ns, self.world.now_ns + STEP_NS))
            for payload in self.world.data_to_send(CONN):
                frame = orjson.loads(payload)
                if "params" in frame:
                    yield frame["params"]


def simulated_tape(seed: int, instrument: str, warm_s: float, seconds: float) -> Tape:
    """Watch one future or perpetual for a while, after a while."""
    listing = ListingConfig(options=False)
    world = World(seed, full_config(seed, listing), START_NS)
    world.handle_timer(START_NS + round(warm_s * SECOND_NS))
    watcher = Watcher(world)
    channels = [f"book.{instrument}.raw", f"trades.{instrument}.raw"]
    watcher.call("public/subscribe", channels=channels)
    tape = Tape(MERGE_NS)
    for params in watcher.run(seconds):
        data = params["data"]
        if params["channel"].startswith("trades."):
            for one in data:
                t_ns = one["timestamp"] * 1_000_000
                tape.trade(t_ns, one["direction"] == "buy", one["price"], one["amount"])
            continue
        bids = [(True, price, amount) for _, price, amount in data["bids"]]
        asks = [(False, price, amount) for _, price, amount in data["asks"]]
        if data["type"] == "snapshot":
            tape.replace([one[1:] for one in bids], [one[1:] for one in asks])
        else:
            tape.change(data["timestamp"] * 1_000_000, bids + asks)
    return tape


def simulated_options(
    seed: int, family: str, warm_s: float, seconds: float
) -> ChainSample:
    """Watch the options of a family for a while, after a while."""
    listing = ListingConfig(families=(family,), spot=False, combos=False)
    world = World(seed, full_config(seed, listing), START_NS)
    world.handle_timer(START_NS + round(warm_s * SECOND_NS))
    watcher = Watcher(world)
    names = [i.name for i in world.venue.instruments() if i.is_option]
    for at in range(0, len(names), 400):
        channels = [f"book.{name}.raw" for name in names[at : at + 400]]
        watcher.call("public/subscribe", channels=channels)
    sample = ChainSample()
    for params in watcher.run(seconds):
        if params["data"]["type"] == "change":
            sample.frame(params["data"]["instrument_name"])
    for name in names:
        sample.ticker(watcher.call("public/ticker", instrument_name=name))
        world.handle_timer(world.now_ns + STEP_NS)
        world.data_to_send(CONN)
    sample.seconds = seconds
    return sample

"""One market, one strategy, one account of the lowest tier; and what is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.credits.fifo import Throttled
from engine._core.core import Core
from engine._core.verbs import Verbs
from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Links, Uniform
from engine.sim.settings import SimConfig, world_config
from engine.sim.world import World

SECOND_NS = 1_000_000_000
EPOCH_NS = 1_790_000_000 * SECOND_NS
SAMPLE_NS = 50_000_000
WARM_S = 20.0
MARKOUTS_S = (1, 5)
RATE, BURST = 5, 20
FAMILIES = ("BTC", "ETH", "SOL_USDC")
WAYS = ("value", "fifo", "fifo-newest")

# (instrument, half-spread, step, tolerance in ticks, lots a level). The half-spread is
# about a basis point (SOL: four ticks), the tolerance half of it or less; a level of
# BTC and of ETH is 10,000 dollars.
QUOTED = (
    ("BTC-PERPETUAL", 12, 12, 6, 1_000),
    ("ETH-PERPETUAL", 6, 6, 3, 10_000),
    ("SOL_USDC-PERPETUAL", 4, 3, 1, 700),
)
LEVELS = 3


def sim_config(seed: int, vol: float) -> SimConfig:
    """Return the venue: three perpetuals, the lowest tier, a lively market."""
    return SimConfig.model_validate(
        {
            "listing": {
                "families": list(FAMILIES),
                "futures": False,
                "options": False,
                "spot": False,
                "combos": False,
            },
            "venue": {"matching_rate": RATE, "matching_burst": BURST},
            "market": {"activity": 3.0},
            "index": {
                "btc_usd": {"vol": vol},
                "eth_usd": {"vol": 1.3 * vol},
                "sol_usdc": {"vol": 1.6 * vol},
            },
        }
    )


def engine_config() -> dict[str, Any]:
    """Return the engine: a ladder on each instrument."""
    return {
        "environment": "simulation",
        "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"]},
        "orders": {"ack_timeout_ms": 60_000, "recheck_s": 3_600},
        "quote": [
            {
                "instrument": name,
                "strategy": "strategies.ladder:Ladder",
                "params": {
                    "qty_lots": lots,
                    "levels": LEVELS,
                    "half_spread_ticks": half,
                    "step_ticks": step,
                },
                "requote_ticks": tolerance,
                "requote_qty_pct": 50.0,
                "limits": {
                    "position_max": 1e9,
                    "order_max": 1e8,
                    "collar_bps": 500.0,
                    "stale_ms": 10_000,
                },
            }
            for name, half, step, tolerance, lots in QUOTED
        ],
    }


@dataclass
class Fill:
    """One trade of ours. Units: dollars; edges are above 0 when we earned."""

    t_ns: int
    name: str
    sign: int
    price: float
    dollars: float
    edges: dict[int, float] = field(default_factory=dict)


@dataclass
class Result:
    """What one way made of one market.

    Units: dollars; within is the share of wished levels that had an order within the
    tolerance, over time.
    """

    stale: float = 0.0
    after: dict[int, float] = field(default_factory=dict)
    edge: float = 0.0
    fills: int = 0
    volume: float = 0.0
    within: float = 0.0
    inner_within: float = 0.0
    requests: int = 0
    too_many: int = 0
    lines: int = 0


class Tap:
    """Hands frames to a core and hears of the fills in them."""

    def __init__(self, core: Verbs) -> None:
        self.core = core
        self.fills: dict[str, dict[str, Any]] = {}
        self.too_many = 0
        self.fresh: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.core, name)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        """Note fills and refusals, pass on."""
        self.too_many += b'"code":10028' in data
        if b'"trade_id"' in data and b'"user.' in data:
            for row in orjson.loads(data)["params"]["data"].get("trades", ()):
                if row["trade_id"] not in self.fills:
                    self.fills[row["trade_id"]] = row
                    self.fresh.append(row)
        self.core.receive_data(conn, t_ns, data, more_coming)


class Run:
    """One way, one seed."""

    def __init__(self, way: str, seed: int, vol: float) -> None:
        self.world = World(seed, world_config(sim_config(seed, vol), seed), EPOCH_NS)
        self.core: Core = assemble(from_mapping(engine_config()), run_id=seed + 1)
        self.queue = (
            None
            if way == "value"
            else Throttled(self.core, RATE, BURST, drops=way == "fifo-newest")
        )
        self.tap = Tap(self.queue or self.core)
        self.links = Links(
            self.tap,
            self.world,
            Signer(Credentials("maker", "maker-secret")),
            seed=seed,
            venue_epoch_ns=EPOCH_NS,
            up=Uniform(500_000, 1_500_000),
            down=Uniform(500_000, 1_500_000),
        )
        self.result = Result(after=dict.fromkeys(MARKOUTS_S, 0.0))
        self.open: list[Fill] = []
        self.samples = [0, 0, 0, 0]

    def run(self, seconds: float) -> Result:
        """Run virtual time and measure."""
        self.links.start()
        self.links.run_for(round(WARM_S * SECOND_NS))
        self.tap.fresh.clear()
        sent = self._sent()
        end_ns = self.links.now_ns + round(seconds * SECOND_NS)
        while self.links.now_ns < end_ns:
            self.links.run_for(SAMPLE_NS)
            self._take_fills()
            self._look()
        self.links.run_for(max(MARKOUTS_S) * SECOND_NS)
        self._mark(self.links.now_ns)
        result = self.result
        result.requests = self._sent() - sent
        result.within = self.samples[1] / max(1, self.samples[0])
        result.inner_within = self.samples[3] / max(1, self.samples[2])
        result.too_many = self.tap.too_many
        result.lines = self.links.counters.connects
        return result

    def _sent(self) -> int:
        if self.queue is not None:
            return self.queue.sent
        return sum(self.core.snapshot()["requests"].values())

    def fair(self, name: str) -> float:
        """Return the price at which nobody has an edge, as the market itself has it."""
        return float(self.world.flow.markets[name].fair)  # type: ignore[union-attr]

    def _take_fills(self) -> None:
        """Value fresh fills; the market is at most one sample older than they are."""
        self._mark(self.links.now_ns)
        for row in self.tap.fresh:
            name, price = row["instrument_name"], float(row["price"])
            linear = "_" in name
            dollars = float(row["amount"]) * (price if linear else 1.0)
            fill = Fill(
                self.links.now_ns,
                name,
                1 if row["direction"] == "buy" else -1,
                price,
                dollars,
            )
            edge = self._edge(fill)
            self.result.stale += max(0.0, -edge)
            self.result.edge += edge
            self.result.fills += 1
            self.result.volume += dollars
            self.open.append(fill)
        self.tap.fresh.clear()

    def _edge(self, fill: Fill) -> float:
        fair = self.fair(fill.name)
        return fill.sign * (fair - fill.price) / fill.price * fill.dollars

    def _mark(self, now_ns: int) -> None:
        for fill in list(self.open):
            for after_s in MARKOUTS_S:
                due_ns = fill.t_ns + after_s * SECOND_NS
                if after_s not in fill.edges and now_ns >= due_ns:
                    fill.edges[after_s] = self._edge(fill)
                    self.result.after[after_s] += max(0.0, -fill.edges[after_s])
            if len(fill.edges) == len(MARKOUTS_S):
                self.open.remove(fill)

    def _look(self) -> None:
        """Compare what is wished with what rests at the venue."""
        account = self.world.venue.exchange.accounts["maker"]
        resting: dict[tuple[str, int], list[float]] = {}
        for order in account.open_orders.values():
            key = (order.instrument.name, order.side)
            price = order.instrument.price(order.price_ticks)
            resting.setdefault(key, []).append(price)
        rows = self.core.snapshot()["instruments"]
        for name, _, _, tolerance, _ in QUOTED:
            reach = (tolerance + 0.01) * rows[name]["tick_size"]
            for side, sign in (("bid", 1), ("ask", -1)):
                left = list(resting.get((name, sign), ()))
                for level, (price, _) in enumerate(rows[name]["wished"][side]):
                    near = [one for one in left if abs(one - price) <= reach]
                    self.samples[0] += 1
                    self.samples[1] += bool(near)
                    self.samples[2] += level == 0
                    self.samples[3] += level == 0 and bool(near)
                    if near:
                        left.remove(near[0])

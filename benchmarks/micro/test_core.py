"""What one frame costs the core: to the touch, and to the orders.

Run: ``make bench``. Figures are of this machine and this moment; compare within one
run. Excluded: sockets, WebSocket framing, TLS, journal.
"""

import json
from typing import Any

import pytest

from benchmarks.pipeline.ours import LIMITS
from benchmarks.stream import INSTRUMENT, frames
from engine import JoinTouchQuoter
from engine._core.core import Core

COUNT = 2_000
FRAMES = list(frames(COUNT))


def make_core(quoting: bool) -> Core:
    """Return a core that has read the snapshot."""
    core = Core(1)
    index = core.add_instrument(INSTRUMENT)
    core.connection_made(0, 1_000_000_000)
    if quoting:
        core.bind(index, JoinTouchQuoter(qty_lots=10), LIMITS)
        core.set_credit_limits({"trading": (1e6, 1e6)})
        core.route_credits(index, "trading")
        core.handle_timer(2_000_000_000)
        core.set_quoting(True, "benchmark")
    core.receive_data(0, 2_000_000_001, FRAMES[0])
    return core


def play(core: Core) -> None:
    """Feed the changes."""
    receive, t_ns = core.receive_data, 3_000_000_000
    for frame in FRAMES[1:]:
        receive(0, t_ns, frame)


@pytest.mark.benchmark(group=f"{COUNT} raw book frames")
def test_bytes_to_touch(benchmark: Any) -> None:
    """Decode, check the chain, update the book."""
    benchmark.pedantic(play, setup=lambda: ((make_core(False),), {}), rounds=20)


@pytest.mark.benchmark(group=f"{COUNT} raw book frames")
def test_bytes_to_orders(benchmark: Any) -> None:
    """The same, with a calculator, gate and differ behind it."""
    benchmark.pedantic(play, setup=lambda: ((make_core(True),), {}), rounds=20)


@pytest.mark.benchmark(group=f"{COUNT} raw book frames")
def test_json_and_dict(benchmark: Any) -> None:
    """The obvious way, as a measuring stick."""

    def slow() -> None:
        bids: dict[float, float] = {}
        asks: dict[float, float] = {}
        for frame in FRAMES:
            data = json.loads(frame)["params"]["data"]
            for side, rows in ((bids, data["bids"]), (asks, data["asks"])):
                for action, price, amount in rows:
                    if action == "delete":
                        side.pop(price, None)
                    else:
                        side[price] = amount
            max(bids), min(asks)

    benchmark.pedantic(slow, rounds=5)

"""Far more to send than credits: the session lives, and goes on quoting."""

from __future__ import annotations

from typing import Any

import pytest

from engine.sim.links import Latency, LogNormal, Uniform
from engine.sim.settings import SimConfig
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import MILLISECOND_NS, NEAR, PERPETUAL, Rig

pytestmark = pytest.mark.simulation

LEVELS = 5
NAMES = (PERPETUAL, "ETH-PERPETUAL")
SECONDS = 16.0
SAMPLES = 16
QUOTES = 2 * LEVELS * len(NAMES)
MAKER = {"client_id": "maker", "client_secret": "maker-secret"}


def lowest_tier(**account: Any) -> SimConfig:
    """Return a venue whose account has 5 requests a second, in a lively market."""
    return SimConfig.model_validate(
        {
            "listing": PERPETUALS,
            "venue": {"tier": "T4"},
            "index": {"btc_usd": {"vol": 2.0}, "eth_usd": {"vol": 2.0}},
            "account": [{**MAKER, **account}],
        }
    )


def ladder(name: str) -> dict[str, Any]:
    """Return a quote of five levels a side that moves with every tick."""
    return {
        "instrument": name,
        "strategy": "strategies.ladder:Ladder",
        "params": {
            "qty_lots": 10,
            "levels": LEVELS,
            "half_spread_ticks": 10,
            "step_ticks": 7,
        },
        "limits": {
            "position_max": 50_000.0,
            "order_max": 1_000.0,
            "collar_bps": 500.0,
            "stale_ms": 5_000,
        },
    }


CONFIG = {
    "environment": "simulation",
    "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"], "heartbeat_s": 10},
    "quote": [ladder(name) for name in NAMES],
}


@pytest.mark.parametrize(
    ("account", "up"),
    [
        pytest.param({}, NEAR, id="in total"),
        pytest.param({"limits_per_currency": True}, NEAR, id="per currency"),
        pytest.param({}, LogNormal(20 * MILLISECOND_NS, 1.5, 10**9), id="long tail"),
        pytest.param({}, Uniform(0, 900 * MILLISECOND_NS), id="requests in bunches"),
    ],
)
def test_twenty_quotes_on_the_lowest_tier_never_end_the_session(
    account: dict[str, Any], up: Latency
) -> None:
    rig = Rig(11, config=CONFIG, sim=lowest_tier(**account), up=up)
    rig.run_until_state("quoting")
    rig.run(SECONDS / 2)
    resting = 0
    for _ in range(SAMPLES):
        rig.run(SECONDS / 2 / SAMPLES)
        resting += len(rig.open_orders())
    counters = rig.core.snapshot()["counters"]
    assert counters["credit_waits"] > 50, "there was more to send than credits"
    assert 10028 not in rig.core.snapshot()["rejects_by_code"]
    assert rig.links.counters.connects == 1
    assert rig.links.counters.closes == {}
    assert rig.state() == "quoting"
    assert resting >= SAMPLES * QUOTES / 3, "a third of the quotes, on average"
    sent = sum(rig.core.snapshot()["requests"].values())
    pools = 2 if account else 1
    assert 0.4 * 5 * SECONDS * pools <= sent <= 1 + 5 * (SECONDS + 5) * pools


def test_a_pull_on_empty_credits_takes_all_quotes_back() -> None:
    rig = Rig(12, config=CONFIG, sim=lowest_tier())
    rig.run_until_state("quoting")
    rig.run(SECONDS)
    assert rig.core.snapshot()["credits"]["trading"]["left"] < 12
    rig.links.command("pause")
    taken_s = rig.run_until(lambda: not rig.open_orders(), within_s=8.0)
    assert taken_s > 0.5, "cancels had to wait for credits"
    assert rig.links.counters.closes == {}

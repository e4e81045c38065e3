"""Named scenarios: what the engine does when the world misbehaves.

The rig checks at the venue, after every event, that position plus open orders stays
inside the limit and that no slot has two orders.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from engine.sim.links import LogNormal, Uniform
from engine.sim.settings import SimConfig
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import (
    MILLISECOND_NS,
    PERPETUAL,
    SECOND_NS,
    Rig,
    engine_config,
)

pytestmark = pytest.mark.simulation

GIVEN_SEED = os.environ.get("HALFSPREAD_SEED")
SEED = int(GIVEN_SEED or 1)
CHAOS_SEEDS = [SEED] if GIVEN_SEED else [1, 2, 3, 4]
HEARTBEAT_S = 10
# A silent line: the venue sends test_request after one interval and closes after the
# next; whatever is still under way needs less than a second more.
SILENT_BOUND_S = 2 * HEARTBEAT_S + 1


def quoting(seed: int = SEED, **options: Any) -> Rig:
    rig = Rig(seed, **options)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    return rig


def agreed(rig: Rig) -> None:
    """Check that engine and venue say the same, but for what is in flight right now.

    A lost fill or order would keep them apart for ever.
    """
    rig.run_until(lambda: views(rig)[0] == views(rig)[1], 5)


def views(rig: Rig) -> tuple[Any, Any]:
    """Return (position, orders) as the core sees them, and as the venue does."""
    snapshot = rig.core.snapshot()
    mine = snapshot["instruments"][PERPETUAL]
    in_core = sorted(
        (side, price)
        for side, key in ((1, "bid"), (-1, "ask"))
        for price, _, _ in mine["quotes"][key]
    )
    at_venue = sorted(
        (order.side, order.instrument.price(order.price_ticks))
        for order in rig.open_orders()
    )
    in_flight = {k: n for k, n in snapshot["orders"].items() if n and k != "live"}
    return (mine["position"], in_core, in_flight), (rig.position(), at_venue, {})


def test_the_rig_notices_a_breach() -> None:
    rig = quoting()
    rig.position_max = 1.0
    with pytest.raises(AssertionError, match="exposure"):
        rig.run(5)


def test_a_calm_market_is_quoted_on_both_sides_and_fills() -> None:
    rig = quoting()
    rig.run(40)
    snapshot = rig.core.snapshot()
    assert snapshot["counters"]["fills"] >= 10
    assert snapshot["counters"]["rejects"] <= snapshot["requests"]["new"] // 10
    assert snapshot["counters"]["gaps"] == 0
    assert snapshot["session"]["cod"]["verified"]
    assert 0 < rig.worst_exposure <= rig.position_max
    assert rig.problems() == []
    assert rig.links.counters.closes == {}
    agreed(rig)


def test_same_seed_same_bytes() -> None:
    def fingerprint(seed: int) -> str:
        rig = quoting(seed, up=LogNormal(400_000, 0.6, 20_000_000))
        rig.links.drop(0, venue_notices_ns=3 * MILLISECOND_NS)
        rig.run(10)
        return rig.links.fingerprint()

    first = fingerprint(SEED)
    assert first == fingerprint(SEED)
    assert first != fingerprint(SEED + 1)


def test_a_cut_line_leaves_no_order_and_the_engine_comes_back() -> None:
    rig = quoting()
    rig.links.refuses_connections = True
    rig.links.drop(0)
    rig.run(0.001)
    assert rig.open_orders() == []
    assert rig.state() == "connecting"
    rig.run(20)
    assert rig.open_orders() == []
    rig.links.refuses_connections = False
    assert rig.run_until_state("quoting") < 12
    rig.run_until_two_sided()
    assert rig.core.snapshot()["session"]["reconnects"] == 1
    agreed(rig)


def test_a_venue_slow_to_notice_a_cut_line_does_not_get_doubled_orders() -> None:
    rig = quoting()
    rig.links.drop(0, venue_notices_ns=3 * SECOND_NS)
    rig.run_until_state("quoting")
    rig.run(10)
    agreed(rig)


def test_a_silent_line_leaves_no_order_after_the_bound() -> None:
    rig = quoting()
    rig.links.silence(0)
    rig.links.refuses_connections = True
    rig.run(SILENT_BOUND_S)
    assert rig.open_orders() == []
    rig.links.refuses_connections = False
    rig.run_until_state("quoting", 60)
    rig.run(2)
    agreed(rig)


def test_a_silent_line_is_given_up_by_the_engine() -> None:
    rig = quoting()
    rig.links.silence(0)
    rig.run(3 * HEARTBEAT_S)
    assert rig.core.snapshot()["session"]["reconnects"] >= 1
    rig.run_until_state("quoting")
    agreed(rig)


def test_answers_later_than_the_ack_timeout_are_sorted_out() -> None:
    rig = quoting()
    rig.links.delay(0, up_ns=4 * SECOND_NS)
    most_unknown = 0
    for _ in range(80):
        rig.run(0.1)
        unknown = rig.core.snapshot()["orders"]["unknown"]
        most_unknown = max(most_unknown, unknown)
    assert most_unknown > 0
    rig.links.delay(0)
    rig.run(30)
    rig.run_until_state("quoting", 60)
    rig.run(5)
    agreed(rig)


def test_stop_leaves_nothing_and_says_so() -> None:
    rig = quoting()
    rig.links.reconnects = False
    rig.links.command("stop")
    assert rig.run_until_state("stopped") < 2
    assert rig.open_orders() == []
    assert rig.core.snapshot()["session"]["open_orders_at_exit"] == 0


def test_pause_pulls_the_quotes_and_resume_brings_them_back() -> None:
    rig = quoting()
    rig.links.command("pause")
    rig.run(1)
    assert rig.open_orders() == []
    rig.run(5)
    assert rig.open_orders() == []
    rig.links.command("resume")
    rig.run_until_two_sided()


def test_the_lowest_tier_is_never_exceeded() -> None:
    rig = quoting(sim=SimConfig.model_validate({"listing": PERPETUALS}))
    rig.run(45)
    assert rig.links.counters.closes == {}
    assert rig.core.snapshot()["rejects_by_code"].get(10028, 0) == 0


def test_two_connections_share_the_work() -> None:
    url = "ws://127.0.0.1:1/ws/api/v2"
    config = engine_config(venue={"urls": [url], "market_data_urls": [url]})
    rig = quoting(config=config)
    rig.run(10)
    assert rig.links.counters.connects == 2
    agreed(rig)
    rig.links.drop(1)
    rig.run(0.05)
    assert rig.open_orders() == []  # no quote without a market
    rig.run_until_state("quoting")
    rig.run(2)
    agreed(rig)


@pytest.mark.parametrize("offset_ms", [-20_000, 20_000])
def test_a_wall_clock_that_is_wrong_is_measured(offset_ms: int) -> None:
    rig = quoting(wall_offset_ms=offset_ms)
    offset = rig.core.snapshot()["session"]["clock_offset_ms"]
    assert abs(offset) == pytest.approx(20_000, abs=100)
    rig.run(5)
    agreed(rig)


def test_a_slow_and_jittery_line_keeps_the_limits() -> None:
    slow = LogNormal(60_000_000, 0.8, 900_000_000)
    rig = quoting(up=slow, down=slow)
    rig.run(30)
    agreed(rig)


@pytest.mark.parametrize("seed", CHAOS_SEEDS)
def test_chaos_ends_in_agreement(seed: int) -> None:
    """Random drops, silences and delays; then quiet, and both sides must agree."""
    rig = Rig(seed, up=Uniform(200_000, 30_000_000), down=Uniform(200_000, 30_000_000))
    dice = rig.chaos_dice()
    for _ in range(12):
        rig.run(dice.uniform(0.1, 4.0))
        match dice.randrange(4):
            case 0:
                rig.links.drop(0, venue_notices_ns=dice.randrange(2 * SECOND_NS))
            case 1:
                rig.links.silence(0)
            case 2:
                rig.links.delay(0, up_ns=dice.randrange(4 * SECOND_NS))
            case 3:
                rig.links.delay(0, down_ns=dice.randrange(4 * SECOND_NS))
    rig.links.delay(0)
    rig.run(25)
    rig.run_until_state("quoting", 120)
    rig.run(5)
    agreed(rig)

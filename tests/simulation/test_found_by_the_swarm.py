"""Bugs the swarm has found, each cut down to what it takes.

The rig checks exposure and slots at the venue after every event, as the swarm does.
What each was: docs/simulation-testing.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.settings import SimConfig
from engine.sim.venue.faults.outage import SlowMatching
from engine.sim.venue.faults.traffic import Drop, Error
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import PERPETUAL, SECOND_NS, Rig, engine_config
from tests.simulation.test_scenarios import SEED, agreed, quoting

pytestmark = pytest.mark.simulation

LOWEST_TIER = SimConfig.model_validate({"listing": PERPETUALS})
SLOW = SlowMatching(matching_us=1_700_000)


def config(**orders: Any) -> dict[str, Any]:
    return engine_config(orders={"ack_timeout_ms": 300, **orders})


def restart(rig: Rig, run_id: int, **options: int) -> None:
    core = assemble(from_mapping(config()), run_id)
    rig.core = core
    rig.links.crash(core, Signer(Credentials("maker", "maker-secret")), **options)


def slots(rig: Rig) -> list[str]:
    return sorted(order.label.split("-")[2] for order in rig.open_orders())


def test_not_found_is_no_end_while_the_request_lies_in_the_venues_queue() -> None:
    rig = quoting(config=config())
    rig.world.venue.faults.inject(SLOW)
    rig.run(12)
    rig.world.venue.faults.board.clear_all()
    rig.run_until_state("quoting", 60)
    rig.run(10)
    agreed(rig)


def test_requests_that_arrive_in_a_bunch_do_not_exhaust_the_credits() -> None:
    rig = quoting(sim=LOWEST_TIER)
    for _ in range(5):
        rig.links.delay(0, up_ns=4 * SECOND_NS)
        rig.run(8)
        rig.links.delay(0)
        rig.run(4)
    closes = rig.links.counters.closes
    assert not [reason for reason in closes if "too_many_requests" in reason]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_login_of_unknown_outcome_is_repeated_with_another_nonce(when: str) -> None:
    rig = Rig(SEED)
    rig.world.venue.faults.inject(
        Error(method="public/auth", code=13_028, when=when, count=2)
    )
    rig.run_until_state("quoting", 60)
    assert rig.core.snapshot()["halted"] == ""


def test_a_door_that_is_closed_for_a_while_does_not_end_the_run() -> None:
    rig = Rig(SEED)
    rig.world.venue.faults.inject(Error(method="public/auth", code=11_056, count=2))
    rig.run_until_state("quoting", 60)
    assert rig.core.snapshot()["halted"] == ""


def test_an_order_of_a_dead_run_lands_after_the_next_has_come_up() -> None:
    rig = quoting()
    rig.links.command("pause")
    rig.run(1)
    rig.world.venue.faults.inject(SlowMatching(matching_us=1_300_000))
    rig.links.command("resume")
    rig.run_until(lambda: bool(rig.core.snapshot()["orders"]["pending_new"]))
    rig.run(0.05)  # the first of them is being carried out
    restart(rig, 10)
    landed = False
    for _ in range(60):
        rig.run(0.1)
        landed = landed or bool(slots(rig))
        assert len(slots(rig)) == len(set(slots(rig))), slots(rig)
    assert landed


def test_runs_in_a_row_do_not_use_up_the_credits_of_the_log() -> None:
    rig = quoting()
    for run_id in range(10, 14):
        restart(rig, run_id)
        rig.run_until_state("quoting", 30)
        rig.run(1)
    closes = rig.links.counters.closes
    assert not [reason for reason in closes if "too_many_requests" in reason]


def test_a_fill_nobody_told_on_a_sound_line_is_found() -> None:
    rig = quoting()
    fault = Drop(of="notification", channel="user.*")
    rig.world.venue.faults.inject(fault)
    before = rig.position()
    rig.run_until(lambda: rig.position() != before, 60)
    rig.run(2)
    rig.world.venue.faults.board.clear_all()
    rig.run(70)  # looked at once a minute
    assert rig.core.snapshot()["session"]["reconnects"] == 0
    rig.links.command("pause")
    rig.run(5)
    position = rig.core.snapshot()["instruments"][PERPETUAL]["position"]
    assert position == rig.position()

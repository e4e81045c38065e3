"""Packages against the simulated venue: what stands without its other legs, ever."""

from __future__ import annotations

from typing import Any

import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from tests.simulation.packages import PackageRig, leg
from tests.simulation.rig import MILLISECOND_NS, SECOND_NS, engine_config

pytestmark = pytest.mark.simulation

FUTURE, PERP = "BTC-25SEP26", "BTC-PERPETUAL"
STRATEGY = "engine:BasisTaker"
CLIP_USD, MOST_USD = 500.0, 8_000.0


def pair(**changes: Any) -> list[dict[str, Any]]:
    """Return both legs; told to trade at a loss, so that they do."""
    params = {"future": FUTURE, "perpetual": PERP, "clip_lots": 50} | {
        "edge_bps": -9.0,
        "exit_bps": 9.0,
        **changes,
    }
    return [leg(STRATEGY, name, params, MOST_USD) for name in (FUTURE, PERP)]


def rig_of(seed: int, **more: Any) -> PackageRig:
    quotes = pair(**more.pop("params", {}))
    rig = PackageRig(seed, quotes, {FUTURE: 1.0, PERP: -1.0}, CLIP_USD, **more)
    rig.run_until_state("quoting")
    return rig


def is_balanced(rig: PackageRig) -> bool:
    return rig.unfollowed() == 0.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_more_than_a_clip_stands_alone(seed: int) -> None:
    rig = rig_of(seed)
    rig.run(15)
    assert rig.worst_leg == CLIP_USD, "the bound was never touched"
    assert rig.largest >= 6 * CLIP_USD
    assert rig.core.snapshot()["halted"] == ""
    rig.run_until(lambda: is_balanced(rig))


def test_the_check_notices_a_leg_that_stands_alone() -> None:
    rig = rig_of(1)
    rig.clip = CLIP_USD - 1
    with pytest.raises(AssertionError, match="seed 1"):
        rig.run(15)


@pytest.mark.parametrize("seed", [4, 5])
def test_over_a_cut_line_and_a_restart(seed: int) -> None:
    """An order whose answer is lost counts as under way until the venue has spoken."""
    rig = rig_of(seed)
    dice = rig.chaos_dice()
    for _ in range(3):
        rig.run(dice.uniform(0.5, 3.0))
        rig.links.drop(0, venue_notices_ns=SECOND_NS)
        rig.run_until_state("quoting", 60)
    document = engine_config(quote=pair())
    rig.core = assemble(from_mapping(document), run_id=77)
    signer = Signer(Credentials("maker", "maker-secret"))
    rig.links.crash(rig.core, signer, restarts_ns=SECOND_NS)
    rig.run_until_state("quoting", 60)
    rig.run(5)
    assert rig.largest > 2 * CLIP_USD
    rig.run_until(lambda: is_balanced(rig))


def test_slow_answers_do_not_make_it_ask_twice() -> None:
    rig = rig_of(6)
    rig.links.delay(0, down_ns=400 * MILLISECOND_NS)
    rig.run(15)
    assert rig.largest >= 2 * CLIP_USD
    assert rig.worst_leg == CLIP_USD


def test_the_first_leg_goes_back_when_the_other_cannot_follow() -> None:
    """The perpetual is pulled with a clip not followed: the future is taken back."""
    rig = rig_of(7)
    rig.run_until(lambda: rig.unfollowed() == CLIP_USD, 20)
    followed = rig.held()[PERP]
    index = [rig.core.market(place).name for place in range(2)].index(PERP)
    rig.core.set_stance("pull", "for a test", index)
    assert rig.run_until(lambda: is_balanced(rig), 10) > 1.5, "the timeout of a leg"
    assert rig.held() == {FUTURE: -followed, PERP: followed}
    rig.run(5)
    assert rig.held() == {FUTURE: -followed, PERP: followed}, "nothing is opened"
    rig.core.set_stance("normal", "", index)
    rig.run_until(lambda: rig.held()[PERP] > followed, 20)


def test_the_gate_bounds_the_same_again() -> None:
    """A limit on the net delta below the clip: the gate cuts what the leg asks for."""
    rig = rig_of(8, risk={"currency": {"BTC": {"delta_max": 0.003}}})
    price = rig.world.venue.exchange.markets[PERP].mark_ref / 1e8
    rig.run(15)
    assert rig.largest >= 2 * CLIP_USD
    assert rig.worst_leg <= 0.003 * price * 1.001 < CLIP_USD

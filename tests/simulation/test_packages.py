"""Packages against the simulated venue: what stands without its other legs, ever."""

from __future__ import annotations

from typing import Any

import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.settings import SimConfig
from engine.sim.venue.faults.outage import BookState
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


def stands_alone(rig: PackageRig) -> bool:
    """Say whether a clip has filled, and what is to follow was not sent yet."""
    follows = any(slot["name"] == PERP for slot in rig.core.open_slots())
    return rig.unfollowed() == CLIP_USD and not follows


def test_the_first_leg_goes_back_when_the_other_cannot_follow() -> None:
    """The perpetual is pulled with a clip not followed: the future is taken back."""
    rig = rig_of(7)
    rig.run_until(lambda: stands_alone(rig), 20)
    followed = rig.held()[PERP]
    index = [rig.core.market(place).name for place in range(2)].index(PERP)
    rig.core.set_stance("pull", "for a test", index)
    assert rig.run_until(lambda: is_balanced(rig), 10) > 1.5, "the timeout of a leg"
    assert rig.held() == {FUTURE: -followed, PERP: followed}
    rig.run(5)
    assert rig.held() == {FUTURE: -followed, PERP: followed}, "nothing is opened"
    rig.core.set_stance("normal", "", index)
    rig.run_until(lambda: rig.held()[PERP] > followed, 20)


def test_the_first_leg_goes_back_when_the_venue_closes_the_other() -> None:
    rig = rig_of(7)
    rig.run_until(lambda: rig.unfollowed() == CLIP_USD, 20)
    followed = rig.held()[PERP]
    board = rig.world.venue.faults.board
    rig.world.venue.faults.inject(BookState(instrument_name=PERP, state="halted"))
    assert rig.run_until(lambda: is_balanced(rig), 10) > 1.5, "the timeout of a leg"
    assert rig.held() == {FUTURE: -followed, PERP: followed}
    rig.run(5)
    assert rig.held() == {FUTURE: -followed, PERP: followed}, "nothing is opened"
    assert rig.state() == "quoting"
    board.clear_all()
    rig.run_until(lambda: rig.held()[PERP] > followed, 20)


def test_the_gate_bounds_the_same_again() -> None:
    """A limit on the net delta below the clip: the gate cuts what the leg asks for."""
    rig = rig_of(8, risk={"currency": {"BTC": {"delta_max": 0.003}}})
    price = rig.world.venue.exchange.markets[PERP].mark_ref / 1e8
    rig.run(15)
    assert rig.largest >= 2 * CLIP_USD
    assert rig.worst_leg <= 0.003 * price * 1.001 < CLIP_USD


OPTIONS = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 60, "matching_burst": 200},
        "listing": {
            "families": ["BTC"],
            "strikes_each_side": 1,
            "spot": False,
            "combos": False,
        },
    }
)
SPOT = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 60, "matching_burst": 200},
        "listing": {"families": ["BTC"], "futures": False, "combos": False},
    }
)
K, K2 = 80_000, 81_000
CALL, PUT = "BTC-25SEP26-80000-C", "BTC-25SEP26-80000-P"
CALL2, PUT2 = "BTC-25SEP26-81000-C", "BTC-25SEP26-81000-P"
OPTION_CLIP = 0.2
PARITY = {CALL: 1.0, PUT: -1.0, FUTURE: -float(K)}
BOX = {CALL: 1.0, PUT: -1.0, CALL2: -1.0, PUT2: 1.0, FUTURE: float(K2 - K)}
AT_ANY_LOSS = {"edge_bps": -900.0, "exit_bps": 1_000.0, "clip_lots": 2}


def options_rig(
    seed: int, strategy: str, weights: dict[str, float], names: dict[str, Any]
) -> PackageRig:
    """Return a rig of options; the future follows in lots of 10 USD, half a lot off."""
    params = {**names, **AT_ANY_LOSS, "reach_ticks": 40, "leg_timeout_s": 5.0}
    quotes = [
        leg(strategy, name, params, 400_000.0 if name == FUTURE else 3.0)
        for name in weights
    ]
    for quote in quotes:
        quote["limits"]["collar_bps"] = 9_000.0
    rig = PackageRig(seed, quotes, weights, OPTION_CLIP, sim=OPTIONS)
    rig.run_until_state("quoting")
    return rig


@pytest.mark.parametrize("seed", [11, 12])
def test_parity_keeps_within_a_clip_over_three_legs(seed: int) -> None:
    rig = options_rig(
        seed,
        "engine:ParityTaker",
        PARITY,
        {"call": CALL, "put": PUT, "future": FUTURE, "strike": float(K)},
    )
    rig.run(20)
    assert 0 < rig.worst_leg <= OPTION_CLIP * (1 + 1e-9)
    assert rig.held()[CALL] >= 3 * OPTION_CLIP
    rig.run_until(lambda: is_balanced(rig))
    assert rig.core.snapshot()["halted"] == ""


def test_a_box_keeps_within_a_clip_over_five_legs() -> None:
    rig = options_rig(
        13,
        "engine:BoxTaker",
        BOX,
        {
            "low_call": CALL,
            "low_put": PUT,
            "high_call": CALL2,
            "high_put": PUT2,
            "low_strike": float(K),
            "high_strike": float(K2),
            "future": FUTURE,
        },
    )
    rig.run(20)
    assert 0 < rig.worst_leg <= OPTION_CLIP * (1 + 1e-9)
    assert rig.held()[CALL] >= 2 * OPTION_CLIP
    rig.run_until(lambda: is_balanced(rig))


class CircleRig(PackageRig):
    """A triangle: the venue has balances of spot and no positions."""

    def gained(self, currency: str) -> float:
        """Return by how much a balance differs from what was deposited."""
        account = self.account()
        deposits = sum(
            entry.change
            for entry in account.ledger.entries
            if entry.kind == "deposit" and entry.currency == currency
        )
        return float((account.cash[currency] - deposits) / 1e18)

    def check(self) -> None:
        """Check that no more than a clip of the cross stands against nothing."""
        apart = abs(self.gained("ETH"))
        self.worst_leg = max(self.worst_leg, apart)
        assert apart <= self.clip * (1 + 1e-9), f"{apart} ETH; seed {self.seed}"


def test_a_circle_leaves_no_coins_but_a_clip_on_its_way() -> None:
    pairs = {"cross": "ETH_BTC", "base": "ETH_USDC", "quote": "BTC_USDC"}
    params = {**pairs, "clip_lots": 100, "edge_bps": -100.0, "exit_bps": 200.0}
    quotes = [leg("engine:TriangleTaker", name, params, 1.0) for name in pairs.values()]
    rig = CircleRig(14, quotes, dict.fromkeys(pairs.values(), 1.0), 0.1, sim=SPOT)
    rig.run_until_state("quoting")
    rig.run(30)
    assert 0.09 < rig.worst_leg <= 0.1
    traded = rig.core.snapshot()["instruments"]["ETH_BTC"]["position"]
    assert traded > 0.9, "to the limit of the pair"
    assert rig.gained("ETH") == pytest.approx(0.0, abs=1e-9)
    assert abs(rig.gained("BTC")) <= 0.00005, "half a lot"
    assert rig.gained("USDC") != 0.0

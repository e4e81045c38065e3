"""Several strategies in one process: each within its own budget, none meets another.

The real core and session against the simulated venue. What must hold is asked of the
venue itself, after every event: positions and open orders as it has them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from engine import QuoteSheet, Strategy, View
from engine.sim.settings import SimConfig
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import EPOCH_NS, PERPETUAL, Rig, engine_config

pytestmark = pytest.mark.simulation

ETHER, LINEAR = "ETH-PERPETUAL", "BTC_USDC-PERPETUAL"
OVERLAP = 10003
"""The venue's refusal of an order that would trade with one of the same account."""

TWO_LEGS = SimConfig.model_validate(
    {
        "listing": {"families": ["BTC", "BTC_USDC"], "futures": False, "spot": False},
        "venue": {"matching_rate": 30, "matching_burst": 100},
    }
)
LOW_TIER = SimConfig.model_validate(
    {"listing": PERPETUALS, "venue": {"matching_rate": 5, "matching_burst": 20}}
)


class Flicker(Strategy):
    """Wishes for other prices each time it is asked: as many requests as there are."""

    def __init__(self) -> None:
        self.count = 0

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Quote four levels a side that never stay."""
        self.count += 1
        away = 1 + self.count % 2
        for level in range(4):
            sheet.bid(view.best_bid_ticks - away - 2 * level, 1)
            sheet.ask(view.best_ask_ticks + away + 2 * level, 1)


class Crosser(Strategy):
    """Wishes at random, through the market and through itself, and takes."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Write anything onto the sheet."""
        roll = self.dice.randrange
        for _ in range(roll(4)):
            sheet.bid(view.best_bid_ticks + roll(-6, 7), roll(1, 4))
        for _ in range(roll(4)):
            sheet.ask(view.best_ask_ticks + roll(-6, 7), roll(1, 4))
        if roll(8) == 0:
            sheet.buy(view.best_ask_ticks + roll(4), roll(1, 4))
        elif roll(8) == 0:
            sheet.sell(view.best_bid_ticks - roll(4), roll(1, 4))


def quote(name: str, budget: str | None, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        **engine_config()["quote"][0],
        "instrument": name,
        **changes,
    }
    if budget is not None:
        found["budget"] = budget
    return found


def small(order: float, position: float) -> dict[str, Any]:
    return {
        "limits": {
            "position_max": position,
            "order_max": order,
            "collar_bps": 500.0,
            "stale_ms": 5_000,
        }
    }


def flickering(budgets: dict[str, Any]) -> dict[str, Any]:
    """Return one quiet strategy beside one that uses up all requests there are."""
    greedy = {"strategy": f"{__name__}:Flicker", "params": {}, "requote_ticks": 0}
    named = list(budgets) or [None, None]
    return engine_config(
        quote=[
            quote(PERPETUAL, named[0]),
            quote(ETHER, named[1], **greedy, **small(5.0, 100.0)),
        ],
        budget=budgets,
    )


def shown_s(rig: Rig, name: str) -> float:
    presence = rig.core.snapshot()["instruments"][name]["presence"]
    return float(presence["both_s"] / presence["watched_s"])


def sent(rig: Rig, name: str) -> int:
    return sum(rig.core.snapshot()["instruments"][name]["requests"].values())


def quiet_beside_greedy(budgets: dict[str, Any], seed: int) -> tuple[float, int, int]:
    """Return how long the quiet one is shown, and what each has sent in 40 s."""
    rig = Rig(seed, config=flickering(budgets), sim=LOW_TIER)
    rig.run_until_state("quoting")
    rig.run(40)
    assert rig.problems() == []
    return shown_s(rig, PERPETUAL), sent(rig, PERPETUAL), sent(rig, ETHER)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_budget_that_uses_up_its_requests_does_not_starve_another(seed: int) -> None:
    shared = {"quiet": {"credit_share_pct": 50.0}, "greedy": {"credit_share_pct": 50.0}}
    alone, mine, theirs = quiet_beside_greedy(shared, seed)
    # 5 a second are the account's: half of them, and the burst, for the greedy one.
    most = 0.5 * (5.0 * 42 + 15) + 4 + 8
    assert theirs <= most
    assert alone > 0.9
    assert mine > 10
    without, _, all_theirs = quiet_beside_greedy({}, seed)
    assert all_theirs > most, "it would not have asked for more anyway"
    print(alone, mine, theirs, without, all_theirs)


def test_requests_a_second_of_a_budget_bound_it_alone() -> None:
    budgets = {"quiet": {}, "greedy": {"requests_per_s_max": 2}}
    rig = Rig(3, config=flickering(budgets))
    rig.run_until_state("quoting")
    before = rig.core.snapshot()["instruments"][ETHER]["requests"]
    rig.run(20)
    after = rig.core.snapshot()["instruments"][ETHER]["requests"]
    sent_so = sum(after[kind] - before[kind] for kind in ("new", "edit"))
    assert 20 <= sent_so <= 2 * 21
    assert shown_s(rig, PERPETUAL) > 0.9


def test_a_loss_stops_the_instruments_of_its_budget_alone() -> None:
    document = engine_config(
        quote=[
            quote(PERPETUAL, "losing"),
            quote(ETHER, "other", **small(20.0, 500.0)),
        ],
        budget={"losing": {"loss_session_usd": 0.01}, "other": {"loss_day_usd": 1e6}},
    )
    rig = Rig(4, config=document)

    def stances() -> tuple[str, str]:
        rows = rig.core.snapshot()["instruments"]
        return rows[PERPETUAL]["stance"], rows[ETHER]["stance"]

    rig.run_until_state("quoting")
    rig.run_until(lambda: stances()[0] == "pull", 120)
    rig.run(5)
    assert stances() == ("pull", "normal")
    assert rig.core.snapshot()["quoting"]
    open_names = {order.instrument.name for order in rig.open_orders()}
    assert open_names == {ETHER}
    session = rig.core.snapshot()["session"]
    (trip,) = session["risk"]["trips"]
    assert (trip["rule"], trip["scope"]) == ("loss_session", "budget.losing")
    rig.links.command("rearm", instrument="budget.losing")
    rig.run(0.3)
    assert stances() == ("normal", "normal")


def test_the_operator_may_name_a_budget() -> None:
    document = engine_config(
        quote=[quote(PERPETUAL, "a"), quote(ETHER, "b", **small(20.0, 500.0))],
        budget={"a": {}, "b": {}},
    )
    rig = Rig(5, config=document)
    rig.run_until_state("quoting")
    rig.links.command("pull", instrument="budget.b")
    rig.links.command("pull", instrument="budget.c")
    rig.run(1)
    rows = rig.core.snapshot()["instruments"]
    assert (rows[PERPETUAL]["stance"], rows[ETHER]["stance"]) == ("normal", "pull")
    assert any("budget.c is not quoted here" in text for text in rig.problems())


def legs_at_the_venue(rig: Rig) -> tuple[float, float, float]:
    """Return long and short worst-case delta, and exposure, of both legs, USD."""
    rows = rig.core.snapshot()["instruments"]
    long = short = gross = 0.0
    for name in (PERPETUAL, LINEAR):
        position = rig.account().positions.get(name)
        held = position.size if position is not None else 0
        bids = asks = 0
        for order in rig.open_orders():
            if order.instrument.name == name:
                bids += order.open_lots if order.side > 0 else 0
                asks += order.open_lots if order.side < 0 else 0
        mark = rows.get(name, {}).get("mark_price", 0.0)
        per_lot = 10.0 if name == PERPETUAL else 0.0001 * mark
        long += (held + bids) * per_lot
        short += (asks - held) * per_lot
        gross += max(held + bids, asks - held) * per_lot
    return long, short, gross


def two_legs(seed: int, budget: dict[str, Any]) -> Rig:
    crosser = {"strategy": f"{__name__}:Crosser", "requote_ticks": 0}
    return Rig(
        seed,
        config=engine_config(
            quote=[
                quote(PERPETUAL, "legs", **crosser, params={"seed": seed}),
                quote(
                    LINEAR,
                    "legs",
                    **crosser,
                    params={"seed": seed + 1},
                    **small(0.0005, 0.005),
                ),
            ],
            budget={"legs": budget},
        ),
        sim=TWO_LEGS,
        epoch_ns=EPOCH_NS,
    )


@pytest.mark.parametrize("seed", range(4))
def test_legs_net_within_their_budget_at_every_instant(seed: int) -> None:
    """Whatever fills first: at the venue, with every order at its worst."""
    rig = two_legs(seed, {"delta_max_usd": 120.0, "exposure_max_usd": 400.0})
    worst = [0.0, 0.0]

    def check() -> None:
        long, short, gross = legs_at_the_venue(rig)
        worst[0] = max(worst[0], long, short)
        worst[1] = max(worst[1], gross)

    follow(rig, check)
    rig.run_until_state("quoting")
    rig.run(15)
    assert rig.core.snapshot()["instruments"][PERPETUAL]["fills"] > 0
    # The marks move between our word and the venue's: a creep, not a growth.
    assert 60.0 < worst[0] <= 120.0 * 1.02
    assert worst[1] <= 400.0 * 1.02
    assert rig.core.snapshot()["halted"] == ""


def follow(rig: Rig, check: Callable[[], None]) -> None:
    """Have something checked after every event, besides what the rig checks."""
    before = rig.links.on_event

    def both() -> None:
        before()
        check()

    rig.links.on_event = both


def assert_no_own_orders_meet(rig: Rig) -> None:
    prices: dict[tuple[str, int], list[int]] = {}
    for order in rig.open_orders():
        key = (order.instrument.name, order.side)
        prices.setdefault(key, []).append(order.price_ticks)
    for (name, side), bids in prices.items():
        if side > 0 and (name, -side) in prices:
            assert max(bids) < min(prices[name, -side]), f"own orders meet in {name}"


@pytest.mark.parametrize("seed", range(100, 106))
def test_strategies_never_trade_with_each_other(seed: int) -> None:
    """Two that wish through the market and through themselves, at random.

    The venue would refuse what meets an own order (`order_overlap`): so no refusal of
    the engine's own requests says that it had to.
    """
    rig = two_legs(seed, {})
    follow(rig, lambda: assert_no_own_orders_meet(rig))
    rig.run_until_state("quoting")
    rig.run(15)
    found = rig.core.snapshot()
    fills = sum(row["fills"] for row in found["instruments"].values())
    takes = sum(
        line[1]
        for row in found["instruments"].values()
        for side in row["levels"].values()
        for line in side
        if line[0] == "take"
    )
    assert fills > 5
    assert takes > 5
    assert OVERLAP not in found["rejects_by_code"]
    assert found["halted"] == ""

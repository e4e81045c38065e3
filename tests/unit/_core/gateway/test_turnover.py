"""Book changes against maker volume, counted as the venue does, and what follows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine._core.core import Core
from engine._core.gateway.turnover import PRODUCTS, Turnover
from tests.oracles.venue import SlowVenue
from tests.rig import LIMITS, MID, NAME, ROW, Rig, settle

FUTURE = "BTC future"


def budget_rig(per_coin: float, free: float, **limits: float) -> Rig:
    """Return a rig whose core has a budget for book changes."""
    rig = Rig()
    rig.core = Core(7, changes_per_coin={"BTC": per_coin}, changes_free=free)
    rig.core.attach(rig.session)
    rig.index = rig.core.add_instrument(ROW)
    rig.core.bind(rig.index, rig.wisher, {**LIMITS, **limits})
    rig.core.connection_made(0, rig.t_ns)
    rig.core.set_credit_limits({"trading": (1e6, 1e6), "cancel_all": (1e3, 1e3)})
    rig.core.route_credits(rig.index, "trading")
    rig.advance(2_000)
    rig.core.set_quoting(True, "test")
    return rig


def row(rig: Rig) -> dict[str, float]:
    found = rig.core.snapshot()["turnover"][FUTURE]
    assert isinstance(found, dict)
    return found


def quote(rig: Rig, venue: SlowVenue, half: int = 20, shift: int = 0) -> None:
    rig.wisher.bids = [(MID - half + shift, 5)]
    rig.wisher.asks = [(MID + half + shift, 5)]
    rig.book([(MID - 30, 9 + shift)], [(MID + 30, 9)])
    settle(rig, venue)


def test_inserts_edits_and_cancels_count_one_each() -> None:
    rig, venue = budget_rig(10_000, 100), SlowVenue(NAME)
    quote(rig, venue)
    assert row(rig)["changes"] == 2
    quote(rig, venue, shift=3)
    assert row(rig)["changes"] == 4
    rig.wisher.bids = []
    rig.book([(MID - 30, 8)], [(MID + 30, 9)])
    assert row(rig)["changes"] == 5


def test_an_immediate_or_cancel_order_counts_two() -> None:
    rig = budget_rig(10_000, 100)
    rig.wisher.take = ("buy", MID + 30, 1)
    rig.book([(MID - 30, 9)], [(MID + 30, 9)])
    assert row(rig)["changes"] == 2


def test_a_mass_cancel_counts_every_order() -> None:
    rig, venue = budget_rig(10_000, 100), SlowVenue(NAME)
    quote(rig, venue)
    rig.core.halt("test")
    assert row(rig)["changes"] == 4


def fill(number: int, liquidity: str) -> dict[str, Any]:
    return {
        "trade_id": f"T{number}",
        "trade_seq": number,
        "timestamp": 5,
        "instrument_name": NAME,
        "order_id": "A1",
        "direction": "buy",
        "price": 5_000.0,
        "amount": 20.0,
        "fee": 0.0,
        "fee_currency": "BTC",
        "liquidity": liquidity,
        "label": "",
    }


def test_only_maker_volume_counts_and_in_coins() -> None:
    rig = budget_rig(10_000, 100)
    trades = [fill(1, "M"), fill(2, "T"), fill(1, "M")]
    rig.push("user.trades.any.any.raw", trades)
    assert row(rig)["volume"] == 20.0 / 5_000.0


def test_the_share_used_grows_with_changes_and_shrinks_with_volume() -> None:
    rig, venue = budget_rig(10_000, 40), SlowVenue(NAME)
    quote(rig, venue)
    assert row(rig)["used"] == 2 / 40
    rig.push("user.trades.any.any.raw", [fill(1, "M")])
    assert row(rig)["used"] == 2 / (40 + 10_000 * 0.004)


@pytest.mark.parametrize(
    ("free", "shift", "moves"),
    [
        (1_000, 1, 2),  # far from the budget: every tick counts
        (2.5, 1, 2),  # 80 % used: still
        (2, 10, 0),  # all used: half the distance to the middle is let pass
        (2, 11, 2),
        (1, 10, 0),  # and never more than that
        (1, 11, 2),
    ],
)
def test_near_the_budget_small_moves_are_left_alone(
    free: float, shift: int, moves: int
) -> None:
    rig, venue = budget_rig(10_000, free), SlowVenue(NAME)
    quote(rig, venue)
    rig.advance(250)
    quote(rig, venue, shift=shift)
    assert row(rig)["changes"] == 2 + moves


def test_a_coin_without_a_budget_has_no_limit() -> None:
    rig, venue = budget_rig(10_000, 1), SlowVenue(NAME)
    quote(rig, venue)
    assert row(rig)["used"] == 2
    core = Core(1, changes_per_coin={"ETH": 1_000}, changes_free=1)
    core.add_instrument(ROW)
    assert core.snapshot()["turnover"][FUTURE]["per_coin"] == 0
    assert core.snapshot()["turnover"][FUTURE]["used"] == 0


def test_instruments_of_one_product_and_coin_share_their_counts() -> None:
    core = Core(1)
    core.add_instrument(ROW)
    core.add_instrument({**ROW, "instrument_name": "BTC-25DEC26"})
    core.add_instrument({**ROW, "instrument_name": "ETH_USDC-PERPETUAL"})
    assert list(core.snapshot()["turnover"]) == [FUTURE, "ETH future"]
    core.add_instrument(
        {**ROW, "instrument_name": "X-1", "base_currency": "ETH", "kind": "future"}
    )
    assert list(core.snapshot()["turnover"]) == [FUTURE, "ETH future"]


def test_there_is_room_for_so_many_groups_and_no_more() -> None:
    core = Core(1)
    for number in range(64):
        core.add_instrument({**ROW, "instrument_name": f"C{number}-PERPETUAL"})
    with pytest.raises(ValueError, match="C64 future: there are 64 product groups"):
        core.add_instrument({**ROW, "instrument_name": "C64-PERPETUAL"})


def test_counts_go_on_where_an_earlier_run_ended() -> None:
    rig, venue = budget_rig(10_000, 40), SlowVenue(NAME)
    quote(rig, venue)
    rig.push("user.trades.any.any.raw", [fill(1, "M")])
    left = orjson.loads(orjson.dumps(rig.core.dump_turnover()))
    assert left == {FUTURE: [2, 20.0 / 5_000.0]}

    later = budget_rig(10_000, 40)
    quote(later, SlowVenue(NAME))
    later.core.load_turnover({**left, "ETH option": [7, 0.5]})
    assert row(later)["changes"] == 4
    assert row(later)["volume"] == 20.0 / 5_000.0
    assert row(later)["used"] == 4 / (40 + 10_000 * 0.004)
    kept = later.core.dump_turnover()
    assert kept["ETH option"] == [7, 0.5], "one that is not listed yet"


@pytest.mark.parametrize(
    "found",
    [
        5,
        {FUTURE: 5},
        {FUTURE: [1]},
        {FUTURE: [-1, 0.0]},
        {FUTURE: [1, float("nan")]},
        {FUTURE: [1, float("inf")]},
        {FUTURE: ["many", 0.0]},
        {"BTC": [1, 0.0]},
        {FUTURE: [1, 0.0], "BTC rocket": [1, 0.0]},
    ],
)
def test_what_no_run_has_left_is_refused_whole(found: Any) -> None:
    core = Core(1)
    core.add_instrument(ROW)
    with pytest.raises((TypeError, ValueError)):
        core.load_turnover(found)
    assert core.dump_turnover() == {FUTURE: [0, 0.0]}


def test_earlier_runs_may_leave_as_many_groups_as_there_is_room_for() -> None:
    core = Core(1)
    core.add_instrument(ROW)
    found = {f"C{number} future": [1, 0.0] for number in range(63)}
    with pytest.raises(ValueError, match="more than 64 product groups"):
        core.load_turnover({**found, "C63 future": [1, 0.0]})
    assert list(core.dump_turnover()) == [FUTURE]
    core.load_turnover(found)
    assert len(core.dump_turnover()) == 64


def test_every_kind_of_product_has_a_name() -> None:
    assert len(set(PRODUCTS.values())) == len(PRODUCTS) == 5
    assert Turnover({}, 1).describe() == {}

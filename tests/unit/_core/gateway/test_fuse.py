"""The fuse refuses each broken invariant, and only that."""

from typing import Any

import pytest

from engine._core.gateway.fuse import judge
from tests.rig import ROW

LIMITS = {"position_max_lots": 100, "order_max_lots": 50, "collar_bps": 100.0}
GOOD: dict[str, Any] = {
    "side": "bid",
    "price_ticks": 10_000,
    "amount_lots": 10,
    "reference_ticks": 10_000.0,
}


def verdict(**changes: Any) -> str:
    return judge(ROW, LIMITS, **{**GOOD, **changes})


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_a_good_request_passes(side: str) -> None:
    assert verdict(side=side) == "none"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"amount_lots": 50}, "none"),
        ({"amount_lots": 51}, "fuse_size"),
        ({"amount_lots": 0}, "fuse_size"),
        ({"amount_lots": -1}, "fuse_size"),
        ({"price_ticks": 10_101}, "none"),
        ({"price_ticks": 10_102}, "fuse_price"),
        ({"price_ticks": 1}, "none"),
        ({"side": "ask", "price_ticks": 9_899}, "none"),
        ({"side": "ask", "price_ticks": 9_898}, "fuse_price"),
        ({"position_lots": 90}, "none"),
        ({"position_lots": 91}, "fuse_exposure"),
        ({"side": "ask", "position_lots": -91}, "fuse_exposure"),
        ({"side": "ask", "position_lots": 91}, "none"),
        ({"own_other_ticks": 10_001}, "none"),
        ({"own_other_ticks": 10_000}, "fuse_self_cross"),
        ({"side": "ask", "own_other_ticks": 10_000}, "fuse_self_cross"),
        ({"side": "ask", "own_other_ticks": 9_999}, "none"),
        ({"stance": "reduce"}, "fuse_exposure"),
        ({"stance": "reduce", "position_lots": -10}, "none"),
        ({"stance": "reduce", "position_lots": -9}, "fuse_exposure"),
        ({"stance": "widen"}, "none"),
        ({"stance": "pull", "position_lots": -10}, "fuse_stance"),
        ({"stance": "pull", "position_lots": -10, "is_take": True}, "fuse_stance"),
        ({"stance": "flatten", "position_lots": -10}, "fuse_stance"),
        ({"stance": "flatten", "position_lots": -10, "is_take": True}, "none"),
        ({"stance": "flatten", "position_lots": -9, "is_take": True}, "fuse_exposure"),
        ({"stance": "disconnect", "position_lots": -10}, "fuse_stance"),
        ({"credits": 1}, "none"),
        ({"credits": 0}, "fuse_rate"),
    ],
)
def test_each_invariant_at_its_limit_and_one_past(
    changes: dict[str, Any], fault: str
) -> None:
    assert verdict(**changes) == fault


@pytest.mark.parametrize(
    ("limits", "changes", "fault"),
    [
        ({"collar_index_bps": 10.0}, {"price_ticks": 10_011}, "none"),
        ({"collar_index_bps": 10.0}, {"price_ticks": 10_012}, "fuse_price"),
        ({"collar_index_bps": 10.0}, {"side": "ask", "price_ticks": 9_989}, "none"),
        (
            {"collar_index_bps": 10.0},
            {"side": "ask", "price_ticks": 9_988},
            "fuse_price",
        ),
        ({"collar_fair_bps": 10.0}, {"price_ticks": 10_011}, "none"),
        ({"collar_fair_bps": 10.0}, {"price_ticks": 10_012}, "fuse_price"),
        (
            {"collar_fair_bps": 10.0},
            {"price_ticks": 10_012, "is_take": True},
            "none",
        ),
        ({"order_max_usd": 100.0}, {"amount_lots": 10}, "none"),
        ({"order_max_usd": 100.0}, {"amount_lots": 11}, "fuse_size"),
    ],
)
def test_collars_and_notional_at_their_limit_and_one_past(
    limits: dict[str, float], changes: dict[str, Any], fault: str
) -> None:
    near = {"index_ticks": 10_000.0, "fair_ticks": 10_000.0}
    wish = {**GOOD, **near, **changes}
    assert judge(ROW, {**LIMITS, **limits}, **wish) == fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"account_max_usd": 100.0}, "none"),
        ({"account_max_usd": 99.9}, "fuse_exposure"),
        ({"currency_max_usd": 100.0}, "none"),
        ({"currency_max_usd": 99.9}, "fuse_exposure"),
        ({"budget_max_usd": 100.0}, "none"),
        ({"budget_max_usd": 99.9}, "fuse_exposure"),
        ({"budget_max_usd": 100.0, "position_lots": -60}, "none"),
        ({"budget_delta_max_usd": 100.0}, "none"),
        ({"budget_delta_max_usd": 99.9}, "fuse_exposure"),
        ({"budget_delta_max_usd": 40.0, "position_lots": -6}, "none"),
        ({"budget_delta_max_usd": 39.9, "position_lots": -6}, "fuse_exposure"),
        ({"delta_max": 0.02}, "none"),
        ({"delta_max": 0.0199}, "fuse_exposure"),
        ({"delta_max": 0.0199, "mark_price": 0.0}, "fuse_exposure"),
        ({"account_max_usd": 100.0, "mark_price": 0.0}, "fuse_exposure"),
        # What reduces is no growth, however far past the limit the position is.
        ({"account_max_usd": 100.0, "position_lots": -60}, "none"),
        ({"account_max_usd": 100.0, "position_lots": 60}, "fuse_exposure"),
        ({"account_max_usd": 100.0, "position_lots": 60, "side": "ask"}, "none"),
    ],
)
def test_limits_over_instruments_at_their_limit_and_one_past(
    changes: dict[str, Any], fault: str
) -> None:
    assert verdict(**{"mark_price": 5_000.0, **changes}) == fault

"""Limits in every spelling, fees, and equity."""

from typing import Any

import pytest

from engine.session.account import account_fees, trading_limit
from engine.session.context import Listing
from tests.unit.session.stand_in import ROWS, Desk, Refusal, plan

BUCKET = {"rate": 7, "burst": 35}
WIDE = {"rate": 200, "burst": 250}


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"matching_engine": {"trading": {"total": BUCKET}}}, (7, 35)),
        ({"matching_engine": {"trading": BUCKET}}, (7, 35)),
        ({"matching_engine": BUCKET}, (7, 35)),
        ({"trading": {"total": BUCKET}}, (7, 35)),
        (
            {
                "limits_per_currency": False,
                "matching_engine": {
                    "trading": {"total": WIDE, "perpetuals": BUCKET},
                    "spot": {"rate": 1, "burst": 1},
                    "maximum_quotes": {"rate": 1, "burst": 1},
                },
            },
            (7, 35),
        ),
        (
            {
                "limits_per_currency": True,
                "matching_engine": {
                    "spot": WIDE,
                    "cancel_all": WIDE,
                    "eth": {"trading": {"total": WIDE}},
                    "btc": {"trading": {"total": BUCKET}, "quotes": WIDE},
                },
            },
            (7, 35),
        ),
        (
            {"limits_per_currency": True, "btc": {"trading": {"total": BUCKET}}},
            (7, 35),
        ),
        (
            {
                "limits_per_currency": True,
                "matching_engine": {"usdc": {"trading": {"total": BUCKET}}},
            },
            None,
        ),
        ({"matching_engine": {"trading": {"total": {"rate": 0, "burst": 9}}}}, None),
        ({"matching_engine": {"trading": {"total": {"rate": 5, "burst": 0.5}}}}, None),
        ({"matching_engine": {"trading": {"total": {"rate": "5"}}}}, None),
        ({"matching_engine": {"trading": []}}, None),
        ({"matching_engine": None}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_trading_limit_is_found_where_it_stands(limits: Any, limit: Any) -> None:
    assert trading_limit(limits, "BTC") == limit


def test_the_core_gets_the_limit_of_the_account() -> None:
    desk = Desk().go()
    assert desk.core.limits == (10.0, 30.0)


def test_the_tightest_currency_counts_for_all() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.limits = {
        "limits_per_currency": True,
        "matching_engine": {
            "btc": {"trading": {"total": {"rate": 30, "burst": 20}}},
            "eth": {"trading": {"total": {"rate": 10, "burst": 50}}},
        },
    }
    desk.go()
    assert desk.core.limits == (10.0, 20.0)
    assert [p["currency"] for p in desk.params("private/get_account_summary")] == [
        "BTC",
        "ETH",
    ]


def test_an_account_that_tells_no_limit_gets_the_lowest_tier_and_a_warning() -> None:
    desk = Desk()
    desk.venue.limits = None
    desk.go()
    assert desk.core.limits == (5.0, 20.0)
    assert "no trading limit for BTC" in desk.noted("warning")


def test_limits_reach_the_core_before_any_recovery_cancel() -> None:
    desk = Desk()
    seen: list[Any] = []

    def open_orders(params: dict[str, Any]) -> Any:
        seen.append(desk.core.limits)
        return []

    desk.venue.answer["private/get_open_orders"] = open_orders
    desk.go()
    assert seen[0] == (10.0, 30.0)


def test_a_refused_summary_stops_the_run() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(13021, "forbidden")

    desk = Desk()
    desk.venue.answer["private/get_account_summary"] = refuse
    desk.connect()
    desk.until(1)
    assert "private/get_account_summary was rejected: 13021" in desk.core.halted


def test_equity_is_shown_and_follows_the_portfolio_channel() -> None:
    desk = Desk().go()
    assert desk.session.snapshot()["balances"] == {"BTC": 5.5}
    desk.notify("user.portfolio.btc", {"currency": "BTC", "equity": 6.25})
    assert desk.session.snapshot()["balances"] == {"BTC": 6.25}


def fees(entry: Any, index: str = "btc_usd", kind: str = "perpetual") -> Any:
    return {index: {kind: entry}}


FIXED = {"default": {"type": "fixed", "maker": -0.0001, "taker": 0.0003}}


@pytest.mark.parametrize(
    ("given", "own"),
    [
        (fees(FIXED), (-0.0001, 0.0003)),
        (fees(FIXED, index="eth_usd"), None),
        (fees(FIXED, kind="option"), None),
        (fees({"default": {"type": "relative", "maker": 0.6, "taker": 0.6}}), None),
        (fees({"default": {"type": "fixed", "maker": 0.6, "taker": 0.6}}), None),
        (fees({"default": {"type": "fixed", "maker": "0", "taker": 0}}), None),
        (fees({}), None),
        (fees([]), None),
        ({"btc_usd": 3}, None),
    ],
)
def test_only_fees_that_can_be_read_for_certain_replace_the_standard_ones(
    given: Any, own: Any
) -> None:
    listing = Listing(plan("BTC-PERPETUAL"), dict(ROWS["BTC-PERPETUAL"]))
    assert account_fees(listing, given) == own


def test_the_accounts_fees_reach_the_core() -> None:
    desk = Desk()
    summary = desk.venue.answer["private/get_account_summary"]
    desk.venue.answer["private/get_account_summary"] = lambda p: {
        **summary(p),
        "fees": fees(FIXED),
    }
    desk.go()
    facts = desk.core.table.facts(0)
    assert (facts["maker_fee"], facts["taker_fee"]) == (-0.0001, 0.0003)

"""Limits in every spelling, fees, and equity."""

from typing import Any

import pytest

from engine.session.account import account_fees
from engine.session.context import Listing
from tests.unit.session.stand_in import ROWS, Desk, Refusal, plan


def test_the_core_gets_the_pools_and_who_pays_from_which() -> None:
    desk = Desk().go()
    assert desk.core.limits["trading"] == (10.0, 30.0)
    assert desk.core.routes == {0: ("trading", "")}


def test_each_currency_has_its_own_pool() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.limits = {
        "limits_per_currency": True,
        "matching_engine": {
            "btc": {"trading": {"total": {"rate": 30, "burst": 20}}},
            "eth": {"trading": {"total": {"rate": 10, "burst": 50}}},
        },
    }
    desk.go()
    assert desk.core.limits["btc"] == (30.0, 20.0)
    assert desk.core.limits["eth"] == (10.0, 50.0)
    assert desk.core.routes == {0: ("btc", ""), 1: ("eth", "")}
    assert [p["currency"] for p in desk.params("private/get_account_summary")] == [
        "BTC",
        "ETH",
    ]


def test_an_account_that_tells_no_limit_gets_the_lowest_tier_and_a_warning() -> None:
    desk = Desk()
    desk.venue.limits = None
    desk.go()
    assert desk.core.limits["other"] == (5.0, 20.0)
    assert desk.core.routes == {0: ("other", "")}
    assert "no trading limit for BTC-PERPETUAL" in desk.noted("warning")


def trading(rate: int, burst: int) -> dict[str, Any]:
    engine = {"trading": {"total": {"rate": rate, "burst": burst}}}
    return {"limits_per_currency": False, "matching_engine": engine}


@pytest.mark.parametrize(("rate", "burst"), [(30, 100), (5, 20)])
def test_a_tier_that_changes_while_running_is_taken_over(rate: int, burst: int) -> None:
    desk = Desk().go()
    desk.venue.limits = trading(rate, burst)
    desk.until(58)
    assert desk.core.limits["trading"] == (10.0, 30.0)
    desk.until(3)
    assert desk.core.limits["trading"] == (rate, burst)
    assert f"changed: trading {rate}/s burst {burst}" in desk.noted("info")
    assert desk.core.may_quote


def test_a_summary_refused_while_running_leaves_what_was_known() -> None:
    desk = Desk().go()
    summary = desk.venue.answer["private/get_account_summary"]

    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(11050, "bad_request")

    desk.venue.answer["private/get_account_summary"] = refuse
    desk.until(65)
    assert "limits not read again" in desk.noted("warning")
    assert desk.core.may_quote
    desk.venue.answer["private/get_account_summary"] = summary
    desk.venue.limits = trading(20, 50)
    desk.until(60)
    assert desk.core.limits["trading"] == (20.0, 50.0)


def test_limits_reach_the_core_before_any_recovery_cancel() -> None:
    desk = Desk()
    seen: list[Any] = []

    def open_orders(params: dict[str, Any]) -> Any:
        seen.append(desk.core.limits)
        return []

    desk.venue.answer["private/get_open_orders"] = open_orders
    desk.go()
    assert seen[0]["trading"] == (10.0, 30.0)


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

"""Instruments: from the venue's rows, known, open, unchanged, with limits in lots."""

from decimal import Decimal
from typing import Any

import pytest

from engine.session.instruments import state_of
from engine.session.machine import Session
from tests.unit.session.stand_in import Desk, Refusal, plan


def desk_with(**changes: Any) -> Desk:
    desk = Desk()
    desk.plans = [plan("BTC-PERPETUAL", **changes)]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    return desk


def test_limits_reach_the_core_in_lots() -> None:
    desk = desk_with(position_max=Decimal("1000"), order_max=100.0, requote_ticks=2)
    desk.go()
    bound = desk.core.bound[0]
    assert bound.pop("strategy") is desk.plans[0].strategy
    assert bound == {
        "position_max_lots": 100,
        "order_max_lots": 10,
        "collar_bps": 50.0,
        "stale_ns": 1_000_000_000,
        "requote_ticks": 2,
        "requote_qty_pct": 0.0,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"position_max": 1005}, "position_max = 1005: 1005 is not a multiple"),
        ({"order_max": Decimal("0.5")}, "order_max = 0.5"),
        ({"order_max": float("nan")}, "order_max = nan"),
        ({"order_max": 0}, "below the venue's smallest order"),
    ],
)
def test_a_limit_that_does_not_fit_the_contract_stops_the_run(
    changes: dict[str, Any], said: str
) -> None:
    desk = desk_with(**changes)
    desk.connect()
    desk.until(2)
    assert said in desk.core.halted
    assert "BTC-PERPETUAL" in desk.noted("critical")
    assert not desk.core.may_quote
    assert desk.core.bound == {}


def test_an_unknown_instrument_stops_the_run_and_is_named_with_the_venues_word() -> (
    None
):
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    del desk.venue.rows["ETH-PERPETUAL"]
    desk.connect()
    desk.until(2)
    assert "ETH-PERPETUAL" in desk.core.halted
    assert "13020 not_found" in desk.core.halted
    assert "ETH-PERPETUAL" in desk.noted("critical")
    assert desk.state == "halted"
    assert not desk.core.may_quote


def test_a_row_of_another_instrument_stops_the_run() -> None:
    desk = Desk()
    desk.venue.rows["BTC-PERPETUAL"] = {"instrument_name": "BTC-27MAR26"}
    desk.connect()
    desk.until(1)
    assert "BTC-PERPETUAL" in desk.core.halted


def test_a_row_the_core_cannot_use_stops_the_run_and_names_the_field() -> None:
    desk = Desk()
    desk.venue.rows["BTC-PERPETUAL"]["tick_size"] = -1
    desk.connect()
    desk.until(1)
    assert "tick_size" in desk.core.halted


def test_an_instrument_that_is_not_open_is_waited_for() -> None:
    desk = Desk()
    desk.venue.rows["BTC-PERPETUAL"]["state"] = "settlement"
    desk.connect()
    desk.until(9)
    assert desk.state == "preparing"
    assert "BTC-PERPETUAL is settlement" in desk.noted("warning")
    assert desk.noted("warning").count("settlement") == 1
    desk.venue.rows["BTC-PERPETUAL"]["state"] = "open"
    desk.until(3)
    assert desk.state == "quoting"
    assert len(desk.params("public/get_instrument")) >= 4


def test_an_expired_instrument_never_starts() -> None:
    desk = Desk()
    desk.venue.rows["BTC-PERPETUAL"]["state"] = "delivered"
    desk.connect()
    desk.until(1)
    assert "it is delivered and never opens again" in desk.core.halted


def test_an_instrument_that_expired_before_the_start_is_left_out() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.rows["ETH-PERPETUAL"]["state"] = "archivized"
    desk.go()
    assert desk.state == "quoting"
    assert "ETH-PERPETUAL is archivized: not quoted" in desk.noted("error")
    assert (
        "book.ETH-PERPETUAL.raw" not in desk.params("public/subscribe")[-1]["channels"]
    )
    assert sorted(desk.core.positions) == [0, 1], "what filled before is booked"


def test_an_instrument_that_expired_while_away_is_retired_and_the_rest_goes_on() -> (
    None
):
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    desk.venue.rows["ETH-PERPETUAL"]["state"] = "delivered"
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert "ETH-PERPETUAL is delivered" in desk.noted("error")
    channels = desk.params("public/subscribe")[-1]["channels"]
    assert "book.BTC-PERPETUAL.raw" in channels
    assert "book.ETH-PERPETUAL.raw" not in channels


@pytest.mark.parametrize(
    ("key", "value"), [("tick_size", 1.0), ("contract_size", 1.0), ("kind", "option")]
)
def test_a_contract_that_changed_while_away_stops_the_run(key: str, value: Any) -> None:
    desk = Desk().go()
    desk.venue.rows["BTC-PERPETUAL"] = {
        **desk.venue.rows["BTC-PERPETUAL"],
        key: value,
    }
    desk.lose()
    desk.connect()
    desk.until(1)
    assert f"{key} changed" in desk.core.halted
    assert not desk.core.may_quote


def test_an_instrument_is_given_to_the_core_once() -> None:
    desk = Desk().go()
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.core.table.size == 1


@pytest.mark.parametrize("code", [13009, 13666])
def test_an_answer_about_something_else_does_not_make_an_instrument_unknown(
    code: int,
) -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(code, "refused")

    desk = Desk()
    desk.venue.answer["public/get_instrument"] = refuse
    desk.connect()
    desk.until(1)
    assert desk.core.halted == ""
    assert str(code) in desk.core.closed[0][1]


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"state": "open", "is_active": False}, "open"),
        ({"state": "locked", "is_active": True}, "locked"),
        ({"is_active": True}, "open"),
        ({"is_active": False}, "inactive"),
        ({}, "open"),
    ],
)
def test_the_state_wins_over_is_active(row: dict[str, Any], state: str) -> None:
    assert state_of(row) == state


# Instruments that are only read: listed and subscribed, without orders or limits.

OTHER = "ETH-PERPETUAL"


def desk_that_reads(*names: str) -> Desk:
    desk = Desk()
    desk.plans = [plan("BTC-PERPETUAL", reads=names)]
    desk.session = type(desk.session)(desk.core, desk.settings, desk.plans)
    return desk


def test_it_is_listed_after_what_is_quoted_and_not_bound() -> None:
    desk = desk_that_reads(OTHER, "BTC-PERPETUAL").go()
    assert desk.core.table.names() == ["BTC-PERPETUAL", OTHER]
    assert list(desk.core.bound) == [0]
    assert desk.state == "quoting"


def test_its_market_data_is_subscribed_and_nothing_private() -> None:
    desk = desk_that_reads(OTHER).go()
    channels = desk.params("public/subscribe")[-1]["channels"]
    assert [name for name in channels if OTHER in name] == [
        f"book.{OTHER}.raw",
        f"ticker.{OTHER}.raw",
        f"trades.{OTHER}.raw",
    ]
    assert desk.params("private/subscribe") == [
        {"channels": ["user.changes.any.any.raw", "user.portfolio.btc"]}
    ]
    assert desk.core.expected == [0, 1]


def test_nobody_waits_for_its_book_or_for_it_to_open() -> None:
    desk = desk_that_reads(OTHER)
    desk.venue.rows[OTHER]["state"] = "settlement"
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.core.book_states[0] = "readable"
    desk.until(1)
    assert desk.core.book_states[1] == "empty"
    assert desk.state == "quoting"


def test_a_name_the_venue_does_not_know_stops_the_run() -> None:
    desk = desk_that_reads(OTHER)
    del desk.venue.rows[OTHER]
    desk.connect()
    desk.until(2)
    assert OTHER in desk.core.halted
    assert desk.state == "halted"


def test_a_channel_that_is_refused_is_told_and_quoting_goes_on() -> None:
    desk = desk_that_reads(OTHER)
    desk.venue.answer["public/subscribe"] = lambda params: [
        name for name in params["channels"] if name != f"book.{OTHER}.raw"
    ]
    desk.go()
    assert f"not subscribed: book.{OTHER}.raw" in desk.noted("error")
    assert desk.state == "quoting"


def test_a_gap_of_its_book_is_repaired() -> None:
    desk = desk_that_reads(OTHER).go()
    desk.core.book_states[1] = "gapped"
    desk.session.on_gap(1, desk.now_ns)
    desk.until(1)
    assert desk.params("public/subscribe")[-1] == {"channels": [f"book.{OTHER}.raw"]}
    assert desk.core.book_states[1] == "readable"


@pytest.mark.parametrize("state", ["delivered", "archivized"])
def test_one_that_expires_is_read_no_more_and_holds_nothing_up(state: str) -> None:
    desk = desk_that_reads(OTHER).go()
    for told in ("settlement", state):
        desk.notify(
            f"instrument.state.any.{OTHER}",
            {"instrument_name": OTHER, "state": told, "timestamp": 1},
        )
        desk.until(1)
        assert desk.state == "quoting"
        assert desk.core.may_quote
    assert f"{OTHER} is {state}: not read any more" in desk.noted("error")


def test_one_that_had_expired_before_the_start_is_left_out() -> None:
    desk = desk_that_reads(OTHER)
    desk.venue.rows[OTHER]["state"] = "archivized"
    desk.go()
    assert desk.state == "quoting"
    channels = desk.params("public/subscribe")[-1]["channels"]
    assert not [name for name in channels if OTHER in name]


def test_a_contract_only_read_may_not_change_either() -> None:
    desk = desk_that_reads(OTHER).go()
    desk.venue.rows[OTHER]["tick_size"] = 7.0
    desk.session.on_lost(0, desk.now_ns)
    desk.connect()
    desk.until(2)
    assert "tick_size changed" in desk.core.halted

"""Channels: the difference between what is wanted and what is confirmed."""

from typing import Any

import pytest

from engine.session.subscriptions import (
    BYTES_PER_CALL_MAX,
    CHANNELS_PER_CALL_MAX,
    chunks,
)
from tests.unit.session.stand_in import Desk, Refusal


def test_everything_wanted_is_asked_for_private_channels_first() -> None:
    desk = Desk().go()
    assert desk.params("private/subscribe") == [
        {"channels": ["user.changes.any.any.raw", "user.portfolio.btc"]}
    ]
    assert desk.params("public/subscribe") == [
        {
            "channels": [
                "platform_state",
                "instrument.state.any.any",
                "book.BTC-PERPETUAL.raw",
                "ticker.BTC-PERPETUAL.raw",
                "trades.BTC-PERPETUAL.raw",
            ]
        }
    ]


@pytest.mark.parametrize("interval", ["100ms", "agg2"])
def test_a_slower_book_takes_the_slow_ticker(interval: str) -> None:
    desk = Desk(book_interval=interval).go()
    channels = desk.params("public/subscribe")[0]["channels"]
    assert f"book.BTC-PERPETUAL.{interval}" in channels
    assert "ticker.BTC-PERPETUAL.100ms" in channels
    assert f"trades.BTC-PERPETUAL.{interval}" in channels


def test_trades_are_an_option() -> None:
    desk = Desk(hears_trades=False).go()
    channels = desk.params("public/subscribe")[0]["channels"]
    assert not [name for name in channels if name.startswith("trades.")]


def test_private_channels_go_to_the_orders_connection_market_data_to_its_own() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    calls = {m: c for c, m, _ in desk.requests if m.endswith("subscribe")}
    assert calls == {"private/subscribe": 0, "public/subscribe": 1}


def test_a_book_is_emptied_before_its_channel_is_asked_for() -> None:
    desk = Desk()
    seen: list[list[int]] = []
    subscribe = desk.venue.answer["public/subscribe"]

    def record(params: dict[str, Any]) -> Any:
        seen.append(list(desk.core.expected))
        return subscribe(params)

    desk.venue.answer["public/subscribe"] = record
    desk.go()
    assert seen == [[0]]


@pytest.mark.parametrize(
    "channel", ["book.BTC-PERPETUAL.raw", "user.changes.any.any.raw"]
)
def test_a_missing_vital_channel_is_named_and_costs_the_connection(
    channel: str,
) -> None:
    desk = Desk()
    desk.venue.refused_channels = [channel]
    desk.connect()
    desk.until(3)
    assert f"not subscribed: {channel}" in desk.noted("critical")
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote


@pytest.mark.parametrize("channel", ["platform_state", "user.portfolio.btc"])
def test_a_missing_other_channel_is_an_error_that_names_it(channel: str) -> None:
    desk = Desk()
    desk.venue.refused_channels = [channel]
    desk.go()
    assert f"not subscribed: {channel}" in desk.noted("error")


def test_many_missing_channels_are_counted_not_listed() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.answer["public/subscribe"] = lambda p: []
    desk.connect()
    desk.until(1)
    assert "and 3 more" in desk.noted("critical")


def test_raw_without_a_login_is_a_named_error() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(13778, "raw_subscriptions_not_available_for_unauthorized")

    desk = Desk()
    desk.venue.answer["public/subscribe"] = refuse
    desk.connect()
    desk.until(1)
    assert "raw channels need a login" in desk.noted("error")
    assert len(desk.core.closed) == 1
    assert desk.core.halted == ""


@pytest.mark.parametrize("answer", [None, "ok", {}, 7])
def test_an_answer_that_lists_no_channels_costs_the_connection(answer: Any) -> None:
    desk = Desk()
    desk.venue.answer["public/subscribe"] = lambda p: answer
    desk.connect()
    desk.until(1)
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote


def test_a_lost_market_connection_subscribes_market_data_only() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.lose(1)
    assert not desk.core.may_quote
    desk.connect(1)
    desk.until(1)
    assert desk.state == "quoting"
    assert len(desk.params("private/subscribe")) == 1
    assert len(desk.params("public/subscribe")) == 2


def test_a_retired_instrument_is_unsubscribed_at_the_next_recovery() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL", connections=2, market_conn=1).go()
    state = {"instrument_name": "ETH-PERPETUAL", "state": "delivered", "timestamp": 1}
    desk.notify("instrument.state.any.any", state, conn=1)
    desk.venue.rows["ETH-PERPETUAL"]["state"] = "delivered"
    desk.lose(0)
    desk.connect(0)
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.params("public/unsubscribe") == [
        {
            "channels": [
                "book.ETH-PERPETUAL.raw",
                "ticker.ETH-PERPETUAL.raw",
                "trades.ETH-PERPETUAL.raw",
            ]
        }
    ]


def test_calls_hold_500_channels_and_not_one_more() -> None:
    names = [f"c{n}" for n in range(CHANNELS_PER_CALL_MAX + 1)]
    assert [len(part) for part in chunks(names)] == [CHANNELS_PER_CALL_MAX, 1]
    assert [len(part) for part in chunks(names[:-1])] == [CHANNELS_PER_CALL_MAX]


def test_long_names_make_shorter_calls() -> None:
    names = ["book." + "X" * 95] * 400
    parts = list(chunks(names))
    assert [name for part in parts for name in part] == names
    assert all(sum(len(n) + 3 for n in part) <= BYTES_PER_CALL_MAX for part in parts)
    assert len(parts) > 1


def test_no_channels_no_call() -> None:
    assert list(chunks([])) == []

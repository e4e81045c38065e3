"""Positions, read while fills may arrive."""

from typing import Any

import pytest

from tests.unit.session.stand_in import Desk, order, trade, unknown_slot, wall_ms

METHOD = "private/get_user_trades_by_instrument"


def position(
    size: float, direction: str, name: str = "BTC-PERPETUAL"
) -> dict[str, Any]:
    return {
        "instrument_name": name,
        "kind": "future",
        "size": size,
        "direction": direction,
        "average_price": 61_000.5,
    }


@pytest.mark.parametrize(
    ("row", "lots"),
    [
        (position(120.0, "buy"), 12),
        (position(120.0, "sell"), -12),
        (position(-120.0, "sell"), -12),
        (position(0.0, "zero"), 0),
    ],
)
def test_the_venues_position_is_taken_at_the_start(row: Any, lots: int) -> None:
    desk = Desk()
    desk.venue.positions = [row, position(5.0, "buy", "BTC-27MAR26")]
    desk.go()
    assert desk.core.positions == {0: (lots, 61_000.5)}


def test_a_position_the_venue_does_not_list_is_flat() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.positions = [position(7.0, "buy", "ETH-PERPETUAL")]
    desk.go()
    assert desk.core.positions == {0: (0, 0.0), 1: (7, 61_000.5)}


@pytest.mark.parametrize(
    "row",
    [
        {"instrument_name": "BTC-PERPETUAL"},
        {"instrument_name": "BTC-PERPETUAL", "size": "10", "direction": "buy"},
        {"instrument_name": "BTC-PERPETUAL", "size": 10, "direction": "long"},
    ],
)
def test_a_position_of_unknown_shape_is_not_guessed(row: Any) -> None:
    desk = Desk()
    desk.venue.positions = [row]
    desk.connect()
    desk.until(1)
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote


def test_a_position_off_the_lot_stops_the_run() -> None:
    desk = Desk()
    desk.venue.positions = [position(15.0, "buy")]
    desk.connect()
    desk.until(1)
    assert "position of BTC-PERPETUAL" in desk.core.halted


def test_a_reconnect_that_agrees_leaves_the_core_alone() -> None:
    desk = Desk()
    desk.venue.positions = [position(120.0, "buy")]
    desk.go()
    desk.core.positions[0] = (12, 1.0)
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.core.positions[0] == (12, 1.0)
    assert desk.noted("error") == ""


def test_a_reconnect_that_disagrees_is_an_error_and_the_venue_wins() -> None:
    desk = Desk()
    desk.venue.positions = [position(120.0, "buy")]
    desk.go()
    desk.venue.positions = [position(150.0, "buy")]
    desk.lose()
    desk.connect()
    desk.until(1.9)
    assert desk.state == "recovering", "looked at again first"
    desk.until(0.3)
    assert "BTC-PERPETUAL: we had 120, the venue says 150" in desk.noted("error")
    assert desk.core.positions[0] == (15, 61_000.5)
    assert desk.state == "quoting"


@pytest.mark.parametrize("lots", [0, 15])
def test_the_position_of_what_has_expired_is_gone_and_not_wrong(lots: int) -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.positions = [position(12.0, "buy", "ETH-PERPETUAL")]
    desk.go()
    desk.venue.rows["ETH-PERPETUAL"]["state"] = "delivered"
    desk.venue.positions = [position(float(lots), "buy", "ETH-PERPETUAL")]
    desk.lose()
    desk.connect()
    desk.until(4)
    assert desk.state == "quoting"
    assert desk.core.positions[1][0] == lots
    assert ("we had" in desk.noted("error")) == (lots != 0)


@pytest.mark.parametrize("comes_while_reading", [False, True])
def test_a_delivery_is_booked_in_seconds(comes_while_reading: bool) -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.positions = [position(12.0, "buy", "ETH-PERPETUAL")]
    desk.go()
    told = {"instrument_name": "ETH-PERPETUAL", "state": "delivered", "timestamp": 1}
    read = desk.venue.answer["private/get_positions"]

    def deliver() -> None:
        assert desk.core.positions[1][0] == 12
        desk.venue.positions = []
        desk.notify("instrument.state.any.any", told)

    def read_too_early(params: dict[str, Any]) -> Any:
        rows = read(params)
        if desk.venue.positions:
            deliver()
        return rows

    if comes_while_reading:
        desk.venue.answer["private/get_positions"] = read_too_early
        desk.until(60)
    else:
        deliver()
    desk.until(5)
    assert desk.core.positions[1][0] == 0
    assert desk.noted("error") == "ETH-PERPETUAL is delivered: not quoted any more"


def test_an_expiry_is_known_by_the_clock_when_nobody_tells() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    soon_ms = wall_ms(desk) + 30_000
    desk.venue.rows["ETH-PERPETUAL"]["expiration_timestamp"] = soon_ms
    desk.venue.positions = [position(12.0, "buy", "ETH-PERPETUAL")]
    desk.go()
    desk.venue.positions = []
    desk.until(100)
    assert desk.core.positions[1][0] == 0
    assert desk.noted("error") == ""
    assert "ETH-PERPETUAL has expired" in desk.noted("info")


def test_a_position_read_during_a_fill_is_read_again() -> None:
    desk = Desk()
    reads = []

    def positions(params: dict[str, Any]) -> Any:
        reads.append(1)
        if len(reads) <= 2:
            desk.core.fills += 1
        return [position(10.0 * len(reads), "buy")]

    desk.venue.answer["private/get_positions"] = positions
    desk.go()
    assert len(reads) == 3
    assert desk.core.positions[0][0] == 3


def test_a_fill_told_only_by_the_trade_list_is_noticed_too() -> None:
    desk = Desk()
    reads = []

    def positions(params: dict[str, Any]) -> Any:
        # The venue fills an order right after it has answered, and the notification
        # is slow: only the second list of trades knows.
        reads.append(1)
        if len(reads) == 1:
            desk.venue.trades.append(trade(1, wall_ms(desk)))
        return [position(10.0 * (len(reads) - 1), "buy")]

    desk.venue.answer["private/get_positions"] = positions
    desk.go()
    assert len(reads) == 2
    assert desk.core.positions[0][0] == 1


def test_positions_that_never_hold_still_cost_the_connection() -> None:
    desk = Desk()

    def positions(params: dict[str, Any]) -> Any:
        desk.core.fills += 1
        return []

    desk.venue.answer["private/get_positions"] = positions
    desk.connect()
    desk.until(3)
    assert "fills arrived during 10 position reads" in desk.core.closed[0][1]
    assert not desk.core.may_quote


def test_the_history_is_replayed_before_orders_and_positions_are_read() -> None:
    desk = Desk().go()
    desk.lose()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7")
    desk.venue.history = [order("7", "hs-abcd1234-3-7", order_state="filled")]
    at = len(desk.methods())
    desk.connect()
    desk.until(1)
    methods = desk.methods()[at:]
    assert (
        methods.index(METHOD)
        < methods.index("private/get_open_orders")
        < methods.index("private/get_order_state_by_label")
        < methods.index("private/get_positions")
    )


def test_spot_has_no_position_to_compare() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.venue.rows["ETH-PERPETUAL"] |= {"kind": "spot", "quote_currency": "ETH"}
    desk.go()
    desk.core.positions[1] = (-3, 0.0)
    desk.lose()
    desk.connect()
    desk.until(70)
    assert desk.core.positions[1] == (-3, 0.0)
    assert desk.noted("error") == ""


def test_a_trade_the_history_shows_late_is_booked_and_no_difference() -> None:
    desk = Desk().go()
    desk.until(5)
    desk.lose()
    desk.venue.positions = [position(10.0, "buy")]
    desk.connect()
    desk.until(0.5)
    desk.venue.trades = [trade(1, wall_ms(desk) - 3_000)]
    desk.core.positions[0] = (1, 61_000.5)  # what booking it leads to
    desk.until(2)
    assert list(desk.core.trades) == ["BTC-PERPETUAL-1"]
    assert desk.noted("error") == ""
    assert desk.state == "quoting"

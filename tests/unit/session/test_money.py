"""Missed fills and positions."""

from typing import Any

import pytest

from engine.session.money import OVERLAP_MS, TRADES_PER_PAGE
from tests.unit.session.stand_in import WALL_MS, Desk, Refusal, order, unknown_slot

METHOD = "private/get_user_trades_by_instrument"


def trade(seq: int, timestamp_ms: int, name: str = "BTC-PERPETUAL") -> dict[str, Any]:
    return {
        "trade_id": f"{name}-{seq}",
        "trade_seq": seq,
        "timestamp": timestamp_ms,
        "instrument_name": name,
        "price": 60000.0,
        "amount": 10.0,
        "direction": "buy",
        "label": "",
    }


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


def wall_ms(desk: Desk) -> int:
    return WALL_MS + desk.now_ns // 1_000_000


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
    desk.until(1)
    assert "BTC-PERPETUAL: we had 120, the venue says 150" in desk.noted("error")
    assert desk.core.positions[0] == (15, 61_000.5)
    assert desk.state == "quoting"


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


def test_the_first_start_asks_for_trades_since_it_connected() -> None:
    desk = Desk()
    start_ms = wall_ms(desk)
    desk.go()
    assert desk.params(METHOD)[0] == {
        "instrument_name": "BTC-PERPETUAL",
        "sorting": "asc",
        "count": 1000,
        "start_timestamp": start_ms,
    }


def test_fills_missed_while_away_are_booked_once() -> None:
    desk = Desk().go()
    desk.until(100)
    known = trade(1, wall_ms(desk) - 2_000)
    desk.core.trade(known)
    heard_ms = wall_ms(desk)
    desk.notify("user.portfolio.btc", {"currency": "BTC", "equity": 1})
    desk.until(3)
    desk.lose()
    missed = trade(2, wall_ms(desk) + 500)
    desk.venue.trades = [trade(0, heard_ms - OVERLAP_MS - 1), known, missed]
    desk.until(2)
    desk.connect()
    desk.until(1)
    assert desk.params(METHOD)[-1]["start_timestamp"] == heard_ms - OVERLAP_MS
    assert list(desk.core.trades) == ["BTC-PERPETUAL-1", "BTC-PERPETUAL-2"]


def test_the_overlap_never_reaches_back_before_the_first_position() -> None:
    # Older fills are inside the position read at the start; the core has not seen
    # their ids and would book them a second time.
    desk = Desk()
    start_ms = wall_ms(desk)
    desk.go()
    desk.until(5)
    desk.lose()
    desk.connect()
    desk.until(1)
    starts = [params["start_timestamp"] for params in desk.params(METHOD)]
    assert min(starts) == start_ms


def test_two_breaks_in_a_row_go_back_to_the_first() -> None:
    desk = Desk().go()
    desk.until(100)
    desk.notify("user.portfolio.btc", {"currency": "BTC", "equity": 1})
    heard_ms = wall_ms(desk)
    desk.lose()
    desk.until(200)
    desk.connect()
    desk.lose()
    desk.until(200)
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.params(METHOD)[-1]["start_timestamp"] == heard_ms - OVERLAP_MS


def test_more_than_a_page_of_trades_in_one_millisecond_is_fetched_whole() -> None:
    desk = Desk()
    count = 2 * TRADES_PER_PAGE + 1
    desk.venue.trades = [trade(seq, wall_ms(desk)) for seq in range(10, 10 + count)]
    desk.go()
    assert len(desk.core.trades) == count
    pages = [p for p in desk.params(METHOD) if "start_seq" in p][:2]
    assert [p["start_seq"] for p in pages] == [1_010, 2_010]
    assert all("start_timestamp" not in p for p in pages)


def test_pages_without_end_cost_the_connection() -> None:
    desk = Desk()
    desk.venue.answer[METHOD] = lambda p: {
        "trades": [trade(p.get("start_seq", 1), wall_ms(desk))],
        "has_more": True,
    }
    desk.connect()
    desk.until(30)
    assert "more than 50 pages" in desk.core.closed[0][1]


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {"trades": None},
        {"trades": [3]},
        {"trades": [{"trade_id": "1"}], "has_more": True},
    ],
)
def test_a_trade_list_of_unknown_shape_is_not_guessed(result: Any) -> None:
    desk = Desk()
    desk.venue.answer[METHOD] = lambda p: result
    desk.connect()
    desk.until(1)
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote


def test_refused_trades_stop_the_run() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(11029, "invalid_arguments")

    desk = Desk()
    desk.venue.answer[METHOD] = refuse
    desk.connect()
    desk.until(1)
    assert METHOD in desk.core.halted


def test_unknown_orders_are_resolved_before_trades_and_positions_are_read() -> None:
    desk = Desk().go()
    desk.lose()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7")
    desk.venue.history = [order("7", "hs-abcd1234-3-7", order_state="filled")]
    at = len(desk.methods())
    desk.connect()
    desk.until(1)
    methods = desk.methods()[at:]
    assert (
        methods.index("private/get_open_orders")
        < methods.index("private/get_order_state_by_label")
        < methods.index(METHOD)
        < methods.index("private/get_positions")
    )

"""The trade history: both stores, paged, booked once."""

from typing import Any

import pytest

from engine.session.trades import (
    IDS_MAX,
    OVERLAP_MS,
    RECENT_MS,
    TRADES_PER_PAGE,
    BookedTrades,
)
from tests.unit.session.stand_in import SECOND, Desk, Refusal, trade, wall_ms

METHOD = "private/get_user_trades_by_instrument"


def test_the_first_start_asks_for_trades_from_just_before_it_connected() -> None:
    desk = Desk()
    start_ms = wall_ms(desk)
    desk.go()
    assert desk.params(METHOD)[0] == {
        "instrument_name": "BTC-PERPETUAL",
        "sorting": "asc",
        "count": 1000,
        "start_timestamp": start_ms - OVERLAP_MS,
    }


def test_fills_missed_while_away_are_booked_once() -> None:
    desk = Desk().go()
    known_ms = wall_ms(desk)
    desk.until(200)
    known = trade(1, known_ms - 2_000)
    desk.core.trade(known)
    desk.lose()
    desk.connect()
    desk.until(1)
    asked_ms = wall_ms(desk) - 1_000
    desk.until(100)
    desk.lose()
    missed = trade(2, wall_ms(desk) + 500)
    desk.venue.trades = [trade(0, asked_ms - OVERLAP_MS - 1), known, missed]
    desk.until(2)
    desk.connect()
    desk.until(1)
    assert desk.params(METHOD)[-1]["start_timestamp"] >= asked_ms - OVERLAP_MS
    assert list(desk.core.trades) == ["BTC-PERPETUAL-1", "BTC-PERPETUAL-2"]


def test_the_overlap_never_reaches_back_before_the_first_position() -> None:
    # Older fills are inside the position read at the start; the core has not seen
    # their ids and would book them a second time.
    desk = Desk()
    start_ms = wall_ms(desk)
    desk.venue.trades = [trade(6, start_ms - 2), trade(7, start_ms - 1)]
    desk.go()
    rows = [{**row, "trade_seq": None, "timestamp": None} for row in desk.venue.trades]
    desk.venue.answer[METHOD] = lambda p: {"trades": rows, "has_more": False}
    desk.until(5)
    desk.lose()
    desk.connect()
    desk.until(1)
    starts = [params["start_timestamp"] for params in desk.params(METHOD)]
    assert min(starts) == start_ms - OVERLAP_MS
    assert desk.core.fills == 0


def test_a_fill_while_the_venues_clock_is_set_back_is_found() -> None:
    desk = Desk()
    start_ms = wall_ms(desk)
    desk.venue.trades = [trade(7, start_ms - 1)]
    desk.go()
    desk.until(5)
    desk.lose()
    desk.venue.trades.append(trade(8, start_ms - 20_000))
    desk.connect()
    desk.until(1)
    assert list(desk.core.trades) == ["BTC-PERPETUAL-7", "BTC-PERPETUAL-8"]
    assert desk.core.fills == 1


def test_two_breaks_in_a_row_go_back_to_the_last_complete_reading() -> None:
    desk = Desk(recheck_ns=3_600 * SECOND).go()
    desk.until(200)
    desk.lose()
    desk.connect()
    known_ms = wall_ms(desk)
    desk.until(1)
    desk.until(100)
    desk.lose()
    desk.connect()
    desk.lose()
    desk.until(100)
    at = len(desk.params(METHOD))
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.params(METHOD)[at]["start_timestamp"] == known_ms - OVERLAP_MS


def test_what_is_older_than_a_day_comes_from_the_old_store_in_order() -> None:
    desk = Desk().go()
    desk.until(10)
    known_ms = wall_ms(desk)
    desk.lose()
    desk.until(30 * 3_600)
    desk.venue.recent_since_ms = wall_ms(desk) - 24 * 3_600_000
    old, new = trade(1, known_ms + 1), trade(2, wall_ms(desk) - 5)
    desk.venue.trades = [old, new]
    desk.connect()
    desk.until(1)
    stores = [params.get("historical", False) for params in desk.params(METHOD)]
    assert stores[-3:-1] == [False, True], "the recent store first: nothing slips out"
    assert list(desk.core.trades) == ["BTC-PERPETUAL-1", "BTC-PERPETUAL-2"]
    assert stores[-1] is False, "what is known by now needs no old store"


def test_a_day_less_the_margin_needs_no_old_store() -> None:
    desk = Desk().go()
    desk.lose()
    desk.until(RECENT_MS / 1_000 - OVERLAP_MS / 1_000 - 10)
    desk.connect()
    desk.until(1)
    assert not any("historical" in params for params in desk.params(METHOD))


@pytest.mark.parametrize(("at", "kept"), [(IDS_MAX, IDS_MAX), (IDS_MAX + 1, IDS_MAX)])
def test_ids_are_kept_up_to_a_limit_and_nothing_before_them_is_asked(
    at: int, kept: int
) -> None:
    booked = BookedTrades()
    booked.floors_ms = {"A": 5}
    for number in range(at):
        fill = {"venue_ms": 10 + number, "name": "A", "trade_id": str(number)}
        booked.note(fill, 0)
    assert len(booked.dump()["ids"]) == kept
    assert booked.start_ms("A") == (5 if at == kept else 11)
    assert booked.is_crowded()


def test_ids_older_than_the_overlap_are_let_go() -> None:
    booked = BookedTrades()
    booked.floors_ms = {"A": 0}
    for ms in (1_000, 2_000, OVERLAP_MS + 2_000):
        booked.note({"venue_ms": ms, "name": "A", "trade_id": str(ms)}, 0)
    booked.confirm(OVERLAP_MS + 2_000)
    assert [one for _, _, one in booked.dump()["ids"]] == ["2000", "62000"]
    booked.confirm(7)
    assert booked.start_ms("A") == 2_000, "what is known is never forgotten again"


@pytest.mark.parametrize("venue_ms", [0, 1_000])
def test_a_trade_without_its_time_or_told_late_is_kept_from_when_it_was_told(
    venue_ms: int,
) -> None:
    booked = BookedTrades()
    booked.floors_ms = {"A": 0}
    booked.note({"venue_ms": venue_ms, "name": "A", "trade_id": "7"}, 100_000)
    booked.confirm(100_000 + OVERLAP_MS)
    assert [one for _, _, one in booked.dump()["ids"]] == ["7"]
    booked.confirm(100_001 + OVERLAP_MS)
    assert booked.dump()["ids"] == []


def test_what_was_dumped_is_loaded() -> None:
    booked, other = BookedTrades(), BookedTrades()
    booked.floors_ms = {"A": 3}
    booked.note({"venue_ms": 10, "name": "A", "trade_id": "7"}, 0)
    booked.confirm(OVERLAP_MS)
    assert other.load(booked.dump()) == [("A", "7")]
    assert other.dump() == booked.dump()


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

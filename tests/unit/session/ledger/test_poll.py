"""Reading the log: the opening page, pages, contracts, credits, refusals."""

from typing import Any

import pytest

from engine.session.credits import LOG_BURST, LOG_METHOD
from engine.session.ledger import poll
from tests.unit.session.ledger.samples import CALL, LINEAR, ROWS, log_row
from tests.unit.session.stand_in import SECOND, WALL_MS, Desk, Nothing, Refusal

EVERY_S = 10
SUMMARIES, POSITIONS = "private/get_account_summaries", "private/get_positions"
PERP = "BTC-PERPETUAL"


def desk_that_ties(*names: str) -> Desk:
    return Desk(*names, tie_out_ns=EVERY_S * SECOND)


def ledger(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk.session.snapshot()["ledger"]
    return found


def deposit(user_seq: int, balance: float, currency: str = "BTC") -> dict[str, Any]:
    more = {"timestamp": WALL_MS + 5_000, "change": 1.0, "balance": balance}
    return log_row(user_seq, "deposit", currency, **more)


def held(name: str, size: float) -> dict[str, Any]:
    return {
        "instrument_name": name,
        "size": size,
        "direction": "buy",
        "average_price": 80_000.0,
        "mark_price": 80_000.0,
        "floating_profit_loss": 0.0,
        "realized_profit_loss": 0.0,
    }


def test_it_begins_with_what_the_account_holds_and_goes_on_from_there() -> None:
    desk = desk_that_ties()
    desk.venue.log = [deposit(6, 4.0), deposit(7, 5.0)]
    desk.venue.positions = [held(PERP, 30.0)]
    desk.go()
    desk.until(1)
    shown = ledger(desk)
    assert (shown["is_open"], shown["user_seq"], shown["entries"]) == (True, 7, 0)
    assert shown["currencies"]["BTC"]["cash"] == 5.0
    assert shown["instruments"][PERP]["position"] == 30.0
    desk.venue.log.append(deposit(8, 6.0))
    desk.until(EVERY_S)
    shown = ledger(desk)
    assert (shown["user_seq"], shown["entries"]) == (8, 1)
    assert shown["currencies"]["BTC"]["outside"] == 1.0
    assert shown["currencies"]["BTC"]["cash_difference"] == 0.0


def test_it_begins_again_when_something_was_booked_meanwhile() -> None:
    desk = desk_that_ties()
    answer, reads = desk.venue.answer[POSITIONS], []

    def positions(params: dict[str, Any]) -> Any:
        if params == {"currency": "any"}:
            reads.append(params)
            if len(reads) == 1:
                desk.venue.log.append(deposit(1, 6.0))
        return answer(params)

    desk.venue.answer[POSITIONS] = positions
    desk.go()
    assert not ledger(desk)["is_open"]
    desk.until(3)
    assert ledger(desk)["is_open"]
    assert (len(reads), ledger(desk)["user_seq"]) == (2, 1)


def test_a_position_we_do_not_quote_is_known_by_its_row() -> None:
    desk = desk_that_ties()
    desk.venue.rows[CALL] = {**desk.venue.rows[PERP], **ROWS[CALL]}
    desk.venue.positions = [held(CALL, 0.3)]
    desk.go()
    assert ledger(desk)["instruments"][CALL]["position"] == 0.3


def test_pages_are_read_back_to_what_is_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "ROWS_PER_PAGE", 2)
    desk = desk_that_ties()
    desk.venue.log = [deposit(1, 5.0)]
    desk.go()
    desk.venue.log += [deposit(n, 4.0 + n) for n in range(2, 7)]
    before = len(desk.params(LOG_METHOD))
    desk.until(EVERY_S)
    assert ledger(desk)["user_seq"] == 6
    asked = desk.params(LOG_METHOD)[before:]
    assert [one.get("continuation") for one in asked] == [None, 5, 3]
    assert asked[0]["start_timestamp"] < WALL_MS + 5_000


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "ROWS_PER_PAGE", 1)
    monkeypatch.setattr(poll, "PAGES_MAX", 2)
    desk = desk_that_ties().go()
    desk.venue.log = [deposit(n, 5.0 + n) for n in range(1, 3)]
    desk.until(EVERY_S)
    assert ledger(desk)["user_seq"] == 2
    desk.venue.log += [deposit(n, 5.0 + n) for n in range(3, 7)]
    desk.until(EVERY_S)
    assert "more than 2 pages of BTC" in desk.noted("warning")


def test_entries_of_a_currency_nobody_reads_are_found_when_they_are_missing() -> None:
    desk = desk_that_ties().go()
    desk.venue.summaries.append({"currency": "SOL", "balance": 1.0})
    desk.venue.log = [deposit(1, 1.0, "SOL"), deposit(2, 6.0)]
    for row in desk.venue.log:
        row["timestamp"] = WALL_MS - 30_000  # old enough for a gap
    desk.until(EVERY_S)
    shown = ledger(desk)
    assert (shown["user_seq"], shown["gaps"]) == (2, 0)
    assert shown["currencies"]["SOL"]["cash"] == 1.0
    assert shown["currencies"]["SOL"]["cash_difference"] == 0.0


def test_a_venue_whose_clock_is_behind_its_log_is_not_booked_twice() -> None:
    desk = desk_that_ties()
    desk.venue.summaries.append({"currency": "SOL", "balance": 1.0})
    desk.venue.log = [deposit(1, 5.0), deposit(2, 1.0, "SOL")]
    for row in desk.venue.log:
        row["timestamp"] = WALL_MS + 30_000
    desk.go()
    desk.until(EVERY_S)
    shown = ledger(desk)
    assert shown["user_seq"] == 2
    assert shown["currencies"]["SOL"]["cash"] == 1.0
    assert shown["currencies"]["SOL"]["cash_difference"] == 0.0


def test_a_trade_we_do_not_quote_is_booked_when_its_contract_was_fetched() -> None:
    desk = desk_that_ties().go()
    desk.venue.rows[LINEAR] = ROWS[LINEAR]
    row = {"instrument_name": LINEAR, "trade_id": "7", "side": "open buy"}
    size = {"amount": 0.01, "price": 80_000.0, "position": 0.01}
    money = {"commission": 0.1, "change": -0.1, "balance": -0.1}
    desk.venue.log = [log_row(1, "trade", "BTC", **row, **size)]
    desk.venue.log[0] |= {**money, "timestamp": WALL_MS + 5_000}
    desk.until(EVERY_S)
    assert ledger(desk)["foreign"] == 1
    assert ledger(desk)["instruments"][LINEAR]["position"] == 0.01


def test_all_contracts_that_are_missing_are_fetched_at_once() -> None:
    desk = desk_that_ties().go()
    names = [f"BTC-{day}SEP26" for day in (25, 26, 27)]
    desk.venue.log = [
        deposit(n + 1, 6.0 + n) | {"instrument_name": name, "type": "correction"}
        for n, name in enumerate(names)
    ]
    desk.until(EVERY_S)
    assert ledger(desk)["user_seq"] == 3


def test_a_contract_nobody_can_fetch_is_booked_as_money_alone() -> None:
    desk = desk_that_ties().go()
    desk.venue.log = [deposit(1, 6.0) | {"instrument_name": "GONE", "type": "trade"}]
    desk.until(EVERY_S)
    assert (ledger(desk)["unread"], ledger(desk)["user_seq"]) == (1, 1)
    assert "GONE: booked as money alone" in desk.noted("warning")


def test_the_log_is_never_asked_for_more_often_than_its_credits_allow() -> None:
    desk = desk_that_ties()
    desk.venue.summaries = [
        {"currency": name, "balance": 1.0} for name in ("BTC", *"ABCDEFGHIJK")
    ]
    times = []

    def log(params: dict[str, Any]) -> Any:
        times.append(desk.now_ns)
        return {"logs": [], "continuation": None}

    desk.venue.answer[LOG_METHOD] = log
    desk.go()
    desk.until(30)
    assert ledger(desk)["is_open"]
    for n, at_ns in enumerate(times):
        burst = sum(at_ns <= other < at_ns + SECOND for other in times[n:])
        assert burst <= LOG_BURST + 1
    assert 14 <= len(times) <= 1 + 31


def test_a_refusal_is_said_and_the_line_stays() -> None:
    desk = desk_that_ties()

    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(13021, "forbidden")

    desk.venue.answer[LOG_METHOD] = refuse
    desk.go()
    desk.until(EVERY_S)
    assert desk.state == "quoting"
    assert "not tied out" in desk.noted("warning")
    assert len(desk.params(LOG_METHOD)) == 1
    desk.venue.answer[LOG_METHOD] = desk.venue._log
    desk.until(60)
    assert ledger(desk)["is_open"]


def test_a_log_row_that_cannot_be_read_is_said_and_asked_for_again() -> None:
    desk = desk_that_ties().go()
    desk.venue.log = [deposit(1, 6.0) | {"change": None}]
    desk.until(EVERY_S)
    assert "log entry 1: change is None" in desk.noted("warning")
    assert desk.state == "quoting"
    desk.venue.log = [deposit(1, 6.0)]
    desk.until(60)
    assert ledger(desk)["user_seq"] == 1


def test_it_goes_on_after_a_reconnect() -> None:
    desk = desk_that_ties().go()
    desk.lose()
    desk.venue.log = [deposit(1, 6.0)]
    desk.go()
    desk.until(1)
    assert ledger(desk)["user_seq"] == 1
    assert desk.params(SUMMARIES).count({}) == 1, "the opening page is read once"


def test_it_is_not_read_when_nobody_wants_it() -> None:
    desk = Desk().go()
    desk.until(60)
    assert LOG_METHOD not in desk.methods()


def test_an_answer_that_never_comes_costs_the_line_as_any_other() -> None:
    desk = desk_that_ties()

    def silent(params: dict[str, Any]) -> Any:
        raise Nothing

    desk.venue.answer[SUMMARIES] = silent
    desk.go()
    desk.until(6)
    assert desk.core.closed

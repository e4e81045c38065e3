"""The tie-out: order, waiting, gaps, repeats, and every kind of difference."""

from decimal import Decimal
from typing import Any

import pytest

from engine.session.ledger import tieout
from engine.session.ledger.amounts import ATTO, HALF, SATOSHI
from engine.session.ledger.entry import Entry
from engine.session.ledger.opening import Opening
from engine.session.ledger.tieout import TieOut, whole
from tests.unit.session.ledger.samples import (
    CALL,
    FUTURE,
    LINEAR,
    PERP,
    SPOT,
    Notes,
    books,
    entry,
    fill,
)

NOW = 2_000
FEE = 1e-6


class Bench:
    """A tie-out of an account with one bitcoin, and what it says."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.tie = TieOut(books(BTC=1, USDC=100_000), self.notes)
        self.tie.listed = dict.fromkeys([PERP, FUTURE, SPOT])
        self.tie.begin(Opening(0, 0))

    def take(self, *entries: Entry, now_ms: int = NOW) -> bool:
        return self.tie.take(entries, now_ms)


def trade(user_seq: int, trade_id: str, **changed: Any) -> Entry:
    """Return the entry of a buy of 10 USD at 80,000, the account's first."""
    row = {
        "instrument_name": PERP,
        "trade_id": trade_id,
        "side": "open buy",
        "amount": 10.0,
        "price": 80_000.0,
        "commission": FEE,
        "change": -FEE,
        "balance": 1 - FEE,
        "position": 10.0,
        "total_interest_pl": 0.0,
    }
    return entry(user_seq, "trade", "BTC", **(row | changed))


def buy(trade_id: str, **more: Any) -> Any:
    return fill(trade_id, PERP, 1, 10.0, 80_000.0, **({"fee": FEE} | more))


def test_a_fill_and_its_entry_are_one_trade() -> None:
    bench = Bench()
    assert bench.tie.tell(buy("1"))
    assert bench.take(trade(1, "1"))
    assert bench.tie.pending == {}
    assert (bench.tie.user_seq, bench.tie.time_ms) == (1, 1_000)
    assert bench.tie.cash == {"BTC": 0}
    assert bench.tie.positions == bench.tie.fees == {}
    assert bench.notes.said == []


def test_an_entry_waits_for_its_fill_and_then_for_nobody() -> None:
    bench = Bench()
    assert not bench.take(trade(1, "1"), now_ms=1_000 + tieout.FILL_WAIT_MS - 1)
    assert bench.tie.user_seq == 0
    bench.tie.tell(buy("1"))
    assert bench.take()
    assert (bench.tie.user_seq, bench.tie.untold) == (1, {})

    bench = Bench()
    assert bench.take(trade(1, "1"), now_ms=1_000 + tieout.FILL_WAIT_MS)
    assert list(bench.tie.untold) == ["1"]
    assert bench.tie.books.books[PERP].size == 1
    assert bench.tie.cash == {"BTC": 0}, "booked from the log it is no difference"
    assert "was never told" in bench.notes.texts("warning")[0]


def test_a_fill_told_after_it_was_booked_from_the_log_is_not_booked_again() -> None:
    bench = Bench()
    bench.take(trade(1, "1"), now_ms=10**6)
    assert not bench.tie.tell(buy("1"))
    assert (bench.tie.untold, bench.tie.pending) == ({}, {})


def test_a_trade_of_an_instrument_nobody_quotes_is_booked_from_the_log() -> None:
    bench = Bench()
    row = {"instrument_name": LINEAR, "amount": 0.01, "price": 80_000.0}
    money = {"commission": 0.1, "change": -0.1, "balance": 99_999.9, "position": -0.01}
    bench.take(
        entry(1, "trade", "USDC", trade_id="7", side="open sell", **row, **money)
    )
    assert bench.tie.counts["foreign"] == 1
    assert bench.tie.books.books[LINEAR].size == -100
    assert bench.notes.said == []


def test_a_trade_of_an_unknown_contract_waits_until_somebody_has_fetched_it() -> None:
    bench = Bench()
    del bench.tie.books.contracts[LINEAR]
    one = entry(1, "trade", "USDC", instrument_name=LINEAR, change=-1, balance=99_999)
    assert not bench.take(one)
    assert list(bench.tie.unknown) == [LINEAR]
    bench.tie.reject(LINEAR)
    assert bench.take()
    assert bench.tie.unknown == {}
    assert bench.tie.counts["unread"] == 1
    assert bench.tie.cash == {"USDC": 0}


def test_entries_are_booked_in_the_order_of_their_numbers() -> None:
    bench = Bench()
    bench.tie.tell(buy("1"))
    bench.tie.tell(buy("2"))
    second = trade(2, "2", balance=1 - 2 * FEE, position=20.0)
    bench.take(second)
    assert (bench.tie.user_seq, bench.tie.missing()) == (0, True)
    bench.take(trade(1, "1"))
    assert (bench.tie.user_seq, bench.tie.missing()) == (2, False)
    assert bench.tie.cash == {"BTC": 0}


def test_what_the_opening_books_hold_of_a_log_nobody_read_is_not_booked_again() -> None:
    bench = Bench()
    bench.tie.begin(Opening(0, 0, read_ms=1_000, beside=("USDC",)))
    bench.take(
        entry(1, "deposit", "USDC", change=5, balance=5),
        entry(2, "deposit", "BTC", change=1, balance=2),
        entry(3, "deposit", "USDC", change=1, balance=100_001, timestamp=1_001),
    )
    assert bench.tie.books.outside == {"BTC": ATTO, "USDC": ATTO}
    assert bench.tie.cash == {"BTC": 0, "USDC": 0}
    assert bench.tie.user_seq == 3


def test_a_number_that_stays_missing_is_a_gap() -> None:
    bench = Bench()
    late = entry(4, "deposit", "BTC", change=0.5, balance=1.5)
    bench.take(late)
    bench.take(now_ms=1_000 + tieout.GAP_WAIT_MS - 1)
    assert bench.tie.counts["gaps"] == 0
    assert bench.take(now_ms=1_000 + tieout.GAP_WAIT_MS)
    assert (bench.tie.counts["gaps"], bench.tie.user_seq) == (3, 4)
    assert bench.notes.texts() == ["the log has no entries 1 to 3"]


def test_a_number_is_no_gap_before_all_currencies_were_read() -> None:
    bench = Bench()
    late = entry(4, "deposit", "BTC", change=0.5, balance=1.5)
    assert not bench.tie.take([late], 10**9, is_all=False)
    earlier = [entry(n, "deposit", "SOL", change=1, balance=n) for n in (1, 2, 3)]
    assert bench.tie.take(earlier, 10**9)
    assert (bench.tie.user_seq, bench.tie.counts["gaps"]) == (4, 0)


def test_too_many_entries_behind_a_gap_end_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tieout, "WAITING_MAX", 3)
    bench = Bench()
    bench.take(*(entry(n, "deposit", "BTC", balance=1) for n in (5, 6)))
    assert bench.tie.user_seq == 0
    bench.take(entry(7, "deposit", "BTC", balance=1))
    assert (bench.tie.user_seq, bench.tie.counts["gaps"]) == (7, 4)


def test_an_entry_is_booked_once_and_two_of_a_number_are_noticed() -> None:
    bench = Bench()
    first = entry(1, "deposit", "BTC", change=0.5, balance=1.5)
    bench.take(first, first)
    bench.take(first)
    assert bench.tie.books.outside == {"BTC": ATTO // 2}
    assert bench.tie.counts["repeats"] == 0
    bench.take(entry(3, "deposit", "BTC", change=1), entry(3, "deposit", "BTC"))
    assert bench.tie.counts["repeats"] == 1
    assert "log entry 3 says" in bench.notes.texts()[0]


def test_a_balance_that_is_not_ours_is_a_difference_until_it_is() -> None:
    bench = Bench()
    bench.take(entry(1, "deposit", "BTC", change=0.5, balance=1.5 + 3e-8))
    assert bench.tie.cash == {"BTC": 3 * SATOSHI}
    bench.take(entry(2, "deposit", "BTC", change=0.0, balance=1.5 + 3e-8))
    assert len(bench.notes.texts()) == 1, "said when it changes, not at every entry"
    bench.take(entry(3, "correction", "BTC", change=0.0, balance=1.5))
    assert bench.tie.cash == {"BTC": 0}


def test_cash_that_moved_otherwise_is_named_with_its_entry() -> None:
    bench = Bench()
    bench.tie.tell(buy("1"))
    bench.take(trade(1, "1", change=-FEE - 1e-8, balance=1 - FEE - 1e-8))
    assert bench.tie.cash == {"BTC": -SATOSHI}
    (moved, balance) = bench.notes.texts()
    assert "log entry 1: trade BTC-PERPETUAL moved -0.00000101 BTC" in moved
    assert balance.startswith("BTC: the venue's balance is -1E-8 more")


def test_a_position_that_is_not_ours_is_a_difference_until_it_is() -> None:
    bench = Bench()
    bench.tie.tell(buy("1"))
    bench.tie.tell(buy("2"))
    bench.take(trade(1, "1", position=30.0))
    assert bench.tie.positions == {PERP: Decimal(20)}
    bench.take(trade(2, "2", position=20.0, balance=1 - 2 * FEE))
    assert bench.tie.positions == {}


def test_a_fee_that_was_told_otherwise_is_a_difference() -> None:
    bench = Bench()
    bench.tie.tell(buy("1", fee=5e-7))
    bench.take(trade(1, "1"))
    assert bench.tie.fees == {"BTC": 50 * SATOSHI}
    assert "cost 0.000001 BTC by the log, 5E-7 by the fill" in bench.notes.texts()[0]


def test_a_fill_the_log_never_shows_is_reported_until_it_does() -> None:
    bench = Bench()
    bench.tie.tell(buy("1"))
    bench.take(now_ms=1_000 + tieout.LOG_WAIT_MS - 1)
    assert bench.tie.unlogged == {}
    for _ in range(2):
        bench.take(now_ms=1_000 + tieout.LOG_WAIT_MS)
        assert list(bench.tie.unlogged) == ["1"]
    assert bench.notes.texts() == ["BTC-PERPETUAL: fill 1 is not in the venue's log"]
    bench.take(trade(1, "1"), now_ms=10**6)
    assert bench.tie.unlogged == {}


def test_a_fill_told_without_its_time_is_not_called_old() -> None:
    bench = Bench()
    bench.tie.tell(buy("1", venue_ms=0))
    bench.tie.tell(buy("2"))
    bench.take(now_ms=1_000 + tieout.LOG_WAIT_MS)
    assert list(bench.tie.unlogged) == ["2"]


def test_a_fee_that_was_never_told_is_the_log_s() -> None:
    bench = Bench()
    bench.tie.tell(buy("1", fee=0, fee_currency=""))
    bench.take(trade(1, "1"))
    assert (bench.tie.cash, bench.tie.fees) == ({"BTC": 0}, {})
    assert bench.tie.books.fees == {"BTC": 100 * SATOSHI}
    assert bench.notes.said == []


def test_fills_beyond_the_limit_are_booked_without_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tieout, "PENDING_MAX", 2)
    bench = Bench()
    for trade_id in "12":
        bench.tie.tell(buy(trade_id))
    assert bench.tie.books.books == {}
    bench.tie.tell(buy("3"))
    assert list(bench.tie.pending) == ["2", "3"]
    assert bench.tie.books.books[PERP].size == 1
    assert bench.tie.counts["untied"] == 1
    assert not bench.tie.tell(buy("1"))


def test_only_so_many_booked_trades_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tieout, "KNOWN_MAX", 2)
    bench = Bench()
    bench.tie.begin(Opening(0, 0, ("1", "2")))
    assert not bench.tie.tell(buy("1"))
    bench.tie.begin(Opening(0, 0, ("3",)))
    assert bench.tie.tell(buy("1"))
    assert not bench.tie.tell(buy("2"))


def test_both_entries_of_a_spot_trade_take_their_half() -> None:
    bench = Bench()
    bench.tie.tell(fill("1", SPOT, 1, 0.5, 80_000, fee=2))
    row = {"instrument_name": SPOT, "trade_id": "1", "side": "buy", "amount": 0.5}
    first = {"change": -40_002.0, "balance": 59_998.0, "commission": 2.0}
    second = {"change": 0.5, "balance": 1.5}
    bench.take(
        entry(1, "trade", "USDC", price=80_000.0, **row, **first),
        entry(2, "trade", "BTC", price=80_000.0, **row, **second),
    )
    assert bench.tie.user_seq == 2
    assert bench.tie.cash == {"USDC": 0, "BTC": 0}
    assert bench.notes.said == []


def test_a_settlement_and_a_worthless_expiry_are_booked() -> None:
    bench = Bench()
    bench.tie.listed[CALL] = None
    bench.tie.tell(fill("1", CALL, 1, 0.1, 0.01))
    bench.tie.tell(buy("2", fee=0))
    row = {"instrument_name": CALL, "trade_id": "1", "side": "open buy"}
    bought = {"amount": 0.1, "price": 0.01, "change": -0.001, "balance": 0.999}
    worthless = {"price": 0.0, "settlement_price": 70_000.0, "position": 0.0}
    bench.take(
        entry(1, "trade", "BTC", **row, **bought),
        trade(2, "2", commission=0, change=0, balance=0.999),
        entry(
            3,
            "settlement",
            "BTC",
            instrument_name=PERP,
            price=100_000.0,
            change=2.5e-5,
            balance=0.999025,
            position=10.0,
        ),
        entry(4, "expiry", "BTC", instrument_name=CALL, balance=0.999025, **worthless),
    )
    assert bench.tie.kinds == {"trade": 2, "settlement": 1, "expiry": 1}
    assert bench.tie.cash == {"BTC": 0}
    assert bench.tie.books.books[CALL].size == 0
    assert bench.notes.said == []


def test_a_moved_position_is_booked_from_the_log() -> None:
    bench = Bench()
    row = {"instrument_name": FUTURE, "side": "open sell", "amount": 100.0}
    more = {"price": 80_000.0, "balance": 1, "position": -100}
    bench.take(entry(1, "position_move", "BTC", **row, **more))
    assert bench.tie.books.books[FUTURE].size == -10
    assert bench.notes.said == []


def test_an_entry_that_cannot_be_read_is_booked_as_money_alone() -> None:
    bench = Bench()
    bench.take(
        entry(1, "settlement", "BTC", instrument_name=PERP, change=0.1, balance=1.1)
    )
    assert bench.tie.counts["unread"] == 1
    assert bench.tie.cash == {"BTC": 0}
    assert bench.notes.texts() == ["log entry 1: settlement without a price"]


@pytest.mark.parametrize(
    ("off", "atto"),
    [(0, 0), (1, SATOSHI), (-1, -SATOSHI), (HALF, SATOSHI), (-3 * HALF, -2 * SATOSHI)],
)
def test_a_difference_is_at_least_a_satoshi(off: int, atto: int) -> None:
    assert whole(off) == atto


def test_a_restart_goes_on_where_it_was() -> None:
    first = Bench()
    first.tie.tell(buy("1"))
    first.tie.tell(buy("2"))
    first.tie.tell(fill("3", SPOT, 1, 0.5, 80_000))
    spot = {"instrument_name": SPOT, "trade_id": "3", "side": "buy", "amount": 0.5}
    first.take(
        trade(1, "1"),
        entry(2, "trade", "USDC", change=-40_000, balance=60_000, price=8e4, **spot),
    )
    second = Bench()
    second.tie.load(first.tie.dump())
    assert list(second.tie.pending) == ["2"]
    assert not second.tie.tell(buy("1")), "it is in the books"
    coin = {"change": 0.5, "balance": 1.5 - FEE, "price": 8e4}
    second.take(entry(3, "trade", "BTC", **coin, **spot))
    assert (second.tie.user_seq, second.tie.cash["BTC"]) == (3, 0)
    assert second.notes.said == []

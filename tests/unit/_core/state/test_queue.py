"""Queue sense: what stands ahead of an order, case by case."""

import json
from typing import Any

import pytest

from tests.oracles.line import LOT, TICK, Lines
from tests.rig import MID, NAME, Rig

BID = MID - 1


class Case:
    """One bid of ours of 5 lots at BID, behind 20 of others, everything told."""

    def __init__(self, tell: bool = True) -> None:
        self.rig = Rig({"position_max_lots": 10_000})
        self.lines = Lines(NAME)
        for rank in (1, 2, 3):
            self.lines.join("bid", MID - rank, 20)
            self.lines.join("ask", MID + rank, 20)
        self.rig.wisher.bids = [(BID, 5)]
        self.rig.deliver(self.lines.snapshot())
        self.carry()
        if tell:
            self.lines.work()
            self.tell()

    def carry(self) -> None:
        self.lines.venue.receive(self.rig.core.data_to_send(0))

    def tell(self, *streams: str) -> None:
        """Deliver streams whole, in this order; none named: all of them."""
        for name in streams or ("orders", "trades", "book"):
            waiting = {
                "orders": self.lines.venue.frames,
                "trades": self.lines.prints,
                "book": self.lines.book,
            }[name]
            while waiting:
                self.rig.deliver(waiting.pop(0))
        self.carry()

    def wish(self, price: int, lots: int) -> None:
        """Have the strategy wish something else, and the venue carry it out."""
        self.rig.wisher.bids = [(price, lots)]
        self.rig.advance(300)
        self.carry()
        while self.lines.venue.requests:
            self.lines.work()

    def place(self) -> tuple[float, float]:
        """Return (ahead, others) of our one bid, in lots."""
        ((_, _, ahead, others),) = self.rig.snapshot()["queue"]["bid"]
        return ahead / LOT, others / LOT


def test_all_that_was_there_is_ahead_and_what_comes_later_is_behind() -> None:
    case = Case()
    assert case.place() == (20, 20)
    case.lines.join("bid", BID, 7)
    case.tell()
    assert case.place() == (20, 27)


@pytest.mark.parametrize("order", [("orders", "book"), ("book", "orders")])
def test_answer_and_frame_may_race(order: tuple[str, str]) -> None:
    case = Case(tell=False)
    case.lines.join("bid", BID, 4)
    case.lines.work()
    case.lines.join("bid", BID, 3)
    case.tell(*order)
    assert case.place() == (24, 27)


def test_a_guess_the_answer_contradicts_is_taken_back() -> None:
    case = Case(tell=False)
    case.lines.join("bid", BID, 5)
    case.tell("book")
    case.lines.work()
    case.tell("orders", "book")
    assert case.place() == (25, 25)


@pytest.mark.parametrize("order", [("trades", "book"), ("book", "trades")])
def test_a_trade_takes_from_the_front(order: tuple[str, str]) -> None:
    case = Case()
    case.lines.join("bid", BID, 20)
    case.tell()
    case.lines.hit("bid", 8)
    case.tell(*order)
    assert case.place() == (pytest.approx(12), 32)


def test_three_trades_told_after_their_frames() -> None:
    case = Case()
    case.lines.join("bid", BID, 20)
    for lots in (1, 2, 3):
        case.lines.hit("bid", lots)
    case.tell("book", "trades")
    assert case.place() == (pytest.approx(14), 34)


def test_cancels_are_spread_evenly() -> None:
    case = Case()
    case.lines.join("bid", BID, 20)
    case.tell()
    case.lines.lines["bid", BID][-1][1] -= 10
    case.lines.venue.clock_ms += 1
    case.lines.publish()
    case.tell()
    assert case.place() == (15, 30)


def test_a_fill_of_ours_says_that_nothing_is_ahead() -> None:
    case = Case()
    case.lines.join("bid", BID, 9)
    case.lines.hit("bid", 22)
    case.tell("orders")
    assert case.place()[0] == 0
    case.tell("trades", "book")
    assert case.place() == (0, 9)


def test_a_trade_beyond_our_price_leaves_nothing_ahead() -> None:
    case = Case()
    row = {
        "instrument_name": NAME,
        "direction": "sell",
        "price": (BID - 1) * TICK,
        "amount": LOT,
        "timestamp": case.lines.venue.clock_ms + 1,
    }
    case.rig.push(f"trades.{NAME}.raw", [row])
    assert case.place() == (0, 20)


def test_trades_from_before_our_order_say_nothing_about_it() -> None:
    case = Case(tell=False)
    case.lines.hit("bid", 6)
    case.lines.work()
    case.tell("orders", "book", "trades")
    assert case.place() == (14, 14)


def test_a_smaller_size_keeps_the_place() -> None:
    case = Case()
    case.lines.join("bid", BID, 9)
    case.tell()
    case.wish(BID, 3)
    for order in (("book",), ("orders",)):
        case.tell(*order)
        assert case.place() == (20, 29)


@pytest.mark.parametrize("price", [BID, BID - 1])
def test_a_larger_size_or_another_price_is_a_new_place(price: int) -> None:
    case = Case()
    case.lines.join("bid", BID, 9)
    case.lines.join("bid", BID - 1, 1)
    case.tell()
    case.wish(price, 8)
    case.tell()
    case.lines.join("bid", MID - 3, 1)
    case.tell()
    expected = 29 if price == BID else 21
    assert case.place() == (expected, expected)


def test_what_we_take_out_ourselves_is_no_cancel_of_others() -> None:
    case = Case()
    case.rig.wisher.bids = [(BID, 5), (BID, 6)]
    case.rig.advance(300)
    case.carry()
    case.lines.work()
    case.tell()
    assert [row[2] for row in case.rig.snapshot()["queue"]["bid"]] == [200, 200]
    case.wish(BID, 5)
    case.tell("book", "orders")
    assert case.place() == (20, 20)


def test_a_deleted_level_or_a_new_snapshot_keeps_the_estimate_in_bounds() -> None:
    case = Case()
    case.lines.join("bid", BID, 20)
    case.tell()
    case.lines.lines["bid", BID][0][1] = 2
    case.lines.lines["bid", BID][2][1] = 4
    case.rig.core.expect_snapshot(case.rig.index)
    assert case.place() == (20, 40)
    case.lines.venue.clock_ms += 1
    case.rig.deliver(case.lines.snapshot())
    ahead, others = case.place()
    assert (ahead, others) == (pytest.approx(3), 6)


def test_without_an_order_there_is_no_place() -> None:
    case = Case()
    row: dict[str, Any] = json.loads(json.dumps(case.rig.snapshot()["queue"]))
    assert row["ask"] == []
    case.rig.core.set_quoting(False, "test")
    case.rig.advance(300)
    case.carry()
    case.lines.work()
    case.tell()
    assert case.rig.snapshot()["queue"]["bid"] == []


def test_an_order_outside_the_slots_has_no_place_and_harms_none() -> None:
    case = Case()
    case.lines.venue.trade("X-1", LOT)
    frame = json.loads(case.lines.venue.frames.pop())
    (trade,) = frame["params"]["data"]["trades"]
    ticket = {**trade, "label": "hs-00000007-t-1", "trade_id": "T-1"}
    case.rig.push("user.trades.any.any.raw", [ticket])
    assert case.place() == (20, 20)
    assert case.rig.halted() == ""

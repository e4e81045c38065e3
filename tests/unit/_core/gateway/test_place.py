"""The worth of a place in line: what it keeps, and what it never keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.gateway.place import judge
from tests.oracles.line import Lines
from tests.rig import MID, NAME, Rig

BID, ASK = MID - 10, MID + 10
"""Where our quotes begin: at the touch."""

FRONT = {"ahead": 0.0, "others": 40.0, "joins": 40.0}
BACK = {"ahead": 40.0, "others": 40.0, "joins": 40.0}
LOTS = st.floats(0, 1e6)
AWAY = st.floats(0.5, 1e4)


def stays(**given: float) -> bool:
    return judge(**given)[0]


def test_the_front_tolerates_a_tick_either_way_the_back_none() -> None:
    for stands in (9.0, 11.0):
        assert stays(**FRONT, stands=stands, wished=10.0)
        assert not stays(**BACK, stands=stands, wished=10.0)
    assert not stays(**FRONT, stands=13.0, wished=10.0)
    assert not stays(**FRONT, stands=7.0, wished=10.0)


def test_a_larger_wish_waits_for_the_front_until_little_is_left() -> None:
    # A tick that is large against the volatility: the whole line is worth a lot.
    large = {"stands": 1.0, "wished": 1.0, "reach": 1.0}
    assert stays(**FRONT, **large, open_lots=4, wished_lots=10)
    assert not stays(**FRONT, **large, open_lots=3, wished_lots=10)
    assert not stays(**BACK, **large, open_lots=9, wished_lots=10)
    # Where a tick is nothing, a place is nothing.
    small = {"stands": 100.0, "wished": 100.0, "reach": 100.0}
    assert not stays(**FRONT, **small, open_lots=9, wished_lots=10)


def test_an_empty_level_is_no_line_to_be_afraid_of() -> None:
    alone = {"ahead": 0.0, "others": 0.0, "joins": 0.0}
    assert judge(**alone, stands=10.0, wished=10.0, open_lots=9) == (False, 0.0)
    behind = {"ahead": 5.0, "others": 40.0, "joins": 0.0}
    assert judge(**behind, stands=11.0, wished=10.0) == (False, 0.0)


@pytest.mark.parametrize(
    ("stands", "wished"), [(0.0, 10.0), (-3.0, 10.0), (1.0, 0.0), (2.0, -1.0)]
)
def test_past_fair_value_no_place_is_worth_anything(
    stands: float, wished: float
) -> None:
    assert judge(**FRONT, stands=stands, wished=wished) == (False, 0.0)


def test_an_order_that_rests_nowhere_has_no_place() -> None:
    nowhere = {"ahead": -1.0, "others": -1.0, "joins": 40.0}
    assert judge(**nowhere, stands=10.0, wished=10.0, open_lots=9) == (False, 0.0)


@given(ahead=LOTS, behind=LOTS, joins=LOTS, wished=AWAY, off=st.floats(0, 100))
def test_a_better_place_keeps_whatever_a_worse_one_keeps(
    ahead: float, behind: float, joins: float, wished: float, off: float
) -> None:
    others = ahead + behind
    terms = {"others": others, "joins": joins, "wished": wished, "stands": wished + off}
    worse, given_up = judge(ahead=ahead, **terms)
    better, more = judge(ahead=ahead / 2, **terms)
    assert better or not worse
    assert 0.0 <= given_up <= more < 1.0


class Bid:
    """One bid of ours with others before and behind it, on the true line."""

    def __init__(self, ahead: int, behind: int, **limits: float) -> None:
        self.rig = Rig({"queue_ticks": 2, **limits})
        self.lines = Lines(NAME)
        for rank in range(1, 5):
            self.lines.join("ask", ASK - 1 + rank, 40)
            if rank != 1:
                self.lines.join("bid", BID + 1 - rank, 40)
        if ahead:
            self.lines.join("bid", BID, ahead)
        self.lines.join("bid", BID, 1)
        self.rig.wisher.bids = [(BID, 10)]
        self.rig.wisher.asks = [(ASK, 10)]
        self.rig.deliver(self.lines.snapshot())
        self.answer()
        self.lines.join("bid", BID, behind)
        self.answer()
        (order, _) = self.lines.venue.open_orders()
        self.id = order["order_id"]
        # Whoever was there for the price to be a best bid leaves us the front.
        self.lines.leave("bid", BID, 1 if ahead else 0)
        self.answer()

    def answer(self) -> list[dict[str, Any]]:
        """Let the venue carry out and tell everything; return what was asked of it."""
        asked: list[dict[str, Any]] = []
        venue = self.lines.venue
        while True:
            text = self.rig.core.data_to_send(0)
            asked += [json.loads(line) for line in text.splitlines()]
            venue.receive(text)
            while venue.requests:
                self.lines.work()
            told = [*venue.frames, *self.lines.book]
            if not told:
                return asked
            venue.frames.clear()
            self.lines.book.clear()
            for frame in told:
                self.rig.deliver(frame)

    def wish(self, price: int, lots: int, ask: int = ASK) -> list[dict[str, Any]]:
        """Have the strategy wish this; return what is asked about the bid."""
        self.rig.wisher.bids = [(price, lots)]
        self.rig.wisher.asks = [(ask, 10)]
        self.rig.advance(300)
        return self.edits()

    def edits(self) -> list[dict[str, Any]]:
        """Let everybody be told everything; return what is asked about the bid."""
        rows = [one["params"] for one in self.answer()]
        return [row for row in rows if row.get("order_id") == self.id]

    def ahead(self) -> int:
        return self.lines.ahead(self.id)


def test_at_the_front_a_bid_a_tick_off_is_left_and_keeps_its_place() -> None:
    bid = Bid(ahead=0, behind=60)
    assert bid.ahead() == 0
    assert bid.wish(BID - 1, 10, ASK + 1) == []
    assert bid.ahead() == 0


def test_at_the_back_it_follows_the_wish() -> None:
    bid = Bid(ahead=60, behind=1)
    assert bid.ahead() == 60
    (edit,) = bid.wish(BID - 1, 10, ASK + 1)
    assert edit["price"] == (BID - 1) / 2


def test_without_queue_ticks_the_front_follows_the_wish() -> None:
    (edit,) = Bid(ahead=0, behind=60, queue_ticks=0).wish(BID - 1, 10, ASK + 1)
    assert edit["price"] == (BID - 1) / 2


def test_no_place_is_worth_more_than_queue_ticks() -> None:
    bid = Bid(ahead=0, behind=60, queue_ticks=1)
    assert bid.wish(BID - 1, 10, ASK + 1) == []
    (edit,) = bid.wish(BID - 2, 10, ASK + 1)
    assert edit["price"] == (BID - 2) / 2


def test_a_larger_wish_is_granted_at_the_back_and_waits_at_the_front() -> None:
    front = Bid(ahead=0, behind=60)
    assert front.wish(BID, 11) == []
    (edit,) = front.wish(BID, 50)
    assert edit["amount"] == 500
    assert front.ahead() == 60, "an increase goes to the end"
    (edit,) = Bid(ahead=60, behind=1).wish(BID, 11)
    assert edit["amount"] == 110


def test_a_smaller_wish_a_tick_off_shrinks_where_the_order_stands() -> None:
    bid = Bid(ahead=0, behind=60)
    (edit,) = bid.wish(BID - 1, 4, ASK + 1)
    assert (edit["price"], edit["amount"]) == ((BID) / 2, 40)
    assert bid.ahead() == 0
    (edit,) = Bid(ahead=60, behind=1).wish(BID - 1, 4, ASK + 1)
    assert (edit["price"], edit["amount"]) == ((BID - 1) / 2, 40)


def test_a_size_within_its_tolerance_is_not_shrunk_either() -> None:
    bid = Bid(ahead=0, behind=60, requote_qty_pct=20.0)
    assert bid.wish(BID - 1, 9, ASK + 1) == []


def test_a_bid_at_fair_value_goes_however_good_its_place() -> None:
    bid = Bid(ahead=0, behind=60, queue_ticks=100)
    # The wish says that fair value is where the bid stands.
    (edit,) = bid.wish(BID - 11, 10, BID + 11)
    assert edit["price"] == (BID - 11) / 2


@pytest.mark.parametrize(("collar_bps", "asked"), [(500.0, 0), (10.0, 1)])
def test_a_bid_outside_its_collar_goes_however_good_its_place(
    collar_bps: float, asked: int
) -> None:
    bid = Bid(ahead=0, behind=60, collar_bps=collar_bps)
    bid.lines.join("bid", BID + 1, 40)
    bid.lines.leave("ask", ASK, 0)
    bid.rig.wisher.bids, bid.rig.wisher.asks = [(BID + 1, 10)], [(ASK + 1, 10)]
    assert len(bid.edits()) == asked


def test_wider_quotes_wait_for_no_place() -> None:
    bid = Bid(ahead=0, behind=60, widen_factor=1.0, widen_ticks=1)
    bid.rig.core.set_stance("widen", "test")
    (edit,) = bid.wish(BID, 10, ASK)
    assert edit["price"] == (BID - 1) / 2


def test_a_wish_that_is_gone_is_cancelled_from_the_front_as_well() -> None:
    bid = Bid(ahead=0, behind=60)
    bid.rig.wisher.bids = []
    bid.rig.advance(300)
    (request,) = [r for r in bid.answer() if r["method"] == "private/cancel"]
    assert request["params"]["order_id"] == bid.id

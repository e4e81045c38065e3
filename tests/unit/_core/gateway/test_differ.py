"""The differ reaches the wish with the fewest requests that could reach it."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.venue import SlowVenue
from tests.rig import NAME, Rig

MID = 10_000
Levels = list[tuple[int, int]]
side_levels = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 3)), max_size=4, unique=True
)


def quiet(rig: Rig, venue: SlowVenue) -> int:
    """Let the venue answer everything; return how many requests that were."""
    count = 0
    for _ in range(20):
        venue.receive(rig.core.data_to_send(0))
        if not venue.requests:
            return count
        count += len(venue.requests)
        while venue.requests:
            venue.work()
        frames, venue.frames = venue.frames, []
        for frame in frames:
            rig.deliver(frame)
    raise AssertionError("the engine never came to rest")


def wish(rig: Rig, bids: Levels, asks: Levels) -> None:
    rig.wisher.bids = [(MID - p, q) for p, q in bids]
    rig.wisher.asks = [(MID + p, q) for p, q in asks]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])


def live(venue: SlowVenue) -> list[tuple[str, int, int]]:
    return sorted(
        (row["direction"], int(row["price"] * 2), int(row["amount"] // 10))
        for row in venue.open_orders()
    )


def least(before: Levels, after: Levels) -> int:
    """Fewest requests for one side, by trying every pairing."""
    size = max(len(before), len(after))
    old: list[tuple[int, int] | None] = [*before, *[None] * (size - len(before))]
    new: list[tuple[int, int] | None] = [*after, *[None] * (size - len(after))]
    if not size:
        return 0
    return min(
        sum(a != b for a, b in zip(old, order, strict=True))
        for order in permutations(new)
    )


@settings(max_examples=120, deadline=None)
@given(
    bids=side_levels, asks=side_levels, bids_after=side_levels, asks_after=side_levels
)
def test_wish_becomes_true_with_no_request_to_spare(
    bids: Levels, asks: Levels, bids_after: Levels, asks_after: Levels
) -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    wish(rig, bids, asks)
    quiet(rig, venue)
    wish(rig, bids_after, asks_after)
    sent = quiet(rig, venue)
    expected = [("buy", MID - p, q) for p, q in bids_after]
    expected += [("sell", MID + p, q) for p, q in asks_after]
    assert live(venue) == sorted(expected)
    assert sent == least(bids, bids_after) + least(asks, asks_after)


def test_a_wish_within_the_tolerance_is_left_alone() -> None:
    rig = Rig({"requote_ticks": 2, "requote_qty_pct": 50.0})
    venue = SlowVenue(NAME)
    wish(rig, [(5, 10)], [])
    quiet(rig, venue)
    wish(rig, [(7, 10)], [])
    assert quiet(rig, venue) == 0
    wish(rig, [(5, 15)], [])
    assert quiet(rig, venue) == 0
    wish(rig, [(8, 10)], [])
    assert quiet(rig, venue) == 1
    assert live(venue) == [("buy", MID - 8, 10)]
    wish(rig, [(8, 30)], [])
    assert quiet(rig, venue) == 1
    assert live(venue) == [("buy", MID - 8, 30)]


def places(venue: SlowVenue) -> dict[int, str]:
    """Return the order ids of the bids by price in ticks."""
    return {
        int(row["price"] * 2): row["order_id"]
        for row in venue.open_orders()
        if row["direction"] == "buy"
    }


def test_a_smaller_size_at_a_price_keeps_the_order_that_stands_there() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    wish(rig, [(1, 3), (2, 3)], [])
    quiet(rig, venue)
    before = places(venue)
    wish(rig, [(2, 1), (3, 3)], [])
    assert quiet(rig, venue) == 2
    after = places(venue)
    assert after == {MID - 2: before[MID - 2], MID - 3: before[MID - 1]}


def test_a_size_that_changes_where_others_come_and_go_moves_no_price() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    wish(rig, [(1, 3), (2, 3), (3, 3)], [])
    quiet(rig, venue)
    before = places(venue)
    wish(rig, [(3, 2), (2, 2)], [])
    assert quiet(rig, venue) == 3, "two sizes and one cancel"
    del before[MID - 1]
    assert places(venue) == before


def test_a_bid_the_market_has_reached_moves_despite_the_tolerance() -> None:
    rig, venue = Rig({"requote_ticks": 50}), SlowVenue(NAME)
    wish(rig, [(1, 5)], [])
    quiet(rig, venue)
    rig.book([(MID - 9, 9)], [(MID - 2, 9)])
    quiet(rig, venue)
    assert live(venue) == [("buy", MID - 3, 5)]


def test_while_in_flight_nothing_more_is_sent_for_the_slot() -> None:
    rig = Rig()
    wish(rig, [(5, 5)], [])
    assert len(rig.sent()) == 1
    for price in range(6, 12):
        wish(rig, [(price, 5)], [])
    assert rig.sent() == []


def test_both_quotes_up_moves_the_ask_first() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    wish(rig, [(1, 5)], [(1, 5)])
    quiet(rig, venue)
    rig.wisher.bids, rig.wisher.asks = [(MID + 4, 5)], [(MID + 6, 5)]
    rig.book([(MID + 4, 9)], [(MID + 6, 9)])
    sent = rig.sent()
    assert [r["method"] for r in sent] == ["private/edit", "private/edit"]
    assert [r["params"]["price"] for r in sent] == [(MID + 6) / 2, (MID + 4) / 2]


def test_an_edit_names_the_total_size_with_what_has_filled() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    wish(rig, [(1, 5)], [])
    quiet(rig, venue)
    venue.trade("X-1", 20.0)
    rig.deliver(venue.frames.pop(0))
    venue.receive(rig.core.data_to_send(0))
    (request,) = venue.requests
    assert request["method"] == "private/edit"
    assert request["params"]["amount"] == 70  # 2 lots filled and 5 wished


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_take_is_one_immediate_or_cancel_order(side: str) -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.take = (side, MID + (20 if side == "buy" else -20), 3)
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    (request,) = sent = rig.sent()
    assert request["method"] == f"private/{side}"
    assert request["params"]["time_in_force"] == "immediate_or_cancel"
    assert "post_only" not in request["params"]
    rig.book([(MID - 1, 9)], [(MID + 1, 10)])
    assert rig.sent() == [], "one take at a time"
    other = "sell" if side == "buy" else "buy"
    rig.wisher.take = (other, MID + (20 if other == "buy" else -20), 3)
    rig.book([(MID - 1, 9)], [(MID + 1, 11)])
    assert rig.sent() == [], "whichever side"
    rig.wisher.take = None
    venue.requests = sent
    venue.work()
    for frame in venue.frames:
        rig.deliver(frame)
    assert rig.core.open_slots() == []

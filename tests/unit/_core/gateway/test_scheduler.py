"""Who goes first when credits are short, who waits, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.gateway.scheduler import dollars, order_of
from tests.oracles.venue import SlowVenue
from tests.rig import MID, NAME, Rig, settle

VALUE = st.floats(-1e6, 1e6)
FAIR = 10_000
SLOTS = 18


@given(st.lists(VALUE, max_size=40))
def test_offers_come_out_by_value_and_else_as_planned(values: list[float]) -> None:
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))
    assert order_of(values, instruments=3) == expected


@given(st.lists(VALUE, min_size=1, max_size=18), st.data())
def test_held_offers_come_once_more_at_the_end(values: list[float], data: Any) -> None:
    held = data.draw(st.sets(st.sampled_from(range(len(values)))))
    first = order_of(values)
    assert order_of(values, held=held) == first + [i for i in first if i in held]


def test_there_is_room_for_every_action_and_for_no_more() -> None:
    assert len(order_of([1.0] * SLOTS)) == SLOTS
    with pytest.raises(OverflowError):
        order_of([1.0] * (SLOTS + 1))


@given(
    side=st.sampled_from(["bid", "ask"]),
    near=st.integers(-200, 200),
    nearer=st.integers(1, 200),
    wished=st.integers(1, 300),
    lots=st.integers(1, 1_000),
)
def test_the_nearer_or_farther_past_fair_the_more_an_edit_away_saves(
    side: str, near: int, nearer: int, wished: int, lots: int
) -> None:
    sign = -1 if side == "bid" else 1
    wished = max(near, wished)
    prices = {"side": side, "wished": FAIR + sign * wished, "lots": lots}
    there = dollars(kind="edit", stands=FAIR + sign * near, **prices)
    further = dollars(kind="edit", stands=FAIR + sign * (near - nearer), **prices)
    assert further >= there >= 0
    assert dollars(kind="edit", stands=FAIR + sign * wished, **prices) == 0


def test_a_stale_quote_is_worth_more_than_a_shy_one_and_that_more_than_nothing() -> (
    None
):
    stale = dollars(kind="edit", stands=FAIR + 8, wished=FAIR - 5)
    shy = dollars(kind="edit", stands=FAIR - 40, wished=FAIR - 5)
    a_tick = dollars(kind="edit", stands=FAIR - 6, wished=FAIR - 5)
    assert stale > 5 * shy > 5 * a_tick > 0
    absent = dollars(kind="new", wished=FAIR - 5)
    assert shy < absent < stale


def test_a_place_given_up_takes_its_worth_from_an_edit() -> None:
    move = {"kind": "edit", "stands": FAIR - 40, "wished": FAIR - 5}
    assert dollars(**move) > dollars(**move, place_share=0.2) > 0
    assert dollars(**move, place_share=1.0) < 0
    new = {"kind": "new", "wished": FAIR - 5}
    assert dollars(**new) == dollars(**new, place_share=0.5)


def test_value_grows_with_size_and_a_far_cancel_can_wait() -> None:
    one = dollars(kind="edit", stands=FAIR + 8, wished=FAIR - 5)
    assert dollars(kind="edit", stands=FAIR + 8, wished=FAIR - 5, lots=7) == 7 * one
    assert dollars(kind="cancel", stands=FAIR + 3) > dollars(
        kind="cancel", stands=FAIR - 30
    )
    assert dollars(kind="cancel", stands=FAIR - 30, fair_ticks=0.0) > 0


def short_rig(left: int, **limits: float) -> tuple[Rig, SlowVenue]:
    """Return a rig that quotes two levels a side, and has so many credits left."""
    rig, venue = Rig(rate=1, burst=20, limits=limits), SlowVenue(NAME)
    rig.advance(30_000)
    rig.wisher.bids = [(MID - 5, 5), (MID - 9, 5)]
    rig.wisher.asks = [(MID + 5, 5), (MID + 9, 5)]
    rig.book([(MID - 5, 9)], [(MID + 5, 9)])
    settle(rig, venue)
    assert len(venue.open_orders()) == 4
    rig.advance(30_000)
    while rig.core.snapshot()["credits"]["trading"]["left"] > left:
        assert rig.core.take_credit("trading")
        rig.core.credit_answered(rig.t_ns, "trading")
    rig.sent()
    return rig, venue


def shift(rig: Rig, ticks: int) -> None:
    """Move the market, and the wish with it."""
    rig.wisher.bids = [(price + ticks, qty) for price, qty in rig.wisher.bids]
    rig.wisher.asks = [(price + ticks, qty) for price, qty in rig.wisher.asks]
    middle = (rig.wisher.bids[0][0] + rig.wisher.asks[0][0]) // 2
    rig.book([(middle - 5, 9)], [(middle + 5, 9)])


def prices(requests: list[dict[str, Any]]) -> list[float]:
    return [2 * request["params"]["price"] for request in requests]


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_quote_past_fair_value_is_moved_first_and_the_rest_waits(sign: int) -> None:
    rig, _ = short_rig(6)
    shift(rig, sign * 20)
    (sent,) = rig.sent()
    assert sent["method"] == "private/edit"
    # Of the side the market went through, the better one: it is the farthest past.
    assert prices([sent]) == [MID + sign * 25]
    assert rig.core.snapshot()["counters"]["credit_waits"] == 1


def test_with_plenty_nothing_waits() -> None:
    rig, _ = short_rig(20)
    shift(rig, -20)
    assert len(rig.sent()) == 4
    assert rig.core.snapshot()["counters"]["credit_waits"] == 0


def test_a_cosmetic_move_waits_for_credits_and_goes_by_the_newest_wish() -> None:
    rig, _ = short_rig(7)
    for _ in range(3):
        shift(rig, 1)
    assert rig.sent() == []
    ready_ns = rig.core.next_timer_ns()
    assert ready_ns > rig.t_ns
    waited = 0
    sent: list[dict[str, Any]] = []
    while not sent:
        rig.advance(100)
        waited += 1
        sent = rig.sent()
        assert waited < 100
    newest = {price for price, _ in rig.wisher.bids + rig.wisher.asks}
    assert set(prices(sent)) <= newest, "superseded wishes never reach the wire"


def test_the_timer_names_the_moment_the_credit_is_there() -> None:
    rig, _ = short_rig(5)
    shift(rig, -20)
    assert rig.sent() == []
    rig.t_ns = rig.core.next_timer_ns()
    while not rig.sent():
        rig.core.handle_timer(rig.t_ns)
        assert rig.core.next_timer_ns() > rig.t_ns
        rig.t_ns = rig.core.next_timer_ns()
    left = rig.core.snapshot()["credits"]["trading"]["left"]
    assert 5 <= left < 6


def test_cancels_go_out_of_the_reserve_the_nearest_first() -> None:
    rig, venue = short_rig(3)
    rig.wisher.asks = []
    rig.book([(MID - 5, 9)], [(MID + 5, 8)])
    sent = rig.sent()
    assert [one["method"] for one in sent] == ["private/cancel", "private/cancel"]
    by_id = {one["order_id"]: one["price"] for one in venue.open_orders()}
    assert [2 * by_id[one["params"]["order_id"]] for one in sent] == [MID + 5, MID + 9]


def test_nothing_leaves_when_even_the_reserve_is_spent() -> None:
    rig, _ = short_rig(1)
    rig.wisher.bids = rig.wisher.asks = []
    rig.book([(MID - 5, 9)], [(MID + 5, 9)])
    assert rig.sent() == []


def test_both_pools_of_an_instrument_must_have_a_credit() -> None:
    rig = Rig()
    rig.core.set_credit_limits({"perpetuals": (0.001, 20.0)})
    rig.core.route_credits(rig.index, "trading", "perpetuals")
    rig.wisher.bids = [(MID - 5, 5)]
    rig.book([(MID - 5, 9)], [(MID + 5, 9)])
    assert rig.sent() == []
    assert rig.core.snapshot()["counters"]["credit_waits"] == 1
    rig.core.set_credit_limits({"perpetuals": (1_000.0, 20.0)})
    rig.advance(10)
    assert len(rig.sent()) == 1


def test_own_quotes_never_cross_however_few_credits_there_are() -> None:
    for left in range(1, 14):
        rig, venue = short_rig(left)
        for ticks in (12, -25, 18, -7):
            shift(rig, ticks)
            settle(rig, venue)
            orders = venue.open_orders()
            bids = [o["price"] for o in orders if o["direction"] == "buy"]
            asks = [o["price"] for o in orders if o["direction"] == "sell"]
            assert max(bids) < min(asks)
            assert not rig.halted()

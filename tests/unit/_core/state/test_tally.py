"""The tally: orders and fills by level, requests, time in market, the obligation."""

from typing import Any

import pytest

from tests.oracles.venue import SlowVenue
from tests.rig import MID, MS, NAME, Rig, quoting_rig, settle

SECOND = 1_000


def presence(rig: Rig) -> Any:
    return rig.snapshot()["presence"]


def resting_rig(obligation: tuple[float, int, float] | None = None) -> Rig:
    """Return a rig whose bid and ask rest at the venue, and the clock at a look."""
    rig = quoting_rig()
    if obligation is not None:
        rig.core.market(rig.index).tally.set_obligation(*obligation)
    settle(rig, SlowVenue(NAME))
    rig.advance(300)
    return rig


def test_time_in_market_is_what_rests_at_the_venue():
    rig = quoting_rig()
    rig.advance(300)  # the first look
    rig.advance(SECOND)
    assert presence(rig)["watched_s"] == 1.0
    assert presence(rig)["both_s"] == 0.0  # on their way, nobody has said they rest
    settle(rig, SlowVenue(NAME))
    rig.advance(2 * SECOND)
    found = presence(rig)
    assert found == {"watched_s": 3.0, "bid_s": 2.0, "ask_s": 2.0, "both_s": 2.0}


def test_a_lost_line_counts_against_us():
    rig = resting_rig()
    rig.advance(SECOND)
    rig.core.connection_lost(0, rig.t_ns)
    rig.advance(3 * SECOND)
    found = presence(rig)
    assert (found["watched_s"], found["both_s"]) == (4.0, 1.0)


# The quotes stand at MID - 1 and MID + 1: 2 ticks of 10,000 are 2 bps; 5 lots each.
@pytest.mark.parametrize(
    ("spread_max_bps", "size_min_lots", "is_kept"),
    [(2.0, 5, True), (1.99, 5, False), (2.0, 6, False), (50.0, 1, True)],
)
def test_an_obligation_at_its_bounds(spread_max_bps, size_min_lots, is_kept):
    rig = resting_rig((spread_max_bps, size_min_lots, 90.0))
    rig.advance(2 * SECOND)
    found = presence(rig)["obligation"]
    assert found["obliged_s"] == (2.0 if is_kept else 0.0)
    assert found["uptime_pct"] == (100.0 if is_kept else 0.0)
    assert found["is_kept"] == is_kept
    assert found["size_min"] == size_min_lots * 10.0


def test_a_size_is_reached_over_several_levels():
    """3 + 4 lots make 7 at the second price, 3 ticks off: 6 ticks apart, 6 bps."""
    rig = quoting_rig()
    rig.wisher.bids = [(MID - 1, 3), (MID - 3, 4)]
    rig.wisher.asks = [(MID + 1, 3), (MID + 3, 4)]
    rig.book([(MID - 1, 8)], [(MID + 1, 8)])
    venue = SlowVenue(NAME)
    for _ in range(3):
        settle(rig, venue)
    tally = rig.core.market(rig.index).tally
    rig.advance(300)
    for bps, kept in ((6.0, 1.0), (5.9, 0.0)):
        tally.set_obligation(bps, 7, 90.0)
        before = presence(rig)["obligation"]["obliged_s"]
        rig.advance(SECOND)
        assert presence(rig)["obligation"]["obliged_s"] - before == kept


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((0.0, 5, 90.0), "spread_max_bps"),
        ((float("nan"), 5, 90.0), "spread_max_bps"),
        ((5.0, 0, 90.0), "size_min_lots"),
        ((5.0, 5, 100.1), "uptime_min_pct"),
        ((5.0, 5, -0.1), "uptime_min_pct"),
    ],
)
def test_what_is_no_obligation_is_refused(values, name):
    tally = Rig().core.market(0).tally
    with pytest.raises(ValueError, match=name):
        tally.set_obligation(*values)


def test_orders_and_fills_by_level():
    rig = quoting_rig()
    rig.wisher.bids = [(MID - 1, 5), (MID - 2, 6)]
    rig.book([(MID - 1, 8)], [(MID + 1, 8)])
    venue = SlowVenue(NAME)
    settle(rig, venue)
    bids = [s for s in rig.core.open_slots() if s["side"] == "bid"]
    label = next(s["label"] for s in bids if s["price_ticks"] == MID - 2)
    rig.push(
        "user.trades.any.any.raw",
        [
            {
                "trade_id": "1",
                "instrument_name": NAME,
                "direction": "buy",
                "price": (MID - 2) * 0.5,
                "amount": 40.0,
                "fee": 0.0,
                "liquidity": "M",
                "label": label,
                "order_id": "1",
                "timestamp": 1,
            }
        ],
    )
    found = rig.snapshot()["levels"]
    assert found["ask"] == [[1, 1, 50.0, 0, 0.0]]
    # What was filled is asked for anew by an edit: 6 lots were placed, then 4.
    assert found["bid"] == [[1, 1, 50.0, 0, 0.0], [2, 1, 100.0, 1, 40.0]]


def test_an_edit_that_grows_an_order_places_the_difference():
    rig = quoting_rig()
    venue = SlowVenue(NAME)
    settle(rig, venue)
    for lots in (9, 7):  # larger by 4, then smaller
        rig.wisher.bids = [(MID - 1, lots)]
        rig.advance(300)
        settle(rig, venue)
    found = rig.snapshot()
    assert found["levels"]["bid"] == [[1, 1, 90.0, 0, 0.0]]
    assert found["requests"] == {"new": 2, "edit": 2, "cancel": 0, "cancel_all": 0}


def test_a_take_is_a_level_of_its_own():
    rig = quoting_rig()
    venue = SlowVenue(NAME)
    rig.wisher.asks = [(MID + 2, 5)]
    for _ in range(2):
        settle(rig, venue)
        rig.advance(300)
    settle(rig, venue)
    rig.wisher.take = ("buy", MID + 1, 3)
    rig.advance(300)
    assert ["take", 1, 30.0, 0, 0.0] in rig.snapshot()["levels"]["bid"]


def test_what_is_not_quoted_has_nothing_to_tell():
    rig = Rig(quoting=False)
    rig.t_ns += 10 * MS
    found = rig.snapshot()
    assert found["levels"] == {"bid": [], "ask": []}
    assert found["presence"]["watched_s"] == 0.0

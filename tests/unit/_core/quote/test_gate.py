"""The gate shapes wishes: collar, touch, sizes, position; blank when in doubt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rig import Rig

MID = 10_000
Levels = list[tuple[int, int]]
wild = st.lists(st.tuples(st.integers(MID - 900, MID + 900), st.integers(1, 90)))


def requests(rig: Rig) -> tuple[Levels, Levels]:
    """Return what was asked of the venue, in ticks and lots."""
    bids: Levels = []
    asks: Levels = []
    for request in rig.sent():
        params = request["params"]
        side = bids if request["method"] == "private/buy" else asks
        side.append((round(params["price"] * 2), params["amount"] // 10))
    return bids, asks


@settings(max_examples=200, deadline=None)
@given(bids=wild, asks=wild, position=st.integers(-120, 120))
def test_whatever_is_wished_the_policy_holds(
    bids: Levels, asks: Levels, position: int
) -> None:
    rig = Rig()
    rig.core.set_position(rig.index, position, 5_000.0)
    rig.wisher.bids, rig.wisher.asks = bids, asks
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    got_bids, got_asks = requests(rig)
    assert rig.halted() == ""
    for price, qty in got_bids:
        assert MID * 0.95 <= price <= MID
        assert 1 <= qty <= 50
    for price, qty in got_asks:
        assert MID <= price <= MID * 1.05
        assert 1 <= qty <= 50
    assert position + sum(q for _, q in got_bids) <= max(100, position)
    assert -position + sum(q for _, q in got_asks) <= max(100, -position)
    if got_bids and got_asks:
        assert max(got_bids)[0] < min(got_asks)[0]


def test_a_good_wish_passes_unchanged() -> None:
    rig = Rig()
    rig.wisher.bids = [(MID - 1, 9), (MID - 3, 20)]
    rig.wisher.asks = [(MID + 1, 9)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig) == ([(MID - 1, 9), (MID - 3, 20)], [(MID + 1, 9)])


def test_a_crossing_bid_stops_below_the_best_ask() -> None:
    rig = Rig()
    rig.wisher.bids = [(MID + 50, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig)[0] == [(MID, 5)]
    assert rig.snapshot()["gate"]["clipped_price"] == 1


def test_the_collar_stands_on_the_mark_when_there_is_one() -> None:
    rig = Rig({"collar_bps": 10.0})
    ticker = {"instrument_name": "BTC-PERPETUAL", "timestamp": 1, "state": "open"}
    rig.push("ticker.BTC-PERPETUAL.raw", {**ticker, "mark_price": 4990.0})
    rig.wisher.bids = [(MID - 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    # 4990 * 1.001 = 4994.99, so the highest bid is 4994.5.
    assert requests(rig)[0] == [(9989, 5)]


def test_without_an_index_nothing_is_inside_a_collar_that_hangs_on_it() -> None:
    rig = Rig({"collar_index_bps": 10.0})
    ticker = {"instrument_name": "BTC-PERPETUAL", "timestamp": 1, "state": "open"}
    rig.push("ticker.BTC-PERPETUAL.raw", {**ticker, "mark_price": 5000.0})
    rig.wisher.bids = [(MID - 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig) == ([], [])
    assert "index" in rig.snapshot()["why_blank"]
    assert rig.halted() == ""
    known = {**ticker, "mark_price": 5000.0, "index_price": 5000.0}
    rig.push("ticker.BTC-PERPETUAL.raw", known)
    assert requests(rig)[0] == [(MID - 1, 5)]


def test_the_venues_price_band_is_respected() -> None:
    rig = Rig()
    ticker = {"instrument_name": "BTC-PERPETUAL", "timestamp": 1, "state": "open"}
    band = {"mark_price": 5000.0, "min_price": 5003.0, "max_price": 4998.0}
    rig.push("ticker.BTC-PERPETUAL.raw", {**ticker, **band})
    rig.wisher.bids, rig.wisher.asks = [(MID - 1, 5)], [(MID + 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig) == ([(9996, 5)], [(10006, 5)])


def test_a_sheet_that_crosses_itself_is_blanked() -> None:
    rig = Rig()
    rig.wisher.bids, rig.wisher.asks = [(MID, 5)], [(MID, 5)]
    rig.book([(MID - 3, 9)], [(MID + 3, 9)])
    assert requests(rig) == ([], [])
    assert rig.snapshot()["gate"]["crossed"] == 1


def test_no_quotes_from_stale_data_and_quotes_again_when_it_is_back() -> None:
    rig = Rig({"stale_ns": 1_000_000_000})
    rig.wisher.bids = [(MID - 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig)[0]
    rig.advance(999)
    assert rig.snapshot()["why_blank"] == ""
    rig.advance(300)
    assert rig.snapshot()["why_blank"] == "market data is stale"
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert rig.snapshot()["why_blank"] == ""


def test_no_quotes_on_a_one_sided_book_or_a_closed_instrument() -> None:
    rig = Rig()
    rig.wisher.bids = [(MID - 1, 5)]
    rig.book([(MID - 1, 9)], [])
    assert requests(rig) == ([], [])
    assert rig.snapshot()["why_blank"] == "book has an empty side"
    rig.push(
        "ticker.BTC-PERPETUAL.raw",
        {"instrument_name": "BTC-PERPETUAL", "timestamp": 1, "state": "locked"},
    )
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig) == ([], [])
    assert rig.snapshot()["why_blank"] == "instrument is not open"


def test_a_take_may_cross_the_touch_but_not_the_collar() -> None:
    rig = Rig({"collar_bps": 10.0})
    rig.wisher.take = ("buy", MID + 900, 5)
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert requests(rig)[0] == [(MID + 10, 5)]


@pytest.mark.parametrize(
    ("take", "is_sent"),
    [
        (("buy", MID + 1, 5), True),
        (("buy", MID, 5), False),
        (("sell", MID - 1, 5), True),
        (("sell", MID, 5), False),
    ],
)
def test_a_take_that_would_find_nobody_is_not_sent(
    take: tuple[str, int, int], is_sent: bool
) -> None:
    rig = Rig()
    rig.wisher.take = take
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert len(rig.sent()) == is_sent


def test_nor_is_one_that_the_collar_holds_back_from_the_touch() -> None:
    rig = Rig({"collar_bps": 10.0})
    mark = {"instrument_name": "BTC-PERPETUAL", "timestamp": 1, "state": "open"}
    rig.push("ticker.BTC-PERPETUAL.raw", {**mark, "mark_price": MID / 2})
    rig.wisher.take = ("buy", MID + 900, 5)
    rig.book([(MID - 1, 9)], [(MID + 11, 9)])
    assert rig.sent() == []
    rig.book([(MID - 1, 9)], [(MID + 10, 9)])
    assert len(rig.sent()) == 1


def withdrawn(rig: Rig, stance: str) -> tuple[Levels, Levels]:
    """Return what is asked of the venue under a stance, with bids and asks wished."""
    rig.core.set_stance(stance, "a test")
    rig.wisher.bids, rig.wisher.asks = [(MID - 2, 20)], [(MID + 2, 20)]
    rig.book([(MID - 4, 9)], [(MID + 4, 9)])
    return requests(rig)


@pytest.mark.parametrize(
    ("limits", "bids", "asks"),
    [
        ({"widen_ticks": 0, "widen_factor": 1}, MID - 2, MID + 2),
        ({"widen_ticks": 7, "widen_factor": 0}, MID - 9, MID + 9),
        ({"widen_ticks": 0, "widen_factor": 3}, MID - 6, MID + 6),
        ({"widen_ticks": 3, "widen_factor": 3}, MID - 6, MID + 6),
        ({"widen_ticks": 5, "widen_factor": 3}, MID - 7, MID + 7),
    ],
)
def test_wider_quotes_stand_out_by_ticks_or_by_a_factor_whichever_is_more(
    limits: dict[str, float], bids: int, asks: int
) -> None:
    assert withdrawn(Rig(limits), "widen") == ([(bids, 20)], [(asks, 20)])


def test_a_quote_widened_past_the_collar_is_dropped() -> None:
    limits = {"widen_ticks": 600.0}
    assert withdrawn(Rig(limits), "widen") == ([], [])


@pytest.mark.parametrize(
    ("position", "bids", "asks"),
    [(0, 0, 0), (5, 0, 5), (-5, 5, 0), (30, 0, 20), (-30, 20, 0)],
)
def test_reduce_lets_a_side_close_what_is_held_and_no_more(
    position: int, bids: int, asks: int
) -> None:
    rig = Rig()
    rig.core.set_position(rig.index, position, 5_000.0)
    found_bids, found_asks = withdrawn(rig, "reduce")
    assert [qty for _, qty in found_bids] == ([bids] if bids else [])
    assert [qty for _, qty in found_asks] == ([asks] if asks else [])


@pytest.mark.parametrize("stance", ["pull", "disconnect"])
def test_from_pull_on_nothing_is_permitted(stance: str) -> None:
    rig = Rig()
    rig.core.set_position(rig.index, 5, 5_000.0)
    assert withdrawn(rig, stance) == ([], [])
    assert rig.snapshot()["why_blank"] == f"{stance}: a test"

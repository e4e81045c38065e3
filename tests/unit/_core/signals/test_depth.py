"""Depth imbalance against the whole book, and its usual range."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.depth import DepthImbalance
from engine._core.state.book import Book
from tests.generators.touches import SECOND_NS, set_book
from tests.oracles import signals as slow

SIDE = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 500)),
    min_size=1,
    max_size=30,
    unique_by=lambda level: level[0],
)


def depth(levels, mid, reach, most):
    nearest = sorted(levels, key=lambda level: abs(level[0] - mid))[:most]
    return sum(q * max(0.0, 1 - abs(p - mid) / reach) for p, q in nearest)


@given(
    below=SIDE,
    above=SIDE,
    reach=st.sampled_from([0.5, 1.0, 7.5, 30.0]),
    most=st.integers(1, 64),
)
def test_value_is_the_tapered_depth_of_one_side_against_the_other(
    below, above, reach, most
):
    bids = [(1_000 - away, lots) for away, lots in below]
    asks = [(1_001 + away, lots) for away, lots in above]
    book, signal = Book(window_ticks=64), DepthImbalance(reach_ticks=reach, levels=most)
    set_book(book, [("bid", *one) for one in bids] + [("ask", *one) for one in asks])
    signal.observe_book(book, 1)
    mid = (max(bids)[0] + min(asks)[0]) / 2
    bid_lots, ask_lots = (depth(side, mid, reach, most) for side in (bids, asks))
    assert signal.bid_lots == pytest.approx(bid_lots, rel=1e-9, abs=1e-9)
    assert signal.ask_lots == pytest.approx(ask_lots, rel=1e-9, abs=1e-9)
    both = bid_lots + ask_lots
    want = (bid_lots - ask_lots) / both if both > 1e-9 else signal.value
    assert signal.value == pytest.approx(want, rel=1e-9, abs=1e-9)
    assert -1 <= signal.value <= 1


def test_it_hears_what_happens_behind_the_touch():
    book, signal = Book(window_ticks=64), DepthImbalance(reach_ticks=10)
    set_book(book, [("bid", 100, 5), ("ask", 101, 5)])
    signal.observe_book(book, 1)
    assert signal.value == 0.0
    book.apply_rows([("bid", 98, 50)], change_id=2, prev_change_id=1)
    signal.observe_book(book, 2, has_moved=False)
    assert signal.value > 0.5


def test_nothing_in_reach_is_balance():
    book, signal = Book(window_ticks=64), DepthImbalance(reach_ticks=2)
    set_book(book, [("bid", 100, 5), ("ask", 110, 50)])
    signal.observe_book(book, 1)
    assert (signal.value, signal.bid_lots, signal.ask_lots) == (0.0, 0.0, 0.0)


def test_the_score_is_standardised_over_time():
    rng, book = random.Random(3), Book(window_ticks=64)
    signal = DepthImbalance(reach_ticks=10, tau_s=4.0)
    now_ns, values = 7, []
    for _ in range(60):
        set_book(
            book, [("bid", 100, rng.randint(20, 90)), ("ask", 101, rng.randint(1, 30))]
        )
        signal.observe_book(book, now_ns)
        values.append((now_ns, signal.value))
        now_ns += rng.randint(1, SECOND_NS)
    signal.observe_time(now_ns)
    ends = [at_ns for at_ns, _ in values[1:]] + [now_ns]
    mean, square = (
        slow.average(
            [(a, b, v**power) for (a, v), b in zip(values, ends, strict=True)],
            now_ns,
            4.0,
        )
        for power in (1, 2)
    )
    want = (values[-1][1] - mean) / math.sqrt(square - mean * mean)
    assert signal.score == pytest.approx(want, rel=1e-6)


def test_ready_after_tau_and_a_cut_is_no_time():
    book, signal = Book(window_ticks=64), DepthImbalance(reach_ticks=10, tau_s=2.0)
    set_book(book, [("bid", 100, 5), ("ask", 101, 5)])
    signal.observe_book(book, SECOND_NS)
    assert (signal.is_ready, signal.score) == (False, 0.0)
    signal.observe_time(3 * SECOND_NS)
    assert signal.is_ready
    assert signal.score == 0.0, "a book that never changed has no usual range"
    book.mark_lost()
    signal.observe_book(book, 4 * SECOND_NS)
    assert not signal.is_ready
    signal.observe_time(90 * SECOND_NS)
    assert not signal.is_ready
    set_book(book, [("bid", 100, 9), ("ask", 101, 1)])
    signal.observe_book(book, 99 * SECOND_NS)
    assert signal.is_ready
    signal.observe_time(100 * SECOND_NS)
    # A second at 0.8 after three at 0: the 95 s of the cut count nothing.
    share = (1 - math.exp(-1 / 2)) / (1 - math.exp(-4 / 2))
    deviation = math.sqrt(share * 0.64 - (share * 0.8) ** 2)
    assert signal.score == pytest.approx((0.8 - share * 0.8) / deviation)


@pytest.mark.parametrize("name", ["reach_ticks", "levels", "tau_s"])
@pytest.mark.parametrize("value", [0, -1, math.nan, "2", True, None])
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        DepthImbalance(**{"reach_ticks": 5, name: value})
    with pytest.raises(ValueError, match="levels"):
        DepthImbalance(reach_ticks=5, levels=65)

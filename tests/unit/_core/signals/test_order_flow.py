"""Order-flow imbalance against the sum written out, over whole histories."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.order_flow import OrderFlowImbalance
from engine._core.state.book import Book
from tests.generators.touches import SECOND_NS, Cut, Touch, show, streams
from tests.oracles import signals as slow

TAUS = st.sampled_from([0.05, 2.0, 600.0])


def history(events):
    return [
        None
        if isinstance(one, Cut)
        else (one.now_ns, one.bid, one.bid_lots, one.ask, one.ask_lots)
        for one in events
    ]


@given(events=streams(), tau_s=TAUS, later_ns=st.integers(0, 5 * SECOND_NS))
def test_value_is_the_discounted_sum_of_events(events, tau_s, later_ns):
    book, signal = Book(window_ticks=64), OrderFlowImbalance(tau_s=tau_s)
    for i, event in enumerate(events):
        show(signal, book, event)
        want = slow.order_flow(history(events[: i + 1]), event.now_ns, tau_s)
        if isinstance(event, Touch):
            assert signal.value == pytest.approx(want, rel=1e-9, abs=1e-9)
    now_ns = events[-1].now_ns + later_ns
    signal.observe_time(now_ns)
    want = slow.order_flow(history(events), now_ns, tau_s)
    assert signal.value == pytest.approx(want, rel=1e-9, abs=1e-9)


@given(events=streams(), later_ns=st.integers(1, 5 * SECOND_NS))
def test_depth_is_the_average_over_the_time_it_was_seen(events, later_ns):
    book, signal = Book(window_ticks=64), OrderFlowImbalance(depth_tau_s=3.0)
    for event in events:
        show(signal, book, event)
    now_ns = events[-1].now_ns + later_ns
    signal.observe_time(now_ns)
    ends = [event.now_ns for event in events[1:]] + [now_ns]
    pieces, seen_ns = [], 0
    for event, end_ns in zip(events, ends, strict=True):
        span_ns = end_ns - event.now_ns
        if isinstance(event, Touch) and span_ns:
            depth = (event.bid_lots + event.ask_lots) / 2
            pieces.append((seen_ns, seen_ns + span_ns, depth))
            seen_ns += span_ns
    if pieces:
        want = slow.average(pieces, seen_ns, 3.0)
        assert signal.depth_lots == pytest.approx(want, rel=1e-5)
        assert signal.move_ticks == pytest.approx(signal.value / 2 / want, rel=1e-5)


@given(events=streams())
def test_the_other_way_round_it_is_the_opposite(events):
    """Mirror the book, and the flow changes its sign: neither side is special."""
    signals = OrderFlowImbalance(), OrderFlowImbalance()
    books = Book(window_ticks=64), Book(window_ticks=64)
    for event in events:
        show(signals[0], books[0], event)
        if isinstance(event, Touch):
            event = Touch(
                -event.ask, -event.bid, event.ask_lots, event.bid_lots, event.now_ns
            )
        show(signals[1], books[1], event)
    assert signals[1].value == pytest.approx(-signals[0].value, abs=1e-9)


def test_size_that_joins_leaves_and_moves_the_touch():
    book, signal = Book(window_ticks=64), OrderFlowImbalance(tau_s=1e9)
    steps = [
        (Touch(100, 102, 5, 5, 0), 0),
        (Touch(100, 102, 8, 5, 1), 3),  # three lots join the bid
        (Touch(100, 102, 8, 1, 2), 7),  # four leave the ask
        (Touch(101, 102, 2, 1, 3), 9),  # a better bid of two
        (Touch(100, 102, 8, 1, 4), 7),  # and it is gone again
        (Touch(100, 103, 8, 6, 5), 8),  # the ask is eaten through
    ]
    for touch, want in steps:
        show(signal, book, touch)
        assert signal.value == pytest.approx(want)


@pytest.mark.parametrize("how", ["lost", "crossed", "one-sided", "emptied"])
def test_a_book_that_comes_back_is_compared_with_nothing(how):
    book, signal = Book(window_ticks=64), OrderFlowImbalance(tau_s=1.0)
    show(signal, book, Touch(100, 102, 5, 5, 0))
    show(signal, book, Touch(100, 102, 9, 5, SECOND_NS))
    assert (signal.value, signal.is_ready) == (4.0, True)
    show(signal, book, Cut(how, SECOND_NS))
    assert (signal.value, signal.is_ready, signal.is_warm) == (4.0, False, True)
    show(signal, book, Touch(900, 902, 70, 1, 2 * SECOND_NS))
    assert signal.is_ready
    assert signal.value == pytest.approx(4 * math.exp(-1))


def test_ready_after_tau_and_not_before():
    book, signal = Book(window_ticks=64), OrderFlowImbalance(tau_s=2.0)
    signal.observe_time(50 * SECOND_NS)
    assert not signal.is_ready
    show(signal, book, Touch(100, 102, 5, 5, 50 * SECOND_NS))
    signal.observe_time(52 * SECOND_NS - 1)
    assert not signal.is_ready
    signal.observe_time(52 * SECOND_NS)
    assert signal.is_ready


@pytest.mark.parametrize("name", ["tau_s", "depth_tau_s"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "2", True, None])
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        OrderFlowImbalance(**{name: value})

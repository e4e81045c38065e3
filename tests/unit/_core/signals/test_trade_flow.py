"""Trade flow and toxicity against sums and buckets written out."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.trade_flow import Toxicity, TradeFlowImbalance
from engine._core.state.book import Book
from tests.generators.touches import SECOND_NS, set_book

TRADES = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 1_000),
        st.sampled_from([0, 1, 1_000_000, SECOND_NS, 20 * SECOND_NS]),
    ),
    min_size=1,
    max_size=40,
)


def timed(trades):
    now_ns, found = 5, []
    for side, lots, wait_ns in trades:
        now_ns += wait_ns
        found.append((side, lots, now_ns))
    return found


@given(trades=TRADES, later_ns=st.integers(0, 100 * SECOND_NS))
def test_the_imbalance_is_the_ratio_of_discounted_sums(trades, later_ns):
    signal = TradeFlowImbalance(tau_s=3.0)
    trades = timed(trades)
    for side, lots, now_ns in trades:
        signal.observe_trade(side, 100, lots, now_ns)
    now_ns = trades[-1][2] + later_ns
    signal.observe_time(now_ns)
    age = [math.exp(-(now_ns - at_ns) / SECOND_NS / 3.0) for _, _, at_ns in trades]
    bought = sum(
        w * q for w, (side, q, _) in zip(age, trades, strict=True) if side == "buy"
    )
    sold = sum(
        w * q for w, (side, q, _) in zip(age, trades, strict=True) if side == "sell"
    )
    n = sum(age)
    assert signal.bought_lots == pytest.approx(bought, rel=1e-9)
    assert signal.sold_lots == pytest.approx(sold, rel=1e-9)
    want = (bought - sold) / (bought + sold) * n / (n + 1)
    assert signal.value == pytest.approx(want, rel=1e-9, abs=1e-12)
    assert -1 <= signal.value <= 1


def test_silence_is_no_imbalance():
    signal = TradeFlowImbalance(tau_s=1.0, warm_trades=2)
    for _ in range(50):
        signal.observe_trade("buy", 100, 7, 1)
    assert signal.value == pytest.approx(50 / 51)
    signal.observe_time(20 * SECOND_NS)
    assert 0 <= signal.value < 1e-6
    signal.observe_time(10**18)
    assert signal.value == 0.0
    signal.observe_trade("sell", 100, 7, 10**18)
    assert signal.value == -0.5


def test_ready_after_so_many_trades_whatever_the_book_does():
    signal = TradeFlowImbalance(warm_trades=3)
    for number in range(1, 5):
        signal.observe_trade("sell", 100, 1, number)
        assert signal.is_ready == (number >= 3)
    book = Book(window_ticks=64)
    set_book(book, [("bid", 10, 1), ("ask", 11, 1)])
    signal.observe_book(book, 6)
    book.mark_lost()
    signal.observe_book(book, 7)
    assert signal.is_ready


def buckets_of(trades, size):
    """Return |bought - sold| / size of every full bucket, lot by lot."""
    full, bought, sold = [], 0, 0
    for side, lots in trades:
        for _ in range(lots):
            bought, sold = bought + (side == "buy"), sold + (side == "sell")
            if bought + sold == size:
                full.append(Fraction(abs(bought - sold), size))
                bought = sold = 0
    return full


@given(
    trades=st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 300)), max_size=30
    ),
    size=st.integers(1, 40),
    buckets=st.integers(1, 20),
)
def test_toxicity_is_the_weighted_mean_over_the_buckets(trades, size, buckets):
    signal = Toxicity(bucket_lots=size, buckets=buckets)
    for number, (side, lots) in enumerate(trades):
        signal.observe_trade(side, 100, lots, number)
    full = buckets_of(trades, size)
    assert signal.n_buckets == len(full)
    assert signal.is_ready == (len(full) >= buckets)
    if full:
        ages = range(len(full) - 1, -1, -1)
        weights = [math.exp(-age / buckets) for age in ages]
        want = sum(w * float(v) for w, v in zip(weights, full, strict=True)) / sum(
            weights
        )
        assert signal.value == pytest.approx(want, rel=1e-9, abs=1e-12)
    else:
        assert signal.value == 0.0


def test_a_trade_as_large_as_all_there_is_costs_no_more():
    signal = Toxicity(bucket_lots=1, buckets=5)
    signal.observe_trade("buy", 100, 10**15, 1)
    assert signal.value == 1.0
    assert signal.n_buckets == 1e15
    for _ in range(1_000):
        signal.observe_trade("sell", 100, 1, 2)
    assert signal.value == pytest.approx(1.0)


def test_toxicity_does_not_change_with_time_or_with_the_book():
    signal = Toxicity(bucket_lots=10, buckets=1)
    signal.observe_trade("buy", 100, 8, 1)
    signal.observe_trade("sell", 100, 2, 2)
    assert (signal.value, signal.is_ready) == (0.6, True)
    signal.observe_time(10**18)
    assert (signal.value, signal.is_ready) == (0.6, True)


@pytest.mark.parametrize("value", [0, -1, math.nan, "2", True, None])
def test_bad_parameters_are_named(value):
    for kind, name in (
        (TradeFlowImbalance, "tau_s"),
        (TradeFlowImbalance, "warm_trades"),
        (Toxicity, "bucket_lots"),
        (Toxicity, "buckets"),
    ):
        given_ = {"bucket_lots": 5} if kind is Toxicity else {}
        with pytest.raises(ValueError, match=name):
            kind(**{**given_, name: value})

"""The micro-price reads the right cell of its table, and stays within the touch."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.micro_price import MicroPrice, imbalance_bucket
from engine._core.state.book import Book
from tests.generators.touches import Cut, Touch, show

LOTS = st.one_of(st.integers(1, 12), st.integers(1, 10**9))


@given(bid_lots=LOTS, ask_lots=LOTS, half=st.integers(0, 31))
def test_buckets_are_equal_shares_and_exact_mirrors(bid_lots, ask_lots, half):
    buckets = 2 * half + 1
    bucket = imbalance_bucket(bid_lots, ask_lots, buckets)
    assert 0 <= bucket < buckets
    assert imbalance_bucket(ask_lots, bid_lots, buckets) == buckets - 1 - bucket
    share = buckets * bid_lots / (bid_lots + ask_lots)
    assert bucket - 1e-6 <= share <= bucket + 1 + 1e-6


@st.composite
def tables(draw):
    half = draw(st.integers(0, 4))
    ticks = st.floats(-3, 3)
    table = []
    for _ in range(draw(st.integers(1, 4))):
        lower = [draw(ticks) for _ in range(half)]
        table.append([*lower, 0.0, *(-x for x in reversed(lower))])
    return table


@given(
    table=tables(),
    bid_lots=LOTS,
    ask_lots=LOTS,
    spread=st.integers(1, 9),
    bid=st.integers(-1_000, 10**7),
)
def test_value_is_the_mid_and_the_cell(table, bid_lots, ask_lots, spread, bid):
    book, signal = Book(window_ticks=64), MicroPrice(table=table)
    show(signal, book, Touch(bid, bid + spread, bid_lots, ask_lots, 5))
    row = table[min(spread, len(table)) - 1]
    cell = row[imbalance_bucket(bid_lots, ask_lots, len(row))]
    want = max(-spread / 2, min(spread / 2, cell))
    assert signal.adjust_ticks == want
    assert signal.value == pytest.approx(bid + spread / 2 + want)
    assert bid <= signal.value <= bid + spread
    assert signal.is_ready


def test_ready_only_while_the_book_is_usable():
    book, signal = Book(window_ticks=64), MicroPrice(table=[[-1.0, 0.0, 1.0]])
    assert not signal.is_ready
    show(signal, book, Touch(10, 12, 9, 1, 5))
    assert (signal.is_ready, signal.value) == (True, 12.0)
    for how in ("lost", "crossed", "one-sided", "emptied"):
        show(signal, book, Cut(how, 6))
        assert not signal.is_ready
        show(signal, book, Touch(10, 12, 1, 9, 7))
        assert (signal.is_ready, signal.value) == (True, 10.0)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([], "1 to 16 rows, not 0"),
        ([[0.0]] * 17, "1 to 16 rows, not 17"),
        ([[0.0, 0.0]], "one odd length up to 63, not 2"),
        ([[0.0] * 65], "one odd length up to 63, not 65"),
        ([[0.0], [0.0] * 3], "not 3 in row 1"),
        ([[]], "not 0 in row 0"),
        ([[-1.0, 0.0, 2.0]], "row 0 has -1.0 and 2.0"),
        ([[1.0]], "row 0 has 1.0 and 1.0"),
        ([[math.nan]], "table must be a number"),
        ([["1"]], "table must be a number"),
    ],
)
def test_a_table_that_is_none_is_refused(table, said):
    with pytest.raises(ValueError, match=said):
        MicroPrice(table=table)


@pytest.mark.parametrize("shape", [(0, 1, 3), (1, 0, 3), (1, 1, 2), (1, 1, 0)])
def test_no_bucket_for_what_has_none(shape):
    with pytest.raises(ValueError, match="no bucket"):
        imbalance_bucket(*shape)

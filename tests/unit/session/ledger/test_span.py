"""Cash between two bounds: what a printed balance can and cannot be."""

from hypothesis import given
from hypothesis import strategies as st

from engine.session.ledger.amounts import HALF, SATOSHI, divide
from engine.session.ledger.span import Span, bounds, printed_span


def test_what_is_known_exactly_allows_one_printed_number() -> None:
    span = Span(5 * SATOSHI, 5 * SATOSHI)
    assert span.off(5 * SATOSHI) == 0
    assert span.off(6 * SATOSHI) == SATOSHI
    assert span.off(4 * SATOSHI) == -SATOSHI


def test_a_printed_number_narrows_the_bounds_and_never_widens_them() -> None:
    span = Span(0, 0)
    span.move(10 * SATOSHI, SATOSHI)
    assert (span.low, span.high) == (9 * SATOSHI, 11 * SATOSHI)
    for _ in range(2):
        span.narrow(10 * SATOSHI)
        assert (span.low, span.high) == (10 * SATOSHI - HALF, 10 * SATOSHI + HALF - 1)


FACTS = st.lists(st.tuples(st.integers(-(10**14), 10**14), st.booleans()), max_size=30)


@given(st.integers(0, 10**20), FACTS)
def test_the_truth_is_never_called_a_difference(
    truth: int, facts: list[tuple[int, bool]]
) -> None:
    span = Span(truth, truth)
    for amount, is_printed in facts:
        truth += amount
        shown = divide(amount, SATOSHI) * SATOSHI if is_printed else amount
        span.move(shown, HALF if is_printed else 0)
        balance = divide(truth, SATOSHI) * SATOSHI
        assert span.off(balance) == 0
        span.narrow(balance)
        assert span.low <= truth <= span.high
        assert span.high - span.low <= SATOSHI


@given(st.integers(0, 10**20), st.integers(1, 10**6), st.booleans())
def test_a_satoshi_and_more_than_the_bounds_allow_is_a_difference(
    truth: int, satoshis: int, up: bool
) -> None:
    balance = divide(truth, SATOSHI) * SATOSHI
    wrong = balance + (satoshis if up else -satoshis) * SATOSHI
    for span in (Span(truth, truth), printed_span(balance)):
        off = span.off(wrong)
        assert off > 0 if up else off < 0
        assert abs(abs(off) - satoshis * SATOSHI) <= HALF


@given(st.integers(-(10**12), 10**12))
def test_the_bounds_of_a_printed_amount_are_all_that_is_printed_so(n: int) -> None:
    low, high = bounds(n * SATOSHI)
    for amount in (low, high):
        assert divide(amount, SATOSHI) == n
    assert divide(low - 1, SATOSHI) == n - 1
    assert divide(high + 1, SATOSHI) == n + 1

"""Delivery prices: samples, averages, estimates."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.accounts.delivery import (
    PRICES_MAX,
    SAMPLES,
    Delivery,
    next_settlement_ms,
)
from engine.sim.venue.products.calendar import DAY_MS, SETTLEMENT_MS
from engine.sim.venue.units import REF

EIGHT_MS = 20_000 * DAY_MS + SETTLEMENT_MS
HALF_PAST_MS = EIGHT_MS - 30 * 60_000


def test_the_next_settlement_is_the_next_eight() -> None:
    assert next_settlement_ms(EIGHT_MS - 1) == EIGHT_MS
    assert next_settlement_ms(EIGHT_MS) == EIGHT_MS + DAY_MS


def test_what_happens_before_half_past_seven_does_not_count() -> None:
    delivery = Delivery(2, EIGHT_MS - DAY_MS)
    delivery.advance(HALF_PAST_MS + 3_999, 10 * REF)
    assert delivery.estimate(HALF_PAST_MS, 10 * REF) == (10 * REF, False, 1_800, 450)
    assert delivery.fix(EIGHT_MS, 20 * REF) == 20 * REF


def test_the_average_so_far_is_the_estimate() -> None:
    delivery = Delivery(2, HALF_PAST_MS - 60_000)
    delivery.advance(HALF_PAST_MS + 4_000, 10 * REF)
    delivery.advance(HALF_PAST_MS + 8_000, 11 * REF)
    at = HALF_PAST_MS + 9_000
    assert delivery.estimate(at, 99 * REF) == (10 * REF + REF // 2, True, 1_791, 448)
    assert delivery.open_share(EIGHT_MS) == 448 / 450
    assert delivery.open_share(EIGHT_MS + DAY_MS) == 1.0


@given(st.lists(st.tuples(st.integers(1, 400_000), st.integers(1, 10**13))))
def test_against_four_hundred_and_fifty_looks(steps: list[tuple[int, int]]) -> None:
    """Each sample is the price in force just before its time."""
    delivery, now_ms, ref = Delivery(2, HALF_PAST_MS - 1), HALF_PAST_MS - 1, 5 * REF
    history = []
    for pause_ms, following in steps:
        now_ms += pause_ms
        if now_ms >= EIGHT_MS:
            break
        delivery.advance(now_ms, ref)
        history.append((now_ms, ref))
        ref = following
    samples = []
    for n in range(1, SAMPLES + 1):
        at = HALF_PAST_MS + 4_000 * n
        samples.append(next((old for until, old in history if until >= at), ref))
    average = Fraction(sum(samples), SAMPLES) / REF
    assert delivery.fix(EIGHT_MS, ref) == round(average * 100 + Fraction(1, 10**9)) * (
        REF // 100
    )
    assert delivery.open_share(EIGHT_MS + DAY_MS) == 1.0


def test_prices_are_remembered_by_day_and_bounded() -> None:
    delivery = Delivery(2, EIGHT_MS - DAY_MS)
    for day in range(PRICES_MAX + 1):
        delivery.fix(EIGHT_MS + day * DAY_MS, (day + 1) * REF)
    assert len(delivery.prices) == PRICES_MAX
    assert delivery.prices[0] == (20_001, 2 * REF)
    assert delivery.prices[-1] == (20_000 + PRICES_MAX, (PRICES_MAX + 1) * REF)


def test_what_an_expiry_will_be_paid_at() -> None:
    delivery = Delivery(2, HALF_PAST_MS - 1)
    assert delivery.blend(EIGHT_MS, 7 * REF) == 7 * REF
    delivery.advance(HALF_PAST_MS + 900_000, 10 * REF)  # half of the samples
    assert delivery.blend(EIGHT_MS, 20 * REF) == 15 * REF
    assert delivery.blend(EIGHT_MS + DAY_MS, 20 * REF) == 20 * REF
    delivery.fix(EIGHT_MS, 20 * REF)
    assert delivery.blend(EIGHT_MS, 99 * REF) == 15 * REF
    assert delivery.open_share(EIGHT_MS) == 0.0
    assert delivery.open_share(EIGHT_MS + DAY_MS) == 1.0

"""Positions: profit, averages, margin."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.accounts.account import Position
from engine.sim.venue.units import ATTO, coins
from tests.unit.sim.venue.client import PERP, Bench

BENCH = Bench()
MARKET = BENCH.venue.exchange.markets[PERP]
FILLS = st.lists(
    st.tuples(
        st.sampled_from((1, -1)), st.integers(1, 500), st.integers(100_000, 200_000)
    ),
    max_size=40,
)


def book(position: Position, side: int, lots: int, price: float) -> int:
    ticks = MARKET.instrument.ticks(price)
    assert ticks is not None
    return position.book(side, lots, MARKET.instrument.value(lots, ticks))


def test_the_venues_own_example() -> None:
    # 10 USD sold at 17391 out of a long bought at 16025.83: 4.898e-5 BTC, docs example.
    position = Position(MARKET.instrument, MARKET)
    position.book(1, 1, 10 * ATTO * 100 // 1_602_583)
    assert coins(book(position, -1, 1, 17391.0)) == pytest.approx(4.898e-5, rel=1e-4)
    assert (position.size, position.cost) == (0, 0)


@given(FILLS)
def test_size_cash_and_cost_against_fractions(
    fills: list[tuple[int, int, int]],
) -> None:
    position = Position(MARKET.instrument, MARKET)
    size, cost, realized = 0, Fraction(0), Fraction(0)
    for side, lots, ticks in fills:
        value = MARKET.instrument.value(lots, ticks)
        position.book(side, lots, value)
        closing = min(lots, abs(size)) if size * side < 0 else 0
        if closing:
            released = cost * Fraction(closing, abs(size))
            realized += released + side * Fraction(value) * closing / lots
            cost -= released
        cost += side * Fraction(value) * (lots - closing) / lots
        size += side * lots
        assert position.size == size
        assert abs(position.cost - cost) <= len(fills)
        assert abs(position.realized - realized) <= len(fills)


@given(FILLS)
def test_what_one_side_wins_the_other_loses(fills: list[tuple[int, int, int]]) -> None:
    one, other = (Position(MARKET.instrument, MARKET) for _ in range(2))
    for side, lots, ticks in fills:
        value = MARKET.instrument.value(lots, ticks)
        one.book(side, lots, value)
        other.book(-side, lots, value)
        assert one.size == -other.size
        assert one.realized + one.cost + other.realized + other.cost == 0
        assert one.realized + one.unrealized + other.realized + other.unrealized == 0


def test_average_price_stays_on_reduction() -> None:
    position = Position(MARKET.instrument, MARKET)
    book(position, 1, 30, 80_000.0)
    book(position, 1, 30, 81_000.0)
    average = position.average_price
    book(position, -1, 13, 90_000.0)
    assert position.average_price == average
    book(position, -1, 100, 79_000.0)
    assert position.size == -53
    assert position.average_price == 79_000.0


def test_margin_counts_the_worse_side() -> None:
    position = Position(MARKET.instrument, MARKET)
    book(position, 1, 8_000, 80_000.0)  # 1 BTC long
    assert coins(position.initial_margin()) == 0.02
    assert coins(position.maintenance_margin()) == 0.01
    position.sell_lots = 16_000
    assert coins(position.initial_margin()) == 0.02
    position.sell_lots = 24_000
    assert coins(position.initial_margin()) == 0.04
    assert coins(position.initial_margin(extra_buy=24_000)) == 0.08

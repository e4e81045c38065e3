"""Positions: profit since opening and since settlement, averages, funding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.accounts.position import Position
from engine.sim.venue.units import REF, coins, to_ref
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    PERP,
    USDC_CALL,
    USDC_PERP,
    market,
    value_of,
)
from tests.unit.sim.venue.client import PERP as NAME
from tests.unit.sim.venue.client import Bench

BENCH = Bench()
MARKET = BENCH.venue.exchange.markets[NAME]
FILLS = st.lists(
    st.tuples(
        st.sampled_from((1, -1)), st.integers(1, 500), st.integers(100_000, 200_000)
    ),
    max_size=40,
)


def book(position: Position, side: int, lots: int, price: float) -> int:
    return position.book(side, lots, value_of(position.market, lots, price))


def held(name: str, side: int, lots: int, price: float) -> Position:
    one = market(name)
    position = Position(one.instrument, one)
    book(position, side, lots, price)
    return position


def at_mark(position: Position, price: str) -> Position:
    position.market.mark_ref = to_ref(price, 8)
    return position


def test_the_venues_examples_of_session_and_total() -> None:
    # 185160 USD long from 15000, settled at 16025.83, marked at 17391: docs examples.
    position = held(PERP, 1, 18_516, 15_000)
    at_mark(position, "16025.83").settle()
    at_mark(position, "17391")
    assert coins(position.unrealized) == 0.90696144
    assert coins(position.total) == 1.69711368
    assert position.average_price == 15_000.0
    one = held(PERP, 1, 1, 15_000)
    at_mark(one, "16025.83").settle()
    assert coins(book(one, -1, 1, 17_391)) == 4.898e-5


def test_a_session_begins_with_nothing_and_keeps_the_average() -> None:
    position = held(PERP, -1, 100, 80_000)
    book(position, 1, 40, 79_000)
    at_mark(position, "81000")
    whole = position.realized + position.unrealized
    assert position.settle() == (whole, 0)
    assert (position.realized, position.unrealized) == (0, 0)
    assert (position.average_price, position.size) == (80_000.0, -60)


def test_linear_futures_earn_the_difference() -> None:
    position = held(USDC_PERP, 1, 20_000, 80_000)  # 2 BTC
    at_mark(position, "80750")
    assert coins(position.unrealized) == 1_500.0
    assert coins(book(position, -1, 10_000, 79_000)) == -1_000.0
    assert coins(position.worth) == 750.0 - 1_000.0


@pytest.mark.parametrize(
    ("name", "price", "mark", "value"),
    [(COIN_CALL, 0.05, "0.06", 0.12), (USDC_CALL, 1_000.0, "1300", 26.0)],
)
def test_an_option_is_worth_its_mark(
    name: str, price: float, mark: str, value: float
) -> None:
    lots = 20 if name == COIN_CALL else 2
    position = at_mark(held(name, 1, lots, price), mark)
    assert coins(position.worth) == value
    position.book(-1, 1, value_of(position.market, 1, price))
    assert position.realized == 0


def test_dollars_of_a_coin_option_stay_with_the_purchase() -> None:
    position = held(COIN_CALL, 1, 20, 0.05)  # 2 coins at 80000
    assert position.cost_usd == 2 * Decimal("0.05") * 80_000 * 10**18
    position.market.index.ref = 90_000 * REF
    book(position, -1, 5, 0.05)
    assert position.cost_usd == Decimal("1.5") * Decimal("0.05") * 80_000 * 10**18
    assert held(USDC_CALL, 1, 1, 1_000).cost_usd == 0


def test_a_position_pays_the_funding_of_its_time() -> None:
    position = held(PERP, 1, 100, 80_000)
    funding = position.market.funding
    assert funding is not None
    funding.series += 1_000
    assert (position.funding, position.realized) == (-100_000, -100_000)
    book(position, -1, 150, 80_000)
    realized = position.realized
    funding.series += 10
    assert position.funding == -100_000 + 50 * 10
    assert position.realized == realized + 500
    assert position.settle()[1] == -99_500
    assert position.funding == 0


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
        assert position.cost == position.session_cost
        assert abs(position.cost - cost) <= len(fills)
        assert abs(position.realized - realized) <= len(fills)


@given(FILLS, st.integers(0, 39))
def test_what_one_side_wins_the_other_loses(
    fills: list[tuple[int, int, int]], settled_after: int
) -> None:
    one, other = (Position(MARKET.instrument, MARKET) for _ in range(2))
    paid = 0
    for n, (side, lots, ticks) in enumerate(fills):
        value = MARKET.instrument.value(lots, ticks)
        one.book(side, lots, value)
        other.book(-side, lots, value)
        assert one.size == -other.size
        if n == settled_after:
            paid = one.settle()[0]
            assert paid + other.settle()[0] == 0
        assert one.realized + one.session_cost + other.realized == -other.session_cost
        assert one.worth + other.worth == 0


@pytest.mark.parametrize("name", [PERP, USDC_PERP, USDC_CALL])
@pytest.mark.parametrize("side", [1, -1])
def test_average_prices_of_shorts_are_positive_too(name: str, side: int) -> None:
    assert held(name, side, 3, 1_000.0).average_price == 1_000.0


def test_average_price_stays_on_reduction() -> None:
    position = held(PERP, 1, 30, 80_000.0)
    book(position, 1, 30, 81_000.0)
    average = position.average_price
    book(position, -1, 13, 90_000.0)
    assert position.average_price == average
    book(position, -1, 100, 79_000.0)
    assert position.size == -53
    assert position.average_price == 79_000.0

"""What one fill of a combo is in its legs."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.accounts.combos import discounted, leg_prices, nearest_ticks
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.market import Market
from engine.sim.venue.units import REF
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    COIN_PUT,
    COMBO,
    FUTURE,
    LISTED,
    PERP,
)
from tests.unit.sim.venue.client import START_NS

EXCHANGE = Exchange(LISTED, START_NS)
SPREAD = EXCHANGE.markets[COMBO]


def made_of(kind: str, *legs: tuple[str, int]) -> Market:
    """Return a combo that the listing does not have."""
    contract = replace(
        SPREAD.instrument.contract,
        instrument_name="COMBO",
        kind=kind,  # type: ignore[arg-type]
        legs=legs,
    )
    if kind == "option_combo":
        like = EXCHANGE.markets[COIN_CALL].instrument.contract
        contract = replace(
            contract,
            tick_size=like.tick_size,
            contract_size=like.contract_size,
            min_trade_amount=like.min_trade_amount,
            quote_currency="BTC",
        )
    exchange = Exchange(LISTED, START_NS)
    return exchange.list_contract(contract)


def together(combo: Market, prices: list[Fraction]) -> Fraction:
    pairs = zip(combo.legs, prices, strict=True)
    return sum((ratio * price for (_, ratio), price in pairs), Fraction(0))


@given(st.integers(-400, 2_000), st.integers(70_000, 90_000), st.integers(-900, 900))
def test_legs_cost_what_the_combo_does_near_their_marks(
    ticks: int, near: int, basis: int
) -> None:
    (perp, _), (far, _) = SPREAD.legs
    perp.mark_ref, far.mark_ref = near * REF + 12_345, (near + basis) * REF
    prices = leg_prices(SPREAD.legs, Fraction(ticks, 2))
    assert together(SPREAD, prices) == Fraction(ticks, 2)
    assert abs(prices[1] - near - basis) <= Fraction(5, 2)
    assert far.instrument.on_grid(nearest_ticks(far, prices[1]))
    assert prices[1] == nearest_ticks(far, prices[1]) * Fraction(5, 2)


def test_two_futures_on_a_coarse_grid_may_leave_it() -> None:
    combo = made_of("future_combo", (FUTURE, -1), ("BTC-25DEC26", 1))
    prices = leg_prices(combo.legs, Fraction(3, 2))  # 1.5 dollars, of ticks of 2.5
    assert together(combo, prices) == Fraction(3, 2)
    off = [price for price in prices if price % Fraction(5, 2)]
    assert len(off) == 1


@pytest.mark.parametrize("ticks", [-3, 0, 1, 7, 200, 5_000])
def test_options_never_cost_less_than_nothing(ticks: int) -> None:
    combo = made_of("option_combo", (COIN_CALL, 1), (COIN_PUT, -1))
    for leg, _ in combo.legs:
        leg.mark_ref = REF // 10_000  # a tick
    prices = leg_prices(combo.legs, Fraction(ticks, 10_000))
    assert min(prices) >= 0
    assert together(combo, prices) == Fraction(ticks, 10_000)


def test_a_straddle_below_nothing_is_the_sellers_loss() -> None:
    combo = made_of("option_combo", (COIN_CALL, 1), (COIN_PUT, 1))
    prices = leg_prices(combo.legs, Fraction(-1, 10_000))
    assert together(combo, prices) == Fraction(-1, 10_000)


def test_a_ratio_of_two() -> None:
    combo = made_of("option_combo", (COIN_CALL, 1), (COIN_PUT, -2))
    prices = leg_prices(combo.legs, Fraction(5, 10_000))
    assert together(combo, prices) == Fraction(5, 10_000)


def test_the_cheaper_group_of_an_option_combo_is_free() -> None:
    assert discounted("option_combo", [1, -1, -1], [30, 10, 10], True) == [30, 0, 0]
    assert discounted("option_combo", [1, -1, -1], [15, 10, 10], False) == [0, 10, 10]


def test_a_taker_pays_half_of_the_cheaper_leg_of_a_spread() -> None:
    satoshi = 10**10
    fees = [8 * satoshi, 7 * satoshi]
    assert discounted("future_combo", [-1, 1], fees, False) == [
        8 * satoshi,
        4 * satoshi,
    ]
    assert discounted("future_combo", [-1, 1], fees, True) == fees


def test_perpetuals_are_legs() -> None:
    assert [leg.instrument.name for leg, _ in SPREAD.legs] == [PERP, "BTC-25DEC26"]

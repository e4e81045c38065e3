"""The standard margin model."""

from decimal import Decimal

import pytest

from engine.sim.venue.accounts import margin
from engine.sim.venue.accounts.position import Position
from engine.sim.venue.units import REF, coins
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    COIN_PUT,
    FUTURE,
    PERP,
    USDC_CALL,
    USDC_PERP,
    USDC_PUT,
    market,
)


def holding(name: str, size: int, mark: str = "80000") -> Position:
    one = market(name)
    one.mark_ref = int(Decimal(mark) * REF)
    position = Position(one.instrument, one)
    position.size = size
    return position


def test_a_future_needs_more_the_larger_it_is() -> None:
    # The venue's examples: 25 BTC need 2.125 %, 350 BTC 3.75 %; kept 1.125 %.
    for coins_held, needed in ((25, 53_125.0), (350, 1_312_500.0)):
        position = holding(USDC_PERP, coins_held * 10_000, "100000")
        assert coins(margin.of_position(position)) == needed
    position = holding(USDC_PERP, -25 * 10_000, "100000")
    assert coins(margin.maintenance(position)) == 28_125.0
    inverse = holding(PERP, 25 * 8_000)
    assert coins(margin.of_position(inverse)) == 25 * 0.02125
    assert margin.leverage(inverse) == 47
    assert margin.leverage(holding(FUTURE, 0)) == 50


def test_orders_count_on_the_worse_side() -> None:
    position = holding(PERP, 8_000)  # 1 BTC long
    held = margin.of_position(position)
    assert margin.initial(position) == held
    position.sell_lots = 16_000
    assert margin.initial(position) == held
    position.sell_lots = 24_000
    assert coins(margin.initial(position)) == round(2 * (0.02 + 0.0001), 8)
    position.buy_lots = 24_000
    assert coins(margin.initial(position)) == round(4 * (0.02 + 0.0002), 8)
    assert margin.of_position(position) == held


@pytest.mark.parametrize(
    ("name", "mark", "initial", "kept"),
    [
        # At the money (strike 80000, future 80000): 15 % and the mark.
        (COIN_CALL, "0.02", 0.17, 0.095),
        (COIN_PUT, "0.02", 0.17, 0.095),
        # A put worth more than the coin is kept with 7.5 % of that.
        (COIN_PUT, "2", 2.15, 2.15),
        (USDC_CALL, "1600", 80_000 * 0.17, 80_000 * 0.095),
        (USDC_PUT, "1600", 80_000 * 0.17, 80_000 * 0.095),
    ],
)
def test_short_options(name: str, mark: str, initial: float, kept: float) -> None:
    one = holding(name, 0, mark)
    one.size = -round(1 / one.instrument.amount(1))
    assert coins(margin.of_position(one)) == pytest.approx(initial, rel=1e-12)
    assert coins(margin.maintenance(one)) == pytest.approx(kept, rel=1e-12)
    one.size = -one.size
    assert margin.initial(one) == margin.maintenance(one) == 0


def test_out_of_the_money_needs_less_down_to_ten_percent() -> None:
    one = holding(COIN_CALL, -10, "0.01")
    under = one.market.underlying
    assert under is not None
    under.mark_ref = 78_000 * REF
    expected = 0.15 - 2_000 / 78_000 + 0.01
    assert coins(margin.of_position(one)) == pytest.approx(expected, abs=1e-8)
    under.mark_ref = 60_000 * REF
    assert coins(margin.of_position(one)) == pytest.approx(0.11)
    under.mark_ref = 90_000 * REF
    assert coins(margin.of_position(one)) == pytest.approx(0.16)


def test_option_orders_pay_their_premium_or_the_margin_of_a_short() -> None:
    one = holding(COIN_CALL, 0, "0.02")
    one.buy_lots, one.buy_value = 10, 3 * 10**16
    assert coins(margin.initial(one)) == 0.03
    one.sell_lots = 10
    assert coins(margin.initial(one)) == 0.17
    one.size = -10  # buying back frees the margin of the short and pays the premium
    assert coins(margin.initial(one)) == 0.34
    one.sell_lots = 0
    assert coins(margin.initial(one)) == 0.17

"""What one side of a fill does to its account."""

import pytest

from engine.sim.venue.accounts.booking import book
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.units import ATTO
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    LISTED,
    PERP,
    SPOT,
    USDC_CALL,
    USDC_PERP,
    value_of,
)
from tests.unit.sim.venue.client import START_NS


@pytest.mark.parametrize(
    ("name", "lots", "price", "moved"),
    [
        (PERP, 100, 80_000.0, {}),
        (USDC_PERP, 100, 80_000.0, {}),
        (COIN_CALL, 5, 0.05, {"BTC": -25 * ATTO // 1_000}),
        (USDC_CALL, 5, 100.0, {"USDC": -5 * ATTO}),
        (SPOT, 5, 80_000.0, {"BTC": 5 * ATTO // 10_000, "USDC": -40 * ATTO}),
    ],
)
def test_cash_moves_where_it_should(
    name: str, lots: int, price: float, moved: dict[str, int]
) -> None:
    exchange = Exchange(LISTED, START_NS)
    market = exchange.markets[name]
    buyer, seller = exchange.accounts["maker"], exchange.accounts["taker"]
    before = dict(buyer.cash)
    value = value_of(market, lots, price)
    assert book(buyer, market, 1, lots, value) == 0
    assert book(seller, market, -1, lots, value) == 0
    assert {c: buyer.cash[c] - before[c] for c in before} == {
        c: moved.get(c, 0) for c in before
    }
    for currency, cash in before.items():
        assert buyer.cash[currency] + seller.cash[currency] == 2 * cash
        both = buyer.equity(currency) + seller.equity(currency)
        assert name == SPOT or both == 2 * cash
    assert (name in buyer.positions) == (name != SPOT)
    assert market.open_interest_lots == (0 if name == SPOT else lots)


def test_open_interest_is_what_the_longs_hold() -> None:
    exchange = Exchange(LISTED, START_NS)
    market = exchange.markets[PERP]
    one, two, three = (exchange.account(name) for name in ("a", "b", "c"))
    value = value_of(market, 10, 80_000.0)

    def trade(buyer: object, seller: object) -> int:
        book(buyer, market, 1, 10, value)  # type: ignore[arg-type]
        book(seller, market, -1, 10, value)  # type: ignore[arg-type]
        return market.open_interest_lots

    assert trade(one, two) == 10
    assert trade(three, one) == 10
    assert trade(one, two) == 20
    assert trade(two, three) == 10
    assert trade(two, one) == 0

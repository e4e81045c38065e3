"""Accounts as they would be."""

from engine.sim.venue.accounts.simulate import order_margin, with_positions
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.units import coins
from tests.unit.sim.venue.accounts.listed import COIN_CALL, LISTED, PERP, value_of
from tests.unit.sim.venue.client import START_NS


def test_a_copy_holds_the_same_and_more() -> None:
    exchange = Exchange(LISTED, START_NS)
    account, market = exchange.accounts["maker"], exchange.markets[PERP]
    held = account.position(market.instrument, market)
    held.book(1, 8_000, value_of(market, 8_000, 79_000.0))
    held.sell_lots = 16_000
    option = exchange.markets[COIN_CALL]
    copy = with_positions(account, "BTC", [(market, 8_000), (option, 10)], add=True)
    assert copy.equity("BTC") == account.equity("BTC")
    assert copy.positions[PERP].size == 16_000
    assert copy.positions[PERP].sell_lots == 16_000
    assert held.size == 8_000
    assert COIN_CALL not in account.positions
    alone = with_positions(account, "BTC", [(option, -10)], add=False)
    assert list(alone.positions) == [COIN_CALL]
    assert alone.initial_margin("BTC") > 0


def test_an_order_alone() -> None:
    exchange = Exchange(LISTED, START_NS)
    account, market = exchange.accounts["maker"], exchange.markets[PERP]
    assert coins(order_margin(account, market, -1, 8_000, 160_000)) == 0.02005
    assert account.positions == {}

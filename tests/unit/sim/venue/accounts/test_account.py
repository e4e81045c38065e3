"""An account's cash, positions and what is free of them."""

from engine.sim.venue.exchange import Exchange
from engine.sim.venue.units import ATTO, coins
from tests.unit.sim.venue.accounts.listed import COIN_CALL, LISTED, PERP, value_of
from tests.unit.sim.venue.client import START_NS


def test_positions_are_made_once_and_dropped() -> None:
    exchange = Exchange(LISTED, START_NS)
    account, market = exchange.account("flow"), exchange.markets[PERP]
    position = account.position(market.instrument, market)
    assert account.position(market.instrument, market) is position
    assert account.in_currency("BTC") == [position]
    assert account.in_currency("ETH") == []
    account.drop_position(market.instrument)
    account.drop_position(market.instrument)
    assert account.in_currency("BTC") == []
    assert account.positions == {}


def test_fees_leave_cash_and_rebates_come_back() -> None:
    account = Exchange(LISTED, START_NS).accounts["maker"]
    account.pay("BTC", 5)
    account.pay("BTC", -2)
    assert (account.cash["BTC"], account.fees["BTC"]) == (10 * ATTO - 3, 3)


def test_an_options_value_is_equity_but_no_margin() -> None:
    exchange = Exchange(LISTED, START_NS)
    account, market = exchange.accounts["maker"], exchange.markets[COIN_CALL]
    position = account.position(market.instrument, market)
    value = value_of(market, 10, 0.05)
    position.book(1, 10, value)
    account.move("BTC", -value)
    worth = account.options_value("BTC")
    assert worth > 0
    assert account.equity("BTC") == 10 * ATTO - value + worth
    assert account.margin_balance("BTC") == 10 * ATTO - value
    account.reserve("BTC", ATTO)
    assert coins(account.available("BTC")) == 10 - 0.05 - 1
    assert account.maintenance_margin("BTC") == 0

"""An account's cash, positions and what is free of them."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.units import ATTO, coins
from tests.unit.sim.venue.accounts.listed import COIN_CALL, LISTED, PERP, value_of
from tests.unit.sim.venue.client import START_NS, Bench


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


def family() -> Bench:
    maker, taker = default_accounts(1_000, 1_000)
    one = replace(maker, client_id="one", client_secret="one-secret", user_id=2001)
    return Bench(VenueConfig(accounts=(maker, taker, replace(one, main="maker"))))


@pytest.mark.parametrize("mode", ["reject_taker", "cancel_maker"])
def test_a_family_may_keep_from_trading_with_itself(mode: str) -> None:
    bench = family()
    main, sub = bench.connect("maker"), bench.connect("one")
    order = {"instrument_name": PERP, "amount": 10, "price": 80_000.0}
    config = {"mode": mode, "extended_to_subaccounts": True}
    resting = main.sell(80_000.0, 10)["order"]["order_id"]
    main.call("private/set_self_trading_config", **config)
    traded = sub.buy(80_000.0, 10)["trades"]
    assert len(traded) == 1, "the taker's own setting decides"
    resting = main.sell(80_000.0, 10)["order"]["order_id"]
    sub.call("private/set_self_trading_config", **config)
    if mode == "reject_taker":
        assert sub.code("private/buy", **order) == 10003
        return
    assert sub.buy(80_000.0, 10)["order"]["order_state"] == "open"
    row = main.call("private/get_order_state", order_id=resting)
    assert row["cancel_reason"] == "order_overlap_another_sub"
    bench.connect("taker").sell(80_000.0, 10)


def test_details_of_a_family() -> None:
    bench = family()
    main, sub = bench.connect("maker"), bench.connect("one")
    sub.buy(79_000.0, 10)
    asked = {"currency": "BTC", "with_open_orders": True}
    rows = main.call("private/get_subaccounts_details", **asked)
    assert [(row["uid"], len(row["open_orders"])) for row in rows] == [
        (1001, 0), (2001, 1),
    ]  # fmt: skip
    rows = sub.call("private/get_subaccounts_details", **asked)
    assert [row["uid"] for row in rows] == [2001]

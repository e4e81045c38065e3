"""How much may be open: at each limit and one past it."""

from dataclasses import replace
from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig, OrderLimits
from tests.unit.sim.venue.client import ETH, PERP, Bench, Client

CONFIG = VenueConfig(
    accounts=default_accounts(1_000, 1_000),
    listing=ListingConfig(families=("BTC", "ETH")),
)


def limited(**limits: int) -> Client:
    bench = Bench(replace(CONFIG, limits=OrderLimits(**limits)))
    bench.place("sell", 80_001.0, 100_000)
    return bench.connect("maker")


def option_of(client: Client) -> dict[str, Any]:
    market = next(
        m
        for m in client.bench.venue.exchange.markets.values()
        if m.instrument.is_option and m.instrument.currency == "BTC"
    )
    price = market.instrument.price(market.max_ticks)
    return {"instrument_name": market.instrument.name, "amount": 0.1, "price": price}


def perp(**more: Any) -> dict[str, Any]:
    return {"instrument_name": PERP, "amount": 10, "price": 79_000.0} | more


def test_all_orders_count_together() -> None:
    client = limited(total_orders=2)
    client.call("private/buy", **perp())
    kept = client.call("private/buy", **option_of(client))["order"]["order_id"]
    eth = perp(instrument_name=ETH, price=2_900.0)
    assert client.code("private/buy", **eth) == 10013
    stop = {"type": "stop_market", "trigger": "mark_price", "trigger_price": 85_000.0}
    client.call("private/buy", **perp() | stop)
    client.call("private/cancel", order_id=kept)
    client.call("private/buy", **eth)


@pytest.mark.parametrize(
    ("limit", "code", "is_option"),
    [("future_orders", 10014, False), ("option_orders", 10015, True)],
)
def test_orders_of_a_kind(limit: str, code: int, is_option: bool) -> None:
    client = limited(**{limit: 1})
    order, other = perp(), option_of(client)
    if is_option:
        order, other = other, order
    client.call("private/buy", **order)
    assert client.code("private/buy", **order) == code
    client.call("private/buy", **other)


def test_the_size_of_open_futures_orders() -> None:
    client = limited(future_orders_usd=100)
    client.call("private/buy", **perp(amount=60))
    assert client.code("private/buy", **perp(amount=50)) == 10016
    client.call("private/buy", **perp(amount=40))
    client.call("private/sell", **perp(amount=100, price=81_000.0))


def test_the_size_of_open_option_orders() -> None:
    client = limited(option_orders_usd=8_000)
    client.call("private/buy", **option_of(client))
    assert client.code("private/buy", **option_of(client)) == 10017


def test_the_size_of_a_futures_position() -> None:
    client = limited(future_position_usd=100)
    client.call("private/buy", **perp(amount=80, price=80_001.0))
    assert client.code("private/buy", **perp(amount=30)) == 10018
    client.call("private/buy", **perp(amount=20))
    client.call("private/sell", **perp(amount=180, price=81_000.0))
    assert client.code("private/sell", **perp(price=81_000.0)) == 10018


def test_a_position_beyond_the_limit_may_shrink() -> None:
    client = limited(future_position_usd=100)
    exchange = client.bench.venue.exchange
    market = exchange.markets[PERP]
    exchange.accounts["maker"].position(market.instrument, market).size = 500
    client.call("private/sell", **perp(amount=1_000, price=81_000.0))
    assert client.code("private/buy", **perp()) == 10018


def test_spot_has_limits_of_its_own() -> None:
    spot = {"instrument_name": "BTC_USDC", "price": 79_000.0}
    client = limited(spot_orders=1, spot_order_usd=16_000, total_orders=1)
    assert client.code("private/buy", **spot, amount=0.3) == 11022
    client.call("private/buy", **spot, amount=0.2)
    assert client.code("private/buy", **spot, amount=0.1) == 11013
    client.call("private/buy", **perp())


def test_the_message_tells_the_limit() -> None:
    client = limited(total_orders=1)
    client.call("private/buy", **perp())
    with pytest.raises(Exception, match="10013 pme_max_total_open_orders 1"):
        client.call("private/buy", **perp())


def test_the_background_market_is_free_of_it() -> None:
    client = limited(total_orders=1, triggers=1)
    for _ in range(3):
        assert client.bench.place("buy", 79_000.0, 10).state == "open"

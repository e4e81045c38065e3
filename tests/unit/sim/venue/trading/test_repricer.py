"""Advanced orders keep their price in USD, or their volatility, as the market moves."""

from dataclasses import replace

import pytest

from engine.sim.venue.markets.market import Market
from tests.unit.sim.venue.client import SECOND, Bench, Client
from tests.unit.sim.venue.trading.test_advanced import (
    CONFIG,
    next_to_expire,
    option,
    order,
)

TURN = 6 * SECOND


@pytest.fixture
def bench() -> Bench:
    return Bench(CONFIG)


def placed(client: Client, market: Market, **more: object) -> str:
    order_id: str = client.call("private/buy", **order(market, **more))["order"][
        "order_id"
    ]
    return order_id


def price_of(client: Client, order_id: str) -> float:
    price: float = client.call("private/get_order_state", order_id=order_id)["price"]
    return price


def test_dollars_follow_the_index(bench: Bench, client: Client) -> None:
    market = option(bench)
    order_id = placed(client, market)
    client.listen(f"user.orders.{market.instrument.name}.raw")
    bench.venue.set_index("btc_usd", 82_000.0, bench.now_ns)
    bench.advance(TURN - 1)
    assert price_of(client, order_id) == 0.05
    bench.advance(1)
    assert price_of(client, order_id) == 0.049
    (told,) = client.on(f"user.orders.{market.instrument.name}.raw")
    assert (told["replaced"], told["auto_replaced"]) == (True, True)
    assert told["usd"] == 4_000.0


def test_a_price_that_has_not_moved_keeps_its_place(
    bench: Bench, client: Client
) -> None:
    market = option(bench)
    order_id = placed(client, market)
    client.listen(f"user.orders.{market.instrument.name}.raw")
    bench.venue.set_index("btc_usd", 80_001.0, bench.now_ns)
    bench.advance(TURN)
    assert client.on(f"user.orders.{market.instrument.name}.raw") == []
    row = client.call("private/get_order_state", order_id=order_id)
    assert row["replaced"] is False


def test_volatility_follows_the_underlying(bench: Bench, client: Client) -> None:
    market = option(bench)
    assert market.theory is not None
    order_id = placed(client, market, advanced="implv", price=100 * market.theory.vol)
    before = price_of(client, order_id)
    bench.venue.set_index("btc_usd", 82_000.0, bench.now_ns)
    bench.advance(TURN)
    after = price_of(client, order_id)
    assert after > before
    tick = market.instrument.price(market.instrument.step_at(market.max_ticks))
    mark = market.instrument.price(1) / market.instrument.ref(1) * market.mark_ref
    assert after == pytest.approx(mark, abs=3 * tick)


def test_a_repriced_order_may_trade(bench: Bench, client: Client) -> None:
    market = option(bench)
    instrument = market.instrument
    ask = instrument.price(instrument.ticks_above(market.mark_ref))
    bench.place("sell", ask, 0.1, instrument=instrument.name)
    order_id = placed(client, market, price=0.99 * ask * 80_000.0)
    assert price_of(client, order_id) < ask
    bench.venue.set_index("btc_usd", 78_000.0, bench.now_ns)
    bench.advance(TURN + SECOND)
    row = client.call("private/get_order_state", order_id=order_id)
    assert (row["order_state"], row["average_price"]) == ("filled", ask)


def test_a_price_out_of_the_band_is_left_where_it_was(
    bench: Bench, client: Client
) -> None:
    market = option(bench)
    price = market.instrument.price(market.max_ticks) * 80_000.0
    order_id = placed(client, market, price=price)
    before = price_of(client, order_id)
    bench.venue.set_index("btc_usd", 60_000.0, bench.now_ns)
    bench.advance(TURN)
    assert price_of(client, order_id) == before
    row = client.call("private/get_order_state", order_id=order_id)
    assert row["auto_replaced"] is False


def test_who_is_gone_is_not_repriced(bench: Bench, client: Client) -> None:
    order_id = placed(client, option(bench))
    client.call("private/cancel", order_id=order_id)
    bench.venue.set_index("btc_usd", 82_000.0, bench.now_ns)
    bench.advance(2 * TURN)
    assert price_of(client, order_id) == 0.05
    order_id = placed(client, option(bench))
    bench.venue.set_index("btc_usd", 80_000.0, bench.now_ns)
    bench.advance(TURN)
    assert price_of(client, order_id) == 0.05, "the glass runs again"


def test_a_locked_book_is_left_alone(bench: Bench, client: Client) -> None:
    market = option(bench)
    order_id = placed(client, market)
    bench.venue.set_state(market.instrument.name, "locked", bench.now_ns)
    bench.venue.set_index("btc_usd", 82_000.0, bench.now_ns)
    bench.advance(TURN)
    assert price_of(client, order_id) == 0.05


def test_the_end_comes_before_expiry() -> None:
    bench = Bench(replace(CONFIG, reprice_ms=60_000))
    market = next_to_expire(bench)
    client = bench.connect("maker")
    order_id = placed(client, market, price=80.0)
    until_ns = market.instrument.expiry_ms * 1_000_000 - bench.now_ns
    bench.advance(until_ns - 17 * 60 * SECOND)
    client.login("maker")
    row = client.call("private/get_order_state", order_id=order_id)
    assert row["order_state"] == "open"
    bench.advance(3 * 60 * SECOND)
    row = client.call("private/get_order_state", order_id=order_id)
    assert row["order_state"] == "cancelled"
    assert "cancel_reason" not in row

"""What an advanced option order costs."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.market import Market
from engine.sim.venue.trading.advanced import Advanced, ticks_of
from tests.unit.sim.venue.client import PERP, SECOND, Bench, Client

CONFIG = VenueConfig(
    accounts=default_accounts(1000, 1000),
    listing=ListingConfig(families=("BTC", "BTC_USDC"), strikes_each_side=3),
)


@pytest.fixture
def bench() -> Bench:
    return Bench(CONFIG)


def option(bench: Bench, currency: str = "BTC", kind: str = "call") -> Market:
    """Return the last listed option near the money."""
    markets = [
        market
        for market in bench.venue.exchange.markets.values()
        if market.instrument.is_option
        and market.instrument.currency == currency
        and market.instrument.contract.option_type == kind
        and market.instrument.contract.strike == 80_000
    ]
    return markets[-1]


def order(market: Market, **more: Any) -> dict[str, Any]:
    size = {"instrument_name": market.instrument.name, "amount": 0.1}
    return size | {"price": 4_000.0, "advanced": "usd"} | more


@pytest.mark.parametrize(
    ("usd", "price"),
    [(4_000.0, 0.05), (4_010.0, 0.05), (4_030.0, 0.0505), (80.0, 0.001), (1.0, 0.0001)],
)
def test_dollars_are_divided_by_the_index(
    bench: Bench, client: Client, usd: float, price: float
) -> None:
    row = client.call("private/buy", **order(option(bench), price=usd))["order"]
    assert row["price"] == price
    assert (row["advanced"], row["usd"]) == ("usd", usd)
    assert row["auto_replaced"] is False
    assert "implv" not in row


@pytest.mark.parametrize("currency", ["BTC", "USDC"])
@pytest.mark.parametrize("kind", ["call", "put"])
def test_the_volatility_of_the_mark_gives_the_mark(
    bench: Bench, client: Client, currency: str, kind: str
) -> None:
    market = option(bench, currency, kind)
    assert market.theory is not None
    percent = 100 * market.theory.vol
    ticks = ticks_of(bench.venue.exchange, market, Advanced("implv", percent))
    instrument = market.instrument
    away = abs(instrument.ref(ticks) - market.mark_ref)
    assert 2 * away <= instrument.ref(instrument.step_at(ticks)) + market.mark_unit
    more = {"advanced": "implv", "price": percent, "amount": 0.1}
    row = client.call("private/buy", **order(market, **more))["order"]
    assert (row["advanced"], row["implv"]) == ("implv", percent)
    assert row["price"] == instrument.price(ticks)


def test_a_higher_volatility_costs_more(bench: Bench) -> None:
    market = option(bench)
    at = [
        ticks_of(bench.venue.exchange, market, Advanced("implv", percent))
        for percent in (1.0, 20.0, 50.0, 100.0, 500.0, 10_000.0)
    ]
    assert at == sorted(at)
    assert at[-1] == at[-2], "what the venue shows at most"
    assert at[0] >= 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"instrument_name": PERP, "amount": 10}, 11038),
        ({"post_only": True}, 11039),
        ({"price": 0}, 10023),
        ({"price": -1}, 10023),
        ({"advanced": "eur"}, -32602),
        ({"price": 79_000.0}, 10007),
    ],
)
def test_refusals(
    bench: Bench, client: Client, more: dict[str, Any], code: int
) -> None:
    assert client.code("private/buy", **order(option(bench), **more)) == code
    assert client.call("private/get_open_orders") == []


def test_linear_options_have_a_price_in_dollars(bench: Bench, client: Client) -> None:
    linear = order(option(bench, "USDC"))
    assert client.code("private/buy", **linear) == 11047


def next_to_expire(bench: Bench) -> Market:
    markets = bench.venue.exchange.markets.values()
    options = [market for market in markets if market.instrument.is_option]
    return min(options, key=lambda market: market.instrument.expiry_ms)


def test_not_in_the_last_quarter_of_an_hour(bench: Bench, client: Client) -> None:
    market = next_to_expire(bench)
    left_ns = market.instrument.expiry_ms * 1_000_000 - bench.now_ns
    bench.advance(left_ns - 15 * 60 * SECOND - SECOND)
    client.login("maker")
    in_dollars = order(market, price=8.0)
    by_vol = order(market, advanced="implv", price=10.0)
    client.call("private/buy", **in_dollars)
    client.call("private/buy", **by_vol)
    bench.advance(SECOND)
    assert client.code("private/buy", **in_dollars) == 11046
    assert client.code("private/buy", **by_vol) == 11037


# Edits.


def test_an_edit_has_to_say_again_that_it_is_advanced(
    bench: Bench, client: Client
) -> None:
    row = client.call("private/buy", **order(option(bench)))["order"]
    edit = {"order_id": row["order_id"], "amount": 0.2}
    assert client.code("private/edit", **edit) == -32602
    assert client.code("private/edit", **edit, advanced="implv") == -32602
    assert client.code("private/edit", **edit, advanced="usd", post_only=True) == 11039
    edited = client.call("private/edit", **edit, advanced="usd")["order"]
    assert (edited["amount"], edited["price"], edited["usd"]) == (0.2, 0.05, 4_000.0)
    more = {"advanced": "usd", "price": 3_200.0}
    edited = client.call("private/edit", **edit, **more)["order"]
    assert (edited["price"], edited["usd"]) == (0.04, 3_200.0)
    assert (edited["replaced"], edited["auto_replaced"]) == (True, False)


def test_a_plain_order_does_not_become_advanced(bench: Bench, client: Client) -> None:
    plain = order(option(bench), price=0.05)
    del plain["advanced"]
    row = client.call("private/buy", **plain)["order"]
    assert not {"advanced", "usd", "auto_replaced"} & set(row)
    edit = {"order_id": row["order_id"], "amount": 0.1, "advanced": "usd"}
    assert client.code("private/edit", **edit) == 11041

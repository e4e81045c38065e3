"""What a request says of an order, and what contradicts itself or its instrument."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import PERP, Bench, Client

GTD, IOC = "good_til_day", "immediate_or_cancel"
SPOT = {"instrument_name": "BTC_USDC", "amount": 0.1, "price": 79_000.0}


@pytest.fixture
def bench() -> Bench:
    listing = ListingConfig(families=("BTC",))
    return Bench(VenueConfig(accounts=default_accounts(1000, 1000), listing=listing))


def one_of(client: Client, kind: str) -> str:
    markets = client.bench.venue.exchange.markets.values()
    return next(m.instrument.name for m in markets if m.instrument.kind == kind)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"type": "limit", "price": None}, -32602),
        ({"type": "iceberg"}, -32602),
        ({"post_only": True, "time_in_force": GTD}, -32602),
        ({"post_only": True, "type": "market"}, -32602),
        ({"mmp": True, "type": "market"}, -32602),
        ({"display_amount": -1}, 10036),
        ({"display_amount": 1_005}, 10036),
        ({"display_amount": 990}, 10036),
        ({"display_amount": 1_000, "amount": 100_010}, 10036),
    ],
)
def test_contradictions(client: Client, more: dict[str, Any], code: int) -> None:
    order = {"instrument_name": PERP, "amount": 10_000, "price": 79_000.0} | more
    order = {key: value for key, value in order.items() if value is not None}
    assert client.code("private/buy", **order) == code


@pytest.mark.parametrize(
    "more",
    [
        {"type": "market"},
        {"type": "market_limit"},
        {"type": "stop_market", "trigger": "mark_price", "trigger_price": 1.0},
    ],
)
def test_options_take_limit_orders_only(client: Client, more: dict[str, Any]) -> None:
    name = one_of(client, "option")
    order = {"instrument_name": name, "amount": 0.1, "price": 0.001}
    assert client.code("private/buy", **order | more) == 10031
    position = client.bench.venue.exchange.accounts["maker"]
    assert position.open_orders == {}
    assert client.code("private/buy", **order, display_amount=10) == 11048


def test_a_combo_has_no_icebergs_and_may_cost_less_than_nothing(
    client: Client,
) -> None:
    name = one_of(client, "future_combo")
    order = {"instrument_name": name, "amount": 10_000, "price": -40.0}
    assert client.code("private/buy", **order, display_amount=1_000) == 11059
    assert client.call("private/buy", **order)["order"]["price"] == -40.0
    perp = {"instrument_name": PERP, "amount": 10, "price": -40.0}
    assert client.code("private/buy", **perp) == 10023


@pytest.mark.parametrize(
    "more", [{"reduce_only": True}, {"mmp": True}, {"time_in_force": GTD}]
)
def test_what_spot_does_not_have(client: Client, more: dict[str, Any]) -> None:
    assert client.code("private/buy", **SPOT, **more) == 10031


def test_a_spot_order(client: Client) -> None:
    order = client.call("private/buy", **SPOT, post_only=True)["order"]
    assert order["order_id"].startswith("BTC_USDC-")
    assert not {"reduce_only", "is_liquidation"} & set(order)
    close = {"instrument_name": "BTC_USDC", "type": "market"}
    assert client.code("private/close_position", **close) == 10031


def test_an_iceberg_of_exactly_a_hundred_tips(client: Client) -> None:
    order = client.buy(79_000.0, 100_000, display_amount=1_000)["order"]
    assert (order["display_amount"], order["refresh_amount"]) == (1_000.0, 1_000.0)
    book = client.call("public/get_order_book", instrument_name=PERP)
    assert book["bids"] == [[79_000.0, 1_000.0]]
    with_all = client.buy(78_000.0, 1_000, display_amount=2_000)["order"]
    assert (with_all["display_amount"], with_all["refresh_amount"]) == (1000.0, 2000.0)


# Market-limit orders.


def market_limit(client: Client, amount: float, **more: Any) -> dict[str, Any]:
    params = {"instrument_name": PERP, "amount": amount, "type": "market_limit"}
    row: dict[str, Any] = client.call("private/buy", **params, **more)["order"]
    return row


def test_a_market_limit_order_takes_the_best_price_only(
    bench: Bench, client: Client
) -> None:
    bench.place("sell", 80_001.0, 100)
    bench.place("sell", 80_002.0, 100)
    order = market_limit(client, 150)
    assert (order["price"], order["filled_amount"]) == (80_001.0, 100.0)
    assert (order["order_state"], order["order_type"]) == ("open", "limit")
    assert order["original_order_type"] == "market_limit"


def test_with_nobody_there_it_rests_at_the_last_price(
    bench: Bench, client: Client
) -> None:
    assert market_limit(client, 10)["price"] == 80_000.0, "the mark: nobody traded"
    bench.place("sell", 79_990.0, 20)
    bench.place("buy", 79_990.0, 10, account="other")
    assert market_limit(client, 10)["price"] == 79_990.0


def test_a_market_limit_order_may_be_immediate(bench: Bench, client: Client) -> None:
    bench.place("sell", 80_001.0, 100)
    order = market_limit(client, 150, time_in_force=IOC)
    assert (order["order_state"], order["filled_amount"]) == ("cancelled", 100.0)

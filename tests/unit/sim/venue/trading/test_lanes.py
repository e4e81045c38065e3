"""Which currencies and limits a request goes by, whatever its parameters are."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.trading.lanes import ANYWHERE, Lane, lane_of
from tests.unit.sim.venue.client import ETH, PERP, Bench

DATED = "BTC-25DEC26"


@pytest.fixture(scope="module")
def bench() -> Bench:
    listing = ListingConfig(families=("BTC", "ETH", "BTC_USDC"), options=False)
    accounts = default_accounts(1000, 1000)
    bench = Bench(replace(VenueConfig(accounts=accounts), listing=listing))
    client = bench.connect("maker")
    for name, price, amount in (
        (PERP, 79_000.0, 10),
        ("BTC_USDC-PERPETUAL", 79_000.0, 0.1),
    ):
        client.buy(price, amount, instrument_name=name)
    group = {"index_name": "eth_usd", "mmp_group": "one", "interval": 1}
    limits = {"frozen_time": 1, "max_quote_quantity": 1}
    client.call("private/set_mmp_config", **group, **limits)
    return bench


def lane(bench: Bench, **params: Any) -> Lane:
    exchange = bench.venue.exchange
    return lane_of(exchange, exchange.accounts["maker"], params)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"instrument_name": PERP}, Lane(("BTC",), perpetual=True)),
        ({"instrument_name": DATED}, Lane(("BTC",))),
        ({"instrument_name": "BTC_USDC"}, Lane(("USDC",), spot=True)),
        ({"instrument_name": "ETH_BTC"}, Lane(("BTC",), spot=True)),
        ({"currency": "ETH"}, Lane(("ETH",))),
        ({"currency": "BTC", "kind": "spot"}, Lane(("BTC",), spot=True)),
        ({"currency": ["BTC", "ETH"]}, Lane(("BTC", "ETH"))),
        ({"currency": "any"}, Lane(("BTC", "USDC"))),
        ({"currency_pair": "btc_usdc"}, Lane(("USDC",))),
        ({"currency_pair": "eth_usd"}, Lane(("ETH",))),
        ({"mmp_group": "one"}, Lane(("ETH",))),
        ({}, Lane(("BTC", "USDC"))),
        ({"label": "x"}, Lane(("BTC", "USDC"))),
    ],
)
def test_lanes(bench: Bench, params: dict[str, Any], expected: Lane) -> None:
    assert lane(bench, **params) == expected


def test_an_order_is_where_its_instrument_is(bench: Bench) -> None:
    client = bench.connect("maker")
    order = client.buy(2_900.0, 10, instrument_name=ETH)["order"]
    assert lane(bench, order_id=order["order_id"]).currency == "ETH"
    client.call("private/cancel", order_id=order["order_id"])


def test_a_currency_only_where_there_is_one() -> None:
    assert Lane(("BTC",)).currency == "BTC"
    assert Lane(("BTC", "ETH")).currency == ANYWHERE.currency == ""


KEYS = ("instrument_name", "order_id", "currency", "currency_pair", "kind", "mmp_group")
JUNK = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text() | st.none()))


@given(st.dictionaries(st.sampled_from(KEYS), JUNK))
def test_any_parameters_have_a_lane(bench: Bench, params: dict[str, Any]) -> None:
    found = lane(bench, **params)
    assert all(isinstance(currency, str) for currency in found.currencies)
    assert lane_of(bench.venue.exchange, None, params)

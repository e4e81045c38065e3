"""Cancels over the wire, single and in bulk."""

from typing import Any

import pytest

from tests.unit.sim.venue.client import PERP, Bench, Client

BUY_PRICE = 79_000.0


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("sell", 80_000.0, 1000)
    return bench


def test_cancel_returns_the_order_bare(client: Client) -> None:
    order = client.buy(BUY_PRICE, 100)["order"]
    cancelled = client.call("private/cancel", order_id=order["order_id"])
    assert cancelled["order_state"] == "cancelled"
    assert cancelled["cancel_reason"] == "user_request"


@pytest.mark.parametrize(
    ("method", "params", "labels"),
    [
        ("cancel_all", {}, "abcd"),
        ("cancel_all_by_currency", {"currency": "BTC"}, "abd"),
        ("cancel_all_by_currency", {"currency": "ETH", "kind": "future"}, "c"),
        ("cancel_all_by_currency", {"currency": "BTC", "kind": "option"}, ""),
        ("cancel_all_by_currency", {"currency": "BTC", "type": "trigger_all"}, ""),
        ("cancel_all_by_currency", {"currency": "USDC"}, ""),
        ("cancel_all_by_currency_pair", {"currency_pair": "eth_usd"}, "c"),
        ("cancel_all_by_instrument", {"instrument_name": PERP}, "ab"),
        ("cancel_all_by_kind_or_type", {"currency": "any"}, "abcd"),
        ("cancel_all_by_kind_or_type", {"currency": ["ETH", "USDC"]}, "c"),
        ("cancel_all_by_kind_or_type", {"currency": "any", "kind": "spot"}, ""),
        ("cancel_by_label", {"label": "a"}, "a"),
        ("cancel_by_label", {"label": "c", "currency": "BTC"}, ""),
    ],
)
def test_mass_cancels(
    bench: Bench, method: str, params: dict[str, Any], labels: str
) -> None:
    client, other = bench.connect("maker"), bench.connect("taker")
    other.buy(BUY_PRICE, 10, label="a")
    client.buy(BUY_PRICE, 10, label="a")
    client.buy(BUY_PRICE, 10, label="b")
    client.buy(2_900.0, 10, label="c", instrument_name="ETH-PERPETUAL")
    client.buy(BUY_PRICE, 10, label="d", instrument_name="BTC-25DEC26")
    assert client.call(f"private/{method}", **params) == len(labels)
    left = {o["label"] for o in client.call("private/get_open_orders")}
    assert left == set("abcd") - set(labels)
    assert len(other.call("private/get_open_orders")) == 1


def test_detailed_cancels_list_the_orders(client: Client) -> None:
    client.buy(BUY_PRICE, 10)
    rows = client.call("private/cancel_all", detailed=True)
    assert [row["order_state"] for row in rows] == ["cancelled"]


def test_a_book_in_settlement_stops_a_mass_cancel_whole(
    bench: Bench, client: Client
) -> None:
    client.buy(2_900.0, 10, instrument_name="ETH-PERPETUAL")
    client.buy(BUY_PRICE, 10)
    bench.venue.set_state(PERP, "settlement", bench.now_ns)
    assert client.code("private/cancel_all") == 10041
    assert len(client.call("private/get_open_orders")) == 2
    assert client.call("private/cancel_all_by_currency", currency="ETH") == 1

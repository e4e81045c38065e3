"""Cancels over the wire, single and in bulk."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import ETH, PERP, Bench, Client

BUY_PRICE = 79_000.0
COMBOS = VenueConfig(
    accounts=default_accounts(1_000, 1_000),
    listing=ListingConfig(families=("BTC",), options=False, spot=False),
)


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


def test_detailed_cancels_report_on_each_book_and_type(
    bench: Bench, client: Client
) -> None:
    client.buy(BUY_PRICE, 10, label="a")
    client.buy(BUY_PRICE, 10, label="b")
    stop(client, label="c")
    client.buy(2_900.0, 10, instrument_name=ETH)
    bench.venue.set_state(ETH, "settlement", bench.now_ns)
    reports = client.call("private/cancel_all", detailed=True)
    assert [(r["currency"], r["type"], r["instrument_name"]) for r in reports] == [
        ("BTC", "limit", PERP),
        ("BTC", "trigger", PERP),
        ("ETH", "limit", ETH),
    ]
    assert [[o["label"] for o in r["result"]] for r in reports[:2]] == [
        ["a", "b"],
        ["c"],
    ]
    assert {o["order_state"] for r in reports[:2] for o in r["result"]} == {"cancelled"}
    assert reports[2]["error"] == {"code": 10041, "message": "settlement_in_progress"}
    assert client.call("private/cancel_by_label", label="a", detailed=True) == []


def stop(client: Client, **more: Any) -> dict[str, Any]:
    params: dict[str, Any] = {
        "instrument_name": PERP,
        "amount": 10,
        "type": "stop_market",
        "trigger": "mark_price",
        "trigger_price": 85_000.0,
    } | more
    row: dict[str, Any] = client.call("private/buy", **params)["order"]
    return row


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("all", "abcd"),
        ("limit", "a"),
        ("trigger_all", "bcd"),
        ("stop", "b"),
        ("take", "c"),
        ("trailing_stop", "d"),
    ],
)
def test_mass_cancels_by_type(client: Client, kind: str, labels: str) -> None:
    client.buy(BUY_PRICE, 10, label="a")
    stop(client, label="b")
    stop(client, label="c", type="take_market", trigger_price=70_000.0)
    stop(client, label="d", type="trailing_stop", trigger_offset=100.0)
    every = {"instrument_name": PERP, "type": kind}
    assert client.call("private/cancel_all_by_instrument", **every) == len(labels)
    left = {o["label"] for o in client.call("private/get_open_orders")}
    assert left == set("abcd") - set(labels)


def test_combos_are_a_kind_and_may_go_with_their_legs() -> None:
    bench = Bench(COMBOS)
    client = bench.connect("maker")
    client.buy(BUY_PRICE, 10, label="leg")
    name = next(n for n in bench.venue.exchange.markets if n.startswith("BTC-FS-"))
    combo = {"instrument_name": name, "amount": 10, "price": -50.0}
    for _ in range(2):
        client.call("private/buy", **combo)
    by_kind = "private/cancel_all_by_kind_or_type"
    assert client.call(by_kind, currency="BTC", kind="option_combo") == 0
    assert client.call(by_kind, currency="BTC", kind="combo") == 2
    client.call("private/buy", **combo)
    by_instrument = {"instrument_name": PERP}
    assert client.call("private/cancel_all_by_instrument", **by_instrument) == 1
    client.buy(BUY_PRICE, 10, label="leg")
    both = by_instrument | {"include_combos": True}
    assert client.call("private/cancel_all_by_instrument", **both) == 2


def test_a_book_in_settlement_keeps_its_orders(bench: Bench, client: Client) -> None:
    client.buy(2_900.0, 10, instrument_name=ETH)
    own = client.buy(BUY_PRICE, 10)["order"]["order_id"]
    bench.venue.set_state(PERP, "settlement", bench.now_ns)
    assert client.code("private/cancel", order_id=own) == 10041
    assert client.code("private/cancel_all_by_currency", currency="BTC") == 10041
    assert client.call("private/cancel_all") == 1
    (left,) = client.call("private/get_open_orders")
    assert left["order_id"] == own

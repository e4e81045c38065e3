"""Trades and closed orders of an account."""

import pytest

from engine.sim.venue.accounts.account import PAST_ORDERS_MAX
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, START_NS, Bench, Client

TRADES = "private/get_user_trades_by"
ORDERS = "private/get_order_history_by"
MINUTE = 60 * SECOND


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    bench.place("sell", 3_001.0, 1000, instrument=ETH)
    return bench


def test_user_trades(bench: Bench, client: Client) -> None:
    for _ in range(3):
        client.buy(80_001.0, 10)
        bench.advance(MS)
    client.buy(3_001.0, 10, instrument_name=ETH)
    page = client.call(
        "private/get_user_trades_by_instrument", instrument_name=PERP, count=2
    )
    assert page["has_more"] is True
    seqs = [t["trade_seq"] for t in page["trades"]]
    assert seqs == sorted(seqs, reverse=True)
    by_currency = "private/get_user_trades_by_currency"
    everything = client.call(by_currency, currency="BTC", sorting="asc")["trades"]
    assert len(everything) == 3
    since = client.call(
        by_currency, currency="BTC", start_id=everything[1]["trade_id"], sorting="asc"
    )
    assert since["trades"] == everything[1:]
    eth = client.call(by_currency, currency="ETH", end_id="ETH-999999999")
    assert [t["instrument_name"] for t in eth["trades"]] == [ETH]
    assert client.call(by_currency, currency="BTC", kind="option")["trades"] == []


def test_trades_between_two_times(bench: Bench, client: Client) -> None:
    for _ in range(3):
        client.buy(80_001.0, 10)
        bench.advance(SECOND)
    start = START_NS // MS
    found = client.call(
        f"{TRADES}_instrument_and_time",
        instrument_name=PERP,
        start_timestamp=start + 1_000,
        end_timestamp=start + 1_999,
    )["trades"]
    assert [t["timestamp"] for t in found] == [start + 1_000]
    whole = {"start_timestamp": 0, "end_timestamp": start * 2}
    by_currency = f"{TRADES}_currency_and_time"
    assert len(client.call(by_currency, currency="BTC", **whole)["trades"]) == 3
    assert client.call(by_currency, currency="BTC", kind="combo", **whole) == {
        "trades": [],
        "has_more": False,
    }
    since = {"start_timestamp": start + 1_000}
    assert len(client.call(by_currency, currency="BTC", **since)["trades"]) == 2


def test_trades_are_recent_for_a_day(bench: Bench, client: Client) -> None:
    old = client.buy(80_001.0, 10)["order"]["order_id"]
    bench.advance(24 * 60 * MINUTE)
    client.login("maker")
    client.buy(80_001.0, 20)

    def amounts(**more: object) -> list[float]:
        page = client.call(f"{TRADES}_currency", currency="BTC", **more)
        return [trade["amount"] for trade in page["trades"]]

    assert amounts() == [20.0, 10.0]
    assert amounts(historical=True) == []
    bench.advance(MS)
    assert amounts() == [20.0]
    assert amounts(historical=True) == [10.0]
    by_order = f"{TRADES}_order"
    assert len(client.call(by_order, order_id=old, historical=True)) == 1
    assert client.code(by_order, order_id=old) == 10004
    assert client.code(by_order, order_id="1") == 10004


def test_the_trades_of_one_order(bench: Bench, client: Client) -> None:
    bench.place("sell", 80_001.5, 1000)
    order = client.buy(80_001.5, 1_500)["order"]["order_id"]
    prices = [t["price"] for t in client.call(f"{TRADES}_order", order_id=order)]
    assert prices == [80_001.0, 80_001.5]
    backwards = client.call(f"{TRADES}_order", order_id=order, sorting="desc")
    assert [t["price"] for t in backwards] == prices[::-1]
    resting = client.buy(79_000.0, 10)["order"]["order_id"]
    assert client.call(f"{TRADES}_order", order_id=resting) == []


def closed(client: Client, *amounts: int, fill: bool = True) -> list[str]:
    ids = []
    for amount in amounts:
        if fill:
            ids.append(client.buy(80_001.0, amount)["order"]["order_id"])
            continue
        ids.append(client.buy(79_000.0, amount)["order"]["order_id"])
        client.call("private/cancel", order_id=ids[-1])
    return ids


def test_closed_orders_newest_first(client: Client) -> None:
    filled = closed(client, 10, 20, 30)
    unfilled = closed(client, 40, fill=False)
    client.buy(79_000.0, 50)
    client.buy(3_001.0, 60, instrument_name=ETH)

    def ids(method: str = f"{ORDERS}_currency", **params: object) -> list[str]:
        params = params or {"currency": "BTC"}
        return [row["order_id"] for row in client.call(method, **params)]

    assert ids() == filled[::-1]
    assert ids(currency="BTC", include_unfilled=True) == [*unfilled, *filled[::-1]]
    assert ids(currency="BTC", count=2) == filled[:0:-1]
    assert ids(currency="BTC", offset=1) == filled[1::-1]
    assert ids(currency="BTC", kind="option") == []
    assert ids(f"{ORDERS}_instrument", instrument_name=PERP) == filled[::-1]
    assert len(ids(f"{ORDERS}_instrument", instrument_name=ETH)) == 1


def test_pages_of_closed_orders(client: Client) -> None:
    filled = closed(client, 10, 20, 30)
    asked = {"currency": "BTC", "with_continuation": True, "count": 2}
    first = client.call(f"{ORDERS}_currency", **asked)
    rest = client.call(
        f"{ORDERS}_currency", **asked, continuation=first["continuation"]
    )
    rows = first["orders"] + rest["orders"]
    assert [row["order_id"] for row in rows] == filled[::-1]
    assert rest["continuation"] == "none"
    bad = {"currency": "BTC", "continuation": "x"}
    assert client.code(f"{ORDERS}_currency", **bad) == -32602


def test_orders_are_recent_for_half_an_hour(bench: Bench, client: Client) -> None:
    old = closed(client, 10)
    bench.advance(31 * MINUTE)
    client.login("maker")
    new = closed(client, 20)

    def ids(**more: object) -> list[str]:
        rows = client.call(f"{ORDERS}_currency", currency="BTC", **more)
        return [row["order_id"] for row in rows]

    assert ids() == new
    assert ids(historical=True) == old
    bench.advance(48 * 60 * MINUTE)
    client.login("maker")
    assert ids(historical=True) == new
    assert ids(historical=True, include_old=True) == new + old
    past = bench.venue.exchange.accounts["maker"].past_orders
    assert (len(past), past.maxlen) == (1, PAST_ORDERS_MAX)

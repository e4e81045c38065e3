"""One lock per user and currency: order, eight slots, what supersedes what."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.sim.venue import VenueConfig, default_accounts
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client

HELD_MS = 10


@pytest.fixture
def bench() -> Bench:
    accounts = default_accounts(1_000_000, 1_000_000)
    return Bench(replace(VenueConfig(accounts=accounts), matching_us=HELD_MS * 1_000))


def send(client: Client, request_id: int, method: str, **params: Any) -> None:
    frame = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    client.send(orjson.dumps(frame))


def buy(client: Client, request_id: int, instrument: str = PERP) -> None:
    params = {"instrument_name": instrument, "amount": 10, "price": 2_000.0}
    send(client, request_id, "private/buy", **params)


def answers(client: Client) -> dict[int, Any]:
    """Return what each request was answered: "ok" or an error code."""
    client.take()
    return {
        frame["id"]: frame["error"]["code"] if "error" in frame else "ok"
        for frame in client.frames
        if frame.get("id", 0) >= 100
    }


def test_requests_run_one_after_another(bench: Bench) -> None:
    client = bench.connect("maker")
    for n in (100, 101, 102):
        buy(client, n)
    assert answers(client) == {}
    bench.advance(HELD_MS * MS)
    assert answers(client) == {100: "ok"}
    bench.advance(2 * HELD_MS * MS)
    assert list(answers(client)) == [100, 101, 102]
    last = client.frames[-1]
    assert last["usDiff"] == 3 * HELD_MS * 1_000 + bench.venue.config.service_us


def test_eight_may_wait_and_the_ninth_is_refused(bench: Bench) -> None:
    client = bench.connect("maker")
    for n in range(100, 110):
        buy(client, n)
    assert answers(client) == {109: 10047}
    bench.advance(SECOND)
    assert set(answers(client).values()) == {"ok", 10047}
    assert len(answers(client)) == 10


def test_other_users_and_currencies_do_not_wait(bench: Bench) -> None:
    maker, taker = bench.connect("maker"), bench.connect("taker")
    buy(maker, 100)
    buy(maker, 101, ETH)
    buy(taker, 102)
    bench.advance(HELD_MS * MS)
    assert answers(maker) == {100: "ok", 101: "ok"}
    assert answers(taker) == {102: "ok"}


def test_more_sockets_share_the_lock(bench: Bench) -> None:
    one, two = bench.connect("maker"), bench.connect("maker")
    buy(one, 100)
    buy(two, 101)
    bench.advance(HELD_MS * MS)
    assert (answers(one), answers(two)) == ({100: "ok"}, {})


def resting(bench: Bench, client: Client) -> str:
    buy(client, 1)
    bench.advance(HELD_MS * MS)
    order_id: str = client.take()[0]["result"]["order"]["order_id"]
    return order_id


def test_a_newer_edit_replaces_a_waiting_one(bench: Bench) -> None:
    client = bench.connect("maker")
    order_id = resting(bench, client)
    buy(client, 100)
    for n, price in ((101, 2_100.0), (102, 2_200.0)):
        send(client, n, "private/edit", order_id=order_id, amount=10, price=price)
    assert answers(client) == {101: 13777}
    bench.advance(SECOND)
    assert answers(client) == {100: "ok", 101: 13777, 102: "ok"}


def test_a_cancel_purges_the_waiting_edit_of_its_order(bench: Bench) -> None:
    client = bench.connect("maker")
    order_id = resting(bench, client)
    buy(client, 100)
    send(client, 101, "private/edit", order_id=order_id, amount=20, price=2_000.0)
    send(client, 102, "private/cancel", order_id=order_id)
    assert answers(client) == {101: 13666}
    bench.advance(SECOND)
    assert answers(client) == {100: "ok", 101: 13666, 102: "ok"}


def test_a_mass_cancel_purges_only_its_own_connection(bench: Bench) -> None:
    one, two = bench.connect("maker"), bench.connect("maker")
    buy(one, 100)
    buy(one, 101)
    buy(two, 102)
    send(one, 103, "private/cancel_all_by_currency", currency="BTC")
    assert answers(one) == {101: 13666}
    bench.advance(SECOND)
    assert answers(one) == {100: "ok", 101: 13666, 103: "ok"}
    assert answers(two) == {102: "ok"}


def test_five_seconds_in_the_queue_are_too_long() -> None:
    accounts = default_accounts(1_000_000, 1_000_000)
    slow = replace(VenueConfig(accounts=accounts), matching_us=3_000_000)
    bench = Bench(slow)
    client = bench.connect("maker")
    for n in (100, 101, 102):
        buy(client, n)
    for _ in range(10):
        bench.advance(SECOND)
    assert answers(client) == {100: "ok", 101: "ok", 102: 10050}


def test_a_lost_connection_leaves_the_queue(bench: Bench) -> None:
    client = bench.connect("maker")
    buy(client, 100)
    buy(client, 101)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    bench.advance(SECOND)
    assert len(bench.venue.exchange.accounts["maker"].open_orders) == 1


def test_a_cancel_of_everything_passes_every_lock(bench: Bench) -> None:
    client = bench.connect("maker")
    buy(client, 1)
    buy(client, 2, ETH)
    bench.advance(HELD_MS * MS)
    send(client, 100, "private/cancel_all")
    bench.advance(HELD_MS * MS)
    assert answers(client) == {}, "one lock after the other"
    bench.advance(HELD_MS * MS)
    assert answers(client) == {100: "ok"}
    assert client.frames[-1]["result"] == 2


def test_it_purges_what_waits_in_all_of_them(bench: Bench) -> None:
    client = bench.connect("maker")
    for n, instrument in ((100, PERP), (101, PERP), (102, ETH), (103, ETH)):
        buy(client, n, instrument)
    send(client, 104, "private/cancel_all")
    assert answers(client) == {101: 13666, 103: 13666}
    bench.advance(SECOND)
    assert answers(client)[104] == "ok"
    assert bench.venue.exchange.accounts["maker"].open_orders == {}


def test_a_full_second_queue_refuses_it(bench: Bench) -> None:
    client, other = bench.connect("maker"), bench.connect("maker")
    buy(client, 1)
    buy(client, 2, ETH)
    bench.advance(HELD_MS * MS)
    send(client, 100, "private/cancel_all")
    for n in range(101, 110):
        buy(other, n, ETH)
    bench.advance(HELD_MS * MS)
    assert answers(client) == {100: 10047}


def test_a_mass_cancel_purges_what_it_is_about(bench: Bench) -> None:
    client = bench.connect("maker")
    buy(client, 100)
    buy(client, 101)
    buy(client, 102, "BTC-25DEC26")
    send(client, 103, "private/cancel_all_by_instrument", instrument_name="BTC-25DEC26")
    assert answers(client) == {102: 13666}
    order = {"instrument_name": PERP, "amount": 10, "price": 2_000.0}
    send(client, 104, "private/buy", label="one", **order)
    send(client, 105, "private/buy", label="two", **order)
    send(client, 106, "private/cancel_by_label", label="one", currency="BTC")
    assert answers(client) == {102: 13666, 104: 13666}


def test_a_cancel_of_quotes_purges_quotes_only(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    group = {"index_name": "btc_usd", "mmp_group": "one", "interval": 1}
    limits = {"frozen_time": 1, "max_quote_quantity": 1}
    client.call("private/set_mmp_config", **group, **limits)
    buy(client, 100)
    buy(client, 101)
    quotes = [{"instrument_name": PERP, "bid": {"price": 2_000.0, "amount": 10}}]
    quote = {"quote_id": "1", "mmp_group": "one", "quotes": quotes}
    send(client, 102, "private/mass_quote", **quote)
    send(client, 103, "private/cancel_quotes", cancel_type="currency", currency="BTC")
    assert answers(client) == {102: 13666}
    bench.advance(SECOND)
    assert answers(client) == {100: "ok", 101: "ok", 102: 13666, 103: "ok"}


def test_triggers_stand_in_line_and_are_never_refused(bench: Bench) -> None:
    client = bench.connect("maker")
    stop = {"type": "stop_limit", "trigger": "index_price", "trigger_price": 79_000.0}
    order = {"instrument_name": PERP, "amount": 10, "price": 81_000.0}
    send(client, 1, "private/sell", **order, **stop)
    bench.advance(HELD_MS * MS)
    for n in range(100, 109):
        buy(client, n)
    bench.venue.set_index("btc_usd", 78_900.0, bench.now_ns)
    buy(client, 109)
    assert answers(client) == {109: 10047}
    bench.advance(9 * HELD_MS * MS)
    assert states(bench) == ["untriggered", *["open"] * 9]
    bench.advance(HELD_MS * MS)
    assert states(bench) == ["open"] * 10


def states(bench: Bench) -> list[str]:
    orders = bench.venue.snapshot()["accounts"]["maker"]["open_orders"]
    return [order["order_state"] for order in orders]


def test_who_asked_is_who_acts(bench: Bench) -> None:
    client = bench.connect("maker")
    buy(client, 100)
    buy(client, 101)
    client.login("taker")
    bench.advance(SECOND)
    accounts = bench.venue.exchange.accounts
    assert len(accounts["maker"].open_orders) == 2
    assert not accounts["taker"].open_orders

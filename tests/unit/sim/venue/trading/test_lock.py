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

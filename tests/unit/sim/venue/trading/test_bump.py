"""The speed bump: who waits, for how long, and what happens meanwhile."""

from typing import Any

import orjson
import pytest

from tests.unit.sim.venue.client import MS, Bench, Client

DATED = "BTC-25DEC26"


def dated(bench: Bench, client: Client, request_id: int, **params: Any) -> None:
    frame = {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": "private/buy",
        "params": {"instrument_name": DATED, "amount": 10, "price": 80_100.0} | params,
    }
    client.send(orjson.dumps(frame))


def answered(client: Client, request_id: int) -> Any:
    client.take()
    return next((f for f in client.frames if f.get("id") == request_id), None)


@pytest.fixture
def offered(bench: Bench, client: Client) -> Bench:
    bench.place("sell", 80_100.0, 20, instrument=DATED)
    return bench


def test_an_aggressive_order_waits_ten_milliseconds(
    offered: Bench, client: Client
) -> None:
    client.listen(f"user.changes.{DATED}.raw")
    dated(offered, client, 900)
    offered.advance(10 * MS - 1)
    assert answered(client, 900) is None
    assert client.on(f"user.changes.{DATED}.raw") == []
    offered.advance(1)
    answer = answered(client, 900)
    assert answer["result"]["order"]["order_state"] == "filled"
    assert len(answer["result"]["trades"]) == 1
    assert answer["usDiff"] >= 10_000


def test_a_passive_or_post_only_order_does_not_wait(
    offered: Bench, client: Client
) -> None:
    dated(offered, client, 900, price=80_000.0)
    dated(offered, client, 901, post_only=True)
    assert answered(client, 900)["result"]["order"]["order_state"] == "open"
    assert answered(client, 901)["result"]["order"]["price"] == 80_097.5


def test_exempt_instruments_have_no_bump(bench: Bench, client: Client) -> None:
    assert client.buy(80_001.0, 10)["order"]["order_state"] == "filled"


def test_a_pending_order_is_firm_and_a_cancel_makes_it_ioc(
    offered: Bench, client: Client
) -> None:
    dated(offered, client, 900, amount=50)
    (pending,) = client.call("private/get_open_orders")
    client.call("private/cancel", order_id=pending["order_id"])
    offered.advance(10 * MS)
    order = answered(client, 900)["result"]["order"]
    assert (order["order_state"], order["filled_amount"]) == ("cancelled", 20.0)
    assert order["cancel_reason"] == "user_request"


def test_a_pending_order_cannot_be_edited(offered: Bench, client: Client) -> None:
    dated(offered, client, 900)
    (pending,) = client.call("private/get_open_orders")
    order_id = pending["order_id"]
    edit = {"order_id": order_id, "amount": 20, "price": 80_000.0}
    assert client.code("private/edit", **edit) == 11030
    offered.advance(10 * MS)
    assert answered(client, 900)["result"]["order"]["order_state"] == "filled"


def test_an_edit_into_the_other_side_leaves_the_book_at_once(
    offered: Bench, client: Client
) -> None:
    dated(offered, client, 900, price=80_000.0)
    order_id = answered(client, 900)["result"]["order"]["order_id"]
    book = offered.venue.exchange.markets[DATED].book
    edit = {"order_id": order_id, "amount": 10, "price": 80_100.0}
    frame = {"jsonrpc": "2.0", "id": 901, "method": "private/edit", "params": edit}
    client.send(orjson.dumps(frame))
    assert book.best(1) is None
    assert answered(client, 901) is None
    offered.advance(10 * MS)
    assert answered(client, 901)["result"]["order"]["order_state"] == "filled"


def test_the_bump_is_full_even_when_the_other_side_has_gone(
    offered: Bench, client: Client
) -> None:
    dated(offered, client, 900)
    (maker,) = offered.venue.exchange.markets[DATED].book.queue(-1, 32_040)
    offered.venue.cancel_order(maker, offered.now_ns)
    offered.advance(9 * MS)
    assert answered(client, 900) is None
    offered.advance(MS)
    assert answered(client, 900)["result"]["order"]["order_state"] == "open"


def test_a_lost_connection_does_not_take_a_pending_order_back(
    offered: Bench, client: Client
) -> None:
    client.call("private/enable_cancel_on_disconnect")
    dated(offered, client, 900, amount=50)
    offered.venue.connection_lost(client.conn, offered.now_ns)
    offered.advance(10 * MS)
    account = offered.venue.exchange.accounts["maker"]
    assert account.positions[DATED].size == 2
    assert account.open_orders == {}

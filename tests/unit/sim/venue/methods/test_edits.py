"""Edits over the wire; who keeps the place in the queue."""

from typing import Any

import pytest

from tests.unit.sim.venue.client import MS, PERP, Bench, Client

BUY_PRICE = 79_000.0


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("sell", 80_000.0, 1000)
    return bench


@pytest.mark.parametrize(
    ("change", "keeps"),
    [
        ({"amount": 50}, True),
        ({"amount": 100}, True),
        ({"amount": 100, "price": BUY_PRICE}, True),
        ({"amount": 10, "price": BUY_PRICE, "post_only": True}, True),
        ({"amount": 110}, False),
        ({"amount": 100, "price": BUY_PRICE + 0.5}, False),
        ({"amount": 50, "price": BUY_PRICE - 0.5}, False),
    ],
)
def test_priority(
    bench: Bench, client: Client, change: dict[str, Any], keeps: bool
) -> None:
    price = change.get("price", BUY_PRICE)
    order = client.buy(BUY_PRICE, 100)["order"]
    rival = bench.place("buy", price, 100)
    bench.advance(5 * MS)
    edited = client.call("private/edit", order_id=order["order_id"], **change)["order"]
    ticks = rival.instrument.ticks(price)
    assert ticks is not None
    queue = bench.venue.exchange.markets[PERP].book.queue(1, ticks)
    first = order["order_id"] if keeps else rival.order_id
    assert queue[0].order_id == first
    assert len(queue) == 2
    assert edited["replaced"] is True
    assert edited["order_id"] == order["order_id"]
    assert edited["creation_timestamp"] == order["creation_timestamp"]
    assert edited["last_update_timestamp"] == order["last_update_timestamp"] + 5
    assert edited["amount"] == change["amount"]
    assert edited["price"] == price


def test_amount_is_the_total_including_fills(bench: Bench, client: Client) -> None:
    order_id = client.buy(BUY_PRICE, 100)["order"]["order_id"]
    bench.place("sell", BUY_PRICE, 30)
    edited = client.call("private/edit", order_id=order_id, amount=50)["order"]
    assert (edited["amount"], edited["filled_amount"]) == (50.0, 30.0)
    bids = client.call("public/get_order_book", instrument_name=PERP)["bids"]
    assert bids == [[BUY_PRICE, 20.0]]
    assert client.code("private/edit", order_id=order_id, amount=30) == 10021
    assert client.call("private/get_order_state", order_id=order_id) == edited


def test_an_aggressive_edit_trades_at_once(client: Client) -> None:
    order_id = client.buy(BUY_PRICE, 100)["order"]["order_id"]
    answer = client.call("private/edit", order_id=order_id, amount=100, price=80_000.0)
    assert answer["order"]["order_state"] == "filled"
    assert [t["amount"] for t in answer["trades"]] == [100.0]
    assert client.call("private/get_open_orders") == []


def test_a_post_only_edit_slides(client: Client) -> None:
    order_id = client.buy(BUY_PRICE, 100, post_only=True)["order"]["order_id"]
    answer = client.call("private/edit", order_id=order_id, amount=100, price=80_005.0)
    assert answer["order"]["price"] == 79_999.5
    assert answer["trades"] == []


def test_a_crossing_edit_in_reject_mode_cancels(client: Client) -> None:
    order = client.buy(BUY_PRICE, 100, post_only=True, reject_post_only=True)["order"]
    client.call("private/subscribe", channels=[f"user.orders.{PERP}.raw"])
    crossing = {"order_id": order["order_id"], "amount": 100, "price": 80_000.0}
    assert client.code("private/edit", **crossing) == 11054
    told = client.on(f"user.orders.{PERP}.raw")
    assert [(o["order_state"], o["cancel_reason"]) for o in told] == [
        ("cancelled", "edit_post_only_reject")
    ]
    assert client.call("private/get_open_orders") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, -32602),
        ({"amount": 15}, 10021),
        ({"amount": 5}, 10002),
        ({"amount": 100, "price": 79_000.2}, 10043),
        ({"amount": 100, "price": 81_200.5}, 10007),
        ({"amount": 10**9}, 10009),
        ({"amount": 100, "mmp": True}, -32602),
        ({"amount": 100, "valid_until": 1}, 13888),
        ({"amount": 100, "reduce_only": True}, 11030),
        ({"amount": 100, "price": 79_999.0}, 10003),
    ],
)
def test_a_refused_edit_changes_nothing(
    client: Client, change: dict[str, Any], code: int
) -> None:
    order = client.buy(BUY_PRICE, 100)["order"]
    client.sell(79_999.0, 10)
    before = client.bench.venue.snapshot()
    assert client.code("private/edit", order_id=order["order_id"], **change) == code
    assert client.bench.venue.snapshot() == before


def test_shrinking_is_allowed_outside_the_band(bench: Bench, client: Client) -> None:
    order_id = client.buy(BUY_PRICE, 100)["order"]["order_id"]
    bench.venue.set_index("btc_usd", 70_000.0, bench.now_ns)
    smaller = client.call("private/edit", order_id=order_id, amount=50)["order"]
    assert smaller["amount"] == 50.0
    assert (
        client.code("private/edit", order_id=order_id, amount=50, price=78_999.5)
        == 10007
    )


def test_whose_and_which(bench: Bench, client: Client) -> None:
    order_id = client.buy(BUY_PRICE, 100)["order"]["order_id"]
    taker = bench.connect("taker")
    for method, more in (
        ("private/edit", {"amount": 50}),
        ("private/cancel", {}),
        ("private/get_order_state", {}),
    ):
        assert taker.code(method, order_id=order_id, **more) == 10029
        assert client.code(method, order_id="1", **more) == 10004
    client.call("private/cancel", order_id=order_id)
    assert client.code("private/cancel", order_id=order_id) == 11044
    assert client.code("private/edit", order_id=order_id, amount=50) == 11044


def test_edit_by_label(client: Client) -> None:
    by_label = {"instrument_name": PERP, "label": "x", "amount": 50}
    assert client.code("private/edit_by_label", **by_label) == 10004
    client.buy(BUY_PRICE, 100, label="x")
    assert client.call("private/edit_by_label", **by_label)["order"]["amount"] == 50.0
    client.buy(BUY_PRICE, 100, label="x")
    assert client.code("private/edit_by_label", **by_label) == 13032
    unnamed = {"instrument_name": PERP, "amount": 50}
    assert client.code("private/edit_by_label", **unnamed) == -32602
    waiting = {
        "type": "stop_market",
        "trigger": "mark_price",
        "trigger_price": 85_000.0,
    }
    order = {"instrument_name": PERP, "amount": 10, "label": "w"}
    client.call("private/buy", **order, **waiting)
    edited = client.call("private/edit_by_label", **by_label | {"label": "w"})["order"]
    assert (edited["order_state"], edited["amount"]) == ("untriggered", 50.0)


def test_post_only_needs_an_order_that_stays(client: Client) -> None:
    day = client.buy(BUY_PRICE, 100, time_in_force="good_til_day")["order"]
    edit = {"order_id": day["order_id"], "amount": 100, "post_only": True}
    assert client.code("private/edit", **edit) == -32602

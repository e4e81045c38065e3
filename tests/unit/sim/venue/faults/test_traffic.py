"""What each fault of the traffic does, seen by a client."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.sim.venue.errors import NAMES
from engine.sim.venue.faults.traffic import (
    Cut,
    Delay,
    Drop,
    Duplicate,
    Error,
    Gap,
    HalfOpen,
    OmitFields,
    ParamsFirst,
    Reorder,
    Scientific,
    ShuffleKeys,
    StaleBook,
    TooSlow,
    Truncate,
)
from tests.unit.sim.venue.client import MS, PERP, Bench, Client, Refused, rebuild

BOOK = f"book.{PERP}.raw"
QUOTE = f"quote.{PERP}"


def asked(client: Client, method: str, request_id: int = 1, **params: Any) -> list[Any]:
    """Return the frames that come back at once."""
    request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return client.send(orjson.dumps(request))


# Delivery.


def test_a_dropped_reply_hides_an_order_that_is_there(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Drop(of="reply", method="private/buy"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert asked(client, "private/buy", **order) == []
    (found,) = client.call("private/get_open_orders")
    assert found["price"] == 79_000.0


def test_a_dropped_request_never_was(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Drop(of="request", method="private/b*"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert asked(client, "private/buy", **order) == []
    assert client.call("private/get_open_orders") == []


def test_dropped_notifications_are_those_of_the_channel(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(BOOK, QUOTE)
    bench.venue.faults.inject(Drop(channel="quote.*"))
    bench.place("buy", 79_999.5, 10.0)
    assert len(client.on(BOOK)) == 2
    assert len(client.on(QUOTE)) == 1
    assert client.call("public/get_time")


def test_a_swallowed_heartbeat_ends_who_waits_for_it(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("public/set_heartbeat", interval=10)
    bench.venue.faults.inject(Drop(of="heartbeat"))
    bench.advance(10_000 * MS)
    assert client.take() == []
    bench.advance(10_000 * MS)
    assert bench.closing() == [(client.conn, 4000, "heartbeat close")]


def test_a_delayed_reply_comes_late(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Delay(method="public/get_time", delay_ms=50))
    assert asked(client, "public/get_time", 7) == []
    bench.advance(49 * MS)
    assert client.take() == []
    bench.advance(MS)
    assert [frame["id"] for frame in client.take()] == [7]


def test_delays_keep_the_order_of_a_method(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Delay(method="public/*", delay_ms=50, count=1))
    assert asked(client, "public/get_time", 1) == []
    assert [frame["id"] for frame in asked(client, "public/test", 2)] == [2]
    assert asked(client, "public/get_time", 3) == []
    bench.advance(50 * MS)
    assert [frame["id"] for frame in client.take()] == [1, 3]


def test_a_delayed_request_is_executed_late(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Delay(of="request", method="private/*", delay_ms=5))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert asked(client, "private/buy", **order) == []
    assert not bench.venue.exchange.accounts["maker"].open_orders
    bench.advance(5 * MS)
    (frame,) = client.take()
    created_ms = frame["result"]["order"]["creation_timestamp"]
    assert created_ms == bench.now_ns // MS


def test_a_delayed_request_of_a_lost_connection_is_forgotten(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Delay(of="request", method="private/*", delay_ms=5))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    asked(client, "private/buy", **order)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    bench.advance(10 * MS)
    assert not bench.venue.exchange.accounts["maker"].open_orders


def test_jitter_is_drawn_from_the_seed(bench: Bench) -> None:
    def arrivals() -> list[int]:
        bench = Bench()
        client = bench.connect("maker")
        bench.venue.faults.inject(Delay(delay_ms=10, jitter_ms=30))
        times = []
        for _ in range(5):
            asked(client, "public/get_time")
            waited = 0
            while not client.take():
                bench.advance(MS)
                waited += 1
            times.append(waited)
        return times

    first = arrivals()
    assert first == arrivals()
    assert len(set(first)) > 2
    assert all(10 <= waited <= 40 for waited in first)


def test_duplicates_are_the_same_bytes(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Duplicate(method="public/get_time", copies=3))
    asked(client, "public/get_time")
    assert len(client.raw[-3:]) == 3
    assert len(set(client.raw[-3:])) == 1


def test_reordered_replies_come_behind_the_next(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Reorder(of="reply", count=1))
    assert asked(client, "public/get_time", 1) == []
    assert [frame["id"] for frame in asked(client, "public/test", 2)] == [2, 1]
    assert [frame["id"] for frame in asked(client, "public/test", 3)] == [3]


def test_a_reordered_reply_does_not_wait_for_ever(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Reorder(of="reply", count=1, behind=5, wait_ms=20))
    assert asked(client, "public/get_time", 1) == []
    bench.advance(20 * MS)
    assert [frame["id"] for frame in client.take()] == [1]


def test_a_gap_breaks_the_chain_of_a_book(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(BOOK)
    bench.venue.faults.inject(Gap(count=1))
    bench.place("buy", 79_990.0, 10.0)
    bench.place("buy", 79_991.0, 10.0)
    snapshot, change = client.on(BOOK)
    assert snapshot["type"] == "snapshot"
    assert change["prev_change_id"] > snapshot["change_id"]
    with pytest.raises(AssertionError):
        rebuild([snapshot, change])


def test_a_gap_leaves_snapshots_alone(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Gap())
    client.listen(BOOK, f"book.{PERP}.none.10.100ms")
    assert len(client.on(BOOK)) == 1
    bench.place("buy", 79_990.0, 10.0)
    bench.advance(100 * MS)
    assert len(client.on(BOOK)) == 1
    assert len(client.on(f"book.{PERP}.none.10.100ms")) == 2


def test_stale_events_are_older_than_the_snapshot(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(StaleBook(events=2))
    client.listen(BOOK)
    bench.place("buy", 79_990.0, 10.0)
    snapshot, *stale, change = client.on(BOOK)
    assert len(stale) == 2
    last = stale[0]["prev_change_id"]
    for message in stale:
        assert message["prev_change_id"] == last
        assert message["change_id"] <= snapshot["change_id"]
        last = message["change_id"]
        assert message["bids"] == [["change", 79_999.0, 2_000.0]]
        assert message.keys() == change.keys()
    assert change["prev_change_id"] == snapshot["change_id"]


# Spelling.


def keys_of(text: bytes) -> list[str]:
    return [key for key, _ in orjson.loads(text).items()]


def test_keys_are_shuffled_and_nothing_is_lost(bench: Bench) -> None:
    client = bench.connect("maker")
    plain = client.call("public/ticker", instrument_name=PERP)
    bench.venue.faults.inject(ShuffleKeys())
    orders = set()
    for _ in range(5):
        assert client.call("public/ticker", instrument_name=PERP) == plain
        orders.add(tuple(keys_of(client.raw[-1])))
    assert len(orders) > 1


def test_params_stand_first_in_what_is_said_unasked(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(ParamsFirst())
    client.listen(QUOTE)
    assert keys_of(client.raw[-1]) == ["jsonrpc", "params", "method"]
    assert client.on(QUOTE)[0]["best_bid_price"] == 79_999.0


def test_numbers_in_scientific_notation(bench: Bench) -> None:
    client = bench.connect("maker")
    plain = client.call("public/ticker", instrument_name=PERP)
    bench.venue.faults.inject(Scientific(method="public/ticker"))
    assert client.call("public/ticker", instrument_name=PERP) == plain
    assert b'"best_bid_price":7.9999e4' in client.raw[-1]


def test_fields_are_missing_at_any_depth(bench: Bench) -> None:
    client = bench.connect("maker")
    fault = OmitFields(fields=("average_price", "*_timestamp", "trades"))
    bench.venue.faults.inject(fault)
    answer = client.buy(79_000.0, 10.0)
    assert answer.keys() == {"order"}
    assert "price" in answer["order"]
    assert not {"average_price", "creation_timestamp"} & answer["order"].keys()
    client.listen(f"user.orders.{PERP}.raw")
    client.buy(79_000.0, 10.0)
    assert "creation_timestamp" not in client.on(f"user.orders.{PERP}.raw")[0]
    assert client.code("private/buy", instrument_name=PERP) == -32602


# Endings.


def test_a_truncated_frame_is_the_last(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Truncate(method="public/test", keep_bytes=11))
    bench.venue.receive_data(
        client.conn, bench.now_ns, b'{"id":1,"method":"public/test"}'
    )
    assert bench.venue.data_to_send(client.conn) == [b'{"jsonrpc":']
    bench.advance(0)
    assert bench.closing() == [(client.conn, 1006, "fault")]


def test_a_cut_before_the_execution(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Cut(of="request", method="private/buy"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert asked(client, "private/buy", **order) == []
    bench.advance(0)
    assert bench.closing() == [(client.conn, 1006, "fault")]
    assert not bench.venue.exchange.accounts["maker"].open_orders


def test_a_cut_between_execution_and_answer(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Cut(of="reply", method="private/buy"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert asked(client, "private/buy", **order) == []
    bench.advance(0)
    assert bench.closing() == [(client.conn, 1006, "fault")]
    assert len(bench.venue.exchange.accounts["maker"].open_orders) == 1


def test_a_cut_fires_cancel_on_disconnect(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    client.buy(79_000.0, 10.0)
    bench.venue.faults.inject(Cut(method="public/test"))
    asked(client, "public/test")
    bench.advance(0)
    assert not bench.venue.exchange.accounts["maker"].open_orders


def test_every_connection_is_cut_after_some_frames(bench: Bench) -> None:
    bench.venue.faults.inject(Cut(skip=2))
    for _ in range(2):
        client = bench.connect()
        assert len(asked(client, "public/test")) == 1
        assert len(asked(client, "public/test")) == 1
        assert asked(client, "public/test") == []
        bench.advance(0)
        assert bench.closing()[-1] == (client.conn, 1006, "fault")


def test_a_message_to_several_may_cut_them_all(bench: Bench) -> None:
    clients = [bench.connect("maker") for _ in range(3)]
    for client in clients:
        client.listen(BOOK)
    bench.venue.faults.inject(Cut(channel="book.*"))
    bench.place("buy", 79_990.0, 10.0)
    bench.advance(0)
    assert [conn for conn, _, _ in bench.closing()] == [c.conn for c in clients]


def test_a_slow_reader_is_told_so(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(QUOTE)
    bench.venue.faults.inject(TooSlow(channel="quote.*"))
    bench.place("buy", 79_999.5, 10.0)
    bench.advance(0)
    assert bench.closing() == [(client.conn, 1008, "connection_too_slow")]


def test_a_half_open_connection_neither_hears_nor_speaks(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    client.call("public/set_heartbeat", interval=10)
    client.buy(79_000.0, 10.0)
    client.listen(BOOK)
    bench.venue.faults.inject(HalfOpen(of="request", method="public/test"))
    assert asked(client, "public/test") == []
    assert asked(client, "private/cancel_all") == []
    bench.place("buy", 79_990.0, 10.0)
    assert client.take() == []
    assert len(bench.venue.exchange.accounts["maker"].open_orders) == 1
    bench.advance(20_000 * MS)
    assert not bench.venue.exchange.accounts["maker"].open_orders
    assert client.take() == []
    assert bench.closing() == []
    bench.venue.connection_lost(client.conn, bench.now_ns)


# Errors.


@pytest.mark.parametrize("code", sorted(NAMES))
def test_every_documented_code_on_any_method(bench: Bench, code: int) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Error(code=code, method="public/get_time"))
    with pytest.raises(Refused) as refused:
        client.call("public/get_time")
    assert (refused.value.code, refused.value.message) == (code, NAMES[code])
    ended = [(client.conn, 1008, "too_many_requests")] if code == 10_028 else []
    assert bench.closing() == ended


def test_an_error_before_means_nothing_happened(bench: Bench) -> None:
    client = bench.connect("maker")
    fault = Error(code=10_009, detail="really", method="private/buy", count=1)
    bench.venue.faults.inject(fault)
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    with pytest.raises(Refused, match="10009 not_enough_funds really"):
        client.call("private/buy", **order)
    assert client.call("private/get_open_orders") == []
    assert client.buy(79_000.0, 10.0)["order"]["order_state"] == "open"


@pytest.mark.parametrize("code", [10_001, 11_094, 13_028, 10_050])
def test_an_error_after_lies(bench: Bench, code: int) -> None:
    client = bench.connect("maker")
    fault = Error(code=code, when="after", method="private/buy")
    bench.venue.faults.inject(fault)
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert client.code("private/buy", **order) == code
    assert {"id", "error", "usIn", "usOut", "testnet"} <= set(keys_of(client.raw[-1]))
    assert len(client.call("private/get_open_orders")) == 1


def test_too_many_requests_after_the_execution_ends_the_session(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Error(code=10_028, when="after", method="private/buy"))
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10.0}
    assert client.code("private/buy", **order) == 10_028
    bench.advance(0)
    assert bench.closing() == [(client.conn, 1008, "too_many_requests")]

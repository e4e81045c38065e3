"""The doors: closed when nothing wants them, bounded, deaf to the control API."""

from __future__ import annotations

import pytest

from engine.sim.venue.faults import doors
from engine.sim.venue.faults.traffic import (
    Cut,
    Delay,
    Drop,
    Error,
    HalfOpen,
    Reorder,
    Truncate,
)
from tests.unit.sim.venue.client import MS, Bench

TIME = b'{"id":%d,"method":"public/get_time"}'


def test_without_a_fault_there_is_no_door(bench: Bench) -> None:
    client = bench.connect("maker")
    (connection,) = bench.venue.connections()
    number = bench.venue.faults.inject(Drop(channel="nothing"))
    later = bench.connect("taker")
    assert all(one.door is not None for one in bench.venue.connections())
    assert not bench.venue.faults.watches_requests
    bench.venue.faults.board.clear(number)
    assert all(one.door is None for one in bench.venue.connections())
    assert client.call("public/get_time")
    assert later.call("public/get_time")
    number = bench.venue.faults.inject(Error())
    assert bench.venue.faults.watches_requests
    assert connection.door is None
    bench.venue.faults.board.clear(number)
    assert not bench.venue.faults.watches_requests


def test_the_door_stays_open_for_what_still_waits(bench: Bench) -> None:
    client = bench.connect("maker")
    number = bench.venue.faults.inject(Delay(method="public/get_time", delay_ms=10))
    assert client.send(TIME % 1) == []
    bench.venue.faults.board.clear(number)
    assert client.send(TIME % 2) == []
    bench.advance(10 * MS)
    assert [frame["id"] for frame in client.take()] == [1, 2]
    (connection,) = bench.venue.connections()
    assert connection.door is None


def test_what_waits_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "WAITING_MAX", 3)
    client = bench.connect("maker")
    bench.venue.faults.inject(Delay(method="public/get_time", delay_ms=5_000))
    bench.venue.faults.inject(Reorder(method="public/test", behind=9, wait_ms=5_000))
    client.send(TIME % 1)
    client.send(TIME % 2)
    client.send(b'{"id":3,"method":"public/test"}')
    bench.advance(1_000 * MS)
    assert bench.closing() == []
    client.send(TIME % 4)
    bench.advance(1_000 * MS)
    assert bench.closing() == [(client.conn, 1008, "connection_too_slow")]


def test_what_a_lost_connection_held_is_free_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "WAITING_MAX", 2)
    for _ in range(5):
        client = bench.connect("maker")
        number = bench.venue.faults.inject(Reorder(behind=9, wait_ms=100))
        client.send(TIME % 1)
        bench.venue.faults.board.clear(number)
        number = bench.venue.faults.inject(Delay(delay_ms=100))
        client.send(TIME % 2)
        bench.venue.faults.board.clear(number)
        bench.venue.connection_lost(client.conn, bench.now_ns)
        bench.advance(100 * MS)
        assert bench.closing() == []


def test_the_control_api_passes_every_fault_by(bench: Bench) -> None:
    client = bench.connect("maker")
    for fault in (Drop(), Drop(of="request"), Error(), Delay(delay_ms=9)):
        bench.venue.faults.inject(fault)
    assert len(client.call("sim/faults")) == 4
    assert client.call("sim/clear") == 4


def test_nothing_is_sent_after_the_cut(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen("quote.BTC-PERPETUAL")
    bench.venue.faults.inject(Cut(method="public/test", count=1))
    assert client.send(b'{"id":1,"method":"public/test"}') == []
    bench.place("buy", 79_999.5, 10.0)
    assert client.take() == []
    assert bench.closing() == [(client.conn, 1006, "fault")]


def test_faults_over_http(bench: Bench) -> None:
    target = "/api/v2/public/get_time"
    faults = bench.venue.faults
    faults.inject(Error(code=13_028, when="after", count=1))
    status, frame = bench.http("GET", target)
    assert (status, frame["error"]["code"]) == (400, 13_028)
    faults.inject(Truncate(keep_bytes=4, count=1))
    with pytest.raises(ValueError, match="unexpected end"):
        bench.http("GET", target)
    bench.advance(0)
    faults.inject(Delay(of="request", delay_ms=10, count=1))
    with pytest.raises(ValueError, match="not enough values"):
        bench.http("GET", target)
    bench.advance(10 * MS)
    ((_, status, _),) = bench.venue.responses()
    assert status == 200


def test_an_unanswered_http_request(bench: Bench) -> None:
    cut = Cut(count=1, code=1001)
    for fault in (Drop(of="request", count=1), HalfOpen(count=1), cut):
        bench.venue.faults.inject(fault)
        with pytest.raises(ValueError, match="not enough values"):
            bench.http("GET", "/api/v2/public/get_time")
        bench.advance(1_000 * MS)
        assert bench.venue.responses() == []
    ((_, code, _),) = bench.closing()
    assert code == 1006

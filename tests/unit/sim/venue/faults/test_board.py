"""Which faults are set, when they act, and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.faults import board
from engine.sim.venue.faults.fault import FaultError
from engine.sim.venue.faults.outage import Lock
from engine.sim.venue.faults.traffic import Drop, Error
from tests.unit.sim.venue.client import MS, Bench, Client

FAST = VenueConfig(accounts=default_accounts(1_000_000, 1_000_000))


def fails(client: Client) -> bool:
    """Say whether a request of the time is refused."""
    try:
        client.call("public/get_time")
    except Exception:
        return True
    return False


def test_a_fault_begins_ends_and_is_forgotten(bench: Bench) -> None:
    client = bench.connect("maker")
    number = bench.venue.faults.inject(Error(start_ms=10, duration_ms=5))
    seen = []
    for _ in range(4):
        (row,) = bench.venue.faults.board.rows()
        seen.append((row["state"], fails(client)))
        bench.advance(5 * MS)
    assert seen == [("set", False), ("set", False), ("on", True), ("over", False)]
    assert bench.venue.faults.board.clear(number)
    assert bench.venue.faults.board.rows() == []
    assert not bench.venue.faults.board.clear(number)


def test_a_fault_can_be_cleared_before_it_begins(bench: Bench) -> None:
    client = bench.connect("maker")
    bench.venue.faults.inject(Error(start_ms=10))
    assert bench.venue.faults.board.clear_all() == 1
    bench.advance(20 * MS)
    assert not fails(client)


def test_the_venue_may_be_born_with_faults() -> None:
    bench = Bench(replace(FAST, faults=(Error(start_ms=10),)))
    client = bench.connect("maker")
    assert not fails(client)
    bench.advance(10 * MS)
    assert fails(client)


def test_count_and_skip(bench: Bench) -> None:
    first, second = bench.connect("maker"), bench.connect("taker")
    bench.venue.faults.inject(Error(method="public/get_time", skip=1, count=3))
    assert [fails(first) for _ in range(3)] == [False, True, True]
    assert [fails(second) for _ in range(3)] == [False, True, False]
    (row,) = bench.venue.faults.board.rows()
    assert (row["state"], row["seen"], row["done"]) == ("over", 5, 3)


def test_skip_counts_all_of_http_as_one(bench: Bench) -> None:
    bench.venue.faults.inject(Error(method="public/get_time", skip=2, count=1))
    target = "/api/v2/public/get_time"
    statuses = [bench.http("GET", target)[0] for _ in range(4)]
    assert statuses == [200, 200, 400, 200]


def test_whose_and_which(bench: Bench) -> None:
    first, second = bench.connect("maker"), bench.connect("taker")
    bench.venue.faults.inject(Error(account="taker"))
    assert (fails(first), fails(second)) == (False, True)
    bench.venue.faults.board.clear_all()
    bench.venue.faults.inject(Error(connection=first.conn))
    assert (fails(first), fails(second)) == (True, False)


def test_a_method_and_a_channel_leave_only_what_has_one(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen("quote.BTC-PERPETUAL")
    bench.venue.faults.inject(Drop(method="public/hello"))
    bench.place("buy", 79_999.5, 10.0)
    assert len(client.on("quote.BTC-PERPETUAL")) == 2
    bench.venue.faults.inject(Drop(channel="quote.*"))
    assert not fails(client)
    bench.place("buy", 80_000.0, 10.0)
    assert len(client.on("quote.BTC-PERPETUAL")) == 2


def test_chance_depends_on_the_seed_and_on_nothing_else() -> None:
    def throws(seed: int, others: int) -> list[bool]:
        bench = Bench(replace(FAST, seed=seed))
        client = bench.connect("maker")
        bench.venue.faults.inject(Error(probability=0.5))
        for _ in range(others):
            bench.venue.faults.inject(Drop(of="heartbeat", probability=0.5))
        return [fails(client) for _ in range(40)]

    first = throws(1, 0)
    assert first == throws(1, 3)
    assert first != throws(2, 0)
    assert 8 < sum(first) < 32


def test_a_venue_keeps_only_so_many_faults(bench: Bench) -> None:
    for _ in range(board.FAULTS_MAX):
        bench.venue.faults.inject(Drop(start_ms=1))
    with pytest.raises(FaultError):
        bench.venue.faults.inject(Drop(start_ms=1))
    bench.advance(2 * MS)
    with pytest.raises(FaultError):
        bench.venue.faults.inject(Drop())
    assert bench.venue.faults.board.clear(1)
    assert bench.venue.faults.inject(Drop(duration_ms=1))
    bench.advance(2 * MS)
    last = bench.venue.faults.inject(Drop())
    numbers = [row["fault"] for row in bench.venue.faults.board.rows()]
    assert last in numbers
    assert last - 1 not in numbers, "what is over makes room"
    assert bench.venue.faults.board.clear_all() == board.FAULTS_MAX


def test_a_condition_ends_once(bench: Bench) -> None:
    exchange = bench.venue.exchange
    number = bench.venue.faults.inject(Lock(index_name="btc_usd", duration_ms=5))
    assert exchange.indices["btc_usd"].locked
    bench.advance(5 * MS)
    assert exchange.indices["btc_usd"].locks == 0
    bench.venue.faults.board.clear(number)
    assert exchange.indices["btc_usd"].locks == 0

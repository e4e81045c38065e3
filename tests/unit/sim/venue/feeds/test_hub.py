"""Who hears what, in which order."""

from dataclasses import replace

import pytest

from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench, Client

CHANNELS = [
    f"book.{PERP}.raw",
    f"book.{ETH}.100ms",
    f"ticker.{PERP}.agg2",
    f"quote.{PERP}",
    "trades.any.any.raw",
]
PRIVATE = [
    f"user.orders.{PERP}.raw",
    "user.trades.any.any.100ms",
    "user.changes.future.BTC.agg2",
    "user.portfolio.any",
]


def test_the_answer_comes_before_the_snapshot(client: Client) -> None:
    client.listen(f"book.{PERP}.raw", f"ticker.{PERP}.raw")
    kinds = [frame.get("method", "answer") for frame in client.frames[-3:]]
    assert kinds == ["answer", "subscription", "subscription"]


def test_subscribing_twice_sends_one_snapshot(client: Client) -> None:
    for _ in range(2):
        client.listen(f"book.{PERP}.raw")
    assert len(client.on(f"book.{PERP}.raw")) == 1


def test_private_labels(client: Client) -> None:
    client.listen(f"user.orders.{PERP}.raw", f"quote.{PERP}", label="mine")
    client.buy(80_000.0, 10)
    labels = {
        f["params"]["channel"]: f["params"].get("label")
        for f in client.frames
        if f.get("method") == "subscription"
    }
    assert labels == {f"user.orders.{PERP}.raw": "mine", f"quote.{PERP}": None}


def test_nothing_after_the_connection_is_lost(bench: Bench, client: Client) -> None:
    client.listen(*CHANNELS, *PRIVATE)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    bench.place("buy", 79_999.5, 10)
    bench.advance(SECOND)
    assert client.take() == []


def test_nobody_hears_of_others(bench: Bench, client: Client) -> None:
    taker = bench.connect("taker")
    client.listen(*PRIVATE)
    before = len(client.frames)
    taker.buy(80_001.0, 30)
    bench.advance(5 * SECOND)
    client.take()
    assert client.frames[before:] == []


def test_notifications_may_come_first() -> None:
    config = replace(Bench().venue.config, notifications_first=True)
    client = Bench(config).connect("maker")
    client.listen(f"user.orders.{PERP}.raw")
    before = len(client.frames)
    client.buy(79_000.0, 10)
    kinds = ["method" in frame for frame in client.frames[before:]]
    assert kinds == [True, False]


def test_feeds_without_listeners_are_gone(bench: Bench, client: Client) -> None:
    hub = bench.venue.hub
    client.listen(*CHANNELS, *PRIVATE)
    other = bench.connect("taker")
    other.listen(CHANNELS[0])
    assert len(hub._feeds) == len(CHANNELS) + len(PRIVATE)
    client.call("private/unsubscribe_all")
    assert [feed.channel.name for feed in hub._feeds.values()] == CHANNELS[:1]
    bench.venue.connection_lost(other.conn, bench.now_ns)
    assert (hub._feeds, hub._routes) == ({}, {})


def test_the_next_due_time_is_the_end_of_the_shortest_period(
    bench: Bench, client: Client
) -> None:
    client.listen(f"book.{PERP}.100ms", f"trades.{PERP}.agg2")
    hub = bench.venue.hub
    assert hub.next_due_ns() == 0
    bench.place("buy", 80_001.0, 10, account="other")
    assert hub.next_due_ns() % (SECOND // 10) == 0
    assert bench.now_ns < hub.next_due_ns() <= bench.now_ns + SECOND // 10
    bench.advance(SECOND)
    assert hub.next_due_ns() == 0


def test_a_clocked_feed_wakes_on_its_own(bench: Bench, client: Client) -> None:
    hub = bench.venue.hub
    client.listen("deribit_price_statistics.btc_usd")
    assert hub.next_due_ns() % (15 * SECOND) == 0
    client.call("private/unsubscribe_all")
    bench.advance(15 * SECOND)
    assert hub.next_due_ns() == 0, "nobody listens"


def test_a_turn_looks_at_no_feed_it_does_not_concern(
    bench: Bench, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.listen(f"book.{ETH}.raw", f"ticker.{ETH}.raw", f"trades.{ETH}.raw")
    looked: list[str] = []
    for feed in bench.venue.hub._feeds.values():
        monkeypatch.setattr(feed, "take", lambda _: looked.append("take"))
        monkeypatch.setattr(feed, "flush", lambda: looked.append("flush"))
    bench.place("buy", 80_001.0, 10, account="other")
    assert looked == []
    bench.place("buy", 3_000.0, 10, instrument=ETH)
    assert looked == ["take", "flush", "flush"]

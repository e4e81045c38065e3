"""The venue as a whole: the same calls give the same bytes; the clock only advances."""

import random

import orjson

from engine.sim.venue import Reject
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, START_NS, Bench


def story(seed: int) -> tuple[list[bytes], dict[str, object]]:
    """Return every byte two clients received over a random but seeded session."""
    chance = random.Random(seed)
    bench = Bench()
    clients = [bench.connect("maker"), bench.connect("taker")]
    for client in clients:
        client.call(
            "private/subscribe",
            channels=[
                f"book.{PERP}.raw",
                f"book.{ETH}.100ms",
                f"ticker.{PERP}.raw",
                "trades.any.any.agg2",
                "user.changes.any.any.raw",
                "user.portfolio.any",
            ],
        )
    for _ in range(150):
        bench.advance(chance.randrange(300) * MS)
        client = chance.choice(clients)
        side = chance.choice(("private/buy", "private/sell"))
        params = {
            "instrument_name": PERP,
            "amount": chance.randrange(1, 20) * 10,
            "price": 80_000.0 + chance.randrange(-10, 10) / 2,
        }
        frame = {"jsonrpc": "2.0", "id": 1, "method": side, "params": params}
        client.send(orjson.dumps(frame))
        try:
            bench.place("buy", 79_990.0 + chance.randrange(30), 10)
        except Reject as reject:
            assert reject.name == "order_overlap"
        bench.venue.set_index("btc_usd", 80_000 + chance.random(), bench.now_ns)
        for one in clients:
            one.take()
    return [raw for one in clients for raw in one.raw], bench.venue.snapshot()


def test_the_same_calls_give_the_same_bytes() -> None:
    first, second = story(7), story(7)
    assert first == second
    assert first[0] != story(8)[0]
    assert len(first[0]) > 500


def test_frames_do_not_depend_on_when_the_timer_is_called() -> None:
    def frames(step_ns: int) -> list[bytes]:
        bench = Bench()
        client = bench.connect("maker")
        client.call("private/subscribe", channels=[f"book.{PERP}.100ms"])
        client.call("public/set_heartbeat", interval=10)
        for price in (79_000.0, 79_001.0, 79_002.0):
            bench.place("buy", price, 10)
            for _ in range(2 * SECOND // step_ns):
                bench.advance(step_ns)
        bench.advance(5 * SECOND)
        client.take()
        return client.raw

    assert frames(2 * SECOND) == frames(10 * MS) == frames(SECOND)


def test_time_never_runs_backwards() -> None:
    bench = Bench()
    client = bench.connect()
    bench.advance(SECOND)
    bench.now_ns -= SECOND // 2
    assert client.call("public/get_time") == (START_NS + SECOND) // MS


def test_a_long_sleep_is_caught_up_with_at_once() -> None:
    bench = Bench()
    bench.advance(365 * 86_400 * SECOND)
    assert bench.venue.next_timer_ns() > bench.now_ns
    assert bench.venue.next_timer_ns() <= bench.now_ns + SECOND

"""The venue as a whole: the same calls give the same bytes; the clock only advances."""

import random
from dataclasses import replace

import orjson

from engine.sim.venue import Reject, VenueConfig
from engine.sim.venue.products.surface import PLAIN_SURFACE, SurfaceState
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


def test_snapshot() -> None:
    bench = Bench(VenueConfig())
    client = bench.connect("maker")
    order = client.buy(79_000.0, 10)["order"]
    bench.place("sell", 79_000.0, 10)
    client.buy(79_000.0, 20)
    snapshot = bench.venue.snapshot()
    maker = snapshot["accounts"]["maker"]
    assert [o["amount"] for o in maker["open_orders"]] == [20.0]
    assert maker["positions"][PERP]["size"] == 10.0
    assert maker["fees"]["BTC"] == round(10 / 79_000 * 0.00015, 8)
    assert snapshot["accounts"]["flow"]["positions"][PERP]["size"] == -10.0
    assert snapshot["books"][PERP]["bids"] == [[79_000.0, 20.0]]
    assert order["order_id"] not in str(maker["open_orders"])


def test_internal_orders_leave_nothing_behind() -> None:
    bench = Bench()
    for _ in range(100):
        order = bench.place("buy", 79_000.0, 10)
        bench.venue.cancel_order(order, bench.now_ns)
    assert bench.venue.exchange.orders == {}


def test_only_what_is_open_is_offered_to_the_background_market() -> None:
    bench = Bench()
    assert [one.name for one in bench.venue.instruments()][:2] == [PERP, ETH]
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    assert PERP not in [one.name for one in bench.venue.instruments()]


def test_every_index_has_a_vol_surface_that_can_be_moved() -> None:
    given = SurfaceState(0.4, 0.4)
    bench = Bench(VenueConfig(surfaces={"eth_usd": given}))
    indices = bench.venue.exchange.indices
    assert indices["btc_usd"].surface == PLAIN_SURFACE
    assert indices["eth_usd"].surface == given
    moved = replace(PLAIN_SURFACE, short_vol=0.9)
    bench.venue.set_surface("btc_usd", moved, bench.now_ns + 1)
    assert indices["btc_usd"].surface == moved
    assert bench.venue.exchange.now_ns == bench.now_ns + 1


def test_place_checks_its_numbers() -> None:
    bench = Bench()
    for price, amount, name in (
        (79_000.1, 10, "price_wrong_tick"),
        (-1.0, 10, "price_wrong_tick"),
        (79_000.0, 15, "invalid_amount"),
        (79_000.0, 0, "invalid_amount"),
        (90_000.0, 10, "price_too_high"),
    ):
        try:
            bench.place("buy", price, amount)
        except Reject as reject:
            assert reject.name == name
        else:
            raise AssertionError(f"{price} {amount} was accepted")

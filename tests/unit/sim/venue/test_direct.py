"""Orders, prices and states of the background market, in process."""

from dataclasses import replace

from engine.sim.venue import Reject, VenueConfig
from engine.sim.venue.products.surface import PLAIN_SURFACE, SurfaceState
from tests.unit.sim.venue.client import ETH, PERP, Bench


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

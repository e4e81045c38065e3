"""Indices, what they are made of, their statistics, vols, marks and expiries."""

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.products.surface import SurfaceState
from tests.unit.sim.venue.client import SECOND, Bench, Client


@pytest.fixture
def bench() -> Bench:
    """Return a venue with options."""
    listing = ListingConfig(families=("BTC",), strikes_each_side=2)
    return Bench(VenueConfig(listing=listing))


def test_an_index_speaks_with_every_price(bench: Bench, client: Client) -> None:
    client.listen("deribit_price_index.btc_usd")
    bench.venue.set_index("btc_usd", 80_000.126, bench.now_ns)
    bench.venue.set_index("eth_usd", 3_000.5, bench.now_ns)
    prices = [row["price"] for row in client.on("deribit_price_index.btc_usd")]
    assert prices == [80_000.0, 80_000.13]


def test_the_constituents_have_the_index_as_their_mean(
    bench: Bench, client: Client
) -> None:
    channel = "deribit_price_ranking.btc_usd"
    client.listen(channel)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    first, second = client.on(channel)
    for rows, index in ((first, 80_000.0), (second, 81_000.0)):
        mean = sum(row["price"] for row in rows) / len(rows)
        assert mean == pytest.approx(index, abs=0.01)
        assert sum(row["weight"] for row in rows) == pytest.approx(100.0)
        assert len({row["price"] for row in rows}) == len(rows)


def test_statistics_come_every_15_seconds(bench: Bench, client: Client) -> None:
    channel = "deribit_price_statistics.btc_usd"
    client.listen(channel)
    for price in (80_500.0, 79_900.0):
        bench.venue.set_index("btc_usd", price, bench.now_ns)
        bench.advance(SECOND)
    bench.advance(28 * SECOND)
    assert len(client.on(channel)) == 3
    assert client.on(channel)[-1] == {
        "low24h": 79_900.0,
        "index_name": "btc_usd",
        "high24h": 80_500.0,
        "change24h": -600.0,
        "fast_market": False,
    }
    bench.venue.set_index("btc_usd", 77_000.0, bench.now_ns)
    bench.advance(15 * SECOND)
    assert client.on(channel)[-1]["fast_market"] is True


def test_the_volatility_index_follows_the_surface(bench: Bench, client: Client) -> None:
    channel = "deribit_volatility_index.btc_usd"
    client.listen(channel)
    bench.advance(SECOND)
    calm = client.on(channel)[-1]
    assert list(calm) == ["volatility", "timestamp", "index_name"]
    assert 40 < calm["volatility"] < 60
    bench.advance(SECOND)
    said = len(client.on(channel))
    assert said <= 3, "nothing changed, nothing said"
    bench.venue.exchange.set_surface("btc_usd", SurfaceState(0.9, 0.9))
    bench.advance(SECOND)
    assert client.on(channel)[-1]["volatility"] > 80
    assert len(client.on(channel)) == said + 1


def test_option_marks_first_all_then_those_that_moved(
    bench: Bench, client: Client
) -> None:
    channel = "markprice.options.btc_usd"
    client.listen(channel, "markprice.options.eth_usd")
    options = [
        m for m in bench.venue.exchange.markets.values() if m.instrument.is_option
    ]
    (everything,) = client.on(channel)
    assert len(everything) == len(options) > 20
    assert client.on("markprice.options.eth_usd") == [[]]
    bench.venue.set_index("btc_usd", 80_003.0, bench.now_ns)
    bench.advance(SECOND)
    (moved,) = client.on(channel)[1:]
    assert 0 < len(moved) < len(options)
    before = {row["instrument_name"]: row for row in everything}
    for row in moved:
        old = before[row["instrument_name"]]
        assert (row["mark_price"], row["iv"]) != (old["mark_price"], old["iv"])
        assert 0 < row["iv"] < 5, "a fraction"


def test_the_next_expiry_is_counted_down(bench: Bench, client: Client) -> None:
    channel = "estimated_expiration_price.btc_usd"
    client.listen(channel, "estimated_expiration_price.eth_btc")
    bench.advance(SECOND)
    first, second = client.on(channel)
    assert first["seconds"] == second["seconds"] + 1
    now_s = bench.now_ns // SECOND
    assert (now_s + second["seconds"]) % 86_400 == 8 * 3600
    assert second["price"] == 80_000.0
    assert client.on("estimated_expiration_price.eth_btc")[1]["seconds"] < 86_400
    assert first["is_estimated"] is False
    client.call("private/unsubscribe_all")
    bench.advance((second["seconds"] - 60) * SECOND)
    late = bench.connect("taker")
    late.listen(channel)
    assert late.on(channel)[-1] == {
        "seconds": 60,
        "price": 80_000.0,
        "is_estimated": True,
        "left_ticks": 15,
        "total_ticks": 450,
    }

"""Trades and candles as they are told."""

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import PERP, SECOND, Bench, Client


def test_trades_are_arrays_one_per_sweep(bench: Bench, client: Client) -> None:
    wide, slow = "trades.future.any.raw", "trades.any.BTC.agg2"
    client.listen(f"trades.{PERP}.raw", wide, slow)
    bench.place("sell", 80_001.5, 100, account="other")
    bench.place("buy", 80_001.5, 1050, account="third")
    (batch,) = client.on(f"trades.{PERP}.raw")
    assert [(t["price"], t["amount"], t["direction"]) for t in batch] == [
        (80_001.0, 1000.0, "buy"),
        (80_001.5, 50.0, "buy"),
    ]
    assert client.on(wide) == [batch]
    assert client.on(slow) == []
    bench.advance(SECOND)
    assert client.on(slow) == [batch]


MINUTE = 60 * SECOND


def trade(bench: Bench, price: float, amount: float) -> None:
    bench.place("sell", price, amount, account="third")
    bench.place("buy", price, amount, account="other")


def test_a_candle_grows_and_an_empty_span_is_filled(
    bench: Bench, client: Client
) -> None:
    one, five = f"chart.trades.{PERP}.1", f"chart.trades.{PERP}.5"
    client.listen(one, five)
    bench.advance(MINUTE)
    assert client.on(one) == [], "nothing has traded"
    trade(bench, 80_000.0, 10)
    trade(bench, 80_000.5, 30)
    first, second = client.on(one)
    assert first["tick"] == second["tick"] == bench.now_ns // MINUTE * 60_000
    assert (second["open"], second["close"]) == (80_000.0, 80_000.5)
    assert (second["cost"], second["volume"]) == (40.0, 0.0005)
    bench.advance(2 * MINUTE)
    (filled,) = client.on(one)[2:]
    assert filled == {
        "volume": 0.0,
        "tick": first["tick"] + 60_000,
        "open": 80_000.5,
        "low": 80_000.5,
        "high": 80_000.5,
        "cost": 0.0,
        "close": 80_000.5,
    }
    assert [row["cost"] for row in client.on(five)] == [10.0, 40.0]
    late = bench.connect("taker")
    late.listen(five)
    (now,) = late.on(five)
    assert now["tick"] == bench.now_ns // (5 * MINUTE) * 300_000
    assert (now["close"], now["cost"]) == (80_000.5, 0.0)


def test_spot_trades_are_found_under_both_coins() -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(options=False)))
    client = bench.connect("maker")
    channels = [f"trades.spot.{c}.raw" for c in ("BTC", "ETH", "USDC", "any")]
    client.listen(*channels)
    bench.place("sell", 3_000.0, 1, instrument="ETH_USDC")
    bench.place("buy", 3_000.0, 1, instrument="ETH_USDC", account="other")
    bench.advance(SECOND)
    heard = [len(client.on(channel)) for channel in channels]
    assert heard == [0, 1, 1, 1]

"""Mark, band, statistics, market data by request."""

import pytest

from engine.sim.venue.units import REF
from tests.unit.sim.venue.client import PERP, SECOND, Bench, Client


@pytest.fixture
def bench() -> Bench:
    return Bench()


def mark(bench: Bench) -> float:
    return bench.venue.exchange.markets[PERP].mark_ref / REF


def test_the_mark_follows_the_index_at_once(bench: Bench) -> None:
    assert mark(bench) == 80_000.0
    bench.venue.set_index("btc_usd", 81_234.56, bench.now_ns)
    assert mark(bench) == 81_234.56
    bench.venue.set_index("eth_usd", 1.0, bench.now_ns)
    assert mark(bench) == 81_234.56


def test_the_mark_follows_the_book_slowly(bench: Bench) -> None:
    bench.place("buy", 80_029.5, 10)
    bench.place("sell", 80_030.5, 10)
    assert mark(bench) == 80_000.0
    bench.advance(SECOND)
    assert mark(bench) == 80_001.0
    bench.advance(30 * SECOND)
    assert 80_015.0 < mark(bench) < 80_025.0
    for _ in range(10):
        bench.advance(60 * SECOND)
    assert mark(bench) == pytest.approx(80_030.0, abs=0.02)


def test_a_one_sided_book_leaves_the_mark(bench: Bench) -> None:
    bench.place("buy", 81_000.0, 10)
    bench.advance(10 * SECOND)
    assert mark(bench) == 80_000.0


def test_the_mark_stays_near_the_index(bench: Bench) -> None:
    bench.place("sell", 81_200.0, 10)
    bench.place("buy", 81_190.0, 10)
    for _ in range(20):
        bench.advance(60 * SECOND)
    assert mark(bench) == pytest.approx(80_400.0, abs=0.02)


def test_the_band_is_the_productions(bench: Bench, client: Client) -> None:
    # Production, 2026-09-20: mark 80831.35 -> 79618.5 and 82044.0.
    bench.venue.set_index("btc_usd", 80_831.35, bench.now_ns)
    row = client.call("public/ticker", instrument_name=PERP)
    assert row["mark_price"] == 80_831.35
    assert (row["min_price"], row["max_price"]) == (79_618.5, 82_044.0)


def test_statistics_cover_a_day(bench: Bench, client: Client) -> None:
    bench.place("sell", 80_000.0, 1000)
    bench.place("buy", 80_000.0, 400, account="other")
    bench.place("sell", 79_000.0, 300, account="third")
    bench.place("buy", 79_000.0, 300, account="other")
    stats = client.call("public/ticker", instrument_name=PERP)["stats"]
    assert (stats["high"], stats["low"]) == (80_000.0, 79_000.0)
    assert stats["volume_usd"] == 700.0
    assert stats["volume"] == pytest.approx(400 / 80_000 + 300 / 79_000, abs=1e-8)
    assert stats["price_change"] == -1.25
    bench.advance(25 * 3600 * SECOND)
    later = client.call("public/ticker", instrument_name=PERP)
    assert later["stats"]["volume"] == 0.0
    assert later["last_price"] == 79_000.0


def test_tick_directions(bench: Bench, client: Client) -> None:
    for price in (80_000.0, 80_000.0, 80_001.0, 80_001.0, 79_999.0, 79_999.0):
        bench.place("sell", price, 10)
        bench.place("buy", price, 10, account="other")
    trades = client.call(
        "public/get_last_trades_by_instrument", instrument_name=PERP, sorting="asc"
    )["trades"]
    assert [t["tick_direction"] for t in trades] == [0, 1, 0, 1, 2, 3]

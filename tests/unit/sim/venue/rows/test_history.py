"""Candles and charts, key by key."""

from engine.sim.venue.markets.candles import Candle
from engine.sim.venue.rows.history import candle_row, chart_row, index_points
from engine.sim.venue.units import REF, to_atto
from tests.unit.sim.venue.client import PERP, Bench


def test_volume_is_in_coins_and_cost_in_money(bench: Bench) -> None:
    inverse = bench.venue.exchange.markets[PERP].instrument
    candle = Candle(60_000, 160_000)
    candle.add(160_000, 8, to_atto("0.001"))
    row = candle_row(inverse, candle)
    assert (row["volume"], row["cost"], row["open"]) == (0.001, 80.0, 80_000.0)


def test_a_chart_is_its_candles_by_columns(bench: Bench) -> None:
    inverse = bench.venue.exchange.markets[PERP].instrument
    candles = [Candle(60_000 * n, 160_000 + n) for n in range(3)]
    chart = chart_row(inverse, candles)
    assert chart["ticks"] == [0, 60_000, 120_000]
    assert chart["close"] == [80_000.0, 80_000.5, 80_001.0]
    assert chart["status"] == "ok"
    assert chart_row(inverse, []) == {
        "volume": [], "ticks": [], "open": [], "low": [], "high": [], "cost": [],
        "close": [], "status": "no_data",
    }  # fmt: skip


def test_index_points_are_averages() -> None:
    seen, filled = Candle(0, 100 * REF), Candle(6_000, 102 * REF)
    seen.add(100 * REF, 1, 100 * REF)
    seen.add(102 * REF, 1, 102 * REF)
    seen.add(102 * REF, 1, 102 * REF)
    assert index_points([seen, filled]) == [[0, 101.333333], [6_000, 102.0]]

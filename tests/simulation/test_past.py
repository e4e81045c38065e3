"""A trend over hours is ready at its first start: the venue's candles tell the past."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sim.venue.markets.candles import HOUR_MS, MINUTE_MS
from tests.simulation.packages import INVERSE, leg
from tests.simulation.rig import EPOCH_NS, PERPETUAL
from tests.simulation.test_signals_restart import signals
from tests.strategies.bad_day import BadDay

pytestmark = pytest.mark.simulation

TREND = {
    "fast_s": 2_400.0,
    "risk_usd_day": 20.0,
    "lots_max": 20,
    "vol_tau_s": 3_600.0,
    "take_max_lots": 20,
    "reach_ticks": 2,
}
NOW_MS = EPOCH_NS // 1_000_000
PRICE_TICKS = 160_000


def day_of(path: Path, hours: int, slope_ticks: float) -> BadDay:
    """Return a trend on a market that moved so much an hour for some hours before."""
    quotes = [leg("strategies.ewma_trend:EwmaTrend", PERPETUAL, TREND, 500.0)]
    day = BadDay(5, quotes, path / "a.journal", INVERSE)
    candles = day.world.venue.exchange.markets[PERPETUAL].candles
    for age_ms in range(hours * HOUR_MS, 0, -MINUTE_MS):
        wave = 40 if age_ms // MINUTE_MS % 2 else -40
        price = PRICE_TICKS - round(slope_ticks * age_ms / HOUR_MS) + wave
        candles.add(NOW_MS - age_ms, price, 1, 10**18)
    return day


@pytest.mark.parametrize("slope_ticks", [60.0, -60.0])
def test_it_knows_the_trend_and_follows_it_at_once(
    tmp_path: Path, slope_ticks: float
) -> None:
    day = day_of(tmp_path, 23, slope_ticks)
    day.run_until_state("quoting")
    day.run(1)
    assert all(one["is_ready"] for one in signals(day))
    assert all(one["value"] * slope_ticks > 0 for one in signals(day)[:3])
    day.run(20)
    assert day.position() * slope_ticks > 0
    text = "EwmaCross has learned 21.3 h from candles, of the 21.3 h it wants"
    assert f"signal: {PERPETUAL}: {text}" in day.last_notes(100)
    assert day.problems() == []
    assert day.difference() == "", "not a function of what it was shown"


def test_with_too_little_of_it_nothing_is_traded(tmp_path: Path) -> None:
    day = day_of(tmp_path, 7, 60.0)
    day.run_until_state("quoting")
    day.run(20)
    assert [one["is_ready"] for one in signals(day)] == [True, False, False, True]
    assert day.position() == 0.0
    day.end()

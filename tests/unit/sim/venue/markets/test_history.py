"""What is remembered of indices, their vols and option marks."""

from math import log, sqrt

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.candles import DAY_MS, HOUR_MS
from engine.sim.venue.markets.history import (
    MARKS_MAX,
    REALIZED_HOURS,
    Histories,
    around,
)
from engine.sim.venue.markets.market import Index
from engine.sim.venue.markets.smiles import Smiles
from engine.sim.venue.products.surface import PLAIN_SURFACE
from engine.sim.venue.units import REF
from tests.unit.sim.venue.client import SECOND, START_NS, Bench

START_MS = START_NS // 1_000_000
NAME = "btc_usd"


@pytest.fixture
def index() -> Index:
    return Index(NAME, 100 * REF, 2, PLAIN_SURFACE, START_MS)


@pytest.fixture
def histories(index: Index) -> Histories:
    return Histories({NAME: index}, Smiles())


def test_an_index_is_averaged_over_six_seconds(
    index: Index, histories: Histories
) -> None:
    start_ms = START_MS // 6_000 * 6_000
    for second, price in enumerate((100, 101, 102, 103, 104, 105, 110)):
        index.ref = price * REF
        histories.sample(start_ms + second * 1_000)
    first, second_span = histories.index_span(NAME, 6_000, start_ms + 6_000, 600)
    assert first.value / first.lots == 102.5 * REF
    assert (second_span.start_ms, second_span.lots) == (start_ms + 6_000, 1)


def test_a_fast_market_stays_fast_for_two_hours(
    index: Index, histories: Histories
) -> None:
    hour_ms = START_MS // HOUR_MS * HOUR_MS
    histories.sample(hour_ms)
    assert not histories.is_fast(NAME, hour_ms)
    index.ref = 104 * REF
    histories.sample(hour_ms + 1_000)
    fast = [histories.is_fast(NAME, hour_ms + n * HOUR_MS) for n in range(4)]
    assert fast == [True, True, True, False]


def test_realized_volatility_is_that_of_hourly_returns(
    index: Index, histories: Histories
) -> None:
    for hour in range(4):
        histories.sample(START_MS + hour * HOUR_MS)
    assert histories.realized(NAME, START_MS + 4 * HOUR_MS) == [], "too little"
    for hour in range(5, 800):
        index.ref = (100 if hour % 2 else 101) * REF
        histories.sample(START_MS + hour * HOUR_MS)
    found = histories.realized(NAME, START_MS + 799 * HOUR_MS)
    assert len(found) == REALIZED_HOURS
    expected = 100 * sqrt(365 * 24) * log(1.01)
    assert [vol for _, vol in found] == pytest.approx([expected] * REALIZED_HOURS)
    assert found[-1][0] % HOUR_MS == 0


def test_nothing_is_known_of_a_vol_without_options(histories: Histories) -> None:
    histories.sample(START_MS)
    volatility = histories.volatility[NAME]
    assert (volatility.value, volatility.percent) == (0, 0.0)
    assert volatility.candles.latest(1_000, START_MS) is None


def test_marks_of_options_near_30_days_are_kept() -> None:
    listing = ListingConfig(families=("BTC",), strikes_each_side=1)
    bench = Bench(VenueConfig(listing=listing))
    for _ in range(3):
        bench.advance(SECOND)
    histories = bench.venue.exchange.histories
    now_ms = bench.now_ns // 1_000_000
    options = [
        m.instrument
        for m in bench.venue.exchange.markets.values()
        if m.instrument.is_option
    ]
    kept = {i.expiry_ms for i in options if histories.marks(i.name, 0, now_ms)}
    assert len(kept) == 2
    assert min(kept) - now_ms < 30 * DAY_MS < max(kept) - now_ms
    name = next(i.name for i in options if i.expiry_ms in kept)
    marks = histories.marks(name, 0, now_ms)
    assert [ms for ms, _ in marks] == [now_ms - 2_000 + n * 1_000 for n in range(3)]
    assert marks[-1][1] == bench.venue.exchange.markets[name].mark_ref
    assert histories.marks(name, now_ms, now_ms) == marks[-1:]
    assert histories.marks("BTC-PERPETUAL", 0, now_ms) == []
    assert histories._marks[name].maxlen == MARKS_MAX


@pytest.mark.parametrize(
    ("when", "found"), [(5, [5, 7]), (1, [2]), (9, [7]), (6, [5, 7])]
)
def test_around(when: int, found: list[int]) -> None:
    assert around([2, 5, 7], when) == found

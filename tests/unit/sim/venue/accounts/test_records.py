"""What is remembered of settlements."""

import pytest

from engine.sim.venue.accounts import records
from engine.sim.venue.accounts.records import Record, Records, Totals
from tests.unit.sim.venue.accounts.listed import PERP, USDC_PERP, market


def one(name: str, time_ms: int = 0, position: float = 0.0, won: int = 0) -> Record:
    instrument = market(name).instrument
    return Record("settlement", time_ms, instrument, 1, 1, position, won, won, won)


def test_newest_first_by_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORDS_MAX", 3)
    kept = Records()
    for time_ms in range(5):
        kept.add(one(PERP, time_ms))
    kept.add(one(USDC_PERP, 9))
    assert [r.time_ms for r in kept.of("BTC")] == [4, 3, 2]
    assert [r.time_ms for r in kept.of("USDC")] == [9]
    assert kept.of("ETH") == []


def test_totals_count_longs_and_winners() -> None:
    totals, kept = Totals(), Records()
    totals.begin("settlement", 7, market(PERP), 123)
    totals.add(one(PERP, 7, 100.0, -5))
    totals.add(one(PERP, 7, -60.0, 3))
    totals.add(one(PERP, 7, -40.0, 2))
    totals.put_into(kept)
    (total,) = kept.of("BTC")
    assert (total.position, total.session_profit, total.profit) == (100.0, 5, 5)
    assert (total.funding, total.index_ref, total.time_ms) == (5, 123, 7)

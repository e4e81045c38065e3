"""Contracts: grids, coin values, fees, rows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.products.instruments import Instrument, default_contracts
from engine.sim.venue.units import ATTO, coins
from tests.unit.sim.venue.client import START_NS

CONTRACTS = default_contracts(START_NS // 1_000_000)
BTC, ETH, DATED = (Instrument(contract) for contract in CONTRACTS)


def test_the_default_contracts_are_the_listed_ones() -> None:
    assert [c.instrument_name for c in CONTRACTS] == [
        "BTC-PERPETUAL",
        "ETH-PERPETUAL",
        "BTC-25DEC26",
    ]
    assert [float(c.tick_size) for c in CONTRACTS] == [0.5, 0.05, 2.5]
    assert [float(c.contract_size) for c in CONTRACTS] == [10, 1, 10]


@given(st.sampled_from((BTC, ETH, DATED)), st.integers(1, 10**7), st.integers(1, 10**9))
def test_grid_numbers_survive_the_trip(i: Instrument, ticks: int, lots: int) -> None:
    assert i.ticks(i.price(ticks)) == ticks
    assert i.lots(i.amount(lots)) == lots
    assert i.ticks(Decimal(repr(i.price(ticks)))) == ticks


@pytest.mark.parametrize("price", [80000.1, 0.25, 1e300, 2.0**60, 79999.99999])
def test_a_price_off_the_tick_is_none(price: float) -> None:
    assert BTC.ticks(price) is None


@pytest.mark.parametrize("amount", [15, 10.000001, 1e300, 5])
def test_an_amount_off_the_step_is_none(amount: float) -> None:
    assert BTC.lots(amount) is None


def test_inverse_values_and_fees_match_the_venues_own() -> None:
    # 10 USD at 92037 paid 5.0e-8 at 0.05 %, captured 2025-12-12; 0.035 % gives 4e-8.
    value = BTC.value(1, BTC.ticks(92037.0) or 0)
    assert coins(value) == 0.00010865
    assert coins(BTC.fee(value, maker=False)) == 4e-8
    assert coins(BTC.fee(value, maker=True)) == 2e-8


def test_average_price_is_harmonic() -> None:
    prices = [40_000, 60_000]
    value = sum(BTC.value(100, BTC.ticks(p) or 0) for p in prices)
    assert BTC.average_price(200, value) == 48_000.0
    assert BTC.average_price(0, 0) == 0.0


@given(st.integers(2, 10**6), st.integers(1, 10**6))
def test_one_price_is_its_own_average(ticks: int, lots: int) -> None:
    assert BTC.average_price(lots, BTC.value(lots, ticks)) == BTC.price(ticks)


def test_reference_prices_round_outward() -> None:
    assert BTC.ticks_below(800_002_600) == 160_000
    assert BTC.ticks_above(800_002_600) == 160_001
    assert BTC.ticks_above(BTC.ref(160_000)) == BTC.ticks_below(BTC.ref(160_000))


def test_value_is_finer_than_any_fee() -> None:
    assert BTC.value(1, BTC.ticks(80_000.0) or 0) == 10 * ATTO // 80_000


def test_the_row_has_what_clients_read() -> None:
    row = DATED.row("open")
    assert row["instrument_name"] == "BTC-25DEC26"
    assert row["settlement_period"] == "month"
    assert row["is_active"] is True
    assert row["tick_size_steps"] == []
    assert BTC.row("locked")["is_active"] is False
    assert BTC.row("open")["expiration_timestamp"] == 32503708800000

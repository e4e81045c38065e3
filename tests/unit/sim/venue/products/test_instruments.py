"""Contracts: grids, coin values, fees, rows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.config import ListingConfig, VenueConfig
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.listing import contracts_at, few_contracts
from engine.sim.venue.units import ATTO, REF, coins
from tests.unit.sim.venue.client import START_NS

CONTRACTS = few_contracts(START_NS // 1_000_000)
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
    assert coins(BTC.fee(1, value, 0, maker=False)) == 4e-8
    assert coins(BTC.fee(1, value, 0, maker=True)) == 2e-8


def test_average_price_is_harmonic() -> None:
    prices = [40_000, 60_000]
    value = sum(BTC.value(100, BTC.ticks(p) or 0) for p in prices)
    assert BTC.average_price(200, value) == 48_000.0
    assert BTC.average_price(0, 0) == 0.0


@given(st.integers(2, 10**6), st.integers(1, 10**6))
def test_one_price_is_its_own_average(ticks: int, lots: int) -> None:
    assert BTC.average_price(lots, BTC.value(lots, ticks)) == BTC.price(ticks)


def test_reference_prices_round_outward() -> None:
    assert BTC.ticks_below(80_000_26000000) == 160_000
    assert BTC.ticks_above(80_000_26000000) == 160_001
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


def option(name: str) -> Instrument:
    now_ms = START_NS // 1_000_000
    prices = VenueConfig().index_prices
    for contract in contracts_at(now_ms, prices, ListingConfig(), 1):
        if contract.instrument_name.startswith(name) and contract.kind == "option":
            return Instrument(contract)
    raise AssertionError(f"no option {name}")


INVERSE, LINEAR = option("BTC-25DEC26"), option("BTC_USDC-25DEC26")


@pytest.mark.parametrize(
    ("price", "good"),
    [(0.0001, True), (0.0049, True), (0.005, True), (0.0051, False), (0.0055, True)],
)
def test_above_a_step_only_the_coarser_tick(price: float, good: bool) -> None:
    assert (INVERSE.ticks(price) is not None) == good


def test_the_grid_around_a_step() -> None:
    assert [INVERSE.floor(t) for t in (49, 50, 51, 54, 55)] == [49, 50, 50, 50, 55]
    assert [INVERSE.ceil(t) for t in (49, 50, 51, 54, 55)] == [49, 50, 55, 55, 55]
    assert INVERSE.inside(55, 1) == 50
    assert INVERSE.inside(50, -1) == 55
    assert INVERSE.inside(50, 1) == 49


@given(st.integers(1, 10**6))
def test_floor_and_ceil_are_on_the_grid_and_next_to_it(ticks: int) -> None:
    for i in (INVERSE, LINEAR, BTC):
        low, high = i.floor(ticks), i.ceil(ticks)
        assert low <= ticks <= high
        assert i.on_grid(low)
        assert i.on_grid(high)
        assert (low == high) == i.on_grid(ticks)
        assert not any(i.on_grid(t) for t in range(low + 1, high) if t != ticks)


def test_option_fees_are_capped_at_an_eighth_of_the_premium() -> None:
    ten_coins = 100  # lots of 0.1
    dear, cheap = (INVERSE.value(ten_coins, t) for t in (500, 1))
    assert coins(INVERSE.fee(ten_coins, dear, 0, maker=False)) == 0.003
    assert coins(INVERSE.fee(ten_coins, cheap, 0, maker=False)) == 0.000125
    index_ref = 80_000 * REF
    premium = LINEAR.value(100, 400)  # one coin at 2,000 USDC
    assert coins(LINEAR.fee(100, premium, index_ref, maker=True)) == 24.0


def test_contracts_of_every_size() -> None:
    assert INVERSE.contracts(1) == 0.1
    assert INVERSE.lots_of_contracts(0.1) == 1
    assert BTC.lots_of_contracts(3.0) == 3
    assert BTC.lots_of_contracts(0.5) is None

"""Exact money of the core against the ledger's, which is plain integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.atto import money, round_trip, worth, worth_at
from engine._core.base.instrument import InstrumentTable
from engine.session.ledger.amounts import ratio, to_atto
from engine.session.ledger.contract import contract_of
from tests.unit._core.base.test_instrument import OPTION, PERPETUAL

INVERSE = {**PERPETUAL, "settlement_currency": "BTC"}
LINEAR = {
    **PERPETUAL,
    "instrument_name": "ETH_USDC-PERPETUAL",
    "instrument_type": "linear",
    "settlement_currency": "USDC",
    "tick_size": 0.05,
    "contract_size": 0.001,
    "min_trade_amount": 0.001,
}
CALL = {**OPTION, "settlement_currency": "BTC", "strike": 100_000.0}
ROWS = [INVERSE, LINEAR, CALL]
lots = st.integers(-(10**9), 10**9)


@given(row=st.sampled_from(ROWS), lots=lots, half_ticks=st.integers(1, 10**7))
def test_a_worth_is_the_ledger_s_to_the_last_digit(row, lots, half_ticks):
    table = InstrumentTable()
    index = table.add(row)
    contract = contract_of(row)
    up, down = ratio(row["tick_size"])
    value = contract.value(lots, (half_ticks * up, 2 * down))
    assert worth(table, index, lots, half_ticks) == contract.profit(value, 0)


@given(
    row=st.sampled_from(ROWS),
    lots=lots,
    price=st.decimals("0.0001", "999999", places=9),
)
def test_a_price_off_the_grid_as_well(row, lots, price):
    table = InstrumentTable()
    index = table.add(row)
    contract = contract_of(row)
    value = contract.value(lots, ratio(price))
    found = worth_at(table, index, lots, f"{price:f}")
    assert found == contract.profit(value, 0)


def test_an_inverse_contract_without_a_price_is_worth_nothing():
    table = InstrumentTable()
    assert worth(table, table.add(INVERSE), 7, 0) == 0


def test_a_linear_one_below_zero_is_owed():
    table = InstrumentTable()
    index = table.add(LINEAR)
    assert worth(table, index, 7, -3) == -worth(table, index, 7, 3)


@pytest.mark.parametrize(
    "text", ["0", "-0.0001", "2.5E-7", "123.45", "1e2", "-1.23456789012345678", "7e-25"]
)
def test_money_is_read_as_it_is_written(text):
    assert money(text) == to_atto(text)


@given(value=st.integers(-(2**127), 2**127 - 1))
def test_it_comes_back_as_it_went_in(value):
    assert round_trip(value) == value


@pytest.mark.parametrize("value", [2**127, -(2**127) - 1])
def test_what_does_not_fit_is_refused(value):
    with pytest.raises(OverflowError, match="no amount"):
        round_trip(value)

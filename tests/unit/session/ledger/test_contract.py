"""What a contract is worth, against the slow contract of the money oracle."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.session.ledger.amounts import ATTO, ratio
from engine.session.ledger.contract import contract_of, facts_of
from tests.oracles.money import SlowContract
from tests.unit.session.ledger.samples import (
    CALL,
    FUTURE,
    LINEAR,
    PERP,
    ROWS,
    SPOT,
    USDC_PUT,
    contracts,
)

SLOW = {
    PERP: SlowContract("inverse", "BTC", "BTC"),
    FUTURE: SlowContract("inverse", "BTC", "BTC"),
    LINEAR: SlowContract("linear", "BTC", "USDC"),
    CALL: SlowContract("coin_call", "BTC", "BTC", 80_000),
    USDC_PUT: SlowContract("usdc_put", "BTC", "USDC", 80_000),
    SPOT: SlowContract("spot", "BTC", "USDC"),
}
CONTRACTS = contracts()
PRICES = st.decimals("0.0005", "300000", places=4)


@given(st.sampled_from(sorted(SLOW)), st.integers(-(10**6), 10**6), PRICES)
def test_values_are_the_oracle_s_to_half_an_atto(
    name: str, lots: int, price: Decimal
) -> None:
    one, slow = CONTRACTS[name], SLOW[name]
    amount = Fraction(one.amount(lots))
    exact = slow.worth(amount, price) * ATTO
    assert abs(one.value(lots, ratio(price)) - exact) <= Fraction(1, 2)


@given(st.sampled_from([CALL, USDC_PUT]), st.integers(-(10**6), 10**6), PRICES)
def test_payoffs_are_the_oracle_s_to_half_an_atto(
    name: str, lots: int, price: Decimal
) -> None:
    one, slow = CONTRACTS[name], SLOW[name]
    exact = slow.pays(Fraction(one.amount(lots)), price) * ATTO
    assert abs(one.payoff(lots, ratio(price)) - exact) <= Fraction(1, 2)


def test_lots_and_amounts() -> None:
    perp, spot = CONTRACTS[PERP], CONTRACTS[SPOT]
    assert (perp.lots(-30.0), perp.amount(-3)) == (-3, Decimal(-30))
    assert (spot.lots(0.0012), spot.units(12)) == (12, 12 * 10**14)
    with pytest.raises(ProtocolError, match=r"5\.0 is no whole number of lots"):
        perp.lots(5.0)


def test_the_average_of_an_inverse_contract_is_amount_per_coin() -> None:
    perp, linear = CONTRACTS[PERP], CONTRACTS[LINEAR]
    assert perp.average(8_000, 10**18) == 80_000
    assert linear.average(-10, -80 * ATTO) == 80_000
    assert perp.average(0, 0) is None


def test_the_smaller_of_contract_size_and_least_amount_is_the_lot() -> None:
    more = ROWS[CALL] | {"contract_size": 1.0, "min_trade_amount": 0.1}
    assert contract_of(more).lot == (1, 10)


def test_facts_are_all_a_contract_is_made_of() -> None:
    for one in ROWS.values():
        wide = one | {"tick_size": 0.5, "state": "open"}
        assert facts_of(wide) == one
        assert contract_of(facts_of(wide)) == contract_of(wide)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": None},
        {"instrument_name": 5},
        {"settlement_currency": None, "quote_currency": None},
        {"contract_size": None, "min_trade_amount": None},
        {"min_trade_amount": 0.0},
    ],
)
def test_a_row_that_does_not_say_enough_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        contract_of(ROWS[PERP] | changed)


def test_an_inverse_contract_needs_a_price() -> None:
    with pytest.raises(ProtocolError, match="a price of 0/1"):
        CONTRACTS[PERP].value(1, (0, 1))

"""Instruments: venue rows in, exact ticks and lots out, passive rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.instrument import InstrumentTable, decimal_parts
from tests.oracles.instrument import is_legal, round_passive

INSTRUMENTS_MAX = 8192
NAME_MAX = 64

PERPETUAL = {
    "instrument_name": "BTC-PERPETUAL",
    "kind": "future",
    "instrument_type": "reversed",
    "tick_size": 0.5,
    "tick_size_steps": [],
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": -0.0001,
    "taker_commission": 0.0005,
    "expiration_timestamp": 32503708800000,
}
OPTION = {
    **PERPETUAL,
    "instrument_name": "BTC-28AUG26-100000-C",
    "kind": "option",
    "tick_size": 0.0001,
    "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
    "contract_size": 1.0,
    "min_trade_amount": 0.1,
}


@pytest.fixture
def table():
    return InstrumentTable()


def test_facts_of_an_inverse_perpetual(table):
    index = table.add(PERPETUAL)
    assert table.facts(index) == {
        "name": "BTC-PERPETUAL",
        "kind": "future",
        "inverse": True,
        "tick_size": 0.5,
        "lot_size": 10.0,
        "contract_size": 10.0,
        "min_qty_lots": 1,
        "maker_fee": -0.0001,
        "taker_fee": 0.0005,
        "expiry_ms": 32503708800000,
    }


def test_lot_is_the_finest_step_of_the_amount(table):
    index = table.add(OPTION)
    assert table.facts(index)["lot_size"] == 0.1
    assert table.lots(index, 0.3) == 3
    assert table.lots(index, Decimal("12.5")) == 125


def test_linear_instrument_is_not_inverse(table):
    row = {**PERPETUAL, "instrument_type": "linear", "contract_size": 0.001}
    row |= {"instrument_name": "ETH_USDC-PERPETUAL", "min_trade_amount": 0.001}
    assert not table.facts(table.add(row))["inverse"]


def test_an_option_paid_in_the_coin_is_an_amount_of_coins(table):
    assert not table.facts(table.add(OPTION))["inverse"]


@pytest.mark.parametrize("key", ["future_type", "instrument_type"])
def test_both_spellings_of_the_contract_type(table, key):
    row = {k: v for k, v in PERPETUAL.items() if k != "instrument_type"}
    assert table.facts(table.add(row | {key: "reversed"}))["inverse"]


def test_prices_and_amounts_must_be_on_the_grid(table):
    index = table.add(PERPETUAL)
    assert table.ticks(index, 65000.5) == 130001
    assert table.ticks(index, "6.5e4") == 130000
    assert table.ticks(index, Decimal("-0.5")) == -1
    with pytest.raises(ValueError, match=r"65000\.3.*tick 0\.5"):
        table.ticks(index, 65000.3)
    with pytest.raises(ValueError, match=r"15.*lot 1"):
        table.lots(index, 15)


steps_lists = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([2, 5, 10])), max_size=3
).map(lambda found: legal_steps(found))


def legal_steps(found):
    """Make steps as the venue has them: coarser upwards, each starting on its grid."""
    steps, multiple, above = [], 1, 0
    for width, factor in found:
        multiple *= factor
        above += width * multiple
        above += -above % multiple
        steps.append((above, multiple))
    return steps


@given(
    steps=steps_lists,
    side=st.sampled_from(["bid", "ask"]),
    ticks=st.floats(-3_000, 3_000, allow_nan=False),
)
def test_round_goes_to_the_nearest_passive_legal_price(steps, side, ticks):
    row = {
        **OPTION,
        "tick_size": 1,
        "tick_size_steps": [
            {"above_price": above, "tick_size": multiple} for above, multiple in steps
        ],
    }
    table = InstrumentTable()
    found = table.round(table.add(row), side, ticks)
    assert found == round_passive(side, ticks, steps)
    assert is_legal(found, steps)


@pytest.mark.parametrize(
    ("side", "ticks", "legal"),
    [
        ("bid", 49.9, 49),
        ("ask", 49.1, 50),
        ("bid", 50, 50),
        ("ask", 50, 50),
        ("bid", 50.1, 50),
        ("ask", 50.1, 55),
        ("bid", 54, 50),
        ("ask", 51, 55),
        ("bid", 55, 55),
    ],
)
def test_option_tick_is_coarser_above_its_step(table, side, ticks, legal):
    assert table.round(table.add(OPTION), side, ticks) == legal


def test_names_and_indices(table):
    first, second = table.add(PERPETUAL), table.add(OPTION)
    assert (first, second) == (0, 1)
    assert table.names() == ["BTC-PERPETUAL", "BTC-28AUG26-100000-C"]
    assert table.index_of("BTC-28AUG26-100000-C") == second
    assert table.index_of("BTC-28AUG26-100000-P") == -1
    assert table.name_of(second) == "BTC-28AUG26-100000-C"


def test_adding_again_refreshes_the_row_in_place(table):
    index = table.add(PERPETUAL)
    assert table.add({**PERPETUAL, "maker_commission": 0.001}) == index
    assert table.facts(index)["maker_fee"] == 0.001
    assert table.size == 1


def test_expired_instrument_frees_its_index(table):
    first, second = table.add(PERPETUAL), table.add(OPTION)
    table.remove(first)
    assert table.index_of("BTC-PERPETUAL") == -1
    assert table.index_of("BTC-28AUG26-100000-C") == second
    for read in (table.name_of, table.facts, table.remove):
        with pytest.raises(IndexError):
            read(first)
    assert table.add({**PERPETUAL, "instrument_name": "ETH-PERPETUAL"}) == first


@pytest.mark.parametrize("index", [-1, 1, 2**31 - 1])
def test_index_outside_the_table_is_refused(table, index):
    table.add(PERPETUAL)
    with pytest.raises(IndexError):
        table.facts(index)


def test_table_at_its_limit_and_one_past(table):
    """Filling is quadratic (each add rehashes), so the index is checked at the end."""
    for i in range(INSTRUMENTS_MAX):
        table.add({**PERPETUAL, "instrument_name": f"X-{i}"})
    assert table.size == INSTRUMENTS_MAX
    with pytest.raises(OverflowError, match=str(INSTRUMENTS_MAX)):
        table.add(PERPETUAL)
    assert table.index_of(f"X-{INSTRUMENTS_MAX - 1}") == INSTRUMENTS_MAX - 1
    table.remove(7)
    assert table.add(PERPETUAL) == 7
    assert table.index_of("X-8") == 8


def test_name_at_its_limit_and_one_past(table):
    longest = "N" * NAME_MAX
    index = table.add({**PERPETUAL, "instrument_name": longest})
    assert table.name_of(index) == longest
    with pytest.raises(ValueError, match="instrument_name"):
        table.add({**PERPETUAL, "instrument_name": longest + "N"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "warrant"),
        ("tick_size", 0),
        ("tick_size", "half"),
        ("tick_size", float("nan")),
        ("contract_size", None),
        ("min_trade_amount", -1),
        ("min_trade_amount", 1e-30),
        ("maker_commission", "free"),
        ("expiration_timestamp", "never"),
        ("tick_size_steps", [{"above_price": 100, "tick_size": 0.75}]),
        ("tick_size_steps", [{"above_price": 0.3, "tick_size": 1}]),
        ("tick_size_steps", [{"above_price": i, "tick_size": 1} for i in range(9)]),
    ],
)
def test_bad_row_names_the_field_and_changes_nothing(table, field, value):
    with pytest.raises(ValueError, match=field):
        table.add({**PERPETUAL, field: value})
    assert table.names() == []


@pytest.mark.parametrize("field", ["kind", "tick_size", "contract_size"])
def test_missing_field_is_named(table, field):
    row = {key: value for key, value in PERPETUAL.items() if key != field}
    with pytest.raises(ValueError, match=field):
        table.add(row)


@given(st.decimals(min_value="0.000001", max_value="100000", places=6))
def test_decimal_parts_are_exact(value):
    numerator, decimals = decimal_parts(value)
    assert Decimal(numerator).scaleb(-decimals) == value


@pytest.mark.parametrize("value", [0, -1, "nan", "inf", "1e-19", "1e16"])
def test_decimal_parts_refuses_what_it_cannot_hold(value):
    with pytest.raises(ValueError, match=r"must be|more digits"):
        decimal_parts(value)

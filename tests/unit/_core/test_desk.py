"""What the session may ask of the core."""

from typing import Any

import orjson
import pytest

from engine._core.core import Core
from tests.rig import NAME, ROW, Rig
from tests.unit._core.test_told import TRADE


def test_an_instrument_is_added_once_and_refreshed() -> None:
    core = Core(1)
    index = core.add_instrument(ROW)
    assert core.add_instrument({**ROW, "tick_size": 1.0}) == index
    assert core.table.facts(index)["tick_size"] == 1.0
    assert core.market(index).name == NAME


def test_a_bad_row_names_instrument_and_field() -> None:
    with pytest.raises(ValueError, match=r"BTC-PERPETUAL: tick_size"):
        Core(1).add_instrument({**ROW, "tick_size": -1})


@pytest.mark.parametrize("index", [-1, 1, 10_000])
def test_an_index_without_an_instrument_is_an_error(index: int) -> None:
    core = Core(1)
    core.add_instrument(ROW)
    with pytest.raises(IndexError):
        core.market(index)


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 10.0), (-1.0, 10.0), (5.0, 0.5)])
def test_credit_limits_must_be_positive(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="allowed are a rate above 0"):
        Core(1).set_credit_limits({"trading": (rate, burst)})


def test_a_position_from_the_venue_is_taken_as_it_is() -> None:
    rig = Rig()
    rig.core.set_position(rig.index, -12, 5_000.0)
    seen = rig.snapshot()
    assert (seen["position"], seen["average_price"]) == (-120.0, 5_000.0)
    assert seen["max_abs_position"] == 120.0


def test_a_cleared_book_waits_for_its_snapshot() -> None:
    rig = Rig()
    rig.book([(100, 1)], [(102, 1)])
    assert rig.core.book_levels(rig.index, "bid") == [(100, 1)]
    rig.core.expect_snapshot(rig.index)
    assert rig.snapshot()["book_state"] == "empty"
    assert rig.core.book_levels(rig.index, "bid") == []


def test_the_run_id_is_in_every_label() -> None:
    core = Core(0xDEADBEEF)
    assert core.run_id == 0xDEADBEEF
    rig = Rig()
    rig.wisher.bids = [(100, 1)]
    rig.book([(100, 1)], [(102, 1)])
    assert rig.core.orders.label_of(0) == f"hs-{rig.core.run_id:08x}-0-1"
    with pytest.raises(IndexError):
        core.orders.label_of(-1)


def test_a_doubted_order_is_unknown_and_counts_in_full() -> None:
    rig = Rig()
    rig.wisher.bids = [(100, 1)]
    rig.book([(100, 1)], [(102, 1)])
    label = rig.core.orders.label_of(0)
    assert not rig.core.doubt(0, label[:-1] + "9"), "another order's label"
    assert rig.core.doubt(0, label)
    assert not rig.core.doubt(0, label), "once is enough"
    assert [slot["state"] for slot in rig.core.open_slots()] == ["unknown"]


def test_a_position_goes_through_json_to_the_bit() -> None:
    rig, other = Rig(), Rig()
    rig.core.set_position(rig.index, -12, 0.1 + 0.2)
    found = orjson.loads(orjson.dumps(rig.core.dump_position(rig.index)))
    found |= {"fees": 0.1, "realized_pnl": -1e-12, "n_fills": 7}
    other.core.load_position(other.index, found)
    assert other.core.dump_position(other.index) == found
    assert other.snapshot()["position"] == -120.0


@pytest.mark.parametrize("key", ["size_lots", "average_price", "n_fills"])
@pytest.mark.parametrize("value", [None, "many", "left out"])
def test_half_a_position_is_not_taken(key: str, value: str | None) -> None:
    rig = Rig()
    rig.core.set_position(rig.index, 3, 5.0)
    before = rig.core.dump_position(rig.index)
    found: dict[str, Any] = {**before, "size_lots": 9, "fees": 1.0, key: value}
    if value == "left out":
        del found[key]
    with pytest.raises((KeyError, TypeError, ValueError)):
        rig.core.load_position(rig.index, found)
    assert rig.core.dump_position(rig.index) == before


def test_a_trade_an_earlier_run_booked_is_not_booked_again() -> None:
    rig = Rig()
    rig.core.remember_trade(rig.index, "BTC-77")
    row = TRADE | {"trade_id": "BTC-77"}
    assert not rig.core.trade(row)
    assert rig.core.trade({**row, "trade_id": "BTC-78"})
    assert rig.core.fills_booked() == 1
    with pytest.raises(ValueError, match="trade id"):
        rig.core.remember_trade(rig.index, "9" * 1_000)


def test_a_core_without_a_session_has_no_checkpoint() -> None:
    assert Core(1).checkpoint() == {}

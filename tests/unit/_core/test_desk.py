"""What the session may ask of the core."""

import pytest

from engine._core.core import Core
from tests.rig import NAME, ROW, Rig


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
    with pytest.raises(ValueError, match="must be positive"):
        Core(1).set_credit_limits(rate, burst)


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

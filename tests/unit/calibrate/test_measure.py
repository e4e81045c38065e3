"""Time by spread, depths from the mid before, blocks of readable time."""

from collections import Counter

import pytest

from engine.calibrate.measure import PER_BLOCK_MIN, Session
from tests.generators.true_market import TrueMarket
from tests.unit.calibrate.tapes import tape_of, true_tape


def test_time_counts_while_the_book_can_be_read():
    session = Session(
        tape_of(
            [(0, 10, 12), (1000, 10, 13), (1500, 0, 0), (9000, 10, 12), (9250, 9, 12)]
        )
    )
    assert session.spread_seconds == {2: 1.25, 3: 0.5}
    assert session.seconds == 1.75
    assert list(session.covered_s) == [0.0, 1.0, 1.5, 1.5, 1.75, 1.75]


def test_depths_are_from_the_mid_just_before_in_half_ticks():
    touches = [(0, 10, 12), (1000, 10, 13), (2000, 10, 13)]
    takes = [(500, 1, 12), (700, -1, 8), (1000, 1, 14), (1001, 1, 14)]
    session = Session(tape_of(touches, takes))
    assert [(take.spread, take.depth) for take in session.takes] == [
        (2, 2),
        (2, 6),
        # At the very millisecond of a touch it met the one before.
        (2, 6),
        (3, 5),
    ]
    assert session.orders() == Counter({(2, 6): 2, (2, 2): 1, (3, 5): 1})
    assert session.takes[3].covered_s == pytest.approx(1.001)


def test_a_trade_nearer_than_the_touch_counts_at_the_touch():
    session = Session(tape_of([(0, 10, 14), (1000, 10, 14)], [(500, 1, 12)], 1000))
    assert session.inside == 1
    assert session.takes[0].depth == 4


def test_what_met_no_book_is_left_out_and_counted():
    touches = [(100, 10, 12), (200, 0, 0), (300, 10, 12)]
    session = Session(tape_of(touches, [(50, 1, 12), (250, 1, 12), (310, 1, 12)], 310))
    assert session.unseen == 2
    assert len(session.takes) == 1


def test_blocks_are_of_readable_time():
    takes = [(ms, 1, 12) for ms in range(100, 1000, 10)]
    takes += [(ms, 1, 12) for ms in range(9010, 9100, 10)]
    session = Session(
        tape_of([(0, 10, 12), (1000, 0, 0), (9000, 10, 12)], takes, heard_ms=10_000)
    )
    counts = [block.total() for block in session.blocks()]
    assert sum(counts) == len(takes)
    assert len(counts) == len(takes) // PER_BLOCK_MIN
    # Half of two seconds in the first stretch, which had nine tenths of the orders.
    assert sum(counts[: len(counts) // 2]) >= 85
    assert max(counts[len(counts) // 2 + 2 :]) == 0
    assert Session(tape_of([(0, 10, 12), (1, 9, 12)])).blocks() == []


def test_the_mid_after_a_while_wants_an_unbroken_tape():
    session = Session(
        tape_of([(0, 10, 12), (100, 11, 12), (200, 0, 0), (300, 12, 14)], heard_ms=500)
    )
    assert session.mid_after(0, 0) == 22
    assert session.mid_after(0, 100) == 23
    assert session.mid_after(0, 199) == 23
    assert session.mid_after(0, 200) is None
    assert session.mid_after(0, 400) is None
    assert session.mid_after(3, 400) == 26
    assert session.mid_after(3, 501) is None


def test_every_order_of_a_made_up_market_is_met(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    session = Session(true_tape(folder, 5, seconds=300.0))
    market = TrueMarket(5, seconds=300.0)
    orders = sum(
        1
        for _, message in market.frames()
        if message["params"]["channel"].startswith("trades.")
    )
    assert session.unseen == session.inside == 0
    # A long order comes in two frames, and is one.
    assert 0.6 * orders < len(session.takes) < orders
    assert session.seconds == pytest.approx(300, abs=2)
    assert set(session.spread_seconds) == {2, 3, 4}

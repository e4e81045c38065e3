"""Markouts by hand, and against a market whose adverse move is known."""

import pytest

from engine.calibrate.markout import BLOCK_HORIZONS, markouts, moves
from engine.calibrate.measure import Session
from engine.calibrate.stats import BLOCKS_MIN
from tests.unit.calibrate.tapes import tape_of, true_tape

TOUCHES = [(0, 10, 12), (600, 11, 13), (1700, 14, 16), (60_000, 14, 17)]


def by_key(found):
    return {(each.side, each.horizon_s): each for each in found}


def test_both_sides_by_hand():
    session = Session(tape_of(TOUCHES, [(500, 1, 12), (1650, -1, 11)]))
    found = by_key(markouts(session, (1.0,)))
    # A seller of ours at 12, the mid 11 before and 12 after: all of the half-spread
    # is gone. A buyer at 11, the mid 12 and then 15: gained 4.
    assert found["ask", 1.0].adverse_ticks.value == 1.0
    assert found["ask", 1.0].markout_ticks.value == 0.0
    assert found["bid", 1.0].adverse_ticks.value == -3.0
    assert found["bid", 1.0].markout_ticks.value == 4.0
    assert found["both", 1.0].fills == 2
    assert found["both", 1.0].adverse_ticks.value == -1.0


def test_what_ends_or_breaks_before_the_horizon_is_left_out():
    touches = [(0, 10, 12), (5000, 0, 0), (6000, 10, 12)]
    session = Session(tape_of(touches, [(1000, 1, 12), (4500, 1, 12)], 7000))
    assert len(moves(session, 1.0)) == 1
    assert markouts(session, (60.0,)) == []


def test_a_short_recording_has_no_error():
    takes = [(ms, 1, 12) for ms in range(1000, 30_000, 100)]
    session = Session(tape_of([(0, 10, 12), (1500, 11, 13)], takes, 39_000))
    found = by_key(markouts(session, (1.0,)))["both", 1.0]
    assert session.seconds < BLOCKS_MIN * BLOCK_HORIZONS
    assert found.adverse_ticks.low is None


def test_the_known_adverse_move_is_found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    held = 0
    for seed in range(12):
        session = Session(true_tape(folder, seed, seconds=240.0))
        found = by_key(markouts(session, (1.0,)))
        for side in ("bid", "ask"):
            estimate = found[side, 1.0].adverse_ticks
            held += estimate.low <= 0.5 <= estimate.high
            # What a quote at the touch earns is half the spread less the move.
            markout = found[side, 1.0].markout_ticks
            assert markout.value + estimate.value > 1.0
    # Binomial: below 19 of 24 at 95 % has probability 1 in 1,000.
    assert held >= 19


def test_json_names_side_and_horizon():
    session = Session(tape_of(TOUCHES, [(500, 1, 12)]))
    row = markouts(session, (1.0,))[0].as_json()
    assert (row["side"], row["horizon_s"], row["fills"]) == ("ask", 1.0, 1)
    assert row["adverse_ticks"] == pytest.approx(
        {"value": 1.0, "low": None, "high": None, "standard_error": None}
    )

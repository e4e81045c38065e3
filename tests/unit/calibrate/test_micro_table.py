"""The micro-price's table against a market whose table is computed another way."""

from random import Random

import pytest

from engine.calibrate.measure import Session
from engine.calibrate.micro_price import MicroPriceFit
from engine.calibrate.micro_table import MOVES_MIN, entries, micro_table
from engine.calibrate.stats import BLOCKS_MIN
from tests.generators import leaning_market
from tests.generators.leaning_market import BINS, truth, up_chance
from tests.unit.calibrate.tapes import tape_of


def fitted(seed, touches):
    return micro_table(Session(leaning_market.tape_of(seed, touches)))


def test_the_truth_of_the_market_is_where_its_paths_end():
    """The expected mid after many moves, by playing it: the table's very meaning."""
    rng, at, ends, paths = Random(1), BINS - 1, 0.0, 3000
    for _ in range(paths):
        here, spread, mid = at, 0, 0.0
        for _ in range(60):
            is_move = rng.random() < leaning_market.MOVE[spread]
            if is_move:
                mid += 1 if rng.random() < up_chance(here) else -1
            elif rng.random() > leaning_market.STAY_SPREAD:
                mid += rng.choice((-0.5, 0.5))
                spread = 1 - spread
            here = leaning_market.next_bin(rng, here, is_move)
        ends += mid / paths
    assert ends == pytest.approx(truth()[0][at], abs=0.2)


def test_the_table_is_found_as_often_as_the_intervals_say():
    held = entries = 0
    for seed in range(12):
        table = fitted(seed, 4000).table
        for spread in range(2):
            # One half; the other is its mirror, exactly.
            for at in range(BINS // 2 + 1, BINS):
                entry = table[spread][at]
                held += entry.low <= truth()[spread][at] <= entry.high
                entries += 1
                assert entry.value == -table[spread][BINS - 1 - at].value
            assert table[spread][BINS // 2].value == 0.0
        assert table[2] == [None] * BINS
    # Entries of a table go together: 78 of 96 leaves room for two bad tables.
    assert entries == 96
    assert held >= 78


def test_few_moves_have_no_table():
    found = micro_table(Session(tape_of([(0, 10, 12), (100, 11, 13)])))
    assert found.why_not == f"1 moves of the mid, a fit wants {MOVES_MIN}"
    assert found.table == []
    assert found.as_json()["table_ticks"] == []


def test_a_break_is_no_transition():
    touches = []
    for number in range(600):
        bid = 100 + number % 2
        touches.append((3 * number, bid, bid + 2))
        touches.append((3 * number + 1, 0, 0))
    assert micro_table(Session(tape_of(touches))).moves == 0


def test_a_chain_that_alternates_has_its_sum():
    # Heavy bids, a tick up, heavy asks, a tick down, and so on: after a move the
    # next one is the other way. G = 1 - 1 + 1 - ... = 1/2.
    touches = [(100 * n, 100 + n % 2, 102 + n % 2) for n in range(4000)]
    tape = tape_of(touches)
    for place in range(len(tape.touch_ms) - 1):
        lots = (9, 1) if tape.bids[place] == 100 else (1, 9)
        tape.bid_lots[place], tape.ask_lots[place] = lots
    row = micro_table(Session(tape)).table_ticks[1]
    assert row[-1] == pytest.approx(0.5)
    assert row[0] == pytest.approx(-0.5)
    assert row[1:-1] == [0.0] * (BINS - 2)


def test_a_short_recording_has_entries_without_intervals():
    best = MicroPriceFit([[-0.5, 0.0, 0.5]], [[200, 5, 200]], [[9, 9, 9]])
    (row,) = entries(best, [[[-0.4, 0.0, 0.4]]] * (BLOCKS_MIN - 1))
    assert (row[0].value, row[0].low) == (-0.5, None)
    assert row[1] is None
    (row,) = entries(best, [[[-0.4, 0.0, 0.4]]] * BLOCKS_MIN)
    assert (row[0].low, row[0].standard_error) == (-0.5, 0.0)


def test_json_has_a_row_for_each_spread():
    table = fitted(1, 3000).as_json()["table_ticks"]
    assert len(table) == 3
    assert table[0][0].keys() >= {"value", "low", "high"}
    assert table[2][0] is None

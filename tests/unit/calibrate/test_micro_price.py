"""The fit against chains whose answer is known, and against the sum over all steps."""

import random
from itertools import pairwise

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine._core.signals.micro_price import MicroPrice, imbalance_bucket
from engine.calibrate.micro_price import STATES_MAX, fit_micro_price

LOTS = {3: ((1, 9), (5, 5), (9, 1)), 5: ((1, 9), (3, 7), (5, 5), (7, 3), (9, 1))}


def simulate(rng, steps, buckets, rise, spreads=1):
    """A random market: the bucket walks; in the last one the price rises, and resets.

    ``rise[b]`` is the chance of a move towards the heavier side in bucket b above the
    middle; the others mirror it.
    """
    middle, bid, bucket = buckets // 2, 10_000, buckets // 2
    for _ in range(steps):
        spread = rng.randint(1, spreads)
        yield (bid, bid + spread, *LOTS[buckets][bucket])
        side = 1 if bucket > middle else -1
        if bucket != middle and rng.random() < rise[abs(bucket - middle)]:
            bid, bucket = bid + side, middle
        else:
            bucket = max(0, min(buckets - 1, bucket + rng.choice([-1, 1])))


def test_a_chain_with_a_certain_end():
    """From the outer bucket the price moves one tick for sure, sooner or later.

    Three buckets, the outer ones hold until the move: G* = -1, 0, 1.
    """
    rng, touches = random.Random(1), []
    bid = 500
    for _ in range(2_000):
        touches.append((bid, bid + 1, 5, 5))
        up = rng.random() < 0.5
        for _ in range(rng.randint(1, 4)):
            touches.append((bid, bid + 1, *((9, 1) if up else (1, 9))))
        bid += 1 if up else -1
    fit = fit_micro_price(touches, buckets=3, spreads=1)
    assert fit.table == [[pytest.approx(-1), 0.0, pytest.approx(1)]]
    assert not fit.is_empty
    MicroPrice(table=fit.table)


def exact(buckets, rise):
    """Return G* of `simulate`: expected moves, summed over all steps to come."""
    middle = buckets // 2
    chain = numpy.zeros((buckets, buckets))
    drift = numpy.zeros(buckets)
    for b in range(buckets):
        chance = rise[abs(b - middle)] if b != middle else 0.0
        chain[b, middle] += chance
        drift[b] = chance * (1 if b > middle else -1)
        for step in (-1, 1):
            chain[b, max(0, min(buckets - 1, b + step))] += (1 - chance) / 2
    total, at = numpy.zeros(buckets), numpy.eye(buckets)
    for _ in range(5_000):
        total += at @ drift
        at = at @ chain
    return total


@pytest.mark.parametrize(("buckets", "rise"), [(3, [0, 0.3]), (5, [0, 0.1, 0.4])])
def test_a_simulated_market_gives_its_table_back(buckets, rise):
    fit = fit_micro_price(
        simulate(random.Random(7), 60_000, buckets, rise), buckets=buckets, spreads=1
    )
    assert fit.table[0] == pytest.approx(list(exact(buckets, rise)), abs=0.02)
    # Spreads that mean nothing change nothing.
    wide = fit_micro_price(
        simulate(random.Random(7), 60_000, buckets, rise, spreads=2),
        buckets=buckets,
        spreads=1,
    )
    assert wide.table[0] == pytest.approx(list(exact(buckets, rise)), abs=0.03)


TOUCHES = st.lists(
    st.tuples(
        st.integers(100, 104), st.integers(0, 4), st.integers(1, 9), st.integers(1, 9)
    ).map(lambda t: (t[0], t[0] + t[1], t[2], t[3])),
    min_size=2,
    max_size=60,
)


@settings(max_examples=60)
@given(touches=TOUCHES, buckets=st.sampled_from([1, 3, 5]), spreads=st.integers(1, 3))
def test_the_sum_over_all_steps_is_the_same(touches, buckets, spreads):
    """Independent: expected move now, plus that of each step to come, by powers."""
    fit = fit_micro_price(touches, buckets=buckets, spreads=spreads, changes_min=1)
    size = buckets * spreads
    chain, drift = numpy.zeros((size, size)), numpy.zeros(size)

    def state(bid, ask, bid_lots, ask_lots):
        row = (min(ask - bid, spreads) - 1) * buckets
        return row + imbalance_bucket(bid_lots, ask_lots, buckets)

    for a, b in pairwise(touches):
        if a[0] >= a[1] or b[0] >= b[1]:
            continue
        move = (b[0] + b[1] - a[0] - a[1]) / 2
        flipped = [(t[0], t[1], t[3], t[2]) for t in (a, b)]
        for (x, y), by in (((a, b), move), (flipped, -move)):
            chain[state(*x), state(*y)] += 1
            drift[state(*x)] += by
    counts = chain.sum(axis=1)
    seen = counts > 0
    chain[seen] /= counts[seen, None]
    drift[seen] /= counts[seen]
    # Half a step of patience makes the sum converge where the chain only alternates.
    lazy = (chain + numpy.diag(seen.astype(float))) / 2
    total, at = numpy.zeros(size), numpy.eye(size)
    for _ in range(6_000):
        total += at @ drift / 2
        at = at @ lazy
    found = numpy.array([cell for row in fit.table for cell in row])
    assume(abs(at @ drift).max() < 1e-9)  # two halves: no sum settles
    # Nor has a chain one answer that never comes to where bid and ask are exchanged.
    cells = numpy.arange(size).reshape(spreads, buckets)
    mirror = cells[:, ::-1].ravel()
    assume(all(at[cell, mirror[cell]] > 1e-12 for cell in numpy.flatnonzero(seen)))
    assert [sum(row) for row in fit.changes] == [
        int(counts[s * buckets : (s + 1) * buckets].sum()) for s in range(spreads)
    ]
    assert found == pytest.approx(total, abs=1e-4)


def test_a_break_is_no_move():
    calm = [(100, 101, 5, 5), (100, 101, 9, 1), (100, 101, 5, 5)]
    broken = [*calm, (7, 7, 5, 5), (900, 901, 9, 1), (900, 901, 5, 0), *calm]
    fit = fit_micro_price(broken * 50, buckets=3, spreads=1)
    assert fit.is_empty
    assert sum(map(sum, fit.moves)) == 0


def test_too_little_data_is_no_adjustment():
    touches = [(100, 101, 9, 1), (101, 102, 5, 5), (101, 102, 9, 1)] * 10
    assert fit_micro_price(touches, buckets=3, spreads=1, changes_min=500).is_empty
    assert fit_micro_price([], buckets=3, spreads=2).table == [[0.0] * 3] * 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"buckets": 4}, "buckets must be an odd number above 0, not 4"),
        ({"buckets": -1}, "buckets"),
        ({"spreads": 0}, "spreads must be above 0"),
        ({"buckets": 9, "spreads": STATES_MAX // 9 + 1}, "at most 256, not 29"),
        ({"changes_min": 0}, "changes_min must be above 0, not 0"),
    ],
)
def test_bad_arguments_are_named(changes, said):
    with pytest.raises(ValueError, match=said):
        fit_micro_price([], **changes)

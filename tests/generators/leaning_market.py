"""A made-up market whose micro-price is known: touches that lean before they move.

A touch has an imbalance out of a few, and a spread of one or two ticks. From touch to
touch either its sizes change, or the price moves a tick (both sides), more likely to
the thinner side. The truth is computed from these probabilities, with numpy.
"""

from __future__ import annotations

from random import Random

import numpy as np

from engine.calibrate.tape import Tape

BINS = 9
SPREADS = 2
MOVE = (0.30, 0.15)
"""Chance of a move from touch to touch, by spread."""
STAY_SPREAD = 0.9


def lots_of(at: int) -> tuple[int, int]:
    """Return bid and ask sizes in the middle of a bin."""
    return 2 * at + 1, 2 * BINS - 2 * at - 1


def up_chance(at: int) -> float:
    """Return how likely a move goes up, from a bin of the imbalance."""
    return 0.1 + 0.8 * at / (BINS - 1)


def next_bin(rng: Random, at: int, is_move: bool) -> int:
    """Return the next bin: a step of a walk that stays inside, or anything."""
    if is_move:
        return rng.randrange(BINS)
    return min(BINS - 1, max(0, at + rng.choice((-1, 0, 1))))


def tape_of(seed: int, touches: int) -> Tape:
    """Return so many touches, 100 ms apart."""
    rng = Random(seed)
    tape = Tape("X", 0.5, 10.0)
    at, spread, bid = BINS // 2, 1, 10_000
    for number in range(touches):
        ms = 1000 + 100 * number
        tape.heard_ms = ms
        tape.touch(ms, bid, bid + spread, *lots_of(at))
        is_move = rng.random() < MOVE[spread - 1]
        if is_move:
            bid += 1 if rng.random() < up_chance(at) else -1
        elif rng.random() > STAY_SPREAD:
            # The spread changes symmetrically or not at all: its mid moves half a tick.
            wider = spread == 1
            is_bid = rng.random() < 0.5
            bid += (-1 if wider else 1) * is_bid
            spread = 3 - spread
        at = next_bin(rng, at, is_move)
    tape.end()
    return tape


def truth() -> np.ndarray:
    """Return the micro-price's distance from the mid, ticks: [spread, bin]."""
    n = BINS * SPREADS
    quiet, moved, mean = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    for spread in range(SPREADS):
        for at in range(BINS):
            state = spread * BINS + at
            mean[state] = MOVE[spread] * (2 * up_chance(at) - 1)
            for then in range(BINS):
                moved[state, spread * BINS + then] += MOVE[spread] / BINS
            for step in (-1, 0, 1):
                then = min(BINS - 1, max(0, at + step))
                still = (1 - MOVE[spread]) / 3
                quiet[state, spread * BINS + then] += STAY_SPREAD * still
                # Half a tick up or down, as likely: a move, of mean 0.
                other = (1 - spread) * BINS + then
                moved[state, other] += (1 - STAY_SPREAD) * still
    inverse = np.linalg.inv(np.eye(n) - quiet)
    first, after = inverse @ mean, inverse @ moved
    # The walk's drift under the stationary law is 0 by symmetry: a pseudo-inverse
    # of 1 - B sums the series.
    total, term = first.copy(), first
    for _ in range(10_000):
        term = after @ term
        total += term
    return total.reshape(SPREADS, BINS)

"""Volatility: a known walk under a flickering touch."""

import math
from random import Random

import pytest

from engine.calibrate.measure import Session
from engine.calibrate.volatility import (
    BLOCK_SAMPLES_MIN,
    FINE_MS,
    SLOW_SAMPLES,
    both_scales,
    stretches,
    volatility,
)
from tests.generators.true_market import TrueMarket
from tests.unit.calibrate.tapes import tape_of, true_tape


def test_a_walk_has_its_variance_on_both_scales_whatever_the_noise():
    slow, plain, n = 0.0, 0.0, 60
    for seed in range(n):
        rng = Random(seed)
        price, mids = 0.0, []
        for _ in range(1001):
            price += rng.gauss(0, math.sqrt(4.0 * FINE_MS / 1000))
            mids.append(price + rng.gauss(0, 0.8))
        found = both_scales(mids)
        slow += found[0] / n
        plain += found[1] / n
    # 4 ticks^2/s; the noise adds 2 * 0.64 a sample of 0.1 s to the plain one.
    assert slow == pytest.approx(4.0, rel=0.06)
    assert plain == pytest.approx(4.0 + 12.8, rel=0.03)


def test_a_straight_line_has_the_slow_variance_of_its_slope():
    found = both_scales([float(n) for n in range(BLOCK_SAMPLES_MIN + 1)])
    dt_s = FINE_MS / 1000
    expected = (SLOW_SAMPLES - 1 / SLOW_SAMPLES) / (1 - 1 / SLOW_SAMPLES) / dt_s
    assert found[0] == pytest.approx(expected)
    assert found[1] == pytest.approx(1 / dt_s)


def test_samples_are_the_mid_in_force_and_end_at_a_break():
    session = Session(
        tape_of(
            [(0, 10, 12), (250, 10, 13), (400, 0, 0), (1000, 20, 22), (1100, 20, 23)]
        )
    )
    assert stretches(session) == [[11.0, 11.0, 11.0, 11.5], [21.0]]


def test_a_short_tape_has_none():
    found = volatility(Session(tape_of([(0, 10, 12), (500, 10, 13)])))
    assert (found.two_scale, found.plain, found.seconds) == (None, None, 0.0)
    assert found.as_json()["two_scale_ticks"] is None


def test_a_still_book_has_none_to_speak_of():
    found = volatility(Session(tape_of([(0, 10, 12)], heard_ms=400_000)))
    assert found.two_scale.value == 0.0
    assert found.plain.value == 0.0


def test_the_known_volatility_is_found_under_a_flickering_touch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    held = flicker_held = 0
    for seed in range(12):
        found = volatility(Session(true_tape(folder, seed, seconds=240.0)))
        truth = TrueMarket(seed).sigma_ticks()
        held += found.two_scale.low <= truth <= found.two_scale.high
        flicker_held += found.plain.low <= truth <= found.plain.high
    # Binomial: below 9 of 12 at 95 % has probability 1 in 500.
    assert held >= 9
    assert flicker_held <= 6

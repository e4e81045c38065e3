"""Order of events, and times drawn from a stream."""

from __future__ import annotations

import random
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.flow.clockwork import Clockwork, decay, exponential_ns, reverting


def test_equal_times_keep_their_order() -> None:
    clockwork = Clockwork()
    seen: list[str] = []
    for name in "abc":
        clockwork.at(5, lambda _t, name=name: seen.append(name))
    clockwork.at(4, lambda t_ns: seen.append(str(t_ns)))
    while clockwork.next_ns():
        clockwork.run_next()
    assert seen == ["4", "a", "b", "c"]


def test_nothing_to_do_is_time_zero() -> None:
    assert Clockwork().next_ns() == 0


def test_a_shift_keeps_order_and_distances() -> None:
    clockwork = Clockwork()
    seen: list[int] = []
    for t_ns in (7, 5):
        clockwork.at(t_ns, seen.append)
    clockwork.shift(100)
    assert clockwork.next_ns() == 105
    clockwork.run_next()
    clockwork.run_next()
    assert seen == [105, 107]


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_decay_halves_per_half_life(elapsed_ns: int, half_life_ns: int) -> None:
    kept = decay(elapsed_ns, half_life_ns)
    assert 0.0 <= kept <= 1.0
    assert decay(elapsed_ns + half_life_ns, half_life_ns) == pytest.approx(kept / 2)


def test_exponential_times_are_positive_and_have_the_mean() -> None:
    dice = random.Random(1)
    times = [exponential_ns(dice, 1_000_000) for _ in range(20_000)]
    assert min(times) >= 1
    assert sum(times) / len(times) == pytest.approx(1_000_000, rel=0.03)


def test_a_reverting_process_keeps_its_spread_and_its_memory() -> None:
    dice = random.Random(2)
    value, seen = 5.0, []
    for _ in range(20_000):
        before, value = value, reverting(value, 0.9, 2.0, dice)
        seen.append((before, value))
    values = [after for _, after in seen[100:]]
    assert pstdev(values) == pytest.approx(2.0, rel=0.1)
    products = [before * after for before, after in seen[100:]]
    assert sum(products) / len(products) / 4.0 == pytest.approx(0.9, abs=0.1)

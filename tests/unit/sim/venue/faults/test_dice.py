"""Chance from a seed."""

from collections import Counter

from engine.sim.venue.faults.dice import Dice


def test_the_published_stream() -> None:
    dice = Dice(1234567)
    assert [dice.throw() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_certain_and_impossible_things() -> None:
    dice = Dice(1)
    assert all(dice.happens(1.0) for _ in range(100))
    assert not any(dice.happens(0.0) for _ in range(100))


def test_a_probability_is_kept_in_the_long_run() -> None:
    dice = Dice(2)
    assert 2_300 < sum(dice.happens(0.25) for _ in range(10_000)) < 2_700


def test_every_order_comes_up_and_nothing_is_lost() -> None:
    dice = Dice(3)
    orders = Counter("".join(dice.shuffled("abc")) for _ in range(600))
    assert len(orders) == 6
    assert min(orders.values()) > 60


def test_numbers_below() -> None:
    dice = Dice(4)
    assert {dice.below(3) for _ in range(100)} == {0, 1, 2}

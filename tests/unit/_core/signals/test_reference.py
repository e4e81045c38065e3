"""A reference price: the other mid at the usual ratio, both books needed."""

import math
import random

import pytest

from engine import QuoteSheet, Strategy, View
from engine._core.signals.reference import Reference
from engine._core.state.book import Book
from tests.generators.touches import SECOND_NS, Cut, Touch, show
from tests.oracles import signals as slow
from tests.rig import ROW, Rig

ETH = "ETH-PERPETUAL"


def pair(**params):
    """Return a signal, and how to show it a mid there, here, and time."""
    signal = Reference(**params)
    signal.tick_size, signal.own.tick_size = 0.05, 0.5
    books = Book(window_ticks=64), Book(window_ticks=64)

    def there(mid, now_ns):
        show(signal, books[0], Touch(mid - 1, mid + 1, 1, 1, now_ns))

    def here(mid, now_ns):
        show(signal.own, books[1], Touch(mid - 1, mid + 1, 1, 1, now_ns))

    return signal, books, there, here


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_value_is_the_reference_at_the_average_ratio(weight):
    signal, _, there, here = pair(tau_s=4.0, weight=weight)
    rng, pieces = random.Random(8), []
    mid, other = 1_000, 10_000
    here(mid, 0)
    for now_ns in range(0, 60 * SECOND_NS, SECOND_NS):
        other += rng.randint(-9, 9)
        there(other, now_ns)
        mid = round(other / 10) + rng.randint(-3, 3)
        here(mid, now_ns)
        signal.observe_time(now_ns)
        ratio = math.log(mid * 0.5 / (other * 0.05))
        if pieces:
            average = slow.average(pieces, now_ns, 4.0)
            gap = other * 0.05 * math.exp(average) / 0.5 - mid
            assert signal.gap_ticks == pytest.approx(gap, rel=1e-6, abs=1e-6)
            assert signal.value == pytest.approx(mid + weight * gap)
        pieces.append((now_ns, now_ns + SECOND_NS, ratio))


def test_a_leader_that_jumps_moves_the_fair_price_at_once():
    signal, _, there, here = pair(tau_s=10.0)
    here(1_000, 0)
    there(10_000, 0)
    signal.observe_time(10 * SECOND_NS)
    assert (signal.is_ready, signal.value) == (True, pytest.approx(1_000))
    there(10_100, 10 * SECOND_NS)
    signal.observe_time(10 * SECOND_NS)
    assert signal.value == pytest.approx(1_010)
    here(1_010, 10 * SECOND_NS)
    signal.observe_time(10 * SECOND_NS)
    assert signal.gap_ticks == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", ["lost", "crossed", "one-sided", "emptied"])
def test_not_ready_unless_both_books_are_usable(which, how):
    signal, books, there, here = pair(tau_s=1.0)
    here(1_000, 0)
    there(10_000, 0)
    signal.observe_time(SECOND_NS)
    assert signal.is_ready
    show((signal, signal.own)[which], books[which], Cut(how, SECOND_NS))
    signal.observe_time(SECOND_NS)
    assert not signal.is_ready
    signal.observe_time(50 * SECOND_NS)
    (there if which == 0 else here)((30_000, 3_000)[which], 50 * SECOND_NS)
    signal.observe_time(50 * SECOND_NS)
    assert signal.is_ready
    want = math.log(0.5 * 3 / 0.5) if which else math.log(1 / 3)
    assert signal.newest == pytest.approx(want)


class Follower(Strategy):
    """Keeps what the reference says at each call."""

    def __init__(self) -> None:
        self.fair = self.listen(Reference(tau_s=0.1), ETH)
        self.seen = []

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        self.seen.append((self.fair.is_ready, self.fair.value))


def test_the_engine_feeds_both_sides_of_it():
    follower = Follower()
    rig = Rig(strategy=follower)
    rig.core.add_instrument({**ROW, "instrument_name": ETH, "tick_size": 0.05})
    rig.book([(99, 1)], [(101, 1)])
    assert follower.seen[-1] == (False, 0.0)

    def eth(change_id, bid, ask):
        rig.push(
            f"book.{ETH}.raw",
            {
                "type": "snapshot",
                "timestamp": 1,
                "instrument_name": ETH,
                "change_id": change_id,
                "bids": [["new", bid, 10.0]],
                "asks": [["new", ask, 10.0]],
            },
        )

    eth(1, 24.5, 25.5)
    rig.advance(300)
    rig.advance(300)
    assert follower.seen[-1] == (True, pytest.approx(100))
    eth(2, 25.0, 26.0)
    rig.advance(1)
    rig.book([(99, 2)], [(101, 1)])
    is_ready, fair = follower.seen[-1]
    assert is_ready
    assert fair == pytest.approx(102, abs=0.05)


def test_it_needs_the_name_of_the_reference():
    class Bad(Strategy):
        def __init__(self) -> None:
            self.listen(Reference())

    with pytest.raises(ValueError, match="hears another instrument beside"):
        Bad()


@pytest.mark.parametrize("name", ["tau_s", "weight"])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, "2", True, None])
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        Reference(**{name: value})

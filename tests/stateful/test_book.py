"""The ladder book against a book of dicts, frame by frame, in windows too small."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine._core.state.book import Book
from tests.oracles.book import SlowBook

pytestmark = pytest.mark.stateful

SIDES = ("bid", "ask")

# Mostly near a moving centre, sometimes anywhere: ring and far levels both work.
near = st.integers(-40, 40)
wide = st.integers(-5_000, 5_000)
remote = st.sampled_from([-(2**48), -(2**31), 2**31, 2**48])
offsets = st.one_of(near, near, near, wide, remote)
sizes = st.one_of(st.just(0), st.integers(1, 5), st.just(2**62))
rows = st.lists(st.tuples(st.sampled_from(SIDES), offsets, sizes), max_size=30)


def placed(levels, centre):
    """Return rows around a centre; remote prices stay where they are."""
    return [
        (side, offset if abs(offset) > 10_000 else centre + offset, size)
        for side, offset, size in levels
    ]


class BookMachine(RuleBasedStateMachine):
    """Every rule drives both books alike; after each step they must be the same."""

    @initialize(window_ticks=st.sampled_from([64, 128, 4096]))
    def start(self, window_ticks):
        self.book = Book(window_ticks=window_ticks)
        self.slow = SlowBook()
        self.centre = 1_000
        self.last_id = 0

    def feed(self, levels, **frame):
        expected = self.slow.apply(levels, **frame)
        assert self.book.apply_rows(levels, **frame) == expected

    @rule(levels=rows, step=st.integers(1, 10**9))
    def snapshot(self, levels, step):
        self.last_id += step
        self.feed(placed(levels, self.centre), change_id=self.last_id, is_snapshot=True)

    @rule(levels=rows, step=st.integers(1, 10**9))
    def change(self, levels, step):
        previous, self.last_id = self.slow.change_id, self.last_id + step
        self.feed(
            placed(levels, self.centre),
            change_id=self.last_id,
            prev_change_id=previous,
        )

    @rule(
        levels=rows,
        move=st.one_of(st.integers(-30, 30), st.integers(-3_000, 3_000)),
        keep=st.integers(0, 3),
    )
    def move_market(self, levels, move, keep):
        """Pull the best levels and quote elsewhere: what makes a window move."""
        gone = [
            (side, price_ticks, 0)
            for side in SIDES
            for price_ticks, _ in self.slow.levels(side)[keep:][:20]
        ]
        self.centre += move
        previous, self.last_id = self.slow.change_id, self.last_id + 1
        self.feed(
            gone + placed(levels, self.centre),
            change_id=self.last_id,
            prev_change_id=previous,
        )

    @rule(levels=rows, offset=st.integers(1, 100))
    def skip_a_frame(self, levels, offset):
        self.last_id += 2 * offset
        self.feed(
            placed(levels, self.centre),
            change_id=self.last_id,
            prev_change_id=self.slow.change_id + offset,
        )

    @rule(levels=rows, back=st.integers(0, 100))
    def repeat_an_old_frame(self, levels, back):
        old_id = max(self.slow.snapshot_id - back, 1)
        self.feed(
            placed(levels, self.centre), change_id=old_id, prev_change_id=old_id - 1
        )

    @rule()
    def subscribe_again(self):
        self.book.forget()
        self.slow.forget()

    @rule()
    def lose_a_frame(self):
        self.book.mark_lost()
        self.slow.mark_lost()

    @invariant()
    def same_book(self):
        if not hasattr(self, "book"):
            return
        assert self.book.check() == "none"
        assert self.book.state_name == self.slow.state
        assert self.book.change_id == self.slow.change_id
        assert self.book.overflows == 0
        for side in SIDES:
            levels = self.slow.levels(side)
            assert self.book.levels(side) == levels
            assert self.book.levels(side, 5) == levels[:5]
            for price_ticks, qty_lots in levels[:3]:
                assert self.book.qty(side, price_ticks) == qty_lots
                assert self.book.qty(side, price_ticks + 10**6) == self.slow.sides[
                    side
                ].get(price_ticks + 10**6, 0)


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

"""The ladder under the book: window, far levels, bitmaps and memory."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.state.book import Book
from tests.memory import handed_out_bytes, resident_bytes

FAR_LEVELS_MAX = 8192


def change(book, *rows, change_id, prev_change_id):
    return book.apply_rows(
        list(rows), change_id=change_id, prev_change_id=prev_change_id
    )


@given(
    window_ticks=st.sampled_from([64, 128, 4096, 8192]),
    best=st.integers(-(2**47), 2**47),
    depths=st.sets(st.integers(0, 20_000), max_size=60),
    side=st.sampled_from(["bid", "ask"]),
)
def test_levels_come_back_in_order(window_ticks, best, depths, side):
    """Whatever the window, base and distance, every storey of the tree agrees."""
    sign = -1 if side == "bid" else 1
    book = Book(window_ticks=window_ticks)
    rows = [(side, best + sign * depth, depth + 1) for depth in depths]
    book.apply_rows(rows, change_id=1, is_snapshot=True)
    assert book.check() == "none"
    expected = [(best + sign * depth, depth + 1) for depth in sorted(depths)]
    assert book.levels(side) == expected
    # Take them away again, best first: each time the next best must be found.
    for i, (price_ticks, _) in enumerate(expected):
        change(book, (side, price_ticks, 0), change_id=i + 2, prev_change_id=i + 1)
        assert book.levels(side, 1) == expected[i + 1 : i + 2]
    assert book.check() == "none"


def test_window_follows_the_best_level():
    """Far below the window nothing is lost, and it comes back when the price does."""
    book = Book(window_ticks=64)
    deep = [("bid", 100 - 10 * i, i) for i in range(50)]
    touch = [("bid", 100, 10), ("bid", 99, 11), ("ask", 101, 20), ("ask", 103, 21)]
    book.apply_rows(deep + touch, change_id=6, is_snapshot=True)
    prev, expected = 6, book.levels("bid")
    for price_ticks in (5_000, 90, 70_000, 101):
        rows = [("ask", 101, 0), ("ask", 103, 0), ("bid", price_ticks, 1)]
        prev, change_id = prev + 1, prev
        change(book, *rows, change_id=prev, prev_change_id=change_id)
        assert book.check() == "none"
        prev, change_id = prev + 1, prev
        gone = ("bid", price_ticks, 0 if price_ticks != 90 else 9)
        change(book, gone, change_id=prev, prev_change_id=change_id)
        assert book.check() == "none"
    expected = sorted({**dict(expected), 90: 9}.items(), reverse=True)
    assert book.levels("bid") == expected
    assert book.rebases >= 4


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_far_levels_at_the_limit_and_one_past(side):
    sign = -1 if side == "bid" else 1
    book = Book(window_ticks=64)
    start = 10**6
    far = [(side, start + sign * (1_000 + i), 1 + i % 7) for i in range(FAR_LEVELS_MAX)]
    rows = [(side, start, 1), *far]
    assert book.apply_rows(rows, change_id=1, is_snapshot=True) == "touch"
    assert book.check() == "none"
    assert len(book.levels(side)) == FAR_LEVELS_MAX + 1
    one_more = (side, start + sign * 500, 1)
    assert change(book, one_more, change_id=2, prev_change_id=1) == "gap"
    assert book.state_name == "gapped"
    assert book.overflows == 1
    assert book.levels(side) == []
    assert book.check() == "none"
    # Given up until a snapshot; then all is well again.
    assert change(book, change_id=3, prev_change_id=2) == "waiting"
    assert book.apply_rows(rows[:100], change_id=4, is_snapshot=True) == "touch"
    assert len(book.levels(side)) == 100
    assert book.check() == "none"


def test_moving_the_window_past_the_limit_gives_the_book_up():
    book = Book(window_ticks=16384)
    rows = [("bid", 20_000 - i, 1) for i in range(FAR_LEVELS_MAX + 1)]
    assert book.apply_rows(rows, change_id=1, is_snapshot=True) == "touch"
    jump = ("bid", 10**6, 1)
    assert change(book, jump, change_id=2, prev_change_id=1) == "gap"
    assert book.overflows == 1
    # One level less fits.
    book.apply_rows(rows[1:], change_id=3, is_snapshot=True)
    assert change(book, jump, change_id=4, prev_change_id=3) == "touch"
    assert len(book.levels("bid")) == FAR_LEVELS_MAX + 1
    assert book.check() == "none"


@pytest.mark.parametrize("window_ticks", [0, -64, 63, 65, 96, 2**21])
def test_bad_window_is_refused(window_ticks):
    with pytest.raises(ValueError, match="window_ticks") as caught:
        Book(window_ticks=window_ticks)
    assert str(window_ticks) in str(caught.value)


@pytest.mark.parametrize(
    ("window_ticks", "cap_bytes"),
    [(64, 600_000), (16_384, 800_000), (65_536, 1_600_000), (2**20, 17_600_000)],
)
def test_memory_is_capped(window_ticks, cap_bytes):
    """The cap is what the docstring says: 2 * (8.13 * window + 262,144) bytes."""
    memory_bytes = Book(window_ticks=window_ticks).memory_cap_bytes
    assert memory_bytes <= cap_bytes
    assert memory_bytes <= 2 * (8.13 * window_ticks + 262_144)
    assert memory_bytes >= 2 * 8 * window_ticks


def hostile(dice, window_ticks, limit=2**47):
    """Return frames that fill windows, jump, and fill what lies outside them."""
    frames = []
    for _ in range(40):
        start = dice.randint(-limit, limit)
        step = dice.choice([1, 3, window_ticks // 8, window_ticks + 1, 2**20 + 7])
        for first in range(0, 1_000, 100):
            frames.append(
                [
                    (side, start + sign * step * n, dice.randint(1, 9))
                    for n in range(first, first + 100)
                    for side, sign in (("bid", -1), ("ask", 1))
                ]
            )
        top = dice.randint(-limit, limit)
        frames.append([("bid", top + dice.randint(-50, 50), 1) for _ in range(20)])
    return frames


@pytest.mark.parametrize("window_ticks", [64, 16_384, 65_536])
def test_no_prices_make_a_book_take_more_than_its_cap(window_ticks):
    dice = random.Random(window_ticks)
    frames = hostile(dice, window_ticks)
    full = [("bid", n, 1) for n in range(FAR_LEVELS_MAX + window_ticks // 4 + 1)]
    handed, resident = handed_out_bytes(), resident_bytes()
    book = Book(window_ticks=window_ticks)
    # Nothing of it is there before a level needs it.
    assert resident_bytes() - resident <= 64 * 1024
    at = 1
    book.apply_rows(full, change_id=at, is_snapshot=True)
    for rows in frames:
        at += 1
        is_lost = book.state_name == "gapped"
        book.apply_rows(rows, change_id=at, prev_change_id=at - 1, is_snapshot=is_lost)
    assert book.overflows > 0
    assert book.rebases > 0
    assert book.check() == "none"
    # The rest of both allowances is the test's own.
    assert resident_bytes() - resident <= book.memory_cap_bytes + 256 * 1024
    assert handed_out_bytes() - handed <= 16 * 1024


def test_used_memory_is_not_cleared_for_a_new_book():
    """A freed block that the C library hands out again would be there at once."""
    used = [Book() for _ in range(20)]
    resident = resident_bytes()
    del used
    books = [Book(window_ticks=16_384) for _ in range(200)]
    assert resident_bytes() - resident <= 200 * 4096
    del books

"""Order book: the chain of frames, the end state of a frame, limits and memory."""

import gzip
import json
from decimal import Decimal

import pytest

from engine._core.state.book import Book
from tests.data.shared import recorded
from tests.oracles.book import SlowBook


@pytest.fixture
def book():
    """Return a readable book, 10 at 100 bid and 20 at 101 offered, change id 5."""
    made = Book(window_ticks=64)
    outcome = made.apply_rows(
        [("bid", 100, 10), ("bid", 99, 11), ("ask", 101, 20), ("ask", 103, 21)],
        change_id=5,
        is_snapshot=True,
        venue_ms=1_700_000_000_000,
        now_ns=77,
    )
    assert outcome == "touch"
    return made


def change(book, *rows, change_id=6, prev_change_id=5):
    return book.apply_rows(
        list(rows), change_id=change_id, prev_change_id=prev_change_id
    )


def test_new_book_is_empty():
    book = Book()
    assert book.state_name == "empty"
    assert (book.change_id, book.venue_ms, book.updated_ns) == (0, 0, 0)
    assert book.levels("bid") == book.levels("ask") == []


def test_snapshot_makes_it_readable(book):
    assert book.state_name == "readable"
    assert (book.change_id, book.venue_ms, book.updated_ns) == (
        5,
        1_700_000_000_000,
        77,
    )
    assert book.levels("bid") == [(100, 10), (99, 11)]
    assert book.levels("ask") == [(101, 20), (103, 21)]


def test_levels_may_be_cut_and_sizes_asked(book):
    assert book.levels("ask", 1) == [(101, 20)]
    assert book.levels("ask", 0) == []
    assert book.qty("bid", 99) == 11
    assert book.qty("bid", 98) == 0
    assert book.qty("bid", 10**18) == 0


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (("bid", 100, 12), "touch"),
        (("bid", 100, 10), "quiet"),
        (("bid", 100, 0), "touch"),
        (("bid", 99, 0), "quiet"),
        (("bid", 98, 5), "quiet"),
        (("ask", 101, 0), "touch"),
        (("ask", 102, 1), "quiet"),
    ],
)
def test_outcome_says_whether_the_touch_moved(book, row, outcome):
    assert change(book, row) == outcome
    assert book.state_name == "readable"


def test_a_level_is_a_set_whatever_its_action(book):
    """Delete of a missing level and new on an existing one are no errors."""
    assert change(book, ("bid", 50, 0), ("bid", 99, 3)) == "quiet"
    assert book.levels("bid") == [(100, 10), (99, 3)]


def test_last_row_of_a_price_wins(book):
    change(book, ("bid", 99, 7), ("bid", 99, 0), ("ask", 103, 0), ("ask", 103, 4))
    assert book.levels("bid") == [(100, 10)]
    assert book.levels("ask") == [(101, 20), (103, 4)]


def test_change_ids_jump_by_any_amount(book):
    assert change(book, change_id=10**15) == "quiet"
    assert change(book, change_id=2 * 10**15, prev_change_id=10**15) == "quiet"


def test_gap_leaves_the_book_untouched_and_unreadable(book):
    before = book.levels("bid"), book.levels("ask")
    assert change(book, ("bid", 100, 0), change_id=9, prev_change_id=8) == "gap"
    assert book.state_name == "gapped"
    assert (book.levels("bid"), book.levels("ask")) == before
    assert book.change_id == 5
    # Even the frame that would have fitted is too late now.
    assert change(book, ("bid", 100, 0)) == "waiting"
    assert (book.levels("bid"), book.levels("ask")) == before


def test_missing_prev_change_id_is_a_gap(book):
    assert book.apply_rows([], change_id=6) == "gap"


def test_snapshot_ends_a_gap_and_replaces_everything(book):
    change(book, change_id=9, prev_change_id=8)
    outcome = book.apply_rows([("ask", 500, 1)], change_id=4, is_snapshot=True)
    assert outcome == "touch"
    assert book.state_name == "readable"
    assert book.levels("bid") == []
    assert book.levels("ask") == [(500, 1)]
    assert book.change_id == 4


def test_redundant_changes_after_a_snapshot_are_stale_not_gaps(book):
    assert change(book, ("bid", 100, 0), change_id=5, prev_change_id=4) == "stale"
    assert change(book, ("bid", 100, 0), change_id=3, prev_change_id=2) == "stale"
    assert book.state_name == "readable"
    assert book.levels("bid") == [(100, 10), (99, 11)]
    assert change(book, ("bid", 100, 0)) == "touch"


def test_repeated_change_past_the_snapshot_is_a_gap(book):
    assert change(book) == "quiet"
    assert change(book) == "gap"


def test_first_change_without_snapshot_needs_prev_zero():
    book = Book()
    assert book.apply_rows([("bid", 1, 1)], change_id=8, prev_change_id=7) == "waiting"
    assert book.state_name == "empty"
    assert book.apply_rows([("bid", 1, 1)], change_id=8, prev_change_id=0) == "touch"
    assert book.state_name == "readable"


def test_same_touch_in_a_new_snapshot_still_counts_as_moved(book):
    rows = [("bid", 100, 10), ("ask", 101, 20)]
    assert book.apply_rows(rows, change_id=6, is_snapshot=True) == "touch"


@pytest.mark.parametrize("price_ticks", [101, 102])
def test_crossed_book_is_unreadable_but_applied(book, price_ticks):
    assert change(book, ("bid", price_ticks, 1)) == "crossed"
    assert book.state_name == "crossed"
    assert book.levels("bid", 1) == [(price_ticks, 1)]
    assert change(book, change_id=7, prev_change_id=6) == "crossed"
    uncross = ("bid", price_ticks, 0)
    assert change(book, uncross, change_id=8, prev_change_id=7) == "touch"
    assert book.state_name == "readable"


def test_crossed_snapshot_is_unreadable():
    book = Book()
    rows = [("bid", 10, 1), ("ask", 10, 1)]
    assert book.apply_rows(rows, change_id=1, is_snapshot=True) == "crossed"


def test_crossed_book_still_sees_gaps_and_stale_frames(book):
    change(book, ("bid", 101, 1))
    assert change(book, change_id=4, prev_change_id=3) == "stale"
    assert change(book, change_id=9, prev_change_id=8) == "gap"


def test_bids_above_asks_inside_a_frame_are_legal(book):
    """The order of a frame means nothing: only its end state counts."""
    rows = [("bid", 200, 1), ("ask", 101, 0), ("ask", 103, 0), ("ask", 201, 1)]
    assert change(book, *rows) == "touch"
    assert book.state_name == "readable"
    assert book.levels("bid", 1) == [(200, 1)]


def test_one_sided_and_bare_books_are_readable(book):
    assert change(book, ("ask", 101, 0), ("ask", 103, 0)) == "touch"
    assert book.state_name == "readable"
    rows = [("bid", 100, 0), ("bid", 99, 0)]
    assert change(book, *rows, change_id=7, prev_change_id=6) == "touch"
    assert book.state_name == "readable"
    assert book.check() == "none"


def test_forget_and_mark_lost(book):
    book.mark_lost()
    assert book.state_name == "gapped"
    assert change(book) == "waiting"
    book.forget()
    assert book.state_name == "empty"
    assert (book.change_id, book.venue_ms, book.updated_ns) == (0, 0, 0)
    assert book.levels("bid") == []
    assert book.check() == "none"


def test_combo_prices_may_be_negative():
    book = Book(window_ticks=64)
    rows = [
        ("bid", -3, 1),
        ("bid", -500, 2),
        ("ask", -2, 1),
        ("ask", 0, 4),
        ("ask", 9, 1),
    ]
    assert book.apply_rows(rows, change_id=1, is_snapshot=True) == "touch"
    assert book.levels("bid") == [(-3, 1), (-500, 2)]
    assert book.levels("ask") == [(-2, 1), (0, 4), (9, 1)]


@pytest.mark.parametrize(
    "row",
    [("buy", 1, 1), ("bid", 1, -1), ("bid", 2**48 + 1, 1), ("ask", -(2**48) - 1, 1)],
)
def test_rows_no_decoder_would_pass_are_refused(book, row):
    with pytest.raises(ValueError, match="not a level"):
        change(book, row)
    assert book.state_name == "readable"


def test_unknown_side_is_refused(book):
    with pytest.raises(ValueError, match="side"):
        book.levels("buy")


@pytest.mark.parametrize("window_ticks", [256, 65_536])
def test_recorded_inverse_perpetual(window_ticks):
    """Another venue's inverse perpetual, as recorded: the shape of a real deep book."""
    path = recorded("data", "deribit", "binance_coinm_btcusd_perp_20240808.gz")
    book, slow = Book(window_ticks=window_ticks), SlowBook()
    last_id = frames = 0
    with gzip.open(path, "rt") as lines:
        for line in lines:
            data = json.loads(line.split(" ", 1)[1]).get("data", {})
            if data.get("e") != "depthUpdate":
                continue
            rows = [
                (side, int(Decimal(price) * 10), int(amount))
                for side, key in (("bid", "b"), ("ask", "a"))
                for price, amount in data[key]
            ]
            frame = {"change_id": data["u"], "prev_change_id": last_id}
            expected = slow.apply(rows, **frame)
            assert book.apply_rows(rows, **frame) == expected
            last_id, frames = data["u"], frames + 1
            if frames == 1500:
                break
    assert frames == 1500
    assert book.state_name == slow.state
    assert book.levels("bid") == slow.levels("bid")
    assert book.levels("ask") == slow.levels("ask")
    assert len(book.levels("bid")) > 200
    assert book.check() == "none"

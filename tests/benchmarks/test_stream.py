"""The generated stream is valid and has the statistics that were recorded."""

import orjson
import pytest

from benchmarks.shape import StreamError, shape
from benchmarks.stream import PROFILES, frames, text_of

# Recorded or made from recordings: bytes, levels, ranks p50/p90/p99, share of deletes,
# new levels and changes, bids and asks in the book.
RECORDED = {
    "raw": (283, 1.54, (31, 126, 248), (0.36, 0.36, 0.28), (896, 821)),
    "100ms": (481, 9.9, (34, 180, 403), (0.36, 0.36, 0.28), (869, 863)),
}


@pytest.fixture(scope="module", params=PROFILES)
def taken(request):
    return request.param, shape(frames(6_000, profile=request.param))


def test_statistics_are_the_recorded_ones(taken):
    profile, found = taken
    size, levels, ranks, shares, book = RECORDED[profile]
    assert found.frame_bytes == pytest.approx(size, rel=0.05)
    assert found.levels == pytest.approx(levels, rel=0.08)
    assert found.ranks == pytest.approx(ranks, rel=0.2)
    assert [found.shares[name] for name in ("delete", "new", "change")] == (
        pytest.approx(shares, abs=0.03)
    )
    assert found.book == pytest.approx(book, rel=0.1)


def test_frames_have_as_many_levels_as_recorded(taken):
    profile, found = taken
    most = {"raw": 2, "100ms": 110}[profile]
    assert most * 0.85 < found.levels_max <= most


def test_at_the_touch_every_frame_moves_a_best_price():
    found = shape(frames(2_000, at_touch=True))
    assert found.touch_moves > 0.99
    assert found.levels == pytest.approx(1.54, rel=0.05)


def test_the_same_seed_gives_the_same_bytes():
    assert [*frames(50, seed=3)] == [*frames(50, seed=3)]
    assert [*frames(50, seed=3)] != [*frames(50, seed=4)]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (83958.0, "83958.0"),
        (83957.5, "83957.5"),
        (83900.0, "8.39e4"),
        (1000200.0, "1.0002e6"),
        (5000.0, "5.0e3"),
        (500.0, "500.0"),
        (0.0, "0.0"),
    ],
)
def test_numbers_are_the_shorter_form_and_decimal_on_a_tie(number, text):
    assert text_of(number) == text
    assert float(text) == number


def broken(change):
    stream = list(frames(3))
    message = orjson.loads(stream[2])
    change(message["params"]["data"])
    stream[2] = orjson.dumps(message)
    return stream


def test_a_broken_chain_is_found():
    with pytest.raises(StreamError, match="frame 2: the chain breaks"):
        shape(broken(lambda data: data.update(prev_change_id=1)))


@pytest.mark.parametrize(
    "row", [["delete", 1.0, 0.0], ["new", 1.0, 0.0], ["change", 1.0, 10.0]]
)
def test_an_action_that_does_not_fit_the_book_is_found(row):
    with pytest.raises(StreamError, match=f"{row[0]} of bids 1.0"):
        shape(broken(lambda data: data["bids"].append(row)))


def test_a_crossed_book_is_found():
    with pytest.raises(StreamError, match="crossed"):
        shape(broken(lambda data: data["bids"].append(["new", 999999.0, 10.0])))

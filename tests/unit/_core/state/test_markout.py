"""Markouts against the mid that was in force at the horizon, found the slow way."""

import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.state.markout import HORIZON_NAMES
from tests.rig import MS, ROW
from tests.unit._core.state.test_attribution import Bench
from tests.unit._core.state.test_position import LINEAR

AWAITED_MAX = 8_192
HORIZONS_MS = (0, 1_000, 10_000, 60_000)
steps = st.lists(
    st.tuples(
        st.sampled_from([1, 240, 999, 1_000, 1_001, 4_000, 30_000]),
        st.sampled_from(["book", "book", "maker", "taker", "timer"]),
        st.integers(900, 1_100),
        st.booleans(),
    ),
    max_size=25,
)


def markouts(bench: Bench) -> Any:
    return bench.core.snapshot()["instruments"][bench.name]["markouts"]


def at(bench: Bench, ms: int) -> None:
    """Set the time of the next event; each takes 10 ms more."""
    bench.t_ns = ms * MS - 10 * MS


@settings(max_examples=100, deadline=None)
@given(row=st.sampled_from([ROW, LINEAR]), steps=steps)
def test_each_is_against_the_mid_of_its_moment(row, steps):
    bench = Bench(row)
    now_ms, mids, fills = 2_000, [(2_000, 1_000.5)], []
    at(bench, now_ms)
    bench.book(1_000, 1_001)
    for wait_ms, what, ticks, buys in steps:
        now_ms += wait_ms
        if what == "book":
            at(bench, now_ms)
            bench.book(ticks, ticks + 2)
            mids.append((now_ms, ticks + 1.0))
        elif what == "timer":
            bench.core.handle_timer(now_ms * MS)
        else:
            bench.core.handle_timer(now_ms * MS)
            bench.fill(3 if buys else -3, bench.price(ticks), what[0].upper())
            fills.append((now_ms, what, 1 if buys else -1, ticks))
    now_ms += 100_000
    bench.core.handle_timer(now_ms * MS)
    found = markouts(bench)
    for kind in ("maker", "taker"):
        mine = [fill for fill in fills if fill[1] == kind]
        assert (kind in found) == bool(mine)
        for horizon_ms, name in zip(HORIZONS_MS, HORIZON_NAMES, strict=True):
            if not mine:
                continue
            expected = []
            for fill_ms, _, sign, price in mine:
                # A book of the very moment of the horizon comes after it: not yet seen.
                until = fill_ms + horizon_ms
                old = [
                    mid for t, mid in mids if (t < until if horizon_ms else t <= until)
                ]
                expected.append(sign * (old[-1] - price))
            row_found = found[kind][name]
            assert row_found["fills"] == len(mine)
            assert row_found["lost"] == 0
            assert row_found["ticks"] == pytest.approx(statistics.mean(expected))
            error = statistics.stdev(expected) / len(mine) ** 0.5 if mine[1:] else 0.0
            assert row_found["ticks_error"] == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize("row", [ROW, LINEAR])
def test_money_is_what_the_position_would_have_earned(row):
    bench = Bench(row)
    at(bench, 2_000)
    bench.book(999, 1_001)
    bench.fill(-7, bench.price(1_001))
    at(bench, 2_500)
    bench.book(949, 951)
    bench.core.handle_timer(4_000 * MS)
    amount, price, mid = -7 * bench.lot, bench.price(1_001), bench.price(950)
    is_inverse = row["instrument_type"] == "reversed"
    expected = amount * ((1 / price - 1 / mid) if is_inverse else (mid - price))
    assert markouts(bench)["maker"]["1s"]["money"] == pytest.approx(expected)


def test_without_a_book_to_read_a_horizon_is_lost_not_guessed():
    bench = Bench(ROW)
    at(bench, 2_000)
    bench.book(999, 1_001)
    bench.fill(5, bench.price(999))
    at(bench, 2_500)
    bench.book(1_009, None)
    bench.core.handle_timer(4_000 * MS)
    at(bench, 5_000)
    bench.book(1_009, 1_011)
    bench.core.handle_timer(100_000 * MS)
    found = markouts(bench)["maker"]
    assert [found[name]["fills"] for name in HORIZON_NAMES] == [1, 0, 1, 1]
    assert [found[name]["lost"] for name in HORIZON_NAMES] == [0, 1, 0, 0]


def test_a_gap_between_two_looks_is_seen():
    """The book was lost at the horizon, and is back before anybody looks again."""
    bench = Bench(ROW)
    at(bench, 2_000)
    bench.book(999, 1_001)
    bench.core.handle_timer(2_000 * MS)
    bench.fill(5, bench.price(999))
    bench.t_ns = 2_990 * MS
    bench.core.expect_snapshot(bench.index)
    at(bench, 3_100)
    bench.book(1_009, 1_011)
    assert markouts(bench)["maker"]["1s"]["lost"] == 1


@pytest.mark.parametrize("beyond", [0, 1])
def test_of_too_many_that_wait_the_oldest_are_given_up(beyond):
    bench = Bench(ROW)
    at(bench, 2_000)
    bench.book(999, 1_001)
    for _ in range(AWAITED_MAX + beyond):
        bench.fill(1, bench.price(999))
    bench.core.handle_timer(70_000 * MS)
    found = markouts(bench)["maker"]
    assert [found[name]["lost"] for name in HORIZON_NAMES] == [0, *[beyond] * 3]
    assert [found[name]["fills"] for name in HORIZON_NAMES] == [
        AWAITED_MAX + beyond,
        *[AWAITED_MAX] * 3,
    ]

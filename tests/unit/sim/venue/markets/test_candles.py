"""Spans of time: what is in them, what fills them, how many are kept."""

from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.markets.candles import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    RESOLUTIONS_MS,
    TRADE_SPANS,
    Candle,
    Candles,
)

NOON_MS = 1_790_078_400_000  # a midnight, UTC


def shape(candle: Candle) -> tuple[int, int, int, int, int, int, int]:
    return (
        candle.start_ms, candle.open, candle.high, candle.low, candle.close,
        candle.lots, candle.value,
    )  # fmt: skip


def test_a_span_has_open_high_low_close_and_sums() -> None:
    candles = Candles()
    for second, price in ((0, 10), (5, 14), (30, 8), (59, 11)):
        candles.add(NOON_MS + second * 1_000, price, 2, 5)
    (one,) = candles.span(MINUTE_MS, NOON_MS, NOON_MS + 59_999, 10)
    assert shape(one) == (NOON_MS, 10, 14, 8, 11, 8, 20)


def test_gaps_are_filled_with_the_close_before() -> None:
    candles = Candles()
    candles.add(NOON_MS, 10, 1, 1)
    candles.add(NOON_MS + 3 * MINUTE_MS, 20, 1, 1)
    found = candles.span(MINUTE_MS, NOON_MS - DAY_MS, NOON_MS + 5 * MINUTE_MS, 10_000)
    assert [(c.open, c.close, c.lots) for c in found] == [
        (10, 10, 1), (10, 10, 0), (10, 10, 0), (20, 20, 1), (20, 20, 0), (20, 20, 0),
    ]  # fmt: skip
    assert [c.start_ms for c in found] == [NOON_MS + n * MINUTE_MS for n in range(6)]


def test_a_range_begins_with_the_span_it_falls_into() -> None:
    candles = Candles()
    candles.add(NOON_MS, 10, 1, 1)
    later = NOON_MS + 10 * MINUTE_MS + 1
    (one,) = candles.span(5 * MINUTE_MS, later, later, 10)
    assert shape(one)[:5] == (NOON_MS + 10 * MINUTE_MS, 10, 10, 10, 10)
    assert candles.span(MINUTE_MS, NOON_MS - DAY_MS, NOON_MS - 1, 10) == []
    assert candles.latest(HOUR_MS, NOON_MS - 1) is None


def test_of_too_many_the_last_are_returned() -> None:
    candles = Candles()
    candles.add(NOON_MS, 10, 1, 1)
    found = candles.span(MINUTE_MS, 0, NOON_MS + DAY_MS, 7)
    assert len(found) == 7
    assert found[-1].start_ms == NOON_MS + DAY_MS


def test_every_length_of_span_is_bounded() -> None:
    candles = Candles(((MINUTE_MS, 3), (HOUR_MS, 2)))
    for minute in range(0, 200, 2):
        candles.add(NOON_MS + minute * MINUTE_MS, minute, 1, 1)
    kept = [len(kept) for kept in candles._kept.values()]
    assert kept == [3, 2]
    assert candles.span(MINUTE_MS, 0, NOON_MS + 198 * MINUTE_MS, 500)[0].open == 194
    assert candles.span(HOUR_MS, 0, NOON_MS + 198 * MINUTE_MS, 500)[0].open == 120


def test_a_day_is_the_last_24_hours() -> None:
    candles = Candles()
    assert candles.day(NOON_MS) is None
    for hour, price in ((0, 50), (1, 30), (20, 70), (25, 40)):
        candles.add(NOON_MS + hour * HOUR_MS, price, 1, price)
    day = candles.day(NOON_MS + 25 * HOUR_MS)
    assert day is not None
    assert shape(day)[1:] == (70, 70, 40, 40, 2, 110)
    assert candles.day(NOON_MS + 60 * HOUR_MS) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 600_000),
            st.integers(1, 100),
            st.integers(1, 5),
        ),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(list(RESOLUTIONS_MS.values())),
)
def test_longer_spans_are_the_sum_of_what_traded(
    steps: list[tuple[int, int, int]], span_ms: int
) -> None:
    """Every resolution agrees with candles made from the trades one by one."""
    candles, now_ms = Candles(TRADE_SPANS), NOON_MS
    expected: dict[int, list[tuple[int, int]]] = {}
    for wait_ms, price, lots in steps:
        now_ms += wait_ms
        candles.add(now_ms, price, lots, price * lots)
        expected.setdefault(now_ms - now_ms % span_ms, []).append((price, lots))
    found = candles.span(span_ms, NOON_MS, now_ms, 100_000)
    assert [c.start_ms for c in found] == list(
        range(min(expected), now_ms - now_ms % span_ms + 1, span_ms)
    )
    close = 0
    for candle in found:
        trades = expected.get(candle.start_ms)
        if trades is None:
            assert shape(candle)[1:] == (close, close, close, close, 0, 0)
            continue
        prices = [price for price, _ in trades]
        close = prices[-1]
        assert shape(candle)[1:] == (
            prices[0], max(prices), min(prices), close,
            sum(lots for _, lots in trades), sum(p * n for p, n in trades),
        )  # fmt: skip

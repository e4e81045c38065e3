"""Civil dates against the standard library, and the contracts named from them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.products.calendar import (
    DAY_MS,
    civil_from_day,
    day_from_civil,
    expiry_name,
    last_friday,
    quarterly_expiry_ms,
    settlement_day,
    weekday,
)

EPOCH = datetime.date(1970, 1, 1)


@given(st.integers(-200_000, 500_000))
def test_dates_agree_with_the_standard_library(day: int) -> None:
    date = EPOCH + datetime.timedelta(days=day)
    assert civil_from_day(day) == (date.year, date.month, date.day)
    assert day_from_civil(date.year, date.month, date.day) == day
    assert weekday(day) == date.weekday()


@given(st.integers(1970, 2200), st.integers(1, 12))
def test_last_friday_is_a_friday_in_the_last_week(year: int, month: int) -> None:
    date = EPOCH + datetime.timedelta(days=last_friday(year, month))
    assert (date.year, date.month, date.weekday()) == (year, month, 4)
    assert (date + datetime.timedelta(days=7)).month != month


@pytest.mark.parametrize(
    ("now", "name"),
    [
        ("2026-09-21T00:00", "BTC-25DEC26"),
        ("2026-08-20T00:00", "BTC-25SEP26"),
        ("2026-11-25T07:59", "BTC-25DEC26"),
        ("2026-11-25T08:01", "BTC-26MAR27"),
        ("2026-12-31T23:59", "BTC-26MAR27"),
    ],
)
def test_the_dated_future_is_the_next_quarter_a_month_away(now: str, name: str) -> None:
    at = datetime.datetime.fromisoformat(now + "+00:00")
    expiry_ms = quarterly_expiry_ms(int(at.timestamp() * 1000))
    assert expiry_name("BTC", expiry_ms) == name
    assert expiry_ms % DAY_MS == 8 * 3_600_000


def test_names_have_no_leading_zero() -> None:
    assert expiry_name("BTC", day_from_civil(2026, 8, 5) * DAY_MS) == "BTC-5AUG26"


def test_settlement_day_changes_at_eight() -> None:
    eight = 8 * 3_600_000
    assert settlement_day(eight - 1) + 1 == settlement_day(eight)

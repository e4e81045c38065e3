"""Civil dates from the venue's clock, without reading any clock.

Times are milliseconds or nanoseconds since 1970-01-01T00:00Z; days are whole days since
then. Deribit settles, expires and cancels good-til-day orders at 08:00 UTC.
Source: support.deribit.com, settlement, as of 2026-09.
"""

from __future__ import annotations

DAY_MS = 86_400_000
SETTLEMENT_MS = 8 * 3_600_000
MONTHS = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
    "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip
FRIDAY = 4


def civil_from_day(day: int) -> tuple[int, int, int]:
    """Return (year, month, day of month) of a day number.

    Source: H. Hinnant, "chrono-compatible low-level date algorithms" (the year starts
    in March, so that the leap day is its last).
    """
    shifted = day + 719_468
    era, of_era = divmod(shifted, 146_097)
    year_of_era = (
        of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096
    ) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, of_year - (153 * march_month + 2) // 5 + 1


def day_from_civil(year: int, month: int, day: int) -> int:
    """Return the day number of a date; the inverse of ``civil_from_day``."""
    march_year = year - (month <= 2)
    era, year_of_era = divmod(march_year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + of_year
    return era * 146_097 + of_era - 719_468


def weekday(day: int) -> int:
    """Return 0 for Monday to 6 for Sunday (1970-01-01 was a Thursday)."""
    return (day + 3) % 7


def last_friday(year: int, month: int) -> int:
    """Return the day number of the last Friday of a month."""
    next_month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = day_from_civil(*next_month, 1) - 1
    return last - (weekday(last) - FRIDAY) % 7


def quarterly_expiry_ms(now_ms: int, days_ahead: int = 30) -> int:
    """Return the first quarterly expiry at least ``days_ahead`` days away.

    Quarterly futures expire on the last Friday of March, June, September and December
    at 08:00 UTC.
    """
    year, month, _ = civil_from_day(now_ms // DAY_MS)
    month = (month + 2) // 3 * 3
    while True:
        expiry_ms = last_friday(year, month) * DAY_MS + SETTLEMENT_MS
        if expiry_ms >= now_ms + days_ahead * DAY_MS:
            return expiry_ms
        year, month = (year + 1, 3) if month == 12 else (year, month + 3)


def expiry_name(base: str, expiry_ms: int) -> str:
    """Return the name of a dated future, day without leading zero: BTC-5AUG26."""
    year, month, day = civil_from_day(expiry_ms // DAY_MS)
    return f"{base}-{day}{MONTHS[month - 1]}{year % 100:02d}"


def settlement_day(now_ms: int) -> int:
    """Return the number of settlements (08:00 UTC) passed since the epoch."""
    return (now_ms - SETTLEMENT_MS) // DAY_MS

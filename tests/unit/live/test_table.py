"""Rows as text: aligned, plain numbers, nothing invented."""

from engine.live.table import Column, as_json, table

COLUMNS = (
    Column("name", "name"),
    Column("at", "time", is_time=True),
    Column("price", "price"),
    Column("never", "never"),
)


def test_numbers_stand_to_the_right_and_are_written_out() -> None:
    rows = [{"name": "a", "price": 64990.5}, {"name": "long", "price": 1e-08}]
    assert table(rows, COLUMNS).splitlines() == [
        "name       price",
        "a        64990.5",
        "long  0.00000001",
    ]


def test_a_missing_value_is_a_dash_and_a_column_of_nobody_is_left_out() -> None:
    rows = [{"name": "a", "price": 1.0}, {"name": "", "price": None}]
    assert table(rows, COLUMNS).splitlines() == [
        "name  price",
        "a         1",
        "-         -",
    ]


def test_times_are_shown_in_utc_to_the_millisecond() -> None:
    (_, line) = table([{"name": "a", "at": 1789977600123}], COLUMNS).splitlines()
    assert line == "a     2026-09-21 08:00:00.123"


def test_booleans_are_words_not_numbers() -> None:
    assert table([{"name": True}], COLUMNS) == "name\nTrue"


def test_json_is_what_the_venue_said() -> None:
    assert as_json([{"a": 1e-08}]) == '[\n  {\n    "a": 1e-8\n  }\n]'

"""The ledger's metrics: every number of its snapshot, by the name the docs give it."""

from collections.abc import Iterable

from engine.metrics.family import Row
from engine.metrics.ledger import ledger_rows
from engine.session.ledger.ledger import Ledger
from engine.session.ledger.opening import Opening
from tests.unit.session.ledger.samples import PERP, ROWS, Notes, books, entry

NOT_SHOWN = {"user_seq", "time_ms", "kinds", "position", "average_price", "currency",
             "total"}  # fmt: skip
"""Keys of the snapshot that are text, times, or shown by the core's own metrics."""


def by_name(rows: Iterable[Row]) -> dict[str, dict[str, object]]:
    """Return the samples of each family by the value of their label."""
    return {
        family.name: {"".join(labels): value for labels, value in samples}
        for family, samples in rows
    }


def a_ledger() -> Ledger:
    ledger = Ledger(Notes())
    ledger.know(ROWS[PERP])
    ledger.begin(books(BTC=5), Opening(0, 0))
    ledger.take([entry(1, "deposit", "BTC", change=1, balance=6 + 2e-8)], 0)
    ledger.tie.books.book(PERP).fees = 3 * 10**18
    ledger.take([entry(2, "deposit", "BTC", balance=6 + 2e-8)], 0)
    return ledger


def test_differences_and_money_are_shown() -> None:
    shown = by_name(ledger_rows(a_ledger().snapshot()))
    assert shown["halfspread_ledger_open"] == {"": 1.0}
    assert shown["halfspread_ledger_cash_difference"] == {"BTC": 2e-8}
    assert shown["halfspread_ledger_cash"] == {"BTC": 6.0}
    assert shown["halfspread_ledger_outside"] == {"BTC": 1.0}
    assert shown["halfspread_ledger_entries"] == {"": 2.0}
    assert shown["halfspread_ledger_instrument_fees"] == {PERP: 3.0}


def test_nothing_of_the_snapshot_is_left_out() -> None:
    ledger = a_ledger()
    ledger.look({}, 0)
    shown = ledger.snapshot()
    keys = {"open" if key == "is_open" else key for key in shown}
    keys -= {"currencies", "instruments", "usd"} | NOT_SHOWN
    keys |= set(shown["currencies"]["BTC"]) - {"fees"}
    keys |= {f"usd_{key}" for key in shown["usd"]}
    rows = set(shown["instruments"][PERP]) - NOT_SHOWN
    keys |= {k if k == "position_difference" else f"instrument_{k}" for k in rows}
    names = by_name(ledger_rows(shown))
    assert {name.removeprefix("halfspread_ledger_") for name in names} == keys


def test_a_snapshot_without_a_ledger_shows_zeros() -> None:
    shown = by_name(ledger_rows({}))
    assert shown["halfspread_ledger_open"] == {"": 0.0}
    assert shown["halfspread_ledger_gaps"] == {"": 0.0}

"""The ledger's metrics: what the venue's log has more than we, and the profit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.metrics.family import Row, alone, counter, gauge

_OPEN = gauge("ledger_open", "1 once the ledger has begun")
_COUNTERS = {
    "entries": counter(
        "ledger_entries", "Entries of the venue's transaction log that were booked"
    ),
    "foreign": counter(
        "ledger_foreign", "Trades in instruments we do not quote, booked from the log"
    ),
    "untied": counter(
        "ledger_untied", "Fills booked without the log, because too many waited for it"
    ),
    "unread": counter(
        "ledger_unread",
        "Log entries booked as money alone, because they could not be read",
    ),
    "gaps": counter("ledger_gaps", "Numbers missing in the log for good"),
    "repeats": counter("ledger_repeats", "Log entries with the number of another one"),
}
_GAUGES = {
    "pending": gauge("ledger_pending", "Fills that the log has not shown yet"),
    "untold": gauge("ledger_untold", "Trades in the log that were never told as fills"),
    "unlogged": gauge(
        "ledger_unlogged", "Fills that the log should have shown and has not"
    ),
}
_PER_CURRENCY = {
    "cash_difference": gauge(
        "ledger_cash_difference",
        "Cash the venue's log has more than our books",
        "currency",
    ),
    "fee_difference": gauge(
        "ledger_fee_difference",
        "Fees the venue's log has more than our fills",
        "currency",
    ),
    "cash": gauge("ledger_cash", "Cash by our books", "currency"),
    "equity": gauge(
        "ledger_equity", "Equity by our books, at the last marks", "currency"
    ),
    "outside": gauge(
        "ledger_outside",
        "Money that came from elsewhere, less what went there",
        "currency",
    ),
    "since_start": gauge(
        "ledger_since_start", "Profit since the ledger began", "currency"
    ),
    "since_day": gauge("ledger_since_day", "Profit since 08:00 UTC", "currency"),
    "from_peak": gauge(
        "ledger_from_peak", "Profit below its highest so far, 0 or less", "currency"
    ),
}
_USD = {
    "since_start": gauge(
        "ledger_usd_since_start", "Profit since the ledger began, in USD"
    ),
    "since_day": gauge("ledger_usd_since_day", "Profit since 08:00 UTC, in USD"),
    "from_peak": gauge(
        "ledger_usd_from_peak", "Profit below its highest so far, 0 or less, in USD"
    ),
}
_PER_INSTRUMENT = {
    "position_difference": gauge(
        "ledger_position_difference",
        "Position the venue's log has more than our books",
        "instrument",
    ),
    "realized": gauge(
        "ledger_instrument_realized",
        "Profit of what was closed since the ledger began",
        "instrument",
    ),
    "unrealized": gauge(
        "ledger_instrument_unrealized",
        "Profit of what is held since the ledger began, at the last mark",
        "instrument",
    ),
    "funding": gauge(
        "ledger_instrument_funding",
        "Funding received since the ledger began, below 0: paid",
        "instrument",
    ),
    "fees": gauge(
        "ledger_instrument_fees",
        "Fees paid since the ledger began, below 0: earned",
        "instrument",
    ),
}


def ledger_rows(ledger: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the ledger's metrics from its part of a snapshot.

    Units: money in the currency of the label, positions in amount units.
    """
    yield alone(_OPEN, bool(ledger.get("is_open")))
    for key, family in (_COUNTERS | _GAUGES).items():
        yield alone(family, ledger.get(key, 0))
    usd = ledger.get("usd", {})
    for key, family in _USD.items():
        yield alone(family, usd.get(key, 0))
    for place, families in (
        ("currencies", _PER_CURRENCY),
        ("instruments", _PER_INSTRUMENT),
    ):
        found = ledger.get(place, {})
        for key, family in families.items():
            yield family, [((name,), row.get(key, 0)) for name, row in found.items()]

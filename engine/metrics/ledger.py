"""The ledger's metrics: what the venue's log has more than we, and the profit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

_COUNTERS = {
    "entries": "Entries of the venue's transaction log that were booked",
    "foreign": "Trades in instruments we do not quote, booked from the log",
    "untied": "Fills booked without the log, because too many waited for it",
    "unread": "Log entries booked as money alone, because they could not be read",
    "gaps": "Numbers missing in the log for good",
    "repeats": "Log entries with the number of another one",
}
_GAUGES = {
    "pending": "Fills that the log has not shown yet",
    "untold": "Trades in the log that were never told as fills",
    "unlogged": "Fills that the log should have shown and has not",
}
_PER_CURRENCY = {
    "cash_difference": "Cash the venue's log has more than our books",
    "fee_difference": "Fees the venue's log has more than our fills",
    "cash": "Cash by our books",
    "equity": "Equity by our books, at the last marks",
    "outside": "Money that came from elsewhere, less what went there",
}
_PROFITS = {
    "since_start": "Profit since the ledger began",
    "since_day": "Profit since 08:00 UTC",
    "from_peak": "Profit below its highest so far, 0 or less",
}
_PER_INSTRUMENT = {
    "position_difference": "Position the venue's log has more than our books",
    "realized": "Profit of what was closed since the ledger began",
    "unrealized": "Profit of what is held since the ledger began, at the last mark",
    "funding": "Funding received since the ledger began, below 0: paid",
    "fees": "Fees paid since the ledger began, below 0: earned",
}


def ledger_metrics(ledger: Mapping[str, Any]) -> Iterator[Metric]:
    """Yield the ledger's metrics from its part of a snapshot.

    Units: money in the currency of the label, positions in amount units.
    """
    yield GaugeMetricFamily(
        "halfspread_ledger_open",
        "1 once the ledger has begun",
        bool(ledger.get("is_open")),
    )
    for key, text in _COUNTERS.items():
        yield CounterMetricFamily(f"halfspread_ledger_{key}", text, ledger.get(key, 0))
    for key, text in _GAUGES.items():
        yield GaugeMetricFamily(f"halfspread_ledger_{key}", text, ledger.get(key, 0))
    currencies = ledger.get("currencies", {})
    for key, text in (_PER_CURRENCY | _PROFITS).items():
        family = GaugeMetricFamily(
            f"halfspread_ledger_{key}", text, labels=["currency"]
        )
        for currency, row in currencies.items():
            family.add_metric([currency], row.get(key, 0))
        yield family
    for key, text in _PROFITS.items():
        value = ledger.get("usd", {}).get(key, 0)
        yield GaugeMetricFamily(
            f"halfspread_ledger_usd_{key}", f"{text}, in USD", value
        )
    for key, text in _PER_INSTRUMENT.items():
        name = key if key.startswith("position") else f"instrument_{key}"
        family = GaugeMetricFamily(
            f"halfspread_ledger_{name}", text, labels=["instrument"]
        )
        for instrument, row in ledger.get("instruments", {}).items():
            family.add_metric([instrument], row.get(key, 0))
        yield family

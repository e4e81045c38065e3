"""Attribution as metrics: the split, markouts, fills by level, time in market."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.metrics.family import Row, counter, gauge

PARTS = (
    "spread", "inventory", "hedging", "fees", "funding", "mark", "other", "total",
)  # fmt: skip

_PART = gauge(
    "attribution",
    "Profit by where it came from, in settlement currency; fees are paid",
    "instrument",
    "currency",
    "part",
)
_BUDGET_PART = gauge(
    "attribution_usd",
    "The same of all instruments of a budget, in USD; without budget: the account",
    "budget",
    "part",
)
_BUDGETS = {
    "exposure_usd": gauge(
        "budget_exposure_usd", "Worst-case exposure of a budget in USD", "budget"
    ),
    "delta_usd": gauge(
        "budget_delta_usd",
        "Worst-case delta of a budget, netted within a base currency, in USD",
        "budget",
        "currency",
    ),
    "credits_left": gauge(
        "budget_credits_left",
        "Requests its share of a pool leaves a budget now",
        "budget",
        "pool",
    ),
}
_MARKOUT_LABELS = ("instrument", "liquidity", "horizon")
_MARKOUTS = {
    "fills": counter("markout_fills", "Fills marked", *_MARKOUT_LABELS),
    "lost": counter("markout_lost", "Fills without a mid by then", *_MARKOUT_LABELS),
    "ticks": gauge(
        "markout_ticks", "Mean gain a fill to the mid by then, ticks", *_MARKOUT_LABELS
    ),
    "ticks_error": gauge(
        "markout_ticks_error", "Standard error of that mean", *_MARKOUT_LABELS
    ),
    "money": gauge(
        "markout_money",
        "Mean gain a fill to the mid by then, settlement currency",
        *_MARKOUT_LABELS,
    ),
    "money_error": gauge(
        "markout_money_error", "Standard error of that mean", *_MARKOUT_LABELS
    ),
}
_LEVEL_LABELS = ("instrument", "side", "level")
_LEVELS = (
    counter("level_orders", "Orders placed at a level", *_LEVEL_LABELS),
    counter(
        "level_placed",
        "Amount placed at a level, by how much edits made orders larger included",
        *_LEVEL_LABELS,
    ),
    counter("level_fills", "Fills of a level", *_LEVEL_LABELS),
    counter("level_filled", "Amount filled of a level", *_LEVEL_LABELS),
)
_REQUESTS = counter(
    "instrument_requests", "Order requests about an instrument", "instrument", "kind"
)
_PRESENCE = {
    "watched_s": counter(
        "watched_seconds", "Since quoting was first allowed", "instrument"
    ),
    "bid_s": counter("bid_shown_seconds", "With a bid at the venue", "instrument"),
    "ask_s": counter("ask_shown_seconds", "With an ask at the venue", "instrument"),
    "both_s": counter("both_shown_seconds", "With both at the venue", "instrument"),
}
_OBLIGATION = {
    "obliged_s": counter(
        "obligation_kept_seconds", "With both sides as promised", "instrument"
    ),
    "uptime_pct": gauge(
        "obligation_uptime_pct", "Share of the time watched, per cent", "instrument"
    ),
    "uptime_min_pct": gauge(
        "obligation_uptime_min_pct", "What was promised, per cent", "instrument"
    ),
}
_HELD = {
    "mean": gauge(
        "position_mean", "Position over time, mean, in amount units", "instrument"
    ),
    "sd": gauge("position_sd", "Its standard deviation over time", "instrument"),
}


def attribution_rows(snapshot: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what the core and the session know of where the money came from."""
    split = snapshot.get("session", {}).get("attribution") or {}
    instruments = snapshot.get("instruments", {})
    yield (
        _PART,
        (
            ((name, row["currency"], part), row[part])
            for name, row in split.get("instruments", {}).items()
            for part in PARTS
        ),
    )
    yield (
        _BUDGET_PART,
        (
            ((budget, part), row["usd"][part])
            for budget, row in split.get("budgets", {}).items()
            if row["usd"] is not None
            for part in PARTS
        ),
    )
    yield from _budgets(snapshot.get("budgets", {}))
    yield from _markouts(instruments)
    yield from _quoting(instruments)
    for group, families in (("held", _HELD), ("presence", _PRESENCE)):
        for key, family in families.items():
            yield (
                family,
                (
                    ((name,), row.get(group, {}).get(key, 0))
                    for name, row in instruments.items()
                ),
            )
    for key, family in _OBLIGATION.items():
        yield (
            family,
            (
                ((name,), row["presence"]["obligation"][key])
                for name, row in instruments.items()
                if "obligation" in row.get("presence", {})
            ),
        )


def _budgets(budgets: Mapping[str, Any]) -> Iterator[Row]:
    yield (
        _BUDGETS["exposure_usd"],
        (((name,), row["exposure_usd"]) for name, row in budgets.items()),
    )
    for key in ("delta_usd", "credits_left"):
        yield (
            _BUDGETS[key],
            (
                ((name, each), value)
                for name, row in budgets.items()
                for each, value in row[key].items()
            ),
        )


def _markouts(instruments: Mapping[str, Any]) -> Iterator[Row]:
    for key, family in _MARKOUTS.items():
        yield (
            family,
            (
                ((name, liquidity, horizon), stat[key])
                for name, row in instruments.items()
                for liquidity, horizons in row.get("markouts", {}).items()
                for horizon, stat in horizons.items()
            ),
        )


def _quoting(instruments: Mapping[str, Any]) -> Iterator[Row]:
    for at, family in enumerate(_LEVELS, start=1):
        yield (
            family,
            (
                ((name, side, str(line[0])), line[at])
                for name, row in instruments.items()
                for side, lines in row.get("levels", {}).items()
                for line in lines
            ),
        )
    yield (
        _REQUESTS,
        (
            ((name, kind), count)
            for name, row in instruments.items()
            for kind, count in row.get("requests", {}).items()
            if kind != "cancel_all"
        ),
    )

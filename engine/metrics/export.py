"""What is exported: every metric, and where a scrape finds its numbers.

Nothing here runs per message. A scrape asks the shell for one `Reading` and looks up
the numbers of each `Family` in it. Names begin with ``halfspread_``; units are
Prometheus' base units: seconds, and venue units for prices, amounts and money.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from typing import Any

from engine import __version__
from engine.metrics.attribution import attribution_rows
from engine.metrics.family import Row, alone, by_key, counter, gauge, histogram, info
from engine.metrics.ledger import ledger_rows
from engine.metrics.reading import Reading
from engine.metrics.signals import signal_rows

SESSION_STATES = (
    "connecting",
    "authenticating",
    "preparing",
    "recovering",
    "quoting",
    "paused",
    "stopping",
    "stopped",
    "halted",
    "disconnected",
)
STANCES = ("normal", "widen", "reduce", "pull", "flatten", "disconnect")
BOOK_STATES = ("empty", "readable", "gapped", "crossed")
SIDES = ("bid", "ask")

_PYTHON = platform.python_version()

_COUNTERS = {
    "frames": counter("frames", "Payloads the core was given"),
    "book_frames": counter("book_frames", "Payloads that changed a book"),
    "malformed": counter("malformed", "Payloads that are no valid JSON text"),
    "unknown": counter("unknown", "Payloads of a shape the decoder does not know"),
    "ignored": counter("ignored", "Payloads known and not needed"),
    "out_of_range": counter("out_of_range", "Payloads with a number outside its range"),
    "unknown_instrument": counter(
        "unknown_instrument", "Payloads about an instrument we do not have"
    ),
    "surprises": counter("surprises", "Payloads the scanner left to the slow decoder"),
    "gaps": counter("gaps", "Breaks in a book's chain of change ids"),
    "crossed": counter("crossed", "Books found crossed"),
    "stale_discarded": counter(
        "stale_discarded", "Book changes older than their snapshot"
    ),
    "waiting_discarded": counter(
        "waiting_discarded", "Book changes dropped while waiting for a snapshot"
    ),
    "quotes": counter("quotes", "Times a strategy was asked for its quotes"),
    "strategy_errors": counter("strategy_errors", "Exceptions out of a strategy"),
    "trades": counter(
        "trades", "Trades of anybody on quoted instruments, told by the venue"
    ),
    "fills": counter("fills", "Fills booked"),
    "duplicate_fills": counter(
        "duplicate_fills", "Fills reported again, not booked again"
    ),
    "foreign_orders": counter("foreign_orders", "Orders seen that are not ours"),
    "rejects": counter("rejects", "Requests the venue rejected"),
    "turns": counter("turns", "Bursts worked off, one write each"),
    "held_back": counter("held_back", "Wishes the gate cut down or blanked"),
    "cap_waits": counter(
        "cap_waits", "Requests held back by a cap or a limit over instruments"
    ),
    "stalls": counter(
        "stalls", "Times the engine stood still for longer than its limit"
    ),
    "credit_waits": counter("credit_waits", "Turns that had more to send than credits"),
}
_DIFFERENCES = {
    "rechecks": counter(
        "rechecks", "Times fills, orders and positions were compared with the venue"
    ),
    "fills_fetched": counter(
        "differences_fills_fetched", "Fills only the venue's trade history told us"
    ),
    "orders_doubted": counter(
        "differences_orders_doubted",
        "Orders here that the venue showed otherwise, twice",
    ),
    "orders_orphaned": counter(
        "differences_orders_orphaned",
        "Open orders of ours that nobody here knew, cancelled",
    ),
    "positions": counter(
        "differences_positions", "Positions taken over because the venue's differed"
    ),
}
_PER_INSTRUMENT = {
    "position": gauge(
        "position", "Position, in amount units, long above 0", "instrument"
    ),
    "position_limit": gauge(
        "position_limit",
        "Largest position allowed either way, in amount units",
        "instrument",
    ),
    "max_abs_position": gauge(
        "max_abs_position",
        "Largest position either way since start, in amount units",
        "instrument",
    ),
    "realized_pnl": gauge(
        "realized_pnl",
        "Realised profit before fees, in settlement currency",
        "instrument",
        "currency",
    ),
    "unrealized_pnl": gauge(
        "unrealized_pnl",
        "Unrealised profit at mark price, in settlement currency",
        "instrument",
        "currency",
    ),
    "fees": gauge(
        "fees",
        "Fees paid, in settlement currency; below 0: earned",
        "instrument",
        "currency",
    ),
    "mid": gauge("mid", "Mid price", "instrument"),
    "mark_price": gauge("mark_price", "Mark price of the venue", "instrument"),
}
_BUILD = info("build", "What is running", "version", "python", "environment")
_REQUESTS = counter("requests", "Order requests sent, by kind", "kind")
_REJECTS = counter("rejects_by_code", "Rejects by error code", "code")
_SHELL = {
    "connects": counter("connects", "WebSocket connections opened"),
    "disconnects": counter("disconnects", "WebSocket connections lost or closed"),
    "bytes_written": counter("bytes_written", "Bytes of requests handed to the socket"),
    "loop_rests": counter(
        "loop_rests", "Times the loop stopped staying awake, the core being wanted"
    ),
    "rehearsals": counter(
        "rehearsals", "Ticks played on a stage while nothing came, to stay warm"
    ),
    "rate_limit_closes": counter(
        "rate_limit_closes", "Connections the venue ended for too many requests"
    ),
    "checkpoints": counter("checkpoints", "Checkpoints that are on the disk"),
    "checkpoint_failures": counter(
        "checkpoint_failures", "Checkpoints the disk refused"
    ),
    "connected": gauge("connected", "Connections open now"),
}
_ORDERS = gauge("orders", "Our orders now, by state", "state")
_BOOK_MEMORY = gauge(
    "book_memory_max_bytes", "Memory that the order books can take at most"
)
_CREDITS = {
    "left": gauge(
        "credits_left", "Matching-engine requests that may be sent now", "pool"
    ),
    "burst": gauge(
        "credits_burst", "Matching-engine requests a full pool holds", "pool"
    ),
    "rate": gauge(
        "credits_per_second", "Matching-engine requests regained a second", "pool"
    ),
}
_TURNOVER = {
    "changes": counter(
        "book_changes", "Inserts, edits and cancels, as the venue counts", "group"
    ),
    "volume": counter("maker_volume", "Volume traded as maker, in coins", "group"),
    "used": gauge(
        "book_changes_used",
        "Share of the budget of book changes that is used up",
        "group",
    ),
}
_BOOK_STATE = gauge("book_state", "1 for the book's state", "instrument", "state")
_BOOK_GAPS = counter("book_gaps", "Breaks in this book's chain", "instrument")
_CLOSED = gauge(
    "closed",
    "1 while the venue has it closed, or what it needs; see docs/running.md",
    "instrument",
)
_QUOTED = gauge("quoted_levels", "Levels quoted now", "instrument", "side")
_AHEAD = gauge(
    "queue_ahead",
    "Volume of others ahead of our best quote at its price, in amount units",
    "instrument",
    "side",
)
_SESSION_STATE = gauge("session_state", "1 for the session's state", "state")
_QUOTING = gauge("quoting", "1 while quotes are allowed")
_HALTED = gauge("halted", "1 once the core has halted")
_COD_ENABLED = gauge("cod_enabled", "1 when cancel-on-disconnect is on")
_COD_VERIFIED = gauge("cod_verified", "1 when cancel-on-disconnect was read back")
_COD_AGE = gauge("cod_age_seconds", "Since cancel-on-disconnect was last read back")
_COD_LOSSES = counter("cod_losses", "Times cancel-on-disconnect was found switched off")
_KILLS = counter("kills", "Times everything was cancelled")
_KILL_PENDING = gauge(
    "kill_pending", "1 until the venue shows that a kill left no order"
)
_RECONNECTS = counter("reconnects", "Connections of the session after the first")
_CLOCK = gauge("clock_offset_seconds", "Venue's clock minus ours")
_EQUITY = gauge("equity", "Equity of the account", "currency")
_STANCE = gauge(
    "stance",
    "Step of the kill ladder: 0 normal, 1 widen, 2 reduce, 3 pull, 4 flatten, "
    "5 disconnect; without instrument: of the account",
    "instrument",
)
_RISK_VALUE = gauge(
    "risk_value",
    "What a risk rule last measured, in the unit of docs/risk.md",
    "rule",
    "scope",
)
_RISK_LIMIT = gauge("risk_limit", "The limit of that rule", "rule", "scope")
_EXPOSURE = gauge(
    "exposure_usd",
    "Worst-case exposure in USD, of the account and by settlement currency",
    "currency",
)
_TRIPPED = gauge(
    "risk_tripped",
    "1 for each rule that holds us back; without scope: the account",
    "rule",
    "scope",
    "stance",
    "latched",
)
_DRIFT = {
    "live": gauge(
        "drift_live", "A model parameter as the market has it now", "instrument", "what"
    ),
    "configured": gauge(
        "drift_configured", "The same as it is configured", "instrument", "what"
    ),
    "is_off": gauge(
        "drift_off", "1 while the two are too far apart", "instrument", "what"
    ),
}
_LATENCY = histogram("latency_seconds", "Time taken, by stage", "stage")


def rows(reading: Reading) -> Iterator[Row]:
    """Yield every family with its samples, as one reading has them."""
    snapshot = reading.snapshot
    yield _BUILD, (((__version__, _PYTHON, reading.environment), 1),)
    yield from _counters(snapshot, reading.shell)
    yield from _account(snapshot)
    yield from _instruments(snapshot.get("instruments", {}))
    yield from _session(snapshot)
    yield from attribution_rows(snapshot)
    yield from signal_rows(snapshot.get("instruments", {}))
    yield from _risk(snapshot)
    yield from _drift(snapshot.get("session", {}).get("drift") or {})
    yield _LATENCY, (((name,), stage) for name, stage in reading.stages.items())


def _counters(snapshot: Mapping[str, Any], shell: Mapping[str, float]) -> Iterator[Row]:
    found = snapshot.get("counters", {})
    for name, family in _COUNTERS.items():
        yield alone(family, found.get(name, 0))
    yield by_key(_REQUESTS, snapshot.get("requests", {}))
    yield by_key(_REJECTS, snapshot.get("rejects_by_code", {}))
    for name, family in _SHELL.items():
        yield alone(family, shell.get(name, 0))


def _account(snapshot: Mapping[str, Any]) -> Iterator[Row]:
    """Yield orders and credits, and book changes against maker volume."""
    yield by_key(_ORDERS, snapshot.get("orders", {}))
    yield alone(_BOOK_MEMORY, snapshot.get("book_memory_max_bytes", 0))
    pools, groups = snapshot.get("credits", {}), snapshot.get("turnover", {})
    for key, family in _CREDITS.items():
        yield family, (((pool,), row[key]) for pool, row in pools.items())
    for key, family in _TURNOVER.items():
        yield family, (((group,), row[key]) for group, row in groups.items())


def _instruments(instruments: Mapping[str, Any]) -> Iterator[Row]:
    for key, family in _PER_INSTRUMENT.items():
        has_currency = "currency" in family.labels
        yield (
            family,
            (
                ((name, row.get("currency", "")) if has_currency else (name,), value)
                for name, row in instruments.items()
                if (value := row.get(key)) is not None
            ),
        )
    yield (
        _BOOK_STATE,
        (
            ((name, each), row.get("book_state") == each)
            for name, row in instruments.items()
            for each in BOOK_STATES
        ),
    )
    yield (
        _BOOK_GAPS,
        (((name,), row.get("gaps", 0)) for name, row in instruments.items()),
    )
    yield (
        _CLOSED,
        (((name,), bool(row.get("why_held"))) for name, row in instruments.items()),
    )
    yield (
        _QUOTED,
        (
            ((name, side), len(row.get("quotes", {}).get(side, ())))
            for name, row in instruments.items()
            for side in SIDES
        ),
    )
    yield (
        _AHEAD,
        (
            ((name, side), place[2])
            for name, row in instruments.items()
            for side in SIDES
            for place in row.get("queue", {}).get(side, ())[:1]
        ),
    )


def _session(snapshot: Mapping[str, Any]) -> Iterator[Row]:
    session = snapshot.get("session", {})
    now = session.get("state")
    yield _SESSION_STATE, (((each,), now == each) for each in SESSION_STATES)
    cod, kill = session.get("cod", {}), session.get("kill", {})
    yield alone(_QUOTING, bool(snapshot.get("quoting")))
    yield alone(_HALTED, bool(snapshot.get("halted")))
    yield alone(_COD_ENABLED, bool(cod.get("enabled")))
    yield alone(_COD_VERIFIED, bool(cod.get("verified")))
    if cod.get("age_s") is not None:
        yield alone(_COD_AGE, cod["age_s"])
    yield alone(_COD_LOSSES, cod.get("losses", 0))
    yield alone(_KILLS, kill.get("count", 0))
    yield alone(_KILL_PENDING, bool(kill.get("pending")))
    yield alone(_RECONNECTS, session.get("reconnects", 0))
    found = session.get("differences") or {}
    for key, family in _DIFFERENCES.items():
        yield alone(family, found.get(key, 0))
    if session.get("clock_offset_ms") is not None:
        yield alone(_CLOCK, session["clock_offset_ms"] / 1e3)
    yield by_key(_EQUITY, session.get("balances") or {})
    yield from ledger_rows(session.get("ledger") or {})


def _risk(snapshot: Mapping[str, Any]) -> Iterator[Row]:
    stances = {"": snapshot, **snapshot.get("instruments", {})}
    yield (
        _STANCE,
        (
            ((name,), STANCES.index(row.get("stance", "normal")))
            for name, row in stances.items()
        ),
    )
    risk = snapshot.get("session", {}).get("risk", {})
    for key, family in (("value", _RISK_VALUE), ("limit", _RISK_LIMIT)):
        yield (
            family,
            (((row["rule"], row["scope"]), row[key]) for row in risk.get("rules", ())),
        )
    yield by_key(_EXPOSURE, snapshot.get("exposure") or {})
    yield (
        _TRIPPED,
        (
            (
                (
                    trip["rule"],
                    trip["scope"],
                    trip["stance"],
                    "yes" if trip["latched"] else "no",
                ),
                1,
            )
            for trip in risk.get("trips", ())
        ),
    )


def _drift(readings: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the watched parameters, of instruments with ``[quote.drift]`` alone."""
    for key, family in _DRIFT.items():
        yield (
            family,
            (
                ((instrument, what), row[key])
                for instrument, found in readings.items()
                for what, row in found.items()
                if row[key] is not None
            ),
        )

"""The report of a run: one JSON file, made from what was measured and nothing else.

The position fields at the top level (``position``, ``max_abs_position``,
``position_limit``, ``pnl``, ``fees``, ``currency``) are those of ``main_instrument``,
the first one configured: amounts and currencies of several instruments cannot be
added. Every instrument has its own under ``instruments``. Money is in settlement
currency, amounts in venue units, latencies in nanoseconds; ``pnl`` is realised plus
unrealised profit less fees, as the core counts it for strategies. ``ledger`` has the
books that are compared with the venue's: where the two differ, it is right, and
``attribution`` splits it by where it came from.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine import __version__

TOO_MANY_REQUESTS = 10028
"""Error code of the venue for spent credits; it ends the session.

Source: docs.deribit.com, error codes, seen 2026-08-22.
"""

_LATENCY_KEYS = ("count", "p50", "p99", "p999", "max")
_POSITION_KEYS = (
    "position",
    "max_abs_position",
    "position_limit",
    "average_price",
    "realized_pnl",
    "unrealized_pnl",
    "fees",
    "currency",
    "gaps",
    "markouts",
    "levels",
    "presence",
    "held",
    "requests",
)


@dataclass(frozen=True)
class RunFacts:
    """What the shell knows of a run and the core does not.

    Units: duration_s in seconds; started_at is UTC in ISO 8601.
    """

    started_at: str
    duration_s: float
    environment: str
    instruments: tuple[str, ...]
    run_id: int
    outcome: str
    connects: int = 0
    disconnects: int = 0
    rate_limit_closes: int = 0


def build(
    snapshot: Mapping[str, Any],
    facts: RunFacts,
    shell_latency_ns: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Return the report of a run from the core's last snapshot.

    ``shell_latency_ns`` adds the stages that only the shell can time. An instrument
    that was never loaded is missing; the top-level position fields are None then.
    """
    counters = snapshot.get("counters", {})
    rejects = {int(k): v for k, v in snapshot.get("rejects_by_code", {}).items()}
    instruments = {
        name: _position(row) for name, row in snapshot.get("instruments", {}).items()
    }
    main = facts.instruments[0]
    session = snapshot.get("session", {})
    latency = {**snapshot.get("latency_ns", {}), **shell_latency_ns}
    top = instruments.get(main, dict.fromkeys((*_POSITION_KEYS, "pnl")))
    return {
        "halfspread": __version__,
        "environment": facts.environment,
        "run_id": f"{facts.run_id:08x}",
        "started_at": facts.started_at,
        "duration_s": round(facts.duration_s, 3),
        "outcome": facts.outcome,
        "halted": snapshot.get("halted", ""),
        "main_instrument": main,
        **{key: top[key] for key in ("position", "max_abs_position", "position_limit")},
        **{key: top[key] for key in ("pnl", "fees", "currency")},
        "quotes": counters.get("quotes", 0),
        "requests": dict(snapshot.get("requests", {})),
        "fills": counters.get("fills", 0),
        "gaps": counters.get("gaps", 0),
        "rejects_by_code": {str(code): n for code, n in sorted(rejects.items())},
        "rate_limit_errors": rejects.get(TOO_MANY_REQUESTS, 0)
        + facts.rate_limit_closes,
        "open_orders_at_exit": session.get("open_orders_at_exit"),
        "cod": dict(session.get("cod", {})),
        "connects": facts.connects,
        "disconnects": facts.disconnects,
        "counters": dict(counters),
        "latency_ns": {
            stage: {key: found[key] for key in _LATENCY_KEYS if key in found}
            for stage, found in latency.items()
        },
        "instruments": instruments,
        "ledger": dict(session.get("ledger", {})),
        "attribution": dict(session.get("attribution", {})),
    }


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report so that a reader sees all of it or none.

    Raises: OSError when the folder cannot be written.
    """
    text = orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _position(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: row.get(key) for key in _POSITION_KEYS}
    parts = (row.get("realized_pnl"), row.get("unrealized_pnl"), row.get("fees"))
    realized, unrealized, fees = (part or 0.0 for part in parts)
    return {**found, "pnl": realized + unrealized - fees}

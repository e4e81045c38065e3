"""What an operator may tell a running engine, and when it has come true.

One table for the socket (`operator.py`) and for the command line (`ctl.py`). Each entry
knows the command of the core it stands for, and reads off the engine's state whether
what was asked for is so: an answer says what is true, not what was received.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.session.budgets import scope_of

Now = Mapping[str, Any]
"""The state as `status_of` gives it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. Empty ``core``: nothing is told to the core.

    ``is_so`` takes the state and the instrument named, or "".
    """

    core: str
    meaning: str
    is_so: Callable[[Now, str], bool]
    takes: tuple[str, ...] = ()


def _always(now: Now, instrument: str) -> bool:
    return True


def _no_order(now: Now, instrument: str) -> bool:
    return open_orders(now, instrument) == 0


def _flat(now: Now, instrument: str) -> bool:
    rows = _instruments(now, instrument)
    return _no_order(now, instrument) and not any(row["position"] for row in rows)


def _killed(now: Now, instrument: str) -> bool:
    return not now["kill"].get("pending") and _no_order(now, "")


def _away(now: Now, instrument: str) -> bool:
    return bool(now["state"] == "disconnected" and not now["connected"])


def _ending(now: Now, instrument: str) -> bool:
    return now["state"] in ("stopping", "stopped")


def _quoting(now: Now, instrument: str) -> bool:
    return bool(now["quoting"])


_STEP = ("instrument", "reason")

COMMANDS: Final[dict[str, Command]] = {
    "status": Command("", "say what is true now, change nothing", _always),
    "pause": Command("pause", "pull quotes until resume", _no_order),
    "resume": Command("resume", "lift pause and cancel-all; quote again", _quoting),
    "widen": Command("widen", "quote farther from the middle", _always, _STEP),
    "reduce": Command(
        "reduce", "no request that could make a position larger", _always, _STEP
    ),
    "pull": Command(
        "pull", "cancel every order, until rearm", _no_order, (*_STEP, "keep")
    ),
    "cancel-all": Command(
        "cancel_all",
        "cancel the whole account by WebSocket and HTTP, until resume",
        _killed,
    ),
    "flatten": Command(
        "flatten", "cancel every order and close the position", _flat, _STEP
    ),
    "disconnect": Command(
        "disconnect", "cancel every order, then close the lines", _away, ("reason",)
    ),
    "ticket": Command(
        "ticket", "place an order outside the quotes (JSON)", _always, ("spec",)
    ),
    "cancel-ticket": Command(
        "cancel_ticket", "cancel such an order", _always, ("label",)
    ),
    "close-position": Command(
        "close_position",
        "close what is held by one reduce-only order",
        _always,
        ("instrument", "price"),
    ),
    "rearm": Command(
        "rearm", "take latched steps back", _always, ("rule", "instrument")
    ),
    "stop": Command("", "end the run in order, as SIGTERM does", _ending),
}


def _instruments(now: Now, instrument: str) -> list[Mapping[str, Any]]:
    """Return the rows of one instrument, settlement currency or budget, or of all."""
    return [
        row
        for name, row in now["instruments"].items()
        if instrument in ("", name, row["currency"], scope_of(row["budget"]))
    ]


def open_orders(now: Now, instrument: str = "") -> int:
    """Return how many orders of ours may be open, those of unknown fate included."""
    return sum(row["orders"] for row in _instruments(now, instrument))


def status_of(snapshot: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return what an operator wants to know, from the core's snapshot.

    Units: positions in the venue's amount units; ``more`` is added as it is.
    """
    session = snapshot.get("session", {})
    instruments = {
        name: {
            "position": row["position"],
            "currency": row["currency"],
            "budget": row.get("budget", ""),
            "orders": sum(len(side) for side in row["quotes"].values()),
            "stance": row.get("stance", "normal"),
            "why_blank": row["why_blank"],
        }
        for name, row in snapshot.get("instruments", {}).items()
    }
    return {
        "state": session.get("state", ""),
        "quoting": bool(snapshot.get("quoting")),
        "reason": snapshot.get("quoting_reason", ""),
        "halted": snapshot.get("halted", ""),
        "stance": snapshot.get("stance", "normal"),
        "stance_reason": snapshot.get("stance_reason", ""),
        "trips": session.get("risk", {}).get("trips", []),
        "orders": snapshot.get("orders", {}),
        "foreign_orders": session.get("foreign_orders", 0),
        "kill": session.get("kill", {}),
        "cod": session.get("cod", {}),
        "tickets": session.get("tickets", []),
        "last_error": session.get("last_error", ""),
        "instruments": instruments,
        **more,
    }

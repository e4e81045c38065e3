"""What the session is told before it starts: its settings and what is to be quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine._core.signals.drift import Drift

ORDER_LABEL_PREFIX = "hs-"
"""Labels of orders of this engine, of any run, start with this."""


def is_ours(row: Mapping[str, Any]) -> bool:
    """Return whether an order row carries a label of this engine, of any run."""
    return str(row.get("label", "")).startswith(ORDER_LABEL_PREFIX)


def ticket_prefix(run_id: int) -> str:
    """Return how the labels of one run's tickets begin; a sequence number follows."""
    return f"{ORDER_LABEL_PREFIX}{run_id:08x}-t-"


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit the session watches.

    ``name`` is a key of `session.risk.rules.MEASURES`; ``scope`` None stands for every
    scope it measures, else "" the account, a currency, or an instrument. ``step`` is
    a name of STANCES. Units: limit in ``unit``; rest_ns in nanoseconds, how long a
    trip lasts at least.
    """

    name: str
    scope: str | None
    limit: float
    step: str
    latched: bool
    unit: str = ""
    rest_ns: int = 0


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How to talk to the venue.

    Units: heartbeat_s in seconds; request_timeout_ns, recheck_ns and tie_out_ns in
    nanoseconds, the last 0 = the transaction log is not read.
    """

    connections: int = 1
    orders_conn: int = 0
    market_conn: int = 0
    grant: str = "client_signature"
    scope: str = "session:halfspread account:read_write trade:read_write"
    heartbeat_s: int = 30
    request_timeout_ns: int = 5_000_000_000
    book_interval: str = "raw"
    on_start: str = "cancel"
    foreign: str = "leave"
    valid_for_ns: int = 0
    recheck_ns: int = 60_000_000_000
    keeps_checkpoint: bool = False
    tie_out_ns: int = 10_000_000_000
    hears_trades: bool = True
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class QuotePlan:
    """One instrument to quote, the strategy that quotes it, and its limits.

    ``drift`` is heard by the strategy beside its own signals, if it is watched.
    ``guards`` are the core's optional limits by name, see `quote.market`;
    ``counts_in_usd`` says that a limit values the instrument in USD; ``budget`` is the
    one it is part of; ``reads`` names the other instruments whose data the strategy
    hears, ``needs`` those of them without which it does not quote, ``covers`` those
    whose fills it hedges. ``obligation`` is the largest spread (bps), the smallest size
    on each side (``amount``) and the share of the time (%) that were promised.
    Units: position_max and order_max in the venue's ``amount``; collar_bps in 1/10000
    of the mark price; stale_ns in nanoseconds; requote_ticks in base ticks;
    requote_qty_pct in per cent of the resting size. Empty: budget "", it is in none;
    obligation None, there is none.
    """

    instrument: str
    strategy: Any
    position_max: Decimal | float
    order_max: Decimal | float
    collar_bps: float
    stale_ns: int
    requote_ticks: int = 0
    requote_qty_pct: float = 0.0
    guards: Mapping[str, float] = field(default_factory=dict)
    counts_in_usd: bool = False
    budget: str = ""
    obligation: tuple[float, Decimal | float, float] | None = None
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    drift: Drift | None = None


def needs_of(plans: Sequence[QuotePlan]) -> dict[str, tuple[str, ...]]:
    """Return by instrument which others must be open for it to be quoted.

    What its strategy needs; and who hedges it, for nothing is to be filled where the
    hedge cannot be.
    """
    found = {plan.instrument: dict.fromkeys(plan.needs) for plan in plans}
    for plan in plans:
        for name in plan.covers:
            if name in found:
                found[name][plan.instrument] = None
    return {name: tuple(others) for name, others in found.items()}

"""What the session watches: one measure for each rule of the table it is told.

A measure returns a number by scope. What is not known is left out: a rule neither trips
nor ends on silence. The numbers are compared by the officer; no measure decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.session.budgets import Budgets
from engine.session.context import Context
from engine.session.risk.ladder import ACCOUNT

_NS_PER_MS = 1_000_000

Values = dict[str, float]


@dataclass(slots=True)
class Memory:
    """What measures remember between two looks.

    ``forgiven`` is the loss at which a rule was armed again: it counts only what was
    lost since. It shrinks with the loss, so a gain in between is not lent out.
    ``starts`` is the profit at the first look of this run. ``refused`` is the count of
    refusals at which a rule was armed again.
    """

    forgiven: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    starts: dict[str, Decimal] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def loss(self, rule: str, scope: str, profit: Decimal) -> float:
        """Return a loss less what is forgiven, 0 or more."""
        key, loss = (rule, scope), max(Decimal(0), -profit)
        if key in self.forgiven:
            self.forgiven[key] = min(self.forgiven[key], loss)
            loss -= self.forgiven[key]
        return float(loss)

    def forgive(self, rule: str, scope: str, value: float) -> None:
        """The rule is armed again at this value: count from here."""
        if rule.startswith("loss"):
            before = self.forgiven.get((rule, scope), Decimal(0))
            self.forgiven[rule, scope] = before + Decimal(repr(value))
        elif rule == "rejects":
            self.refused[scope] = self.refused.get(scope, 0) + round(value)

    def refusals(self, scope: str, count: int) -> float:
        """Return refusals in a row less those before the rule was armed again."""
        base = self.refused.get(scope, 0)
        if count < base:
            base = self.refused[scope] = 0
        return float(count - base)


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the measures of one look read."""

    ctx: Context
    memory: Memory
    pnl: Mapping[str, Any]
    budgets: Budgets
    vitals: Mapping[str, Any]


def _money(look: Look, key: str) -> dict[str, Decimal]:
    """Return one profit by scope: account in USD, currencies in their own coin.

    While a currency has no price, what it lost is missing in USD: not known then.
    """
    pnl = look.pnl
    if not pnl.get("is_open"):
        return {}
    found = {name: row[key] for name, row in pnl["currencies"].items()}
    if not pnl["unpriced"]:
        found[ACCOUNT] = pnl["usd"][key]
    return found


def _all_money(look: Look, key: str) -> dict[str, Decimal]:
    """Return the same with the budgets, in USD."""
    if not look.pnl.get("is_open"):
        return {}
    return {**_money(look, key), **look.budgets.profits(key)}


def loss_session(look: Look) -> Values:
    """Loss since the first look of this run."""
    starts = look.memory.starts
    return {
        scope: look.memory.loss(
            "loss_session", scope, profit - starts.setdefault(scope, profit)
        )
        for scope, profit in _all_money(look, "since_start").items()
    }


def loss_day(look: Look) -> Values:
    """Loss since 08:00 UTC."""
    profits = _all_money(look, "since_day").items()
    return {s: look.memory.loss("loss_day", s, profit) for s, profit in profits}


def loss_peak(look: Look) -> Values:
    """Loss since the best point."""
    profits = _money(look, "from_peak").items()
    return {s: look.memory.loss("loss_peak", s, profit) for s, profit in profits}


def loss_max(look: Look) -> Values:
    """Loss of each instrument, in its settlement currency."""
    if not look.pnl.get("is_open"):
        return {}
    rows = look.pnl["instruments"].items()
    return {
        name: look.memory.loss("loss_max", name, row["total"]) for name, row in rows
    }


def margin_use(look: Look) -> Values:
    """Initial margin in per cent of equity, by currency."""
    values = {}
    for currency, (initial, equity) in look.ctx.margins.items():
        if initial <= 0:
            values[currency] = 0.0
        else:
            values[currency] = 100 * initial / equity if equity > 0 else float("inf")
    return values


def clock_offset(look: Look) -> Values:
    """Distance from the venue's clock, ms, either way."""
    offset_ms = look.ctx.clock.offset_ms
    return {} if offset_ms is None else {ACCOUNT: abs(offset_ms)}


def stale_user(look: Look) -> Values:
    """Silence on the orders connection, ms; nothing while it is down."""
    link = look.ctx.orders_link
    if not link.is_up:
        return {}
    heard_ns = max(link.heard_ns, look.vitals["heard_ns"])
    return {ACCOUNT: (look.ctx.now_ns - heard_ns) / _NS_PER_MS}


def rejects(look: Look) -> Values:
    """Order requests refused in a row, of the account and of each instrument."""
    counts = {ACCOUNT: look.vitals["refusals"]}
    for one in look.ctx.listings.values():
        if one.index >= 0:
            counts[one.name] = look.vitals["markets"][one.index]["refusals"]
    return {scope: look.memory.refusals(scope, n) for scope, n in counts.items()}


MEASURES: dict[str, Callable[[Look], Values]] = {
    "loss_session": loss_session,
    "loss_day": loss_day,
    "loss_peak": loss_peak,
    "loss_max": loss_max,
    "margin_use": margin_use,
    "clock_offset": clock_offset,
    "stale_user": stale_user,
    "rejects": rejects,
}
"""Every rule the session watches; the others are kept by the core at every instant."""

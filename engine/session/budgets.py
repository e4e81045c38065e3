"""What each budget has earned: the attribution of its instruments, and since when.

A budget's profit is tracked as the account's is (`ledger/performance`): in USD at the
prices of now, from when it began, from 08:00 UTC, from its highest. What it is the sum
of is `attribution.split_all`. It goes on over a restart with a state folder; what was
earned before a budget was first looked at, or had these instruments, does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.session.attribution import split_all
from engine.session.context import Context
from engine.session.ledger.amounts import coins
from engine.session.ledger.performance import Performance

SCOPE = "budget."
"""Before a budget's name stands this where scopes of every kind are named."""


def scope_of(budget: str) -> str:
    """Return the scope of a budget on the kill ladder. Empty: "", it is none."""
    return SCOPE + budget if budget else ""


class Budgets:
    """The profit of every budget, as of the last `look`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._members: dict[str, list[str]] = {}
        for plan in ctx.plans:
            if plan.budget:
                self._members.setdefault(plan.budget, []).append(plan.instrument)
        self._tracks = {name: Performance() for name in self._members}

    def look(self, now_ms: int) -> None:
        """Take the profits of now."""
        ctx = self._ctx
        if not self._tracks or not all(
            name in ctx.listings for names in self._members.values() for name in names
        ):
            return
        splits = split_all(ctx)
        for budget, names in self._members.items():
            money: dict[str, int] = {}
            for name in names:
                currency = ctx.listings[name].currency
                total = splits[name]["total"] if name in splits else 0
                money[currency] = money.get(currency, 0) + total
            prices = {c: ctx.ledger.usd_price(c) for c in money}
            known = {c: price for c, price in prices.items() if price is not None}
            self._tracks[budget].see(money, known, now_ms)

    def profits(self, key: str) -> dict[str, Decimal]:
        """Return a profit in USD by scope, since when ``key`` says.

        Empty: a budget with a currency that has no price is left out: not known.
        """
        found = {}
        for budget, track in self._tracks.items():
            if track.day >= 0 and not track.unpriced:
                since = {"since_start": 0, "since_day": track.usd.day}[key]
                found[scope_of(budget)] = coins(track.usd.now - since)
        return found

    # Across restarts.

    def dump(self) -> dict[str, Any]:
        """Return it as JSON has it; money as decimal digits."""
        return {
            name: {"instruments": self._members[name], **track.dump()}
            for name, track in self._tracks.items()
        }

    def load(self, found: Mapping[str, Any]) -> None:
        """Take over what an earlier run dumped; changed budgets begin anew.

        Raises: KeyError, TypeError or ValueError, when it is not what was dumped;
            nothing is taken then.
        """
        tracks = {}
        for name, members in self._members.items():
            tracks[name] = Performance()
            if name in found and list(found[name]["instruments"]) == members:
                tracks[name].load(found[name])
            elif name in found:
                text = f"budget {name} has other instruments: its day begins anew"
                self._ctx.note("warning", "budget", text)
        self._tracks = tracks

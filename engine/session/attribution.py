"""Where the profit came from: the core's split of fills and moves, the ledger's rest.

The core knows makers' spread, inventory, takes and fees of each instrument up to the
mid of now. What is missing for the ledger's total is added here, in the same exact
integers:

- ``mark``: what is held, from the mid to the mark the ledger values it at;
- ``funding``: as the venue has stated it;
- ``other``: everything no fill of ours and no move of the mid explains: a settlement or
  delivery price, a position that was there before the ledger began or was taken over
  from the venue. It is the ledger's total less all the parts, and 0 to the last digit
  while there was none of these.

Units: inside atto (1e-18) of the settlement currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.context import Context
from engine.session.ledger.amounts import ATTO, divide
from engine.session.port import CorePort

PARTS = ("spread", "inventory", "hedging", "fees", "funding", "mark", "other")
"""The lines of the split. Fees are what was paid: they count against the total."""

ACCOUNT = ""
"""The budget that is everything."""

Split = dict[str, int]
"""The parts and their ``total``."""


class LastingAttribution:
    """The core's split, as a part of the checkpoint: it goes on as the ledger does."""

    def __init__(self, core: CorePort) -> None:
        self._core = core

    def dump(self) -> dict[str, Any]:
        """Return it by instrument, exact."""
        return self._core.dump_attribution()

    def load(self, found: Mapping[str, Any]) -> None:
        """Take over what an earlier run dumped.

        Raises: KeyError, TypeError, ValueError or OverflowError, when it is not what
            was dumped.
        """
        self._core.load_attribution(found)


def split_all(ctx: Context) -> dict[str, Split]:
    """Return the split of every instrument that was traded, exact."""
    return {
        name: _split(ctx, name, row) for name, row in ctx.core.attribution().items()
    }


def _split(ctx: Context, name: str, row: Mapping[str, int]) -> Split:
    found = {key: row[key] for key in ("spread", "inventory", "hedging", "fees")}
    result = ctx.ledger.result_of(name)
    contract = ctx.ledger.contracts.get(name)
    found["mark"] = found["funding"] = found["other"] = 0
    if result is not None and contract is not None:
        found["funding"] = result.funding
        if result.mark is not None and row["lots"]:
            worth = contract.value(row["lots"], result.mark)
            found["mark"] = contract.profit(worth, 0) - row["worth"]
        found["other"] = result.total - _total(found)
    found["total"] = _total(found)
    return found


def _total(parts: Mapping[str, int]) -> int:
    gained = sum(parts[key] for key in PARTS if key != "fees")
    return gained - parts["fees"]


def snapshot(ctx: Context) -> dict[str, Any]:
    """Return the split for eyes and metrics: floats, in coins.

    Keys: ``instruments`` by name, each with its ``currency`` and ``budget``;
    ``budgets`` by name, "" the account, each with ``currencies`` and ``usd``, the sum
    at the prices of now. Empty: ``usd`` None while a currency has no price.
    """
    splits = split_all(ctx)
    currencies = {name: ctx.listings[name].currency for name in splits}
    planned = {plan.instrument: plan.budget for plan in ctx.plans}
    budgets = {name: planned[name] for name in splits}
    names = dict.fromkeys((ACCOUNT, *planned.values()))
    return {
        "instruments": {
            name: {
                "currency": currencies[name],
                "budget": budgets[name],
                **_coins(split),
            }
            for name, split in splits.items()
        },
        "budgets": {
            budget: _summed(
                ctx,
                [
                    (currencies[name], split)
                    for name, split in splits.items()
                    if budget in (ACCOUNT, budgets[name])
                ],
            )
            for budget in names
        },
    }


def _summed(ctx: Context, splits: list[tuple[str, Split]]) -> dict[str, Any]:
    """Add splits up, by currency and in USD."""
    by_currency: dict[str, Split] = {}
    for currency, split in splits:
        into = by_currency.setdefault(currency, dict.fromkeys(split, 0))
        for key, value in split.items():
            into[key] += value
    usd = dict.fromkeys((*PARTS, "total"), 0)
    for currency, split in by_currency.items():
        price = ctx.ledger.usd_price(currency)
        if price is None:
            return {"currencies": _all_coins(by_currency), "usd": None}
        for key, value in split.items():
            usd[key] += divide(value * price[0], price[1])
    return {"currencies": _all_coins(by_currency), "usd": _coins(usd)}


def _all_coins(splits: Mapping[str, Split]) -> dict[str, dict[str, float]]:
    return {currency: _coins(split) for currency, split in splits.items()}


def _coins(split: Split) -> dict[str, float]:
    return {key: value / ATTO for key, value in split.items()}

"""The account's matching-engine limits: which pools there are, and who pays from which.

An account has one pool for trading, or one per settlement currency; perpetuals may have
a further one there, from which their requests pay as well. Spot and cancels of
everything have a pool each. Mass quotes have three: messages that are always taken,
messages at most, quotes at most.

Source: docs.deribit.com, rate limits and private/get_account_summary, seen 2026-08-22;
the two pages spell the limits of mass quotes differently, both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOWEST_TIER = (5.0, 20.0)
"""Rate per second and burst that any account has."""

TRADING = "trading"
SPOT = "spot"
CANCEL_ALL = "cancel_all"
OTHER = "other"
"""Pool of currencies for which the account names no limit."""

_PERPETUALS = ".perpetuals"
_QUOTES = {
    "maximum_quotes": "quotes",
    "quotes": "quotes",
    "maximum_mass_quotes": "mass_quotes",
    "max_quotes": "mass_quotes",
    "guaranteed_mass_quotes": "mass_quotes.guaranteed",
    "guaranteed_quotes": "mass_quotes.guaranteed",
}
_CURRENCIES_MAX = 5
"""Currencies with pools of their own; the venue names four."""

_RATE_MAX = 1e9

Rate = tuple[float, float]
"""Requests a second, and burst."""


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What an account may ask of the matching engine, by name of the pool.

    Empty: no pools, nothing was read.
    """

    pools: dict[str, Rate]
    per_currency: bool = False

    def pays(self, instrument: str) -> tuple[str, str]:
        """Return the one or two pools a request about an instrument pays from.

        Empty: the second is "", there is no further one.
        Source: naming of instruments, docs.deribit.com, seen 2026-08-22: a name without
        a dash is spot; before the dash stands the coin, or pair, whose last part is the
        settlement currency.
        """
        head, dash, tail = instrument.partition("-")
        if not dash and SPOT in self.pools:
            return SPOT, ""
        name = head.rpartition("_")[2].lower() if self.per_currency else TRADING
        if name not in self.pools:
            name = OTHER
        special = name + _PERPETUALS
        also = special if tail == "PERPETUAL" and special in self.pools else ""
        return name, also


def account_limits(limits: Any) -> AccountLimits:
    """Read the ``limits`` of an account summary, in every form that is documented.

    What is missing is taken to be as small as any account's: the pool ``cancel_all``,
    and ``other``, from which everything pays that has no pool of its own.
    """
    limits = limits if isinstance(limits, Mapping) else {}
    engine = limits.get("matching_engine")
    engine = engine if isinstance(engine, Mapping) else limits
    per_currency = bool(limits.get("limits_per_currency"))
    pools: dict[str, Rate] = {}
    if per_currency:
        groups = {
            key.lower(): group
            for key, group in engine.items()
            if isinstance(group, Mapping) and TRADING in group
        }
        for name in list(groups)[:_CURRENCIES_MAX]:
            pools |= _trading(name, groups[name][TRADING])
            pools |= _mass_quotes(groups[name], name + ".")
    else:
        pools |= _trading(TRADING, engine.get(TRADING, engine))
        pools |= _mass_quotes(engine, "")
    for name in (SPOT, CANCEL_ALL):
        found = rate_of(engine.get(name))
        if found is not None:
            pools[name] = found
    pools.setdefault(CANCEL_ALL, LOWEST_TIER)
    pools.setdefault(OTHER, LOWEST_TIER)
    return AccountLimits(pools, per_currency)


def _trading(name: str, group: Any) -> dict[str, Rate]:
    """Return the pools of a trading group: one limit, or a total and perpetuals."""
    whole = rate_of(group)
    if whole is not None:
        return {name: whole}
    if not isinstance(group, Mapping):
        return {}
    total, perpetuals = rate_of(group.get("total")), rate_of(group.get("perpetuals"))
    if perpetuals is None:
        return {name: total} if total is not None else {}
    # Perpetuals without a total: nothing says that others may ask more.
    return {name: total or perpetuals, name + _PERPETUALS: perpetuals}


def _mass_quotes(group: Mapping[str, Any], prefix: str) -> dict[str, Rate]:
    found = {}
    for key, name in _QUOTES.items():
        rate = rate_of(group.get(key))
        if rate is not None:
            found[prefix + name] = rate
    return found


def rate_of(bucket: Any) -> Rate | None:
    """Read one limit. Empty: None, it is none that can be used."""
    if not isinstance(bucket, Mapping):
        return None
    rate, burst = bucket.get("rate"), bucket.get("burst")
    if not isinstance(rate, int | float) or not isinstance(burst, int | float):
        return None
    if not 0 < rate <= _RATE_MAX or not 1 <= burst <= _RATE_MAX:
        return None
    return float(rate), float(burst)

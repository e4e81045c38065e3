"""Ways to call a method: functions of the day that return parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.conformance.day import Day

Params = dict[str, Any]
Way = Callable[[Day], Params | Awaitable[Params]]


def fixed(**params: Any) -> Way:
    """Return a way whose parameters are always the same."""
    return lambda _day: dict(params)


def named(*names: str, **more: Any) -> tuple[Way, ...]:
    """Return a way for each instrument."""
    return tuple(fixed(instrument_name=name, **more) for name in names)


def of_currency(*currencies: str, **more: Any) -> tuple[Way, ...]:
    """Return a way for each currency."""
    return tuple(fixed(currency=currency, **more) for currency in currencies)


def lately(**params: Any) -> Way:
    """Return a way that asks about the last hour."""
    return lambda day: {**params, **day.window}


def option(**params: Any) -> Way:
    """Return a way that asks about an option."""
    return lambda day: {"instrument_name": day.option, **params}


def of_order(prepare: Callable[[Day], Awaitable[Params]]) -> Way:
    """Return a way that asks about an order of the account."""

    async def way(day: Day) -> Params:
        return {"order_id": (await prepare(day))["order_id"]}

    return way

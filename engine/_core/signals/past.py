"""The past that signals learn before their first start: who wants it, and what it is.

A trend over days would be ready after weeks. The venue knows its candles: a signal that
takes long says how far back and how finely it would have them (`Signal.past_s`), the
session fetches them, and the signal takes their prices as if it had heard them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine._core.base.param import age, number
from engine._core.signals.signal import Signal

Candle = tuple[int, float, float, float]
"""How long ago it ended, ns; its low, high and close, ticks."""

_PRICE_MAX = 1e15


@dataclass(frozen=True, slots=True)
class Wish:
    """What one signal would learn.

    Units: span_s and step_s, the longest candle that is of use, in seconds. ``place``
    is the signal's among those of its strategy.
    """

    place: int
    signal: str
    hears: str
    tick_size: float
    span_s: float
    step_s: float


def wishes_of(
    signals: Sequence[Signal], sources: Sequence[str], own: str
) -> list[Wish]:
    """Return what signals would learn; sources as in `restart.dump_rows`."""
    return [
        Wish(
            place,
            type(signal).__name__,
            hears or own,
            signal.tick_size,
            signal.past_s,
            signal.past_step_s,
        )
        for place, (signal, hears) in enumerate(zip(signals, sources, strict=True))
        if signal.past_s > 0.0
    ]


def checked(candles: Sequence[Any]) -> list[Candle]:
    """Return candles of which a signal may learn.

    Raises:
        ValueError: none at all, a number that is none, a low above the high, a close
            outside, or a candle that is older than the one before; names it.
    """
    if not candles:
        raise ValueError("no candles")
    found: list[Candle] = []
    for at, (age_ns, low, high, close) in enumerate(candles):
        name = f"candle {at}"
        least = number(f"low of {name}", low, -_PRICE_MAX, _PRICE_MAX)
        most = number(f"high of {name}", high, least, _PRICE_MAX)
        last = number(f"close of {name}", close, least, most)
        if found and age_ns > found[-1][0]:
            raise ValueError(f"{name} is older than the one before")
        found.append((age(f"age of {name}", age_ns), least, most, last))
    return found

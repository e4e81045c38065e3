"""Text on the wire: how the venue spells numbers and frames.

Floats are written shortest, in scientific notation only when that is strictly shorter:
``65010.0`` but ``3.2e4``, ``1.0e3``, ``5.0e-8``. Integers stay integers.
Source: captured frames of 2025-12 and 2026-09 (``"price":3.2e4``, ``"fee":5.0e-8``).
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

SPELLINGS_MAX = 1 << 16


@lru_cache(maxsize=SPELLINGS_MAX)
def spell(number: float) -> float | orjson.Fragment:
    """Return a float, or its text where the venue's spelling is not orjson's."""
    if number == 0:
        return 0.0
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {number!r}")
    text = "".join(map(str, digits))
    power = len(text) + exponent - 1
    scientific = f"{text[0]}.{text[1:] or '0'}e{power}"
    if exponent >= 0:
        plain = f"{text}{'0' * exponent}.0"
    elif power >= 0:
        plain = f"{text[: power + 1]}.{text[power + 1 :]}"
    else:
        plain = f"0.{'0' * (-power - 1)}{text}"
    shortest = scientific if len(scientific) < len(plain) else plain
    shortest = f"-{shortest}" if sign else shortest
    if shortest == repr(number):
        return number
    return orjson.Fragment(shortest)


def _spell_dict(row: dict[str, Any]) -> None:
    for key, item in row.items():
        kind = type(item)
        if kind is float:
            row[key] = spell(item)
        elif kind is list:
            _spell_list(item)
        elif kind is dict:
            _spell_dict(item)


def _spell_list(items: list[Any]) -> None:
    for place, item in enumerate(items):
        kind = type(item)
        if kind is float:
            items[place] = spell(item)
        elif kind is dict:
            _spell_dict(item)
        elif kind is list:
            _spell_list(item)


def dumps(frame: dict[str, Any]) -> bytes:
    """Return one JSON text. Takes the frame over: its floats are respelled in place."""
    _spell_dict(frame)
    return orjson.dumps(frame)


def notification(channel: str, data: Any, label: str = "") -> bytes:
    """Return the frame of one channel message."""
    params = {"channel": channel, "data": data}
    if label:
        params["label"] = label
    return dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


def heartbeat(kind: str) -> bytes:
    """Return a ``heartbeat`` or ``test_request`` frame."""
    return dumps({"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": kind}})

"""Exact money: integers of 1e-18 of a coin, and the rounding between them and texts.

A price, an amount or a fee comes as a float that JSON made of a short decimal, or as a
Decimal; both stand for that decimal, and are taken as the exact ratio it is.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TypeAlias

from engine.errors import ProtocolError

ATTO = 10**18
"""Money is counted in 1e-18 of a coin."""

SATOSHI = 10**10
"""The venue prints money in steps of 1e-8 of a coin."""

HALF = SATOSHI // 2
"""So far may a printed amount be from the one it stands for."""

_EXACT = Context(prec=100)
"""Digits for any amount of money there is."""

Number: TypeAlias = int | float | Decimal | str
Ratio: TypeAlias = tuple[int, int]
"""A numerator and a denominator above 0."""


def divide(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest integer, halves away from zero."""
    if numerator < 0:
        return -divide(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def ratio(value: Number) -> Ratio:
    """Return a decimal number as an exact ratio.

    Raises: ProtocolError when it is not a finite number.
    """
    try:
        return Decimal(str(value)).as_integer_ratio()
    except (ArithmeticError, ValueError) as error:
        raise ProtocolError(f"not a finite number: {value!r}") from error


def to_atto(value: Number) -> int:
    """Return money in atto, rounded where it has more than 18 decimals.

    Raises: ProtocolError when it is not a finite number.
    """
    numerator, denominator = ratio(value)
    return divide(numerator * ATTO, denominator)


def coins(atto: int) -> Decimal:
    """Return money as an exact decimal, without trailing zeros."""
    whole, rest = divmod(atto, ATTO)
    if not rest:
        return Decimal(whole)
    return _EXACT.normalize(_EXACT.scaleb(Decimal(atto), -18))

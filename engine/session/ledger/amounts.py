"""Exact money: integers of 1e-18 of a coin, and the rounding between them and texts.

A price, an amount or a fee comes as a float that JSON made of a short decimal, or as a
Decimal; both stand for that decimal, and are taken as the exact ratio it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from engine.errors import ProtocolError

ATTO = 10**18
"""Money is counted in 1e-18 of a coin."""

SATOSHI = 10**10
"""The venue prints money in steps of 1e-8 of a coin."""

HALF = SATOSHI // 2
"""So far may a printed amount be from the one it stands for."""

Number: TypeAlias = int | float | Decimal | str
Ratio: TypeAlias = tuple[int, int]
"""A numerator and a denominator above 0."""


def divide(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest integer, halves away from zero."""
    if numerator < 0:
        return -divide(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def ratio(value: Number) -> Ratio:
    """Return a decimal number as numerator and a power of ten.

    Raises: ProtocolError when it is not a finite number.
    """
    try:
        sign, digits, exponent = Decimal(str(value)).as_tuple()
    except ArithmeticError as error:
        raise ProtocolError(f"not a number: {value!r}") from error
    if not isinstance(exponent, int):
        raise ProtocolError(f"not a finite number: {value!r}")
    numerator = int("".join(map(str, digits))) * (-1 if sign else 1)
    if exponent >= 0:
        return numerator * 10**exponent, 1
    return numerator, int(10**-exponent)


def to_atto(value: Number) -> int:
    """Return money in atto, rounded where it has more than 18 decimals.

    Raises: ProtocolError when it is not a finite number.
    """
    numerator, denominator = ratio(value)
    return divide(numerator * ATTO, denominator)


def coins(atto: int) -> Decimal:
    """Return money as an exact decimal, without trailing zeros."""
    sign = 1 if atto < 0 else 0
    digits, exponent = abs(atto), -18
    while exponent < 0 and digits % 10 == 0 and digits:
        digits, exponent = digits // 10, exponent + 1
    if not digits:
        return Decimal(0)
    return Decimal((sign, tuple(int(d) for d in str(digits)), exponent))

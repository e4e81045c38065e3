"""Exact numbers of the venue: money, rates and reference prices as integers.

Money is counted in atto, 1e-18 of a coin: fine enough that one contract's coin value
keeps fourteen digits, so average prices are exact to far below a tick, and integer, so
that every sum is conserved. Fees are rounded to 1e-8 when they are charged. Reference
prices (index, mark, settlement) are integers of 1e-8: fine enough for an option's
mark in coins and for an index far below one dollar.
Source: fees rounded to 8 decimals, user trades captured 2026-07-19 and 2025-12-12.
"""

from __future__ import annotations

from decimal import Decimal

ATTO = 10**18
SATOSHI = 10**10
REF = 10**8


def divide(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest integer, halves away from zero."""
    if numerator < 0:
        return -divide(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def fraction(value: Decimal | int | str) -> tuple[int, int]:
    """Return ``(numerator, denominator)`` of a decimal, the latter a power of ten."""
    number = Decimal(value)
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {value!r}")
    numerator = int("".join(map(str, digits))) * (-1 if sign else 1)
    if exponent >= 0:
        return numerator * 10**exponent, 1
    return numerator, 10**-exponent


def to_atto(value: Decimal | int | str) -> int:
    """Return money in atto."""
    numerator, denominator = fraction(value)
    return divide(numerator * ATTO, denominator)


def coins(atto: int) -> float:
    """Return money as the venue prints it: a float of 8 decimals."""
    return divide(atto, SATOSHI) / 10**8


def to_ref(price: Decimal | float | str, decimals: int) -> int:
    """Return a reference price rounded to ``decimals`` digits, in units of 1e-8."""
    return int(round(Decimal(str(price)), decimals) * REF)


def round_ref(ref: int, decimals: int) -> int:
    """Return a reference price rounded to ``decimals`` digits."""
    step = int(REF // 10**decimals)
    return divide(ref, step) * step


def ref_price(ref: int) -> float:
    """Return a reference price as the venue prints it."""
    return ref / REF

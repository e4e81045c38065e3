"""Fits the shape of the vol surface to recorded marks.

Every (currency, capture) has its own short and long vol, all share skew and curvature.
A coarse grid is enough for twenty points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import exp, sqrt
from typing import NamedTuple

from engine.sim.venue.products.surface import Smile, SurfaceState

RHOS = tuple(n / 20 for n in range(-7, 5))
ETAS = tuple(n / 20 for n in range(12, 29))
VOLS = tuple(n / 100 for n in range(44, 116, 4))

Point = tuple[float, float, float]  # years, ln(strike / forward), vol


class SmileFit(NamedTuple):
    """The best shape found; error is the root mean square in vol."""

    rho: float
    eta: float
    error: float


def fit_smile(groups: Mapping[str, Sequence[Point]]) -> SmileFit:
    """Return the skew and curvature that fit all groups best."""
    count = sum(len(points) for points in groups.values())
    best = SmileFit(0.0, 0.0, float("inf"))
    for rho, eta in product(RHOS, ETAS):
        squares = sum(_least_squares(p, rho, eta) for p in groups.values())
        if sqrt(squares / count) < best.error:
            best = SmileFit(rho, eta, sqrt(squares / count))
    return best


def _least_squares(points: Sequence[Point], rho: float, eta: float) -> float:
    found = float("inf")
    for short_vol, long_vol in product(VOLS, VOLS):
        state = SurfaceState(short_vol, long_vol, rho=rho, eta=eta)
        squares = 0.0
        for years, away, vol in points:
            squares += (Smile(state, 1.0, years).vol(exp(away)) - vol) ** 2
            if squares >= found:
                break
        found = min(found, squares)
    return found

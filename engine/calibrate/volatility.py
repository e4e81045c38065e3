"""Volatility of the mid over a recording: plain, and free of the bounce of the touch.

The mid is sampled every FINE_S. The plain figure is the average squared move between
two samples; it is what the engine's own exponential average measures. A touch that
flickers adds to it, at each sample anew, as if the price moved. The two-scale figure
takes moves over SLOW_SAMPLES samples, at every offset, and subtracts what the flicker
adds to those, measured on the fine scale:

    TSRV = RV_slow - (nbar/n) RV_fine,  made unbiased by 1/(1 - nbar/n).

Source: L. Zhang, P. Mykland and Y. Ait-Sahalia, A tale of two time scales, Journal of
the American Statistical Association 100, 2005, 1394-1411, eq. (55) and section 4.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.calibrate.measure import Session
from engine.calibrate.stats import BLOCKS_MAX, Estimate, block_average

FINE_MS = 100
SLOW_SAMPLES = 20
BLOCK_SAMPLES_MIN = 10 * SLOW_SAMPLES
"""A block: long against the slow scale, so that its two ends weigh little."""


@dataclass(frozen=True, slots=True)
class Volatility:
    """Units: ticks per square root of a second; seconds that were used."""

    two_scale: Estimate | None
    plain: Estimate | None
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the result for a program."""
        return {
            "two_scale_ticks": self.two_scale and self.two_scale.as_json(),
            "plain_ticks": self.plain and self.plain.as_json(),
            "seconds": self.seconds,
        }


def volatility(session: Session) -> Volatility:
    """Return both figures; None where no stretch was long enough."""
    samples_in_all = session.seconds * 1000 / FINE_MS
    size = max(BLOCK_SAMPLES_MIN, math.ceil(samples_in_all / BLOCKS_MAX))
    slow, plain, weights = [], [], []
    for mids in stretches(session):
        for start in range(0, len(mids) - BLOCK_SAMPLES_MIN, size):
            block = mids[start : start + size + 1]
            if len(block) <= BLOCK_SAMPLES_MIN:
                continue
            variances = both_scales(block)
            seconds = (len(block) - 1) * FINE_MS / 1000
            weights.append(seconds)
            slow.append(variances[0] * seconds)
            plain.append(variances[1] * seconds)
    if not weights:
        return Volatility(None, None, 0.0)
    return Volatility(root_of(slow, weights), root_of(plain, weights), sum(weights))


def stretches(session: Session) -> list[list[float]]:
    """Return the mid in ticks, FINE_MS apart, of each unbroken stretch."""
    tape = session.tape
    found: list[list[float]] = []
    due_ms = 0
    for place in range(len(tape.touch_ms) - 1):
        if tape.asks[place] <= tape.bids[place]:
            continue
        if place == 0 or tape.asks[place - 1] <= tape.bids[place - 1]:
            found.append([])
            due_ms = tape.touch_ms[place]
        mid = (tape.bids[place] + tape.asks[place]) / 2
        until_ms = tape.touch_ms[place + 1]
        while due_ms < until_ms:
            found[-1].append(mid)
            due_ms += FINE_MS
    return found


def both_scales(mids: list[float]) -> tuple[float, float]:
    """Return the two-scale and the plain variance, ticks^2 per second."""
    n, k, dt_s = len(mids) - 1, SLOW_SAMPLES, FINE_MS / 1000
    fine = math.fsum((b - a) ** 2 for a, b in pairwise(mids))
    slow = math.fsum((b - a) ** 2 for a, b in zip(mids, mids[k:], strict=False)) / k
    slow_moves = (n - k + 1) / k
    corrected = (slow - slow_moves / n * fine) / (1 - 1 / k)
    return corrected / ((n - k + 1) * dt_s), fine / (n * dt_s)


def root_of(sums: list[float], weights: list[float]) -> Estimate:
    """Return the square root of an average variance and of its interval."""
    variance = block_average(sums, weights, floor=0.0)
    value = math.sqrt(max(0.0, variance.value))
    if variance.low is None or variance.high is None or not value:
        return Estimate(value)
    error = (variance.standard_error or 0.0) / (2 * value)
    return Estimate(value, math.sqrt(variance.low), math.sqrt(variance.high), error)

"""The picture: how often each depth was reached, logarithmic, with the fit."""

from __future__ import annotations

import math
from html import escape

from engine.calibrate.intensity import Intensity, Rate

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 68, 48
WHOLE, HALF, FIT = "#4c78a8", "#e45756", "#54a24b"
REACHED_MIN = 3
"""Fewer say no more than that the depth is rare."""
RATES_MAX = 400
"""Depths drawn; the nearest ones."""


def picture(name: str, intensity: Intensity) -> str:
    """Return an SVG of the measured and the fitted intensity, one instrument."""
    shown = [rate for rate in intensity.rates if rate.reached >= REACHED_MIN]
    shown = shown[:RATES_MAX]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 20, f"{name}: taker orders that reach a depth", "start", 14),
        _text(LEFT, 38, headline(intensity), "start"),
    ]
    if shown:
        parts += _Axes(shown).drawn(shown, intensity)
    return "\n".join([*parts, "</svg>"]) + "\n"


def headline(intensity: Intensity) -> str:
    """Return the fit in one line, or why there is none."""
    k, a = intensity.k_per_tick, intensity.a_per_s
    if k is None or a is None:
        return f"no fit: {intensity.why_not}"
    return (
        f"k {k.value:.3g} /tick ({k.low:.3g} to {k.high:.3g}), "
        f"A {a.value:.3g} /s ({a.low:.3g} to {a.high:.3g})"
    )


class _Axes:
    """Where a depth and a rate lie in the picture."""

    def __init__(self, rates: list[Rate]) -> None:
        lows = [rate.low_per_s for rate in rates if rate.low_per_s > 0]
        lows += [rate.per_s for rate in rates]
        self.low = math.floor(math.log10(min(lows)))
        self.high = math.ceil(math.log10(max(rate.high_per_s for rate in rates)))
        self.deepest = max(rate.depth_ticks for rate in rates) * 1.04

    def x(self, depth_ticks: float) -> float:
        """Return the place of a depth."""
        return LEFT + depth_ticks / self.deepest * (WIDTH - LEFT - RIGHT)

    def y(self, per_s: float) -> float:
        """Return the place of a rate; what lies below the axis is on it."""
        log = max(float(self.low), math.log10(per_s) if per_s > 0 else self.low)
        share = (log - self.low) / max(1, self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def drawn(self, rates: list[Rate], intensity: Intensity) -> list[str]:
        """Return axes, points with their intervals, the fit, the legend."""
        parts = self._grid()
        for rate in rates:
            colour = WHOLE if rate.depth_ticks == int(rate.depth_ticks) else HALF
            x = self.x(rate.depth_ticks)
            low, high = self.y(rate.low_per_s), self.y(rate.high_per_s)
            parts.append(
                f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" '
                f'stroke="{colour}"/>'
            )
            parts.append(
                f'<circle cx="{x:.1f}" cy="{self.y(rate.per_s):.1f}" r="3" '
                f'fill="{colour}"><title>{rate.depth_ticks:g} ticks: {rate.reached} '
                f"in {rate.seconds:.0f} s</title></circle>"
            )
        if intensity.k_per_tick is not None:
            first, last = rates[0], rates[-1]
            parts.append(
                f'<line x1="{self.x(first.depth_ticks):.1f}" '
                f'y1="{self.y(first.fitted_per_s):.1f}" '
                f'x2="{self.x(last.depth_ticks):.1f}" '
                f'y2="{self.y(last.fitted_per_s):.1f}" stroke="{FIT}" '
                'stroke-width="2"/>'
            )
        return [*parts, *self._legend()]

    def _grid(self) -> list[str]:
        parts = []
        for decade in range(self.low, self.high + 1):
            y = self.y(10.0**decade)
            parts.append(
                f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                'stroke="#ddd"/>'
            )
            parts.append(_text(LEFT - 8, y + 4, f"{10.0**decade:g}", "end"))
        step = max(1, math.ceil(self.deepest / 12))
        for depth in range(0, math.floor(self.deepest) + 1, step):
            parts.append(
                _text(self.x(depth), HEIGHT - BOTTOM + 18, str(depth), "middle")
            )
        parts.append(
            _text(WIDTH - RIGHT, HEIGHT - 10, "depth from the mid, ticks", "end")
        )
        parts.append(_text(LEFT - 60, TOP - 12, "per second, one side", "start", 11))
        return parts

    def _legend(self) -> list[str]:
        told = (
            (WHOLE, "mid on a whole tick"),
            (HALF, "mid on half a tick"),
            (FIT, "A exp(-k d)"),
        )
        parts = []
        for number, (colour, text) in enumerate(told):
            y = TOP + 8 + 18 * number
            parts.append(
                f'<rect x="{WIDTH - 170}" y="{y}" width="12" height="12" '
                f'fill="{colour}"/>'
            )
            parts.append(_text(WIDTH - 152, y + 10, text, "start"))
        return parts


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )

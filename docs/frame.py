"""Where a frame's instructions go, from the stored counts: a table and a picture."""

from __future__ import annotations

from html import escape
from pathlib import Path

from benchmarks.regress import rooms
from benchmarks.regress.rooms import LIBRARY, OTHER, PYTHON, REST, Rooms

PICTURE = Path(__file__).parent / "benchmarks" / "frame.svg"
TITLES = {
    "touch_raw": "to the touch, raw",
    "touch_100ms": "to the touch, 100ms",
    "orders_raw": "to two orders, raw",
}
GROUPS = {
    "decode": "#4c78a8",
    "state": "#54a24b",
    "signals": "#72b7b2",
    "quote": "#eeca3b",
    "gateway": "#e45756",
    "corridor": "#b279a2",
    "base": "#9d755d",
    "interpreter": "#bab0ac",
}
_CORRIDOR = ("core", "inbox", "outbox", "desk", "told")
_INTERPRETER = (PYTHON, LIBRARY, OTHER)
COSTLIEST = 3

WIDTH, LABEL, BAR, GAP, TOP = 860, 150, 34, 26, 40


def group_of(module: str) -> str:
    """Return the part of the picture a module belongs to."""
    room = module.partition(".")[0]
    if module in _INTERPRETER:
        return "interpreter"
    return "corridor" if room in _CORRIDOR else room


def grouped(found: Rooms) -> dict[str, float]:
    """Return the instructions of each group, in the picture's order."""
    sums = dict.fromkeys(GROUPS, 0.0)
    for module, functions in found.items():
        sums[group_of(module)] += sum(functions.values())
    return sums


def table() -> str:
    """Return the table of modules: instructions a frame, and costliest functions."""
    stored = rooms.read()
    figures = [figure for figure in TITLES if figure in stored]
    modules = sorted({module for one in stored.values() for module in one})
    modules.sort(key=lambda module: list(GROUPS).index(group_of(module)))
    head = " | ".join(TITLES[figure] for figure in figures)
    lines = [
        f"| module | {head} | costliest functions of the last |",
        "|---|" + "---:|" * len(figures) + "---|",
    ]
    for module in modules:
        cells = [_sum(stored[figure].get(module, {})) for figure in figures]
        costly = _costliest(stored[figures[-1]].get(module, {}))
        name = module if module in _INTERPRETER else f"`{module}`"
        lines.append(f"| {name} | {' | '.join(cells)} | {costly} |")
    totals = [
        f"**{sum(map(_total, stored[figure].values())):,.0f}**" for figure in figures
    ]
    lines.append(f"| all | {' | '.join(totals)} | |")
    return "\n".join(lines)


def _total(functions: dict[str, float]) -> float:
    return sum(functions.values())


def _sum(functions: dict[str, float]) -> str:
    return f"{_total(functions):,.0f}" if functions else ""


def _costliest(functions: dict[str, float]) -> str:
    named = [item for item in functions.items() if item[0] != REST]
    named.sort(key=lambda item: -item[1])
    return ", ".join(f"`{name}` {taken:,.0f}" for name, taken in named[:COSTLIEST])


def picture() -> str:
    """Return one bar for each figure, its parts as wide as their instructions."""
    stored = rooms.read()
    bars = {figure: grouped(stored[figure]) for figure in TITLES if figure in stored}
    scale = (WIDTH - LABEL - 80) / max(sum(bar.values()) for bar in bars.values())
    height = TOP + len(bars) * (BAR + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *_legend(),
    ]
    for number, (figure, bar) in enumerate(bars.items()):
        y = TOP + number * (BAR + GAP)
        parts.append(_text(LABEL - 8, y + 21, TITLES[figure], "end"))
        x = float(LABEL)
        for name, taken in bar.items():
            width = taken * scale
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
                f'fill="{GROUPS[name]}"><title>{name}: {taken:,.0f}</title></rect>'
            )
            if width > 34:
                parts.append(_text(x + width / 2, y + 21, f"{taken:,.0f}", "middle"))
            x += width
        parts.append(_text(x + 8, y + 21, f"{sum(bar.values()):,.0f}", "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    parts, x = [], float(LABEL)
    for name, colour in GROUPS.items():
        parts.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 16, 20, name, "start"))
        x += 32 + 7.0 * len(name)
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'

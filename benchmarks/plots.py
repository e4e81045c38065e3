"""Two kinds of picture: each candidate's rounds, and how far the figures are."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

Figures = dict[str, dict[str, Any]]
OURS, THEIRS, GOOD, BAD = "#1b6ca8", "#b8c4cc", "#2e8b57", "#c0504d"
PLAIN = {
    # The same figures give the same file, and text stays text: small, and searchable.
    "svg.hashsalt": "halfspread",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(
    figures: Figures, series: dict[str, dict[str, list[float]]], out: Path
) -> None:
    """Write ``ratios.svg`` and one picture a series."""
    with plt.rc_context(PLAIN):
        if any(figure["ratio"] is not None for figure in figures.values()):
            _ratios(figures, out / "ratios.svg")
        for title, candidates in series.items():
            _bars(title, candidates, out / f"{slug(title)}.svg")


def slug(title: str) -> str:
    """Return a file's name for a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _save(path: Path) -> None:
    plt.tight_layout()
    plt.savefig(path, metadata={"Date": None})
    plt.close()


def _bars(title: str, candidates: dict[str, list[float]], path: Path) -> None:
    """Draw medians on a logarithmic scale, least first, and each round as a dot."""
    ordered = sorted(candidates.items(), key=lambda item: median(item[1]))
    plt.figure(figsize=(7, 0.9 + 0.38 * len(ordered)))
    for place, (name, rounds) in enumerate(reversed(ordered)):
        middle = median(rounds)
        colour = OURS if name.startswith("halfspread") else THEIRS
        plt.barh(place, middle, color=colour, height=0.62)
        plt.plot(rounds, [place] * len(rounds), "|", color="#333333", markersize=5)
        plt.text(max(rounds) * 1.08, place, f"{middle:,.0f}", va="center")
    plt.yticks(range(len(ordered)), [name for name, _ in reversed(ordered)])
    plt.ylim(-0.7, len(ordered) - 0.3)
    plt.xscale("log")
    plt.xlabel(title)
    low = min(min(rounds) for rounds in candidates.values())
    high = max(max(rounds) for rounds in candidates.values())
    plt.xlim(low / 2, high * 2.5)
    _save(path)


def _ratios(figures: Figures, path: Path) -> None:
    """Draw how many times ours each rival costs, with floor and aim."""
    rows = [
        figure
        for figure in figures.values()
        if figure["ratio"] is not None
        and figure["rival_name"]
        and figure["judged"].startswith("rival")
    ]
    if not rows:
        return
    plt.figure(figsize=(8.5, 0.9 + 0.27 * len(rows)))
    for place, figure in enumerate(reversed(rows)):
        colour = {"no": BAD, "": THEIRS}.get(figure["met"], GOOD)
        plt.barh(place, figure["ratio"] - 1, left=1, color=colour, height=0.62)
        for bound, mark in ((figure["must"], "|"), (figure["aim"], "x")):
            if bound is not None:
                plt.plot([bound], [place], mark, color="#222222", markersize=8)
    names = [f"{row['title']}: {row['rival_name']}" for row in reversed(rows)]
    plt.yticks(range(len(rows)), [name.replace("`", "") for name in names], fontsize=7)
    plt.ylim(-0.7, len(rows) - 0.3)
    plt.xscale("log")
    plt.axvline(1, color="#222222", linewidth=0.8)
    plt.xlabel("times ours that the rival costs; | floor, x aim")
    _save(path)

"""Recorded statistics beside those of the simulated market, measured the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from benchmarks.sim import production
from benchmarks.sim.captures import (
    BINANCE,
    OPTIONS,
    binance_tape,
    option_sample,
    smile_points,
)
from benchmarks.sim.simulated import simulated_options, simulated_tape
from benchmarks.sim.smile import Point, fit_smile

WARM_S = 60.0
HEADS = ("BTC-PERPETUAL", "Deribit 2021-26", "Binance 2024-08", "simulated")


def perpetual(captures: Path | None, seed: int, seconds: float) -> list[list[str]]:
    """Return the table of the perpetual; recorded columns are empty without files."""
    known = production.perpetual(captures) if captures else {}
    other = binance_tape(captures / BINANCE).summary() if captures else {}
    ours = simulated_tape(seed, "BTC-PERPETUAL", WARM_S, seconds).summary()
    rows = [list(HEADS)]
    for name, value in ours.items():
        found = [_text(source, name) for source in (known, other)]
        rows.append([name, *found, f"{value:,.4g}"])
    return rows


def options(captures: Path | None, seed: int, seconds: float) -> list[list[str]]:
    """Return the table of options by class of delta: recorded / simulated."""
    paths = [captures / name for name in OPTIONS] if captures else []
    recorded = option_sample(paths).summary() if paths else {}
    ours = simulated_options(seed, "BTC", WARM_S, seconds).summary()
    rows = [["options by delta", *ours]]
    for name in next(iter(ours.values())):
        cells = [
            f"{_text(recorded.get(label, {}), name)} / {_text(numbers, name)}"
            for label, numbers in ours.items()
        ]
        rows.append([name, *cells])
    return rows


def smile(captures: Path) -> str:
    """Return the fit of the surface's shape to recorded marks."""
    groups: dict[str, list[Point]] = defaultdict(list)
    for name in OPTIONS:
        for expiry, *point in smile_points([captures / name]):
            years, away, vol = point
            groups[f"{name} {expiry[:3]}"].append((years, away, vol))
    fit = fit_smile(groups)
    error = 100 * fit.error
    return f"surface: rho {fit.rho}, eta {fit.eta}, error {error:.1f} vol points"


def markdown(rows: list[list[str]]) -> str:
    """Return a table."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(numbers: Mapping[str, float], name: str) -> str:
    value = numbers.get(name)
    return "" if value is None else f"{value:,.4g}"

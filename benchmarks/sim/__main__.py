"""Questions about the simulated venue, one command each.

python -m benchmarks.sim recorded    what recorded markets look like
python -m benchmarks.sim load        whether the served venue keeps up with many clients
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from benchmarks.sim.captures import (
    BINANCE,
    CAPTURES,
    OPTIONS,
    binance_tape,
    option_sample,
    smile_points,
)
from benchmarks.sim.load import load
from benchmarks.sim.smile import Point, fit_smile


def recorded(captures: Path) -> None:
    """Print the statistics of the captures, where they are at hand."""
    if not captures.is_dir():
        raise SystemExit(f"no captures in {captures}")
    print("Binance COIN-M BTCUSD_PERP, 2024-08-08, USD")
    for name, value in binance_tape(captures / BINANCE).summary().items():
        print(f"  {name:32} {value:14,.4g}")
    paths = [captures / name for name in OPTIONS]
    print("Deribit options, 2021-04-05 and 2021-04-17, by class of |delta|")
    for label, numbers in option_sample(paths).summary().items():
        print(
            f"  {label:5}",
            *(f"{name} {v:.4g}" for name, v in numbers.items()),
            sep="  ",
        )
    groups: dict[str, list[Point]] = defaultdict(list)
    for path in paths:
        for name, *point in smile_points([path]):
            years, away, vol = point
            groups[f"{path.name} {name[:3]}"].append((years, away, vol))
    fit = fit_smile(groups)
    print(
        f"surface: rho {fit.rho}, eta {fit.eta}, error {100 * fit.error:.1f} vol points"
    )


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sim")
    parser.add_argument("command", choices=["recorded", "load"])
    parser.add_argument("--captures", type=Path, default=CAPTURES)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--subscriptions", type=int, default=200)
    parser.add_argument("--rate", type=float, default=2_000.0, help="requests per s")
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    if arguments.command == "recorded":
        recorded(arguments.captures)
    else:
        load(
            arguments.connections,
            arguments.subscriptions,
            arguments.rate,
            arguments.seconds,
        )


if __name__ == "__main__":
    main()

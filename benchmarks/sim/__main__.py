"""Questions about the simulated venue, one command each.

python -m benchmarks.sim realism     recorded markets beside the simulated one
python -m benchmarks.sim cost        what a world takes to start and to keep going
python -m benchmarks.sim feeds       what a notification costs the venue itself
python -m benchmarks.sim load        whether the served venue keeps up with many clients
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.sim import cost, realism
from benchmarks.sim.captures import CAPTURES
from benchmarks.sim.feeds import run as run_feeds
from benchmarks.sim.load import load


def show_realism(arguments: argparse.Namespace) -> None:
    """Print the tables of docs/background-market.md."""
    captures: Path | None = arguments.captures
    if captures is None or not captures.is_dir():
        print(f"no captures in {captures}: the simulated market alone\n")
        captures = None
    seed, seconds = arguments.seed, arguments.seconds
    print(realism.markdown(realism.perpetual(captures, seed, seconds)), end="\n\n")
    print(realism.markdown(realism.options(captures, seed, seconds)), end="\n\n")
    if captures is not None:
        print(realism.smile(captures))


def show_cost(arguments: argparse.Namespace) -> None:
    """Print what one world takes."""
    world, start = cost.started(arguments.world, arguments.seed, arguments.hour)
    print(
        f"{arguments.world}: {start.instruments} instruments, {start.options} options, "
        f"{start.orders} orders; venue {start.venue_s:.2f} s, "
        f"market {start.market_s:.2f} s"
    )
    for second, share, memory_mb in cost.spent(
        world, arguments.seconds, arguments.every
    ):
        print(f"{second:8} s  {share:6.1%} of a core  {memory_mb:7.1f} MB", flush=True)


def show_feeds(arguments: argparse.Namespace) -> None:
    """Print what notifications cost."""
    result = run_feeds(
        arguments.markets,
        arguments.connections,
        arguments.subscriptions,
        arguments.seconds,
    )
    a_second = result.notifications / result.virtual_s
    print(
        f"{result.markets} markets, {result.subscriptions} subscriptions to "
        f"{result.channels} channels: {a_second:.0f} notifications a virtual second, "
        f"{result.us_each:.1f} us each beyond {result.silent_s / result.virtual_s:.2f} "
        f"s of a venue nobody listens to; {result.heard_s / result.virtual_s:.0%} of "
        "a core in all"
    )


def show_load(arguments: argparse.Namespace) -> None:
    """Load a server of its own."""
    load(
        arguments.connections,
        arguments.subscriptions,
        arguments.rate,
        arguments.seconds,
    )


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sim")
    commands = parser.add_subparsers(required=True)
    real = commands.add_parser("realism", help="recorded and simulated statistics")
    real.add_argument("--captures", type=Path, default=CAPTURES, metavar="DIR")
    real.add_argument("--seed", type=int, default=1)
    real.add_argument("--seconds", type=float, default=600.0, help="virtual time")
    real.set_defaults(run=show_realism)
    costs = commands.add_parser("cost", help="start-up, CPU and memory of a world")
    costs.add_argument("--world", choices=list(cost.WORLDS), default="default")
    costs.add_argument("--seed", type=int, default=1)
    costs.add_argument("--seconds", type=int, default=300, help="virtual time")
    costs.add_argument("--hour", type=float, default=14.0, help="UTC, at the start")
    costs.add_argument("--every", type=int, default=60, help="virtual seconds a line")
    costs.set_defaults(run=show_cost)
    feeds = commands.add_parser("feeds", help="notifications, in this process")
    feeds.add_argument("--markets", type=int, default=1_500)
    feeds.add_argument("--connections", type=int, default=50)
    feeds.add_argument("--subscriptions", type=int, default=200, help="of each")
    feeds.add_argument("--seconds", type=int, default=10, help="virtual time")
    feeds.set_defaults(run=show_feeds)
    loads = commands.add_parser("load", help="many clients of a served venue")
    loads.add_argument("--connections", type=int, default=50)
    loads.add_argument("--subscriptions", type=int, default=200)
    loads.add_argument("--rate", type=float, default=2_000.0, help="requests per s")
    loads.add_argument("--seconds", type=float, default=30.0)
    loads.set_defaults(run=show_load)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

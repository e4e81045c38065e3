"""Does our calculator do in the paper's own simulation what the paper says?

python -m benchmarks.papers.avellaneda_stoikov_2008 --paths 1000 --json

Section 3.3 of M. Avellaneda and S. Stoikov, High-frequency trading in a limit order
book, Quantitative Finance 8(3), 2008, 217-224. Every quote comes from the engine's
compiled ``avellaneda_stoikov_quotes``, called with the time that is left; this file
only moves the price, deals out the fills and counts. One tick is one unit of the
paper's price, one lot one unit of its stock, one second its unit of time.

Taken at the paper's word: a quote at distance d from the mid is filled with
probability A exp(-k d) dt, bid and ask by separate draws, and a number above 1 is a
certain fill. At A dt = 0.7 that is not the chance of a Poisson process, 1 - exp(-A
exp(-k d) dt): with that one the profits of the table would be about a tenth smaller.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import orjson

from engine._core.quote.models.avellaneda_stoikov import avellaneda_stoikov_quotes

PRICE = 100.0
END_S = 1.0
SIGMA = 2.0
STEP_S = 0.005
K = 1.5
A_PER_S = 140.0
GAMMAS = (0.01, 0.1, 0.5)
STRATEGIES = ("inventory", "symmetric")
PATHS_MAX = 10_000_000

STEPS = round(END_S / STEP_S)
LEFT_S = [END_S - i * STEP_S for i in range(STEPS)]

NOTES = """
columns:
  gamma        risk aversion
  strategy     inventory: the paper's; symmetric: the average spread of the former, for
               ever around the mid
  spread       ask - bid, mean over time
  profit_mean  cash and stock at the end, mean over the paths; profit_sd: deviation
  q_mean       stock at the end, mean over the paths; q_sd: deviation
  ..._se       standard error of the column of that name, by its own sample
  paths        how many there were

The same seed and number of paths give the same numbers on every machine. The paper used
1,000 paths; a table to two digits needs about 10,000 (ten seconds or so).
The printed article has gamma = 1 in its third table: --gamma 1.
docs/papers/avellaneda-stoikov-2008.md compares with what was printed.
"""


def average_spread(gamma: float) -> float:
    """Return the spread the inventory strategy quotes, mean over time."""
    total = 0.0
    for left_s in LEFT_S:
        bid, ask = avellaneda_stoikov_quotes(
            PRICE, 0.0, sigma_ticks=SIGMA, gamma=gamma, k_per_tick=K, horizon_s=left_s
        )
        total += ask - bid
    return total / STEPS


def walk(gamma: float, strategy: str, dice: random.Random) -> tuple[float, int]:
    """Play one path; return profit and stock at its end.

    The spread is linear in the time left, so that the symmetric strategy's constant
    one, the mean over time, is the spread for the mean time left.
    """
    draw, exp, quotes = dice.random, math.exp, avellaneda_stoikov_quotes
    leans = strategy == "inventory"
    mean_left_s = fmean(LEFT_S)
    jump = SIGMA * math.sqrt(STEP_S)
    chance = A_PER_S * STEP_S
    mid, cash, stock = PRICE, 0.0, 0
    for left_s in LEFT_S:
        bid, ask = quotes(
            mid,
            stock if leans else 0.0,
            sigma_ticks=SIGMA,
            gamma=gamma,
            k_per_tick=K,
            horizon_s=left_s if leans else mean_left_s,
        )
        if draw() < chance * exp(K * (mid - ask)):
            stock -= 1
            cash += ask
        if draw() < chance * exp(K * (bid - mid)):
            stock += 1
            cash -= bid
        mid += jump if draw() < 0.5 else -jump
    return cash + stock * mid, stock


def spread_of_sample(sample: Sequence[float]) -> tuple[float, float]:
    """Return the standard deviation of a sample, and the standard error of that."""
    n, mean, deviation = len(sample), fmean(sample), stdev(sample)
    if deviation == 0.0:
        return 0.0, 0.0
    fourth = fmean((value - mean) ** 4 for value in sample)
    error = math.sqrt(max(0.0, fourth - deviation**4) / n) / (2.0 * deviation)
    return deviation, error


def row(gamma: float, strategy: str, paths: int, seed: int) -> dict[str, Any]:
    """Return one row of the table; its draws are its own."""
    dice = random.Random(f"{seed}/{gamma}/{strategy}")
    played = [walk(gamma, strategy, dice) for _ in range(paths)]
    profits = [profit for profit, _ in played]
    stocks = [float(stock) for _, stock in played]
    profit_sd, profit_sd_se = spread_of_sample(profits)
    q_sd, q_sd_se = spread_of_sample(stocks)
    return {
        "gamma": gamma,
        "strategy": strategy,
        "spread": average_spread(gamma),
        "profit_mean": fmean(profits),
        "profit_sd": profit_sd,
        "q_mean": fmean(stocks),
        "q_sd": q_sd,
        "profit_mean_se": profit_sd / math.sqrt(paths),
        "profit_sd_se": profit_sd_se,
        "q_mean_se": q_sd / math.sqrt(paths),
        "q_sd_se": q_sd_se,
        "paths": paths,
    }


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table for people: each figure with its standard error."""
    lines = [
        "| gamma | strategy | spread | profit | sd of profit | final q | sd of q |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for one in rows:
        cells = [f"{one['spread']:.2f}"]
        for name in ("profit_mean", "profit_sd", "q_mean", "q_sd"):
            cells.append(f"{one[name]:.2f} ± {one[name + '_se']:.2f}")
        head = [f"{one['gamma']:g}", one["strategy"]]
        lines.append("| " + " | ".join(head + cells) + " |")
    return "\n".join(lines)


def within(text: str, convert: Any, low: float, high: float) -> Any:
    """Return an argument as a number of a range.

    Raises:
        ArgumentTypeError: it is none, or outside; names the value and the range.
    """
    try:
        value = convert(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(
            f"must be a number from {low:g} to {high:g}, not {text}"
        )
    return value


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the simulation of the paper and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.papers.avellaneda_stoikov_2008",
        description="Section 3.3 of Avellaneda and Stoikov 2008 (s = 100, T = 1, "
        "sigma = 2, dt = 0.005, k = 1.5, A = 140), quoted by the engine's compiled "
        "calculator. Prints a table, or JSON rows.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--paths",
        type=lambda text: within(text, int, 2, PATHS_MAX),
        default=1000,
        help="price paths of each row, from 2 (default: 1000, as in the paper)",
    )
    parser.add_argument(
        "--gamma",
        type=lambda text: within(text, float, 1e-9, 1e3),
        action="append",
        help="risk aversion of a pair of rows; repeat it for more "
        "(default: 0.01, 0.1 and 0.5)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draws (default: 1)")
    parser.add_argument(
        "--json", action="store_true", help="a JSON array with an object for each row"
    )
    given = parser.parse_args(arguments)
    rows = [
        row(gamma, strategy, given.paths, given.seed)
        for gamma in given.gamma or GAMMAS
        for strategy in STRATEGIES
    ]
    if given.json:
        text = orjson.dumps(
            rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        sys.stdout.write(text.decode())
    else:
        print(markdown(rows))


if __name__ == "__main__":
    main()

"""Simulations of papers without chance: expectations by recursion over every state."""

import math
from collections.abc import Callable
from itertools import product

PRICE = 100.0
END, STEP = 1.0, 0.005
SIGMA, K, A = 2.0, 1.5, 140.0
STOCK_MAX = 70


def avellaneda_stoikov_2008(gamma: float, strategy: str) -> dict[str, float]:
    """Return what section 3.3's table tends to as the number of paths grows.

    Profit and stock at the end depend on the path through the stock alone: a step
    earns the distance of what is filled, and the stock then held times a jump of mean
    zero. So the first two moments follow backwards from the end, one step at a time,
    over the stocks -STOCK_MAX to STOCK_MAX. Beyond those nothing is filled any more:
    eight standard deviations of the symmetric strategy's stock.
    """
    steps = round(END / STEP)
    left = [END - i * STEP for i in range(steps)]
    fixed = 2 / gamma * math.log(1 + gamma / K)
    mean_spread = fixed + gamma * SIGMA**2 * sum(left) / steps

    def distances(stock: int, t: float) -> tuple[float, float]:
        if strategy == "symmetric":
            return mean_spread / 2, mean_spread / 2
        half = (fixed + gamma * SIGMA**2 * t) / 2
        skew = stock * gamma * SIGMA**2 * t
        return half + skew, half - skew

    stocks = range(-STOCK_MAX, STOCK_MAX + 1)
    end = [dict.fromkeys(stocks, 0.0), dict.fromkeys(stocks, 0.0)]
    profit = _moments(end, left, distances)
    final = [{q: float(q) for q in stocks}, {q: float(q * q) for q in stocks}]
    stock = _moments(final, left, distances, counts_profit=False)
    return {
        "spread": mean_spread,
        "profit_mean": profit[0],
        "profit_sd": math.sqrt(profit[1] - profit[0] ** 2),
        "q_mean": stock[0],
        "q_sd": math.sqrt(stock[1] - stock[0] ** 2),
    }


def _moments(
    end: list[dict[int, float]],
    left: list[float],
    distances: Callable[[int, float], tuple[float, float]],
    *,
    counts_profit: bool = True,
) -> tuple[float, float]:
    """Return the first two moments, as seen from an empty stock at the start."""
    first, second = end
    jump = SIGMA**2 * STEP if counts_profit else 0.0
    for t in reversed(left):
        before = ({}, {})
        for q in first:
            bid, ask = distances(q, t)
            bought = min(1.0, A * math.exp(-K * bid) * STEP) if q < STOCK_MAX else 0.0
            sold = min(1.0, A * math.exp(-K * ask) * STEP) if q > -STOCK_MAX else 0.0
            mean = square = 0.0
            for buys, sells in product((0, 1), repeat=2):
                chance = (bought if buys else 1 - bought) * (
                    sold if sells else 1 - sold
                )
                if not chance:
                    continue
                now = (buys * bid + sells * ask) if counts_profit else 0.0
                then = q + buys - sells
                mean += chance * (now + first[then])
                square += chance * (
                    now**2 + 2 * now * first[then] + second[then] + then**2 * jump
                )
            before[0][q], before[1][q] = mean, square
        first, second = before
    return first[0], second[0]

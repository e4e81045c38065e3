"""Gueant's long-run quotes for a perpetual and its futures together, compiled."""

from engine import MultiAssetQuoter


class MultiAsset(MultiAssetQuoter):
    """Quote one instrument, leaning by what is held in all that move with it.

    Idea: risk is that of the whole book, q'Sq. Long the perpetual against a short
    future is hardly any, so it hardly leans; long both leans each of them.

    Parameters (all by name; the same for each instrument that is quoted):
        assets: a table for each instrument: name, k_per_tick, a_per_s, qty_lots (the
            size its fills come in), cold_sigma_ticks.
        correlation: of the prices, one number for every pair, or a matrix.
        gamma: aversion to inventory risk, 1/money of a tick's value.
        xi: aversion to waiting for fills, 1/money; default gamma, 0 = none.
        qty_lots: size in lots, or a list with one size for each level.
        levels, step_ticks, step_growth, min_edge_ticks, skew_max_ticks, fair: as in
            strategies/ladder.py.

    What kills it: a correlation that breaks (a squeeze in the basis), and whatever
    kills the single-asset form: jumps, an A or k that no longer holds.
    """

"""Gueant-Lehalle-Fernandez-Tapia: optimal quotes without a closing bell, compiled."""

from engine import GlftQuoter


class Glft(GlftQuoter):
    """Quote the closed-form depths c1 + (D/2) sigma c2 -/+ sigma c2 q around fair.

    Idea: the optimal quotes of an endless market maker whose fills at depth d arrive
    A exp(-k d) times a second. Depth and skew both grow with volatility.

    Parameters (all by name):
        qty_lots: order size D in lots, or a list with one size for each level.
        gamma: aversion to inventory risk, 1/(tick * lot).
        xi: aversion to waiting for fills, 1/(tick * lot); default gamma, 0 = none.
        k_per_tick: how fast fills thin out with depth, 1/tick; measure it from trades.
        a_per_s: fills a second at depth 0; measure it from trades.
        cold_sigma_ticks: volatility in ticks per sqrt(second) until enough was seen;
            0 (default) = no quotes until then.
        levels, step_ticks, step_growth, min_edge_ticks, skew_max_ticks, fair: as in
            strategies/ladder.py.

    What kills it: an A or k that no longer holds (quiet hours, news), jumps, and being
    picked off: the model takes fills as independent of the next move.
    """

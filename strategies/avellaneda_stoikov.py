"""Avellaneda-Stoikov (2008): quotes around a reservation price, compiled."""

from engine import AvellanedaStoikovQuoter


class AvellanedaStoikov(AvellanedaStoikovQuoter):
    """Ask more for risk the more is held, the faster the price moves.

    Idea: r = fair - q gamma sigma^2 horizon is what a lot is worth to us, given what we
    hold; the spread around it pays for the risk and for the chance of a fill.

    Parameters (all by name):
        qty_lots: size in lots, or a list with one size for each level.
        gamma: risk aversion, 1/(tick * lot). The skew of one lot is
            gamma * sigma^2 * horizon_s ticks: choose that, then solve for gamma.
        k_per_tick: how fast fills thin out with depth, 1/tick; measure it from trades.
        horizon_s: how long inventory is held, seconds. Default 60.
        cold_sigma_ticks: volatility in ticks per sqrt(second) until enough was seen;
            0 (default) = no quotes until then.
        levels, step_ticks, step_growth, min_edge_ticks, skew_max_ticks, fair: as in
            strategies/ladder.py.

    What kills it: jumps (sigma lags), a k taken from the shape of the book instead of
    from trades, and trends: the model has no drift.
    """

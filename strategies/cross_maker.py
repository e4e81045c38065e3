"""Quote one future from the book of another one, where its fills are hedged."""

from engine import CrossQuoter


class CrossMaker(CrossQuoter):
    """Stand in a thin future at what a hedge in a deep one leaves, less an edge.

    Idea: the perpetual's book says what a dated future is worth, up to the basis. A bid
    there that is filled and sold on in the perpetual at once keeps edge_ticks, whatever
    the market does; bind strategies/delta_hedger.py to the perpetual for the hedge.
    Worst leg risk: `worst_leg_lots`, all levels of a side, until the hedge is done;
    with the hedger's band on top of it. docs/strategies/cross_maker.md

    Parameters (all by name):
        reference: name of the instrument that is hedged in.
        edge_ticks: kept of each fill after both fees and the hedge's spread, ticks.
        skew_ticks: both sides move by this much per lot held here, ticks. Default 0.
        stale_ms: no quotes while the reference has been silent longer. Default 2000.
        qty_lots, levels, step_ticks, step_growth, skew_max_ticks: as in
            strategies/ladder.py.

    What kills it: a hedge that comes late in a fast market (the edge is gone before the
    answer is there), a basis that moves faster than the marks, a reference whose depth
    is not there when it is asked for.
    """

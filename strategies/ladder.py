"""Several levels a side at a fixed half-spread around fair, compiled."""

from engine import LadderQuoter


class Ladder(LadderQuoter):
    """Stand around fair with a fixed spread; no model, every number is yours.

    Idea: earn half_spread_ticks on noise, with depth behind the first level for the
    larger moves, and lean against what is held.

    Parameters (all by name):
        qty_lots: size in lots, or a list with one size for each level.
        half_spread_ticks: from fair to the first level, ticks.
        skew_ticks: both sides move by this much per lot held, ticks. Default 0.
        levels: levels a side, 1..8. Default 1, or as many as qty_lots lists.
        step_ticks: from the first level to the second, ticks. Default 1.
        step_growth: each further step is this many times the last. Default 1 (even).
        min_edge_ticks: least half-spread beyond the maker fee, ticks. Default 0.
        skew_max_ticks: inventory moves the quotes no further than this. Default inf.
        fair: "micro" (size-weighted mid, default) or "mid".

    What kills it: volatility. The spread does not widen, so a fast market fills one
    side of the whole ladder and leaves it there.
    """

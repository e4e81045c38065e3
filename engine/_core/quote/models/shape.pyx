"""The shape of a ladder: distances and sizes of its levels.

Distances behind the first level, by ``ladder_shape``:

``steps``
    level j stands step_ticks (1 + g + ... + g^(j-1)) behind the first, g being
    step_growth: evenly spaced for g = 1, geometric above.
``equal_value``
    every level earns the same in a second: lots_j A exp(-k d_j) (d_j - c), d_j being
    its distance from fair and c what a fill costs. A level farther out is reached less
    often, so it has to be larger; how much farther follows from how much larger. With
    y = k (d - c) it is y_j - ln y_j = y_1 - ln y_1 + ln(lots_j/lots_1), on the branch
    y > 1 beyond the best single distance. A cancels.

Sizes, by ``size_shape``:

``geometric``
    level j has size_growth^j times the first size; 1 is flat.
``fill_probability``
    level j has exp(-k offset_j) times the first size: as much as it is likely to be
    reached, so that what may be filled at once shrinks with depth. For ``steps`` only.

A list of sizes is taken as it is.

Source: the fill intensity A exp(-k d) of Avellaneda and Stoikov 2008, eq. (12); the
condition of equal value is arithmetic upon it.
"""

from libc.math cimport fabs, log

from engine._core.base.param import whole

QTY_LOTS_LIMIT = 10**12
LADDER_SHAPES = ("steps", "equal_value")
SIZE_SHAPES = ("geometric", "fill_probability")

# An edge below this many 1/k counts as this: a first level without an edge is worth
# nothing, and what earns as much as nothing stands at no distance at all.
cdef double EDGE_MIN = 0.01
cdef double CLOSE_ENOUGH = 1e-13


cdef double equal_value_behind(
        double edge_ticks, double k_per_tick, double ratio) noexcept nogil:
    cdef double first = k_per_tick * edge_ticks, right, y, step
    cdef int _i
    if not first > EDGE_MIN:
        first = EDGE_MIN
    right = first - log(first) + log(ratio)
    # ln y <= y/2, so the solution lies below 2 right; from there Newton's steps fall
    # and never pass it, the left side being convex.
    y = 2.0 * right
    for _i in range(NEWTON_STEPS_MAX):
        step = (y - log(y) - right) * y / (y - 1.0)
        y -= step
        if fabs(step) <= CLOSE_ENOUGH * y:
            break
    return (y - first) / k_per_tick


def equal_value_depths(double edge_ticks, double k_per_tick, qty_lots):
    """Return how far behind the first level each stands, for equal expected value.

    Units: ticks; k_per_tick in 1/tick; edge_ticks is the distance of the first level
        from fair less what a fill costs. The first is 0 by definition.
    Source: see the module.
    """
    return [0.0] + [
        equal_value_behind(edge_ticks, k_per_tick, <double>lots / <double>qty_lots[0])
        for lots in qty_lots[1:]]


def offsets_of(int levels, double step_ticks, double step_growth):
    """Return the distances of evenly or geometrically spaced levels behind the first.

    Units: ticks.
    """
    offsets = []
    offset_ticks = 0.0
    for _ in range(levels):
        offsets.append(offset_ticks)
        offset_ticks += step_ticks
        step_ticks *= step_growth
    return offsets


def sizes_of(qty_lots, levels, double size_growth, fill_rates=None):
    """Return the size of each level, in lots, at least 1.

    Args:
        qty_lots: one size for the first level, or one for each.
        levels: how many.
        size_growth: each level is this many times the one before.
        fill_rates: how often each level is reached, the first 1: sizes go with it.

    Raises:
        ValueError: no whole number within 1 and QTY_LOTS_LIMIT, or sizes for another
            number of levels.
    """
    sizes = list(qty_lots) if isinstance(qty_lots, (list, tuple)) else None
    if sizes is not None and len(sizes) != levels:
        raise ValueError(f"qty_lots must be one size or {levels} sizes, "
                         f"one for each level, not {qty_lots!r}")
    for size in [qty_lots] if sizes is None else sizes:
        whole("qty_lots", size, 1, QTY_LOTS_LIMIT)
    if sizes is not None:
        return sizes
    rates = fill_rates or [1.0] * levels
    sizes = [max(1, round(qty_lots * rate * size_growth**i))
             for i, rate in enumerate(rates)]
    if max(sizes) > QTY_LOTS_LIMIT:
        raise ValueError(f"qty_lots {qty_lots} and size_growth {size_growth} give a "
                         f"level of more than {QTY_LOTS_LIMIT} lots")
    return sizes

"""The worth of a place in line: whether an order does better where it stands.

The venue keeps the place of an order that only becomes smaller; another price or a
larger size is a new place, at the end. So before an order is moved or grown, what its
lots would earn in both places is compared.

The first in line trades with the next aggressive order. The last trades when all before
it have, which is when the price is about to move: about as rarely as the first of the
next price farther out, and with fair value a step nearer. So the whole line is worth a
step of distance, in the chance of a fill and in what a fill earns. With the chance that
falls by 1/e each ``reach`` and the wish at distance *d* behind fair value, the share of
what the first in line earns is, at *u* of the longer one of both lines,

    place(u) = 1 / (1 + u * step * (1 / reach + 1 / d))

which falls as the exact product does at first, and stays above 0: a calculation without
exponentials. An order at distance *x* loses in addition, as in `scheduler.value_of` to
the first order, ``(d - x) / d`` when it is nearer than wished and ``(x - d) / reach``
when it is farther. It stays while

    lots here * (place(here) - loss) >= lots wished * place(there)

Whoever stands past fair value has no place worth keeping, nor has one whose wish stands
there. At the end of a line nothing is given up, and so nothing is kept.

Source: C. Moallemi and K. Yuan, A Model for Queue Position Valuation in a Limit Order
Book, 2016: a better place trades more often and is picked off less, and is worth most
where the tick is large against the volatility.
"""

from libc.math cimport fmax

from engine._core.base.types cimport BID, Side, qty_min, qty_t


cdef double behind_fair(
        Side side, double price_ticks, const Yardstick* yard) noexcept nogil:
    if yard.fair_ticks == 0.0:
        return 0.0
    return (yard.fair_ticks - price_ticks if side == BID
            else price_ticks - yard.fair_ticks)


cdef bint weigh(
        const Line* line, double stands_ticks, double wished_ticks,
        const Yardstick* yard, Stake* out) noexcept nogil:
    cdef double longer = fmax(line.others_lots, line.joins_lots)
    cdef double whole
    out.stays = out.moves = out.place = 0.0
    if (stands_ticks <= 0.0 or wished_ticks <= 0.0 or longer < 1.0
            or line.ahead_lots < 0.0):
        return False
    whole = line.step_ticks * (1.0 / yard.reach_ticks + 1.0 / wished_ticks) / longer
    out.stays = 1.0 / (1.0 + line.ahead_lots * whole)
    out.moves = 1.0 / (1.0 + line.joins_lots * whole)
    if out.stays <= out.moves:
        return False
    out.place = out.stays - out.moves
    if stands_ticks < wished_ticks:
        out.stays -= (wished_ticks - stands_ticks) / wished_ticks
    else:
        out.stays -= (stands_ticks - wished_ticks) / yard.reach_ticks
    return True


cdef bint is_worth_keeping(
        const Stake* stake, qty_t open_lots, qty_t wished_lots) noexcept nogil:
    """A wish for less can be had where the order stands: it becomes smaller there."""
    return (<double>qty_min(open_lots, wished_lots) * stake.stays
            >= <double>wished_lots * stake.moves)


def judge(*, double ahead, double others, double joins, double stands, double wished,
          long open_lots=10, long wished_lots=10, double step=1.0, double reach=10.0):
    """Return (whether an order stays, the share it would give up). For tests and tools.

    Args:
        ahead, others: lots of others ahead of the order, and at its price in all.
        joins: lots of others at the price it would go to.
        stands, wished: distances behind fair value, ticks.
        open_lots, wished_lots: sizes.
        step: ticks from one price to the next.
        reach: see Yardstick.
    """
    cdef Line line
    cdef Yardstick yard
    cdef Stake stake
    line.ahead_lots, line.others_lots, line.joins_lots = ahead, others, joins
    line.step_ticks = step
    yard.fair_ticks, yard.reach_ticks, yard.money = 0.0, reach, 1.0
    stays = weigh(&line, stands, wished, &yard, &stake)
    return (stays and is_worth_keeping(&stake, open_lots, wished_lots), stake.place)

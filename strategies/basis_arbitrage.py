"""Perpetual against a dated future: sell the dear one, buy the cheap one."""

from engine import BasisTaker


class BasisArbitrage(BasisTaker):
    """Trade the basis around what is thought fair; one [[quote]] for each leg.

    Idea: ln(future / perpetual) swings around fair_rate * tau + fair_bps. Both legs are
    of one USD amount (inverse; of as many coins if linear), so that only the basis is
    held. docs/strategies/basis_arbitrage.md has the equations.

    Parameters (all by name; the same ones on both legs):
        future, perpetual: the instruments. The future leads, the perpetual follows.
        fair_rate: fair basis as a fraction a year. Default 0.
        fair_bps: and a constant beside it, bps. Default 0.
        fair_tau_s: besides, the basis' own average over about that time. Default none.
        clip_lots: lots of the future taken at once, at most: the worst leg risk.
        edge_bps: least profit against fair of opening, after both taker fees, bps.
        exit_bps: the same for closing. Default 0.
        reach_ticks: how far past the touch the following leg pays. Default 10.
        leg_timeout_s: a leg without a usable book for longer is given up, and the
            future goes back to what that leg holds. Default 2.
        stop_s: nothing is opened this close to the expiry, seconds. Default 3600.

    What kills it: a basis that trends (fair is a number, not a forecast), funding, and
    taking as the slower one: the touch is gone and only the bad half fills.
    """

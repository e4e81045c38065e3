"""A box of four options: a deposit or a loan, hedged into coins or left in dollars."""

from engine import BoxTaker


class Box(BoxTaker):
    """Take call - put at two strikes when the fixed payment between them is mispriced.

    Idea: it pays high_strike - low_strike dollars wherever the price ends. An inverse
    box pays them in coins and is a deposit of dollars, not riskless in coins; with as
    many USD of the future beside it, it is. docs/strategies/box.md has the equations.

    Parameters (all by name; the same ones on all legs):
        low_call, low_put, high_call, high_put: options of one expiry. low_call leads.
        low_strike, high_strike: their strikes, USD.
        future: of the same expiry, makes an inverse box riskless in coins; none = "".
        usd_rate: without it, what the dollars could earn elsewhere, a fraction a year.
        clip_lots: lots of the options taken at once, at most: the worst leg risk.
        edge_bps: least profit, after the fees of all legs, bps of the underlying.
        exit_bps: the same for closing before expiry. Default 0.
        delivery_fee: of each option that pays. Default 0.00015.
        reach_ticks, leg_timeout_s, stop_s: as in strategies/basis_arbitrage.py.

    What kills it: four spreads and four fees, legging, and taking the coins of an
    inverse box for a riskless profit in coins.
    """

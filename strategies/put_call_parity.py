"""Call, put and future of one strike and expiry, when they do not add up."""

from engine import ParityTaker


class PutCallParity(ParityTaker):
    """Take call - put against the future, sized so that delivery pays a fixed sum.

    Idea: inverse, call - put less K USD of the future pays 1 - K/F coins wherever the
    price ends; linear, less one coin of the future, F - K dollars. Bought below that
    or sold above it, after all fees, the rest is locked. The equations are in
    docs/strategies/put_call_parity.md.

    Parameters (all by name; the same ones on the three legs):
        call, put, future: instruments of one expiry. The call leads.
        strike: K of both options, USD.
        clip_lots: lots of the call taken at once, at most: the worst leg risk.
        edge_bps: least profit, after the fees of all legs, bps of the underlying.
        exit_bps: the same for closing before expiry. Default 0.
        delivery_fee: of the option that pays. Default 0.00015.
        reach_ticks, leg_timeout_s, stop_s: as in strategies/basis_arbitrage.py; one
            reach for each leg where ticks differ.

    What kills it: legging. The books of options are thin and wide, and what moves the
    future moves them all while the second leg is on its way.
    """

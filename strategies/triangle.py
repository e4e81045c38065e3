"""Three spot pairs of three currencies, taken round when the cross is off."""

from engine import TriangleTaker


class Triangle(TriangleTaker):
    """Buy the cross and undo it through two other pairs, or the reverse.

    Idea: ETH_BTC bought, ETH_USDC sold, BTC_USDC bought leaves nothing but a gain in
    dollars when the cross was cheap. docs/strategies/triangle.md has the equations.

    Parameters (all by name; the same ones on the three legs):
        cross: the pair of the two coins, as ETH_BTC. It leads.
        base: its first coin in the third currency, as ETH_USDC.
        quote: its second coin in the third currency, as BTC_USDC.
        clip_lots: lots of the cross taken at once, at most: the worst leg risk.
        edge_bps: least profit of a circle, after three fees, bps of the value.
        exit_bps: the same for going back on what is held. Default edge_bps.
        reach_ticks: how far past the touch the other legs pay; one number, or one for
            each leg, as the ticks are worth very different amounts. Default 10.
        leg_timeout_s: a leg without a usable book for longer is given up. Default 2.

    What kills it: being the slowest in the circle, ticks that are coarse beside the
    edge (one of ETH_BTC is 2 to 3 bps), and balances that run out on one side.
    """

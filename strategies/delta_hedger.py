"""Hedge what other strategies fill, in one instrument, inside a no-trade band."""

from engine import HedgeTaker


class DeltaHedger(HedgeTaker):
    """Take here what brings the dollars of the legs and of the hedge back to a target.

    Idea: makers fill in instruments of their own; what they hold together is a risk
    nobody is paid for. Futures count by fills and entry prices, not by the mark: a
    market that swings is not traded after. Options count by the venue's delta.
    docs/strategies/delta_hedger.md

    Parameters (all by name):
        legs: names of the futures and options whose positions are hedged, all on the
            same coin and quoted by this process.
        band_usd: nothing is done while the gap is within, US dollars; see
            engine._core.quote.models.hedge.hedge_band_usd for the one that costs least.
        target_usd: what legs and hedge are to hold together, US dollars. Default 0.
        take_max_lots: largest single take, lots.
        take_min_lots: fewer missing lots wait for more. Default 1.
        reach_ticks: the limit price lies this far past the touch, ticks. Default 0.
        spread_max_ticks: no take in a wider book, ticks. Default inf.
        stop: "edge" (default) trades back to the edge of the band, "middle" to the
            target.

    What kills it: a hedge book that is empty or halted while the legs fill; legs that
    do not move with the hedge (the basis is left open); a band below one fill's size
    pays the spread for each; with options, jumps: gamma is not hedged, nor is vega.
    """

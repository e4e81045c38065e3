"""Inventory market making in the perpetual: GLFT quotes, guarded by the flow."""

from typing import Any

from engine import GlftQuoter, MicroPrice, Toxicity, TwoScaleVolatility


class PerpMaker(GlftQuoter):
    """Quote both sides of a perpetual and let the inventory lean the quotes.

    Idea: the optimal depths of an endless maker, with what the formula leaves out put
    around it: a fair price fitted to the book, a volatility freed of the noise of the
    touch, a wider spread while takers are one-sided, the measured adverse move as least
    edge, and less size on the side that adds. docs/strategies/perp_maker.md

    Parameters (all by name):
        bucket_lots: lots traded that make one bucket of the toxicity; a day's volume
            over some hundred.
        widen_per_toxicity: the half-spread grows by this share at full toxicity.
            Default 1.
        tau_s: time constant of the volatility, seconds. Default 300.
        table: the fitted micro-price, rows by spread (`halfspread calibrate`); default
            none: the size-weighted mid.
        gamma, xi, k_per_tick, a_per_s, qty_lots, ...: as in strategies/glft.py;
            adverse_ticks, size_skew, stop_lots and more in docs/calculators.md.

    What kills it: jumps; informed flow that does not look one-sided; A and k of another
    hour; a funding that makes the side it ends up on the expensive one.
    """

    def __init__(self, *, bucket_lots: int, **params: Any) -> None:
        if (table := params.pop("table", None)) is not None:
            params["fair"] = self.listen(MicroPrice(table=table))
        params["volatility"] = self.listen(
            TwoScaleVolatility(tau_s=params.pop("tau_s", 300.0))
        )
        params["toxicity"] = self.listen(Toxicity(bucket_lots=bucket_lots))
        super().__init__(**{"widen_per_toxicity": 1.0, **params})

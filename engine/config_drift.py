"""``[quote.drift]``: whether the market is still what the strategy was set up for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.config_text import Key, Section

_Watched = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class Drift(Section):
    """An alarm only: quotes never change by it. Without the table nothing is measured.

    What is not given is taken from the strategy's ``params`` of the name in brackets.
    """

    tau_s: Annotated[
        float,
        Field(ge=60, le=1_000_000),
        Key("after this long what was seen counts 1/e", "s"),
    ] = 1800.0
    ratio_max: Annotated[
        float,
        Field(gt=1, le=1000),
        Key("off is beyond the configured number by more than this, either way"),
    ] = 1.5
    takes_min: Annotated[
        int,
        Field(ge=20, le=1_000_000),
        Key("taker orders that must be seen before A, k or the move is judged"),
    ] = 200
    horizon_s: Annotated[
        float,
        Field(ge=0.01, le=600),
        Key("how long after a fill its adverse move is measured", "s"),
    ] = 10.0
    k_per_tick: Annotated[
        _Watched | None, Key("k to watch (params: k_per_tick)", "1/tick")
    ] = None
    a_per_s: Annotated[
        _Watched | None, Key("A to watch (params: a_per_s)", "1/s, one side")
    ] = None
    sigma_ticks: Annotated[
        _Watched | None,
        Key("volatility to watch (params: cold_sigma_ticks)", "ticks per √s"),
    ] = None
    adverse_ticks: Annotated[
        _Watched | None,
        Key("adverse move to watch (params: min_edge_ticks)", "ticks"),
    ] = None


PARAMS = {
    "k_per_tick": "k_per_tick",
    "a_per_s": "a_per_s",
    "sigma_ticks": "cold_sigma_ticks",
    "adverse_ticks": "min_edge_ticks",
}
"""Key -> the parameter of a strategy that says the same."""

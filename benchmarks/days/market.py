"""The market of a simulated day: the simulated venue, thinned out for speed.

A virtual day is 86,400 s of a market that moves fifty levels a side many times a
second, for reasons no quote near the touch ever feels. A case lists the instruments it
needs and no other (``[sim.listing]``); of these a day keeps what fills, picks
off and marks our orders (indices, informed and uninformed takers, makers near the
touch) and lets go of what only costs time: levels beyond ``FAR_BPS``, two of three
levels of a long ladder (the third has their size), and all but one in ``CHURN`` of the
updates that happen for no reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.sim.params import MakerParams, MarketParams, OptionParams
from engine.sim.settings import SimConfig, WorldConfig, world_config

KINDS = ("perpetual", "dated", "spot", "spread")
CHURN = 10
FAR_BPS = 30.0
KEPT = 3
LONG = 6
"""Levels a side from which on a ladder is thinned to one level in ``KEPT``."""


def day_world(
    sim: dict[str, Any], flow_changes: dict[str, dict[str, Any]], seed: int
) -> WorldConfig:
    """Return the world of a day from the sections of a ``sim.toml``.

    ``flow_changes`` are fields of the markets of ``engine.sim.params``, by kind;
    ``options`` of ``OptionParams``, ``option_makers`` of all makers of options.

    Raises: pydantic.ValidationError when a section is wrong; TypeError for a field that
        a market has not.
    """
    world = world_config(SimConfig.model_validate(sim), seed)
    flow = world.flow
    calmer: dict[str, Any] = {
        name: replace(_thinned(getattr(flow, name)), **flow_changes.get(name, {}))
        for name in KINDS
    }
    options = _changed(flow.options, flow_changes)
    return replace(world, flow=replace(flow, **calmer, options=options))


def _changed(
    options: OptionParams, flow_changes: dict[str, dict[str, Any]]
) -> OptionParams:
    habits = flow_changes.get("option_makers", {})
    makers = tuple(replace(maker, **habits) for maker in options.makers)
    return replace(options, makers=makers, **flow_changes.get("options", {}))


def _thinned(market: MarketParams) -> MarketParams:
    makers = (_kept(maker) for maker in market.makers)
    return replace(market, makers=tuple(one for one in makers if one.levels))


def _kept(maker: MakerParams) -> MakerParams:
    near = tuple(level for level in maker.levels if level[0] <= FAR_BPS)
    every = KEPT if len(near) >= LONG else 1
    return replace(
        maker,
        levels=tuple((bps, size * every) for bps, size in near[::every]),
        churn_ns=maker.churn_ns * CHURN * every,
    )

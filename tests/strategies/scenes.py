"""What the contract tries each strategy with: parameters, other books, whole scenes.

A file in ``strategies/`` that is not named here needs no parameters, quotes both sides
and does so alone on the BTC perpetual.
"""

import importlib
import inspect
from pathlib import Path
from typing import Any

import strategies
from engine import Strategy
from engine.sim.settings import SimConfig
from tests.generators.views import FUTURE, PERPETUAL

Table = dict[str, Any]

FOLDER = Path(strategies.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
PERPETUAL_NAME = PERPETUAL["instrument_name"]
FUTURE_NAME = FUTURE["instrument_name"]

ASSETS: list[Table] = [
    {"name": PERPETUAL_NAME, "k_per_tick": 0.2, "a_per_s": 0.5, "qty_lots": 5}
    | {"cold_sigma_ticks": 15},
    {"name": FUTURE_NAME, "k_per_tick": 0.3, "a_per_s": 0.1, "qty_lots": 5}
    | {"cold_sigma_ticks": 3},
]
"""What moves together in the scene of the multi-asset strategy."""

_PAIR = {"future": FUTURE_NAME, "perpetual": PERPETUAL_NAME, "clip_lots": 10}
CALL_NAME, PUT_NAME = "BTC-25DEC26-80000-C", "BTC-25DEC26-80000-P"
_HIGH_NAMES = {"high_call": "BTC-25DEC26-85000-C", "high_put": "BTC-25DEC26-85000-P"}
_CIRCLE = {"cross": "ETH_BTC", "base": "ETH_USDC", "quote": "BTC_USDC"}
_ALWAYS = {"edge_bps": -500.0, "exit_bps": 600.0}
"""Opens at any loss, so that something happens, and never closes."""

PARAMETERS: dict[str, list[Table]] = {
    "_template": [{"qty_lots": 5}, {"qty_lots": 1, "skew_ticks": 2.5}],
    "avellaneda_stoikov": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "cold_sigma_ticks": 15},
        {"qty_lots": [1, 2], "gamma": 1e-2, "k_per_tick": 2, "cold_sigma_ticks": 4},
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5},
    ],
    "basis_arbitrage": [
        {**_PAIR, "edge_bps": -30.0, "exit_bps": 31.0},
        {**_PAIR, "edge_bps": 5.0, "fair_rate": 0.05, "fair_bps": 1, "reach_ticks": 0},
        {**_PAIR, "edge_bps": 5.0, "fair_tau_s": 60.0},
    ],
    "box": [
        {"low_call": CALL_NAME, "low_put": PUT_NAME, **_HIGH_NAMES, **_ALWAYS}
        | {"low_strike": 80_000, "high_strike": 85_000, "future": FUTURE_NAME}
        | {"clip_lots": 2, "reach_ticks": 50},
        {"low_call": CALL_NAME, "low_put": PUT_NAME, **_HIGH_NAMES, "edge_bps": 3.0}
        | {"low_strike": 80_000, "high_strike": 85_000, "clip_lots": 2}
        | {"usd_rate": 0.05},
    ],
    "cash_and_carry": [
        {**_PAIR, "hurdle_rate": 0.0, "edge_bps": -300.0, "exit_bps": 1_000.0},
        {**_PAIR, "hurdle_rate": 0.1, "funding_8h": 0.0001},
    ],
    "breakout_trend": [
        {"window_s": 4.0, "buffer": 0.2}
        | {"risk_usd_day": 50.0, "lots_max": 20, "vol_tau_s": 5.0}
        | {"vol_sample_s": 0.1, "take_max_lots": 10, "reach_ticks": 4},
        {"window_s": 60.0, "smooth_s": 5.0, "risk_usd_day": 1e6, "lots_max": 1e6}
        | {"take_max_lots": 1},
    ],
    "cross_maker": [
        {"reference": PERPETUAL_NAME, "edge_ticks": 0, "qty_lots": 5}
        | {"skew_ticks": 0.05},
        {"reference": PERPETUAL_NAME, "edge_ticks": 2.5, "qty_lots": [1, 2, 4]}
        | {"step_ticks": 3, "skew_max_ticks": 5, "stale_ms": 500},
    ],
    "delta_hedger": [
        {"legs": [FUTURE_NAME], "band_usd": 20.0, "take_max_lots": 20}
        | {"reach_ticks": 4},
        {"legs": [FUTURE_NAME], "band_usd": 0.0, "take_max_lots": 3, "stop": "middle"}
        | {"spread_max_ticks": 5, "target_usd": -200.0},
    ],
    "ewma_trend": [
        {"fast_s": 0.25, "buffer": 0.2}
        | {"risk_usd_day": 50.0, "lots_max": 20, "vol_tau_s": 5.0}
        | {"vol_sample_s": 0.1, "take_max_lots": 10, "reach_ticks": 4},
        {"fast_s": 60.0, "risk_usd_day": 1e6, "lots_max": 1e6, "take_max_lots": 1},
    ],
    "glft": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 1}
        | {"cold_sigma_ticks": 15},
        {"qty_lots": 5, "gamma": 1e-4, "xi": 0, "k_per_tick": 0.5, "a_per_s": 1}
        | {"levels": 8, "step_growth": 1.5, "cold_sigma_ticks": 4},
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 1},
    ],
    "join_touch": [
        {"qty_lots": 5, "skew_ticks": 0.0},
        {"qty_lots": 1, "skew_ticks": 1.7},
    ],
    "multi_asset": [
        {"assets": ASSETS, "correlation": 0.97, "gamma": 2e-2, "qty_lots": 5},
        {"assets": ASSETS[:1], "correlation": 1, "gamma": 1e-4, "xi": 0.0}
        | {"qty_lots": [1, 2, 3]},
    ],
    "perp_maker": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 1}
        | {"cold_sigma_ticks": 15, "bucket_lots": 500},
        {"qty_lots": [5, 9], "gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 1, "xi": 0}
        | {"cold_sigma_ticks": 4, "bucket_lots": 10, "widen_per_toxicity": 0.5}
        | {"size_skew": 2.0, "adverse_ticks": 1.5, "stop_lots": 40, "tau_s": 60.0},
    ],
    "ladder": [
        {"qty_lots": 5, "half_spread_ticks": 3},
        {"qty_lots": [1, 2, 3], "half_spread_ticks": 0, "skew_ticks": 0.5},
    ],
    "put_call_parity": [
        {"call": CALL_NAME, "put": PUT_NAME, "future": FUTURE_NAME, **_ALWAYS}
        | {"strike": 80_000, "clip_lots": 2, "reach_ticks": 50},
        {"call": CALL_NAME, "put": PUT_NAME, "future": FUTURE_NAME, "edge_bps": 2.0}
        | {"strike": 80_000, "clip_lots": 2, "reach_ticks": [5, 5, 20]},
    ],
    "triangle": [
        {**_CIRCLE, "clip_lots": 50, **_ALWAYS, "reach_ticks": 5},
        {**_CIRCLE, "clip_lots": 50, "edge_bps": 2.0},
    ],
}
"""Arguments by file; the whole scene is played with the first of each."""

TAKERS = frozenset(
    {"basis_arbitrage", "box", "breakout_trend", "cash_and_carry", "delta_hedger"}
    | {"ewma_trend", "put_call_parity", "triangle"}
)
"""Files whose strategy rests no quotes of its own in a calm market."""


def listed(**listing: Any) -> SimConfig:
    """Return a venue that lists futures of one coin, and what is asked for."""
    few = {"families": ["BTC"], "options": False, "spot": False, "combos": False}
    return SimConfig.model_validate(
        {
            "listing": {**few, **listing},
            "venue": {"matching_rate": 30, "matching_burst": 100},
        }
    )


def table(instrument: str, strategy: str, params: Table, **limits: float) -> Table:
    """Return one ``[[quote]]`` of a configuration."""
    given = {"position_max": 500.0, "order_max": 100.0, "collar_bps": 100.0}
    return {
        "instrument": instrument,
        "strategy": strategy,
        "params": params,
        "requote_ticks": 1,
        "limits": {"stale_ms": 5_000, **given, **limits},
    }


def maker(instrument: str, qty_lots: int = 5) -> Table:
    """Return somebody who fills, for a strategy that follows fills."""
    params = {"qty_lots": qty_lots, "skew_ticks": 0.05}
    return table(instrument, "strategies.join_touch:JoinTouch", params)


COMPANIONS: dict[str, list[Table]] = {
    "cross_maker": [
        table(
            PERPETUAL_NAME,
            "strategies.delta_hedger:DeltaHedger",
            {"legs": [FUTURE_NAME], "band_usd": 20.0, "take_max_lots": 20},
        )
    ],
    "delta_hedger": [maker(FUTURE_NAME)],
    "multi_asset": [
        table(
            FUTURE_NAME,
            "strategies.multi_asset:MultiAsset",
            PARAMETERS["multi_asset"][0],
        )
    ],
}
"""What else is quoted in the scene of a file, besides its own on the perpetual."""


def company(name: str) -> list[Table]:
    """Return the legs of a package but the last: the same class and parameters."""
    (found,) = classes(name)
    params = PARAMETERS[name][0]
    *others, _ = found(**params).legs
    path = f"strategies.{name}:{found.__name__}"
    return [table(one, path, params, **LIMITS.get(name, {})) for one in others]


LIMITS: dict[str, dict[str, float]] = {
    "basis_arbitrage": {"position_max": 400.0},
    "box": {"position_max": 4_000.0, "order_max": 1_000.0, "collar_bps": 9_000.0},
    "cash_and_carry": {"position_max": 400.0},
    "put_call_parity": {
        "position_max": 80_000.0,
        "order_max": 40_000.0,
        "collar_bps": 9_000.0,
    },
    "triangle": {"position_max": 2.0, "order_max": 1.0},
}
"""Limits of the legs of packages, where they are not the usual ones."""

PACKAGES = frozenset(LIMITS)
"""Files quoted on every leg, each with the same class and parameters."""

STAGES: dict[str, str] = {
    "box": FUTURE_NAME,
    "cross_maker": FUTURE_NAME,
    "put_call_parity": FUTURE_NAME,
    "triangle": "BTC_USDC",
}
"""Where a file's own strategy is quoted, where that is not the perpetual."""

LISTED = listed()
SIMS: dict[str, SimConfig] = {
    "box": listed(options=True, strikes_each_side=1),
    "put_call_parity": listed(options=True, strikes_each_side=1),
    "triangle": listed(futures=False, spot=True),
}
"""What the venue lists in the scene of a file, where that is not futures."""


def stage(name: str) -> str:
    """Return the instrument a file's own strategy quotes in its scene."""
    return STAGES.get(name, PERPETUAL_NAME)


def classes(name: str) -> list[type[Strategy]]:
    """Return the strategies a file defines."""
    module = importlib.import_module(f"strategies.{name}")
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Strategy)
        and value.__module__ == module.__name__
    ]


def scene(name: str) -> list[Table]:
    """Return the ``[[quote]]`` tables of a file's scene, its own one last."""
    (found,) = classes(name)
    params = PARAMETERS.get(name, [{}])[0]
    own = table(
        stage(name),
        f"strategies.{name}:{found.__name__}",
        params,
        **LIMITS.get(name, {}),
    )
    others = company(name) if name in PACKAGES else COMPANIONS.get(name, [])
    return [*others, own]

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

PARAMETERS: dict[str, list[Table]] = {
    "_template": [{"qty_lots": 5}, {"qty_lots": 1, "skew_ticks": 2.5}],
    "avellaneda_stoikov": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "cold_sigma_ticks": 15},
        {"qty_lots": [1, 2], "gamma": 1e-2, "k_per_tick": 2, "cold_sigma_ticks": 4},
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5},
    ],
    "delta_hedger": [
        {"legs": [FUTURE_NAME], "band_usd": 20.0, "take_max_lots": 20}
        | {"reach_ticks": 4},
        {"legs": [FUTURE_NAME], "band_usd": 0.0, "take_max_lots": 3, "stop": "middle"}
        | {"spread_max_ticks": 5, "target_usd": -200.0},
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
    "ladder": [
        {"qty_lots": 5, "half_spread_ticks": 3},
        {"qty_lots": [1, 2, 3], "half_spread_ticks": 0, "skew_ticks": 0.5},
    ],
}
"""Arguments by file; the whole scene is played with the first of each."""

TAKERS = frozenset({"delta_hedger"})
"""Files whose strategy rests no quotes of its own in a calm market."""


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
    "delta_hedger": [maker(FUTURE_NAME)],
}
"""What else is quoted in the scene of a file, besides its own on the perpetual."""

STAGES: dict[str, str] = {}
"""Where a file's own strategy is quoted, where that is not the perpetual."""


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
        STAGES.get(name, PERPETUAL_NAME), f"strategies.{name}:{found.__name__}", params
    )
    return [*COMPANIONS.get(name, []), own]

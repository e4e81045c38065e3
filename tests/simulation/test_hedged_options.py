"""A maker of options and the hedger of its delta, against the simulated venue."""

from __future__ import annotations

import pytest

from engine.sim.settings import SimConfig
from tests.simulation.packages import leg
from tests.simulation.rig import PERPETUAL, Rig, engine_config

pytestmark = pytest.mark.simulation

CALL, PUT = "BTC-25SEP26-80000-C", "BTC-25SEP26-80000-P"
OPTIONS = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 60, "matching_burst": 200},
        "listing": {
            "families": ["BTC"],
            "instruments": ["BTC-25SEP26", CALL, PUT, PERPETUAL],
            "strikes_each_side": 1,
            "spot": False,
            "combos": False,
        },
    }
)
BAND_USD = 2_000.0
MAKER, HEDGER = "strategies.join_touch:JoinTouch", "strategies.delta_hedger:DeltaHedger"


def rig_of(seed: int) -> Rig:
    hedge = {"legs": [CALL, PUT], "band_usd": BAND_USD, "take_max_lots": 20_000}
    quotes = [leg(HEDGER, PERPETUAL, {**hedge, "reach_ticks": 20}, 200_000.0)]
    for name in (CALL, PUT):
        quotes.append(leg(MAKER, name, {"qty_lots": 3, "skew_ticks": 0.0}, 2.0))
        quotes[-1]["limits"]["collar_bps"] = 9_000.0
    rig = Rig(seed, config=engine_config(quote=quotes), sim=OPTIONS)
    rig.run_until_state("quoting")
    return rig


def open_usd(rig: Rig) -> tuple[float, float]:
    """Return what options and hedge are worth together, and the options alone."""
    seen = rig.core.snapshot()["instruments"]
    options = 0.0
    for name in (CALL, PUT):
        row = seen[name]
        if row["position"]:
            net = row["delta"] - row["mark_price"]
            options += row["position"] * net * row["underlying_price"]
    held = rig.account().positions.get(PERPETUAL)
    return options + (held.instrument.amount(held.size) if held else 0.0), options


@pytest.mark.parametrize("seed", [1, 2])
def test_what_fills_in_options_is_hedged_within_the_band(seed: int) -> None:
    rig = rig_of(seed)
    most, quiet = 0.0, 0
    for _ in range(600):
        rig.run(0.5)
        both, options = open_usd(rig)
        most = max(most, abs(options))
        quiet += abs(both) <= BAND_USD + 20.0
    assert most > 5 * BAND_USD, "nothing to hedge all day"
    # Out of it for the moment between a fill, or a new delta, and the take after it.
    assert quiet >= 570
    assert not [text for text in rig.problems() if text.startswith("strategy")]

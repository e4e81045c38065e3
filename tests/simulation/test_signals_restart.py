"""A trend strategy that is killed and started again goes on where it was."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from tests.simulation.packages import INVERSE, leg
from tests.simulation.rig import PERPETUAL, SECOND_NS, Rig, engine_config

pytestmark = pytest.mark.simulation

TREND = {
    "fast_s": 3.0,
    "risk_usd_day": 20.0,
    "lots_max": 20,
    "vol_tau_s": 20.0,
    "take_max_lots": 20,
}
WARM_S = 32 * 3.0


def signals(rig: Rig) -> list[dict[str, Any]]:
    found = rig.core.snapshot()["instruments"][PERPETUAL]["signals"]
    assert isinstance(found, list)
    return found


def restarted(rig: Rig, config: dict[str, Any], away_s: float, *, keeps: bool) -> None:
    kept = orjson.loads(orjson.dumps(rig.core.checkpoint()))
    rig.core = assemble(from_mapping(config), run_id=77)
    signer = Signer(Credentials("maker", "maker-secret"))
    rig.links.crash(rig.core, signer, restarts_ns=round(away_s * SECOND_NS))
    if keeps:
        rig.links.command("restore", checkpoint=kept)
    rig.run_until_state("quoting", 60)
    rig.run(1)


def warm_rig(config: dict[str, Any]) -> Rig:
    rig = Rig(5, config=config, sim=INVERSE)
    rig.run_until_state("quoting")
    rig.run(WARM_S + 5)
    assert all(one["is_ready"] for one in signals(rig))
    return rig


def config_of(**changes: Any) -> dict[str, Any]:
    quote = leg("strategies.ewma_trend:EwmaTrend", PERPETUAL, TREND | changes, 500.0)
    return engine_config(quote=[quote])


def test_it_goes_on_with_what_it_knew() -> None:
    config = config_of()
    rig = warm_rig(config)
    before = [one["value"] for one in signals(rig)]
    restarted(rig, config, 1.0, keeps=True)
    assert all(one["is_ready"] for one in signals(rig))
    # The slowest pair spans 12 and 48 seconds: a few of them change it little.
    assert signals(rig)[2]["value"] == pytest.approx(before[2], abs=0.6)
    assert not [text for text in rig.problems() if "signal" in text]


def test_without_a_checkpoint_it_is_cold() -> None:
    config = config_of()
    rig = warm_rig(config)
    restarted(rig, config, 1.0, keeps=False)
    assert not any(one["is_ready"] for one in signals(rig)[:3])


def test_with_other_spans_or_after_long_it_is_cold_and_says_so() -> None:
    rig = warm_rig(config_of())
    other = config_of(fast_s=2.9)
    restarted(rig, other, 1.0, keeps=True)
    said = "BTC-PERPETUAL: EwmaCross starts cold: fast_s was 3.0 and is 2.9"
    assert said in [text for _, _, _, text in rig.links.notes]
    assert not any(one["is_ready"] for one in signals(rig)[:3])
    assert signals(rig)[3]["is_ready"], "the volatility goes on"

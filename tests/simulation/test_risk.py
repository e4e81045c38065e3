"""Risk rules against the simulated venue: what is kept, what trips, what arms again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.settings import SimConfig
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import (
    MILLISECOND_NS,
    PERPETUAL,
    SECOND_NS,
    Rig,
    engine_config,
)

pytestmark = pytest.mark.simulation

THREE = SimConfig.model_validate(
    {
        "listing": {**PERPETUALS, "families": ["BTC", "ETH", "BTC_USDC"]},
        "venue": {"matching_rate": 60, "matching_burst": 200},
    }
)
ACCOUNT_USD, BTC_USD = 600.0, 400.0
MARGIN_PCT = 4e-5
"""Of the account's equity; some quotes and a few fills need more."""
DRIFT = 1.02
"""A linear position's value moves with its mark between two requests."""


def quote(name: str, position_max: float, order_max: float) -> dict[str, Any]:
    return {
        "instrument": name,
        "strategy": "strategies.join_touch:JoinTouch",
        "params": {"qty_lots": 20, "skew_ticks": 0.0},
        "limits": {
            "position_max": position_max,
            "order_max": order_max,
            "collar_bps": 100.0,
            "stale_ms": 5_000,
        },
    }


def risk(**limits: Any) -> dict[str, Any]:
    """Return the usual configuration with a risk section."""
    return engine_config(risk=limits)


class Together(Rig):
    """Three instruments of three currencies; the sum is checked at the venue."""

    most_usd = 0.0

    def check(self) -> None:
        exchange, marks = self.world.venue.exchange, self.core.mark_prices()
        worst: dict[str, float] = {}
        for name, (mark, _) in marks.items():
            instrument = exchange.markets[name].instrument
            lot = instrument.lot_num / instrument.lot_den
            position = self.account().positions.get(name)
            held = position.size if position is not None else 0
            orders = [o for o in self.open_orders() if o.instrument.name == name]
            bought = held + sum(o.open_lots for o in orders if o.side > 0)
            sold = -held + sum(o.open_lots for o in orders if o.side < 0)
            worst[name] = max(bought, sold) * lot * (1 if instrument.inverse else mark)
        total = sum(worst.values())
        self.most_usd = max(self.most_usd, total)
        assert total <= ACCOUNT_USD * DRIFT, (worst, self.last_notes())
        assert worst.get(PERPETUAL, 0.0) <= BTC_USD, (worst, self.last_notes())


def document(**limits: Any) -> dict[str, Any]:
    quotes = [
        quote("BTC-PERPETUAL", 1_000.0, 500.0),
        quote("ETH-PERPETUAL", 1_000.0, 500.0),
        quote("BTC_USDC-PERPETUAL", 0.02, 0.01),
    ]
    return engine_config(risk=limits, quote=quotes)


def together(seed: int) -> Together:
    limits = {
        "exposure_max_usd": ACCOUNT_USD,
        "currency": {"BTC": {"exposure_max_usd": BTC_USD}},
    }
    return Together(seed, config=document(**limits), sim=THREE)


def stance(rig: Rig) -> str:
    return str(rig.core.snapshot()["stance"])


def why(rig: Rig) -> str:
    return str(rig.core.snapshot()["instruments"][PERPETUAL]["why_blank"])


@pytest.mark.parametrize("seed", [1, 2])
def test_exposure_over_instruments_holds_at_every_event(seed: int) -> None:
    rig = together(seed)
    rig.run_until_state("quoting")
    rig.run(12)
    rig.links.drop(0, venue_notices_ns=SECOND_NS)
    rig.run_until_state("quoting", 60)
    rig.run(8)
    snapshot = rig.core.snapshot()
    assert snapshot["halted"] == ""
    assert snapshot["counters"]["fills"] > 0
    assert rig.most_usd > 0.8 * ACCOUNT_USD, "the limit was never in the way"


def test_the_check_of_exposure_notices_a_breach(monkeypatch: Any) -> None:
    monkeypatch.setattr("tests.simulation.test_risk.ACCOUNT_USD", 5_000.0)
    rig = together(1)
    monkeypatch.setattr("tests.simulation.test_risk.ACCOUNT_USD", 300.0)
    with pytest.raises(AssertionError, match="BTC-PERPETUAL"):
        rig.run(10)


def test_a_loss_latches_over_a_restart_and_waits_for_the_operator() -> None:
    config = risk(loss_peak_usd=0.05)
    rig = Rig(1, config=config)
    rig.run_until_state("quoting")
    rig.run_until(lambda: stance(rig) == "pull", 120)
    rig.run(1)
    assert rig.open_orders() == []
    assert rig.state() == "paused"
    kept = orjson.loads(orjson.dumps(rig.core.checkpoint()))
    rig.core = assemble(from_mapping(config), run_id=77)
    signer = Signer(Credentials("maker", "maker-secret"))
    rig.links.crash(rig.core, signer, restarts_ns=SECOND_NS)
    rig.links.command("restore", checkpoint=kept)
    rig.run_until_state("paused", 60)
    rig.run(10)
    (trip,) = rig.core.snapshot()["session"]["risk"]["trips"]
    assert (trip["rule"], trip["latched"], stance(rig)) == ("loss_peak", True, "pull")
    assert rig.open_orders() == []
    rig.links.command("rearm", rule="loss_peak")
    rig.run_until_two_sided()


def test_a_stop_loss_closes_the_position_of_its_instrument() -> None:
    config = engine_config()
    config["quote"][0]["limits"]["loss_max"] = 1e-6
    rig = Rig(2, config=config)
    rig.run_until_state("quoting")

    def row() -> dict[str, Any]:
        found = rig.core.snapshot()["instruments"][PERPETUAL]
        assert isinstance(found, dict)
        return found

    rig.run_until(lambda: row()["stance"] == "flatten", 120)
    rig.run_until(lambda: rig.position() == 0, 20)
    rig.run(5)
    assert (rig.position(), rig.open_orders(), stance(rig)) == (0, [], "normal")
    rig.links.command("rearm", instrument=PERPETUAL)
    rig.run_until_two_sided()


def test_a_feed_that_is_always_late_is_not_late_one_that_becomes_so_is() -> None:
    rig = Rig(3, config=risk(feed_lag_max_ms=200))
    rig.links.delay(0, down_ns=400 * MILLISECOND_NS)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    rig.run(3)
    assert why(rig) == ""
    rig.links.delay(0, down_ns=700 * MILLISECOND_NS)
    rig.run_until(lambda: why(rig).startswith("the feed lags by"), 10)
    rig.run(3)
    assert rig.open_orders() == []
    rig.links.delay(0, down_ns=400 * MILLISECOND_NS)
    rig.run_until_two_sided()


def test_a_standstill_of_the_engine_pulls_until_fresh_data_is_in() -> None:
    rig = Rig(4, config=risk(stall_max_ms=1_000))
    rig.run_until_two_sided()
    cancels = rig.core.snapshot()["requests"]["cancel"]
    rig.links.stall(900 * MILLISECOND_NS)
    rig.run(1)
    assert rig.core.snapshot()["counters"]["stalls"] == 0
    rig.links.stall(3 * SECOND_NS)
    rig.run_until(lambda: rig.core.snapshot()["counters"]["stalls"] == 1, 5)
    assert rig.core.snapshot()["requests"]["cancel"] > cancels
    rig.run_until_two_sided()


def test_margin_in_use_past_its_limit_lets_the_position_shrink_only() -> None:
    rig = Rig(5, config=risk(margin_use_max_pct=MARGIN_PCT))
    rig.run_until_state("quoting")

    def is_reducing() -> bool:
        row = rig.core.snapshot()["instruments"][PERPETUAL]
        return bool(row["stance"] == "reduce")

    rig.run_until(lambda: is_reducing() and rig.position() != 0, 120)
    rig.run(0.05)
    held, ended = abs(rig.position()), False
    for _ in range(1_200):
        rig.run(0.05)
        ended = ended or not is_reducing()
        if not ended:
            assert abs(rig.position()) <= held
            held = abs(rig.position())
    assert ended, "margin is free again once the position has shrunk"

"""The ledger against the venue: every satoshi, over a settlement and an expiry.

The engine quotes an inverse and a linear perpetual, a future and an option that expire,
and spot; somebody else trades other instruments on the same account meanwhile. At the
end the venue's own account object is the judge, not its log.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.sim.settings import SimConfig
from tests.simulation.rig import SECOND_NS, Rig, engine_config

pytestmark = pytest.mark.simulation

FRIDAY_EIGHT_NS = 1_790_323_200 * SECOND_NS  # 2026-09-25T08:00:00Z
PERP, LINEAR = "BTC-PERPETUAL", "BTC_USDC-PERPETUAL"
FUTURE, CALL = "BTC-25SEP26", "BTC-25SEP26-80000-C"
SPOT = "BTC_USDC"
FOREIGN = {
    "BTC-25SEP26-80000-P": (0.1, 0.7),
    "BTC-26SEP26": (100.0, 40.0),
    "BTC_USDC-25SEP26": (0.01, 0.0123),
    "BTC_USDC-25SEP26-80000-C": (0.01, 0.05),
}
"""What somebody trades by hand: (how much at first, how much later)."""

EVERYTHING = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 100, "matching_burst": 200},
        "listing": {
            "families": ["BTC", "BTC_USDC"],
            "strikes_each_side": 1,
            "combos": False,
        },
    }
)


def quote(name: str, size: float, most: float) -> dict[str, Any]:
    return {
        "instrument": name,
        "strategy": "strategies.join_touch:JoinTouch",
        "params": {"qty_lots": 5, "skew_ticks": 0.01},
        "requote_ticks": 2,
        "limits": {
            "position_max": most,
            "order_max": size,
            "collar_bps": 9_000.0,
            "stale_ms": 60_000,
        },
    }


def rig_before_eight(seed: int, seconds: int) -> Rig:
    document = engine_config(
        quote=[
            quote(PERP, 1_000.0, 5_000.0),
            quote(LINEAR, 0.01, 0.1),
            quote(FUTURE, 1_000.0, 5_000.0),
            quote(CALL, 1.0, 5.0),
            quote(SPOT, 0.01, 0.1),
        ]
    )
    rig = Rig(
        seed,
        config=document,
        sim=EVERYTHING,
        epoch_ns=FRIDAY_EIGHT_NS - seconds * SECOND_NS,
    )
    # Fees are counted from where the ledger begins: nothing may trade before.
    rig.links.command("pause")
    rig.run_until(lambda: bool(ledger(rig)["is_open"]), 60)
    rig.links.command("resume")
    rig.run_until_state("quoting", 60)
    return rig


def trade_by_hand(rig: Rig, direction: str, part: int) -> None:
    """Let the account trade what the engine does not quote, at any price."""
    venue = rig.world.venue
    for name, amounts in FOREIGN.items():
        market = venue.exchange.markets.get(name)
        if market is None or market.state != "open":
            continue  # delivered
        venue.place(
            "maker",
            name,
            direction,
            None,
            amounts[part],
            t_ns=rig.world.now_ns,
            time_in_force="immediate_or_cancel",
            label="by hand",
            at_once=True,
        )


def ledger(rig: Rig) -> Any:
    return rig.core.snapshot()["session"]["ledger"]


def assert_equal_to_the_venue(rig: Rig) -> None:
    """Compare with the account object: cash to the satoshi, sizes exactly."""
    account, shown = rig.account(), ledger(rig)
    assert shown["pending"] == shown["untold"] == shown["unlogged"] == 0
    assert shown["user_seq"] == account.ledger.entries[-1].user_seq
    for currency, atto in account.cash.items():
        ours = shown["currencies"][currency]
        assert ours["cash_difference"] == ours["fee_difference"] == 0.0
        assert abs(ours["cash"] - atto / 1e18) < 1e-8, currency
        paid = account.fees.get(currency, 0) / 1e18
        assert ours["fees"] == pytest.approx(paid, abs=1e-12), currency
    for name, row in shown["instruments"].items():
        assert row["position_difference"] == 0.0
        position = account.positions.get(name)
        size = position.instrument.amount(position.size) if position else 0.0
        assert row["position"] == size, name
        if position is not None and position.size:
            average = pytest.approx(position.average_price, abs=1e-4)
            assert row["average_price"] == average, name
    held = {name for name, position in account.positions.items() if position.size}
    assert held <= set(shown["instruments"])


def stand_still(rig: Rig) -> None:
    """Stop quoting, and let the log and what is under way arrive."""
    rig.links.command("pause")
    rig.run(25)


def test_the_books_are_the_venue_s_over_a_settlement_and_an_expiry() -> None:
    rig = rig_before_eight(1, seconds=40)
    rig.run(10)
    trade_by_hand(rig, "buy", 0)
    rig.run(10)
    trade_by_hand(rig, "sell", 1)
    rig.run(30)
    trade_by_hand(rig, "buy", 0)
    stand_still(rig)
    shown = ledger(rig)
    assert shown["kinds"]["settlement"] >= 3
    assert shown["kinds"]["delivery"] >= 2
    assert shown["foreign"] >= 5
    assert shown["gaps"] == shown["repeats"] == shown["unread"] == 0
    assert_equal_to_the_venue(rig)
    assert [text for text in rig.problems() if text.startswith("ledger")] == []

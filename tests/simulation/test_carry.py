"""Carry, end to end: what a future against the perpetual pays is what is booked.

A day in the simulated venue: the pair is opened, a settlement passes, the line is down
over a day of funding, the future is delivered and the perpetual closed. Profit of each
leg, funding, fees and their sum are computed here from the venue's trades and delivery
price, in exact fractions, and compared with the engine's ledger and the account's cash.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from engine._core.quote.models.carry import expected_funding
from engine.sim.settings import SimConfig
from tests.simulation.packages import PackageRig, leg
from tests.simulation.rig import SECOND_NS

pytestmark = pytest.mark.simulation

FRIDAY_EIGHT_NS = 1_790_323_200 * SECOND_NS  # 2026-09-25T08:00:00Z
DAY_S = 86_400
FUTURE, PERP = "BTC-25SEP26", "BTC-PERPETUAL"
CLIP_USD, MOST_USD = 500.0, 3_000.0
SATOSHI = Fraction(1, 10**8)
LISTED = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 60, "matching_burst": 200},
        "listing": {
            "families": ["BTC"],
            "options": False,
            "spot": False,
            "combos": False,
        },
    }
)
PARAMS = {
    "future": FUTURE,
    "perpetual": PERP,
    "clip_lots": 50,
    "hurdle_rate": 0.0,
    # Opens at a loss, in whatever direction, and holds to the end.
    "edge_bps": -40.0,
    "exit_bps": 1_000.0,
}


def ledger(rig: PackageRig) -> Any:
    return rig.core.snapshot()["session"]["ledger"]


def opened(seed: int, before_s: int, **changes: Any) -> PackageRig:
    """Return a rig with the pair on, so long before Friday's delivery at first."""
    params = PARAMS | changes
    quotes = [leg("engine:CarryTaker", n, params, MOST_USD) for n in (FUTURE, PERP)]
    weights = {FUTURE: 1.0, PERP: -1.0}
    start = FRIDAY_EIGHT_NS - before_s * SECOND_NS
    rig = PackageRig(seed, quotes, weights, CLIP_USD, sim=LISTED, epoch_ns=start)
    for name, market in rig.world.flow.markets.items():
        if name not in weights:
            market.stop()
    rig.links.command("pause")
    rig.run_until(lambda: bool(ledger(rig)["is_open"]), 20)
    rig.links.command("resume")
    rig.run_until(lambda: abs(rig.held()[PERP]) == MOST_USD, 25)
    return rig


def pass_the_day(rig: PackageRig) -> float:
    """Let the line be down from after the settlement until before delivery.

    Returns: the funding expected for it, coins, at the rate and mark of its beginning.
    """
    rig.run(40)
    rig.links.refuses_connections = True
    rig.links.drop(0)
    rig.run(1)
    until = FRIDAY_EIGHT_NS - 10 * SECOND_NS
    gone = until - rig.world.now_ns
    market = rig.world.venue.exchange.markets[PERP]
    rate, coins = market.funding.current, rig.held()[PERP] / market.mark_ref * 1e8
    expected = -coins * expected_funding(rate, gone / SECOND_NS, mean_8h=rate)
    rig.world.skip_to(until)
    rig.links.now_ns += gone
    rig.links.refuses_connections = False
    # Half an hour of averaging is skipped as well: all of it is due at once.
    rig.clip = MOST_USD
    rig.run_until_state("quoting", 9)
    return expected


def of_trades(entries: list[Any], name: str) -> tuple[Fraction, Fraction, Fraction]:
    """Return (coins earned if all ended at an infinite price, USD held, fees)."""
    coins = held = fees = Fraction(0)
    for entry in entries:
        if entry.kind == "trade" and entry.instrument.name == name:
            sign = 1 if "buy" in entry.side else -1
            amount = sign * Fraction(entry.amount)
            coins += amount / Fraction(str(entry.price))
            held += amount
        if entry.instrument is not None and entry.instrument.name == name:
            fees += Fraction(entry.fee, 10**18)
    return coins, held, fees


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_carry_pays_is_what_the_ledger_books(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every premium is paid for, not those beyond 0.025 % only.
    monkeypatch.setattr("engine.sim.venue.accounts.funding.DAMPER", 0)
    rig = opened(seed, DAY_S + 30)
    entries = rig.account().ledger.entries
    (before,) = (
        entry.change
        for entry in entries
        if entry.kind == "deposit" and entry.currency == "BTC"
    )
    over_the_day = pass_the_day(rig)
    rig.run_until(lambda: not any(rig.held().values()), 30)
    rig.links.command("pause")
    rig.run(14)
    shown, found = ledger(rig), list(entries)
    assert shown["kinds"]["settlement"] >= 2
    assert shown["kinds"]["delivery"] == 1
    exchange = rig.world.venue.exchange
    delivered = Fraction(exchange.indices["btc_usd"].delivery.prices[-1][1], 10**8)
    booked = shown["instruments"]

    coins, held, fees = of_trades(found, FUTURE)
    assert abs(held) == MOST_USD
    earned = {FUTURE: coins - held / delivered}
    paid = {FUTURE: fees}
    coins, held, fees = of_trades(found, PERP)
    assert held == 0
    earned[PERP], paid[PERP] = coins, fees
    flows = [
        entry.funding
        for entry in found
        if entry.kind == "settlement" and entry.funding is not None
    ]
    funding = sum(Fraction(flow, 10**18) for flow in flows)
    assert abs(over_the_day) > 1e-7
    assert flows[1] / 1e18 == pytest.approx(over_the_day, rel=0.02)
    for name in (FUTURE, PERP):
        near = pytest.approx(float(earned[name]), abs=2e-8)
        assert booked[name]["realized"] == near, name
        assert booked[name]["fees"] == pytest.approx(float(paid[name]), abs=1e-12)
    assert booked[PERP]["funding"] == pytest.approx(float(funding), abs=2e-8)
    assert booked[FUTURE]["funding"] == 0.0
    total = sum(earned.values()) + funding - sum(paid.values())
    # What was closed after the last settlement is in the equity, not yet in cash.
    equity = Fraction(found[-1].equity - before, 10**18)
    assert abs(total - equity) < 4 * SATOSHI
    near = pytest.approx(found[-1].equity / 1e18, abs=2e-8)
    assert shown["currencies"]["BTC"]["equity"] == near
    assert shown["currencies"]["BTC"]["cash_difference"] == 0.0


def test_while_the_price_is_averaged_the_perpetual_is_taken_down_in_step() -> None:
    """A future whose price is half fixed is half a future: so is its hedge."""
    rig = opened(3, 1_830, stop_s=0.0)
    rig.run_until(lambda: rig.open_share(FUTURE) < 0.9, 240)
    held = rig.held()
    assert abs(held[FUTURE]) == MOST_USD
    assert 0.85 * MOST_USD < abs(held[PERP]) < MOST_USD
    assert rig.worst_leg == CLIP_USD, "opening, and no more since"
    sent = rig.core.snapshot()["requests"]["new"]
    rig.run(60)
    assert rig.core.snapshot()["requests"]["new"] - sent <= 2, "in steps"

"""The ledger against the venue: every satoshi, over a settlement and an expiry.

The engine quotes an inverse and a linear perpetual, a future and an option that expire,
and spot; somebody else trades other instruments on the same account meanwhile. At the
end the venue's own account object is the judge, not its log.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.settings import SimConfig
from engine.sim.venue.faults.traffic import Error
from tests.simulation.rig import PERPETUAL, SECOND_NS, Rig, engine_config

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
    began = shown["user_seq"] - shown["entries"] - shown["gaps"]
    since = [entry for entry in account.ledger.entries if entry.user_seq > began]
    for currency, atto in account.cash.items():
        ours = shown["currencies"][currency]
        assert ours["cash_difference"] == ours["fee_difference"] == 0.0
        assert abs(ours["cash"] - atto / 1e18) < 1e-8, currency
        paid = sum(entry.fee for entry in since if entry.currency == currency) / 1e18
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
    rig.run(14)


def test_the_books_are_the_venue_s_over_a_settlement_and_an_expiry() -> None:
    rig = rig_before_eight(1, seconds=12)
    rig.run(4)
    trade_by_hand(rig, "buy", 0)
    rig.run(2)
    trade_by_hand(rig, "sell", 1)
    rig.run(10)
    trade_by_hand(rig, "buy", 0)
    rig.run(2)
    stand_still(rig)
    shown = ledger(rig)
    assert shown["kinds"]["settlement"] >= 2
    assert shown["kinds"]["delivery"] >= 2
    assert shown["foreign"] >= 5
    assert shown["gaps"] == shown["repeats"] == shown["unread"] == 0
    assert_equal_to_the_venue(rig)
    assert ledger_problems(rig) == []


def ledger_problems(rig: Rig) -> list[str]:
    return [text for text in rig.problems() if text.startswith("ledger")]


def test_an_opening_page_is_one_moment_though_the_log_was_refused_at_first() -> None:
    rig = Rig(1, config=engine_config(quote=[quote(PERP, 1_000.0, 5_000.0)]))
    rig.links.command("pause")
    refusal = Error(method="private/get_transaction_log", code=13028)
    rig.world.venue.faults.inject(refusal)
    rig.run_until(lambda: any("13028" in note for note in rig.last_notes()), 60)
    rig.world.venue.faults.board.clear_all()
    rig.world.venue.place(
        "maker", PERP, "buy", None, 10.0, t_ns=rig.world.now_ns, at_once=True
    )
    assert not ledger(rig)["is_open"]
    rig.run_until(lambda: bool(ledger(rig)["is_open"]), 60)
    rig.run(14)
    assert rig.position() == 10.0
    assert ledger(rig)["instruments"][PERP]["position"] == 10.0
    assert_equal_to_the_venue(rig)


def test_one_satoshi_that_is_missing_at_the_venue_is_seen() -> None:
    rig = Rig(2)
    rig.run_until_state("quoting")
    rig.run(15)
    assert ledger(rig)["currencies"]["BTC"]["cash_difference"] == 0.0
    rig.account().move("BTC", -(10**10))
    rig.run(15)
    assert ledger(rig)["currencies"]["BTC"]["cash_difference"] == -1e-8
    (problem,) = ledger_problems(rig)
    assert "BTC: the venue's balance is -1E-8 more" in problem
    rig.account().move("BTC", 10**10)
    rig.run(10)
    stand_still(rig)
    assert_equal_to_the_venue(rig)


def test_an_entry_the_venue_has_lost_is_a_gap() -> None:
    rig = Rig(3)
    rig.run_until_state("quoting")
    entries = rig.account().ledger.entries
    rig.run_until(lambda: ledger(rig)["is_open"])
    count = len(entries)
    rig.run_until(lambda: len(entries) >= count + 3, 60)
    del entries[-2]
    rig.links.command("pause")
    rig.run(75)
    shown = ledger(rig)
    assert shown["gaps"] == 1
    assert shown["unlogged"] == 1, "its fill stays without an entry"
    # The fill is in the live books, not in the tied ones: the log differs by it.
    assert shown["currencies"]["BTC"]["cash_difference"] != 0.0


def test_a_deposit_is_booked_as_what_it_is() -> None:
    rig = Rig(4)
    rig.run_until_state("quoting")
    rig.run_until(lambda: ledger(rig)["is_open"])
    rig.run(1)
    account = rig.account()
    account.move("USDC", 5 * 10**18)
    account.ledger.moved("USDC", 5 * 10**18, rig.world.venue.exchange.now_ms)
    stand_still(rig)
    row = ledger(rig)["currencies"]["USDC"]
    assert (row["outside"], row["since_start"]) == (5.0, 0.0)
    assert_equal_to_the_venue(rig)


def test_a_killed_engine_goes_on_with_its_books() -> None:
    rig = Rig(5)
    rig.run_until_state("quoting")
    rig.run(20)
    before = ledger(rig)
    kept = rig.core.checkpoint()
    rig.run(4)  # what happens from here on, no checkpoint knows
    rig.core = assemble(from_mapping(engine_config()), run_id=77)
    signer = Signer(Credentials("maker", "maker-secret"))
    rig.links.crash(rig.core, signer, restarts_ns=3 * SECOND_NS)
    rig.links.command("restore", checkpoint=orjson.loads(orjson.dumps(kept)))
    rig.run_until_state("quoting", 60)
    rig.run(10)
    stand_still(rig)
    shown = ledger(rig)
    assert shown["entries"] > before["entries"]
    fees = shown["instruments"][PERPETUAL]["fees"]
    assert fees > before["instruments"][PERPETUAL]["fees"] > 0
    assert_equal_to_the_venue(rig)
    assert ledger_problems(rig) == []

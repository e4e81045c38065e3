"""Attribution against the ledger, in the simulated venue: the same money, to the digit.

The ledger works profit out of fills, funding and settlements and never sees a book; the
core splits it at the mids of its books. What the parts leave open is ``other``.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.rig import Rig, engine_config
from tests.simulation.test_ledger import (
    CALL,
    FUTURE,
    LINEAR,
    PERP,
    SPOT,
    ledger,
    rig_before_eight,
    stand_still,
)

pytestmark = pytest.mark.simulation

HAND = {PERP: 700.0, LINEAR: 0.005, FUTURE: 300.0, CALL: 0.3}
"""What is traded by hand on the same instruments: takes, besides the makers' fills."""


def attribution(rig: Rig) -> Any:
    return rig.core.snapshot()["session"]["attribution"]


def take_by_hand(rig: Rig, direction: str) -> None:
    """Take with our quotes out of the way: the venue refuses to trade with oneself."""
    rig.links.command("pause")
    rig.run(0.5)
    for name, amount in HAND.items():
        rig.world.venue.place(
            "maker",
            name,
            direction,
            None,
            amount,
            t_ns=rig.world.now_ns,
            time_in_force="immediate_or_cancel",
            label="by hand",
            at_once=True,
        )
    rig.links.command("resume")


def assert_equal_to_the_ledger(rig: Rig) -> None:
    rows, books = attribution(rig)["instruments"], ledger(rig)["instruments"]
    for name, row in rows.items():
        gained = sum(
            row[key] for key in ("spread", "inventory", "hedging", "funding", "mark")
        )
        assert gained - row["fees"] + row["other"] == pytest.approx(
            row["total"], abs=1e-15
        )
        if name in books:
            assert row["other"] == 0.0, name
            assert row["total"] == books[name]["total"], name
            assert row["funding"] == books[name]["funding"], name
            assert row["fees"] == books[name]["fees"], name
    traded = {name for name, book in books.items() if book["total"]}
    assert traded <= set(rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_add_up_to_the_ledger_s_total(seed: int) -> None:
    rig = rig_before_eight(seed, seconds=100)
    for direction in ("buy", "sell", "buy"):
        rig.run(4)
        assert_equal_to_the_ledger(rig)
        take_by_hand(rig, direction)
        rig.run(1)
        assert_equal_to_the_ledger(rig)
    rows = attribution(rig)["instruments"]
    assert set(HAND) <= set(rows)
    assert all(rows[name]["hedging"] < 0 for name in HAND)
    assert rows[PERP]["spread"] > 0
    assert rows[PERP]["mark"] != 0.0
    assert rig.problems() == []


def test_over_a_settlement_and_a_delivery() -> None:
    rig = rig_before_eight(4, seconds=14)
    rig.run(3)
    take_by_hand(rig, "buy")
    rig.links.command("pause")
    rig.run(16)
    stand_still(rig)
    rows, books = attribution(rig)["instruments"], ledger(rig)["instruments"]
    for name in (PERP, LINEAR):
        assert rows[name]["funding"] == books[name]["funding"]
        assert rows[name]["other"] == 0.0
    # A delivery price is no mid: what it differs by is on a line of its own.
    assert books[FUTURE]["position"] == 0.0
    assert rows[FUTURE]["other"] != 0.0
    assert rows[FUTURE]["total"] == books[FUTURE]["total"]


def test_spot_is_the_value_of_what_it_moved() -> None:
    rig = rig_before_eight(5, seconds=100)
    before = {c: rig.account().cash.get(c, 0) for c in ("BTC", "USDC")}
    rig.run_until(lambda: SPOT in attribution(rig)["instruments"], 60)
    for name in (PERP, LINEAR, FUTURE, CALL):  # nothing but spot moved these coins
        rig.links.command("pull", instrument=name)
    row = attribution(rig)["instruments"][SPOT]
    mid = rig.core.snapshot()["instruments"][SPOT]["mid"]
    found = rig.core.attribution()[SPOT]
    coins = found["lots"] * 0.0001
    assert found["makers"] + found["takers"] > 0
    assert found["worth"] / 1e18 == pytest.approx(coins * mid, rel=1e-9)
    assert row["total"] == pytest.approx(
        row["spread"] + row["inventory"] + row["hedging"] - row["fees"], abs=1e-15
    )
    assert before["USDC"] > 0


def test_sums_of_all_are_the_sums_of_each() -> None:
    rig = rig_before_eight(6, seconds=100)
    rig.run(6)
    take_by_hand(rig, "sell")
    rig.run(2)
    found = attribution(rig)
    account = found["budgets"][""]
    for currency, split in account["currencies"].items():
        mine = [r for r in found["instruments"].values() if r["currency"] == currency]
        for key, value in split.items():
            assert value == pytest.approx(sum(row[key] for row in mine), abs=1e-15)
    usd = ledger(rig)["usd"]["since_start"]
    spot = found["instruments"].get(SPOT, {"total": 0.0})["total"]
    shown = rig.core.snapshot()
    fees = shown["instruments"][SPOT]["fees"]
    # The ledger's spot is in its cash, at prices of its own.
    assert account["usd"]["total"] == pytest.approx(usd, abs=abs(spot) + fees + 0.05)


def test_markouts_and_time_in_market_of_a_run() -> None:
    rig = rig_before_eight(7, seconds=200)
    rig.run(70)
    row = rig.core.snapshot()["instruments"][PERP]
    made = row["markouts"]["maker"]
    assert made["0s"]["fills"] == rig.core.attribution()[PERP]["makers"]
    assert 0 < made["60s"]["fills"] <= made["10s"]["fills"] <= made["1s"]["fills"]
    assert made["0s"]["ticks"] > 0
    assert made["0s"]["money"] * made["0s"]["fills"] == pytest.approx(
        attribution(rig)["instruments"][PERP]["spread"], rel=1e-9
    )
    assert row["presence"]["both_s"] > 0.8 * row["presence"]["watched_s"]
    placed = sum(line[1] for side in row["levels"].values() for line in side)
    assert placed == row["requests"]["new"]


def test_an_obligation_is_watched_from_the_configuration() -> None:
    document = engine_config()
    document["quote"][0]["obligation"] = {
        "spread_max_bps": 50.0,
        "size_min": 50.0,
        "uptime_min_pct": 95.0,
    }
    rig = Rig(8, config=document)
    rig.run_until_two_sided()
    rig.run(10)
    before = rig.core.snapshot()["instruments"][PERP]["presence"]["obligation"]
    assert before["size_min"] == 50.0
    assert before["obliged_s"] > 8.0
    rig.links.command("pause")
    rig.run(10)
    after = rig.core.snapshot()["instruments"][PERP]["presence"]["obligation"]
    assert after["obliged_s"] - before["obliged_s"] < 1.0
    assert after["uptime_pct"] < 60.0
    assert not after["is_kept"]


def test_an_obligation_no_lot_can_show_is_refused() -> None:
    document = engine_config()
    document["quote"][0]["obligation"] = {
        "spread_max_bps": 50.0,
        "size_min": 55.0,
        "uptime_min_pct": 95.0,
    }
    rig = Rig(8, config=document)
    rig.run_until_state("halted")
    assert any("obligation.size_min = 55" in text for text in rig.problems())

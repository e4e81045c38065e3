"""Tickets against the simulated venue: every type, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.rig import CONTRACT, PERPETUAL, Rig

pytestmark = pytest.mark.simulation


def quoting(seed: int = 3) -> Rig:
    rig = Rig(seed)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    return rig


def tickets(rig: Rig) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rig.core.snapshot()["session"]["tickets"]
    return found


def place(rig: Rig, **fields: Any) -> None:
    rig.links.command("ticket", instrument=PERPETUAL, **fields)


def done(rig: Rig) -> dict[str, Any]:
    rig.run_until(lambda: all(one["state"] == "done" for one in tickets(rig)), 20)
    return tickets(rig)[-1]


def mid(rig: Rig) -> float:
    price: float = rig.core.snapshot()["instruments"][PERPETUAL]["mid"]
    return round(price * 2) / 2


def agreed(rig: Rig) -> None:
    def same() -> bool:
        mine = rig.core.snapshot()["instruments"][PERPETUAL]["position"]
        return bool(mine == rig.position())

    rig.run_until(same, 5)


WAITING = [
    {"type": "stop_market", "side": "sell", "trigger_price": -500},
    {"type": "stop_limit", "side": "sell", "trigger_price": -500, "price": -510},
    {"type": "take_market", "side": "sell", "trigger_price": 500},
    {"type": "take_limit", "side": "sell", "trigger_price": 500, "price": 490},
    {"type": "trailing_stop", "side": "sell", "trigger_offset": 500},
]


@pytest.mark.parametrize("fields", WAITING, ids=lambda one: one["type"])
def test_what_waits_for_a_price_waits_and_is_cancelled(fields: dict[str, Any]) -> None:
    rig = quoting()
    near = mid(rig)
    fields = dict(fields)
    for key in ("trigger_price", "price"):
        if key in fields:
            fields[key] = str(near + fields[key])
    place(rig, amount=10, trigger="mark_price", **fields)
    rig.run_until(lambda: tickets(rig)[0]["state"] == "open", 5)
    rig.run(3)
    assert tickets(rig)[0]["state"] == "open", "it outlives the minute's comparisons"
    rig.links.command("cancel_ticket", label=tickets(rig)[0]["label"])
    assert done(rig)["why"] == "user_request"
    assert rig.problems() == []


@pytest.mark.parametrize("kind", ["market", "market_limit"])
def test_a_market_order_fills_and_moves_the_position(kind: str) -> None:
    rig = quoting()
    rig.links.command("pause")
    rig.run(1)
    before = rig.position()
    place(rig, side="buy", amount="50", type=kind)
    assert done(rig)["filled_lots"] == 5
    assert rig.position() - before == 50
    agreed(rig)


def test_a_stop_that_is_hit_sells() -> None:
    rig = quoting()
    rig.links.command("pause")
    rig.run(1)
    before = rig.position()
    place(
        rig, side="sell", amount=20, type="trailing_stop", trigger="last_price",
        trigger_offset="0.5",
    )  # fmt: skip
    rig.run_until(lambda: rig.position() - before == -20, 60)
    assert done(rig)["filled_lots"] == 2
    agreed(rig)


def test_linked_orders_live_and_die_together() -> None:
    rig = quoting()
    near = mid(rig)
    other = {
        "side": "sell",
        "amount": 10,
        "type": "stop_market",
        "trigger": "mark_price",
        "trigger_price": str(near - 600),
        "reduce_only": False,
    }
    place(
        rig, side="sell", amount=10, type="limit", price=str(near + 600),
        linked="one_cancels_other", then=[other],
    )  # fmt: skip
    rig.run_until(lambda: tickets(rig)[0]["state"] == "open", 5)
    label = tickets(rig)[0]["label"]
    assert len([one for one in rig.open_orders() if one.label == label]) == 2
    rig.links.command("cancel_ticket", label=label)
    done(rig)
    assert not [one for one in rig.open_orders() if one.label == label]


def test_closing_takes_the_position_back_to_nothing() -> None:
    rig = quoting()
    rig.links.command("pause")
    rig.run(1)
    place(rig, side="buy", amount=100, type="market")
    done(rig)
    agreed(rig)
    held = rig.position()
    assert held
    rig.links.command("close_position", instrument=PERPETUAL)
    assert done(rig)["filled_lots"] == abs(held) / CONTRACT
    assert rig.position() == 0
    agreed(rig)


def test_what_would_pass_the_limit_is_refused_before_it_is_sent() -> None:
    rig = quoting()
    place(rig, side="buy", amount=600, type="market")
    assert tickets(rig) == []
    assert "no room" in "".join(rig.problems())


def test_a_resting_ticket_counts_against_the_quotes() -> None:
    rig = quoting()
    price = str(mid(rig) - 900)
    place(rig, side="buy", amount=400, type="limit", price=price)
    rig.run_until(lambda: tickets(rig)[0]["state"] == "open", 5)
    # The rig checks after every event that position and orders stay inside the limit.
    rig.run(20)


def test_a_lost_line_leaves_no_ticket_in_doubt() -> None:
    rig = quoting()
    place(rig, side="buy", amount=50, type="limit", price=str(mid(rig) - 900))
    rig.run_until(lambda: tickets(rig)[0]["state"] == "open", 5)
    rig.links.drop(0)
    rig.run_until_state("quoting")
    assert done(rig)["state"] == "done"
    assert not [one for one in rig.open_orders() if "-t-" in one.label]
    rig.run(2)
    agreed(rig)


def test_a_ticket_nobody_knows_cannot_be_cancelled() -> None:
    rig = quoting()
    rig.links.command("cancel_ticket", label="hs-0-t-9")
    assert "no such ticket" in "".join(rig.problems())

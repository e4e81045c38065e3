"""Open orders in no slot: cancelled, left alone, or the sign of a second engine."""

from typing import Any

import pytest

from engine.session.strays import DOOMED_MAX, HOLD, OTHERS_MAX, OTHERS_NS, Strays
from tests.unit.session.stand_in import RUN_ID, SECOND, WALL_MS, Desk, order

OTHERS_S = OTHERS_NS // SECOND


def stray(desk: Desk, order_id: str, run: int = RUN_ID) -> dict[str, Any]:
    label = f"hs-{run:08x}-0-7" if run >= 0 else ""
    return {
        "instrument": 0,
        "name": "BTC-PERPETUAL",
        "order_id": order_id,
        "label": label,
        "run": run,
        "venue_ms": WALL_MS,
        "now_ns": desk.now_ns,
    }


def told(desk: Desk, order_id: str, run: int = RUN_ID) -> None:
    desk.session.on_stray(stray(desk, order_id, run))
    desk.until(0.1)


def cancelled(desk: Desk) -> list[str]:
    return [params["order_id"] for params in desk.params("private/cancel")]


def test_an_order_of_this_run_in_no_slot_is_cancelled() -> None:
    desk = Desk().go()
    told(desk, "7")
    assert cancelled(desk) == ["7"]
    assert "order 7 (hs-abcd1234-0-7) is open and in no slot" in desk.noted("warning")


def test_a_late_order_of_an_earlier_run_is_cancelled_and_holds_nothing() -> None:
    desk = Desk().go()
    told(desk, "7", run=5)
    assert cancelled(desk) == ["7"]
    assert desk.state == "quoting"


def test_before_the_first_recovery_its_reading_decides() -> None:
    desk = Desk()
    desk.connect()
    told(desk, "7", run=5)
    assert cancelled(desk) == []


def test_several_orders_of_another_run_are_a_second_engine() -> None:
    desk = Desk().go()
    for n in range(OTHERS_MAX - 1):
        told(desk, f"{n}", run=5)
    assert desk.state == "quoting"
    told(desk, "9", run=5)
    assert desk.state == "paused"
    assert "another engine, run 00000005, places orders" in desk.noted("error")
    desk.until(OTHERS_S - 1)
    told(desk, "10", run=5)
    desk.until(OTHERS_S - 1)
    assert desk.state == "paused", "it is still there"
    desk.until(OTHERS_S + 2)
    assert desk.state == "quoting"
    assert desk.noted("error").count("another engine") == 1


def test_words_about_one_order_are_one_order() -> None:
    desk = Desk().go()
    for _ in range(3 * OTHERS_MAX):
        told(desk, "7", run=5)
    assert desk.state == "quoting"


def test_orders_of_others_are_left_alone_unless_the_configuration_says_cancel() -> None:
    desk = Desk().go()
    told(desk, "7", run=-1)
    assert cancelled(desk) == []
    desk = Desk(foreign="cancel").go()
    told(desk, "7", run=-1)
    assert cancelled(desk) == ["7"]


def test_a_reading_cancels_orders_of_others_when_told_to() -> None:
    desk = Desk(foreign="cancel")
    desk.venue.orders = [order("1", "hs-00000001-0-1"), order("8", "manual")]
    desk.go()
    assert sorted(cancelled(desk)) == ["1", "8"]
    assert desk.venue.orders == []
    assert "left alone" not in desk.noted("warning")


@pytest.mark.parametrize("past", [0, 1])
def test_so_many_strays_are_remembered(past: int) -> None:
    desk, strays = Desk().go(), Strays()
    for n in range(DOOMED_MAX + past):
        strays.note(desk.session._ctx, stray(desk, f"{n}"))
    assert len(strays.doomed) == DOOMED_MAX


def test_the_hold_names_itself() -> None:
    desk = Desk().go()
    for n in range(OTHERS_MAX):
        told(desk, f"{n}", run=5)
    assert list(desk.session._ctx.holds) == [HOLD]

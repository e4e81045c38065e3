"""The kill ladder against the simulated venue: each step, by command, and back."""

from __future__ import annotations

import pytest

from tests.simulation.adapter_rig import venue_ns
from tests.simulation.rig import CONTRACT, PERPETUAL, Rig

pytestmark = pytest.mark.simulation


def holding(seed: int = 1) -> Rig:
    """A rig that quotes and has a position."""
    rig = Rig(seed)
    rig.run_until_two_sided()
    rig.run_until(lambda: rig.position() != 0, 120)
    return rig


def row(rig: Rig) -> dict[str, object]:
    found = rig.core.snapshot()["instruments"][PERPETUAL]
    assert isinstance(found, dict)
    return found


def test_reduce_never_grows_the_position() -> None:
    rig = holding()
    rig.links.command("reduce")
    rig.run(0.1)
    held = abs(rig.position())
    for _ in range(200):
        rig.run(0.1)
        assert abs(rig.position()) <= held
        held = abs(rig.position())
        for order in rig.open_orders():
            assert order.side * rig.position() < 0
    rig.links.command("rearm")
    rig.run_until_two_sided()


def test_pull_leaves_no_order_and_holds_until_armed_again() -> None:
    rig = holding()
    rig.links.command("pull")
    rig.run(0.5)
    held = rig.position()
    assert rig.open_orders() == []
    rig.run(20)
    assert rig.open_orders() == []
    assert rig.position() == held
    rig.links.command("resume")  # undoes a pause, not a step of the ladder
    rig.run(5)
    assert rig.open_orders() == []
    rig.links.command("rearm")
    rig.run_until_two_sided()


def test_flatten_closes_the_position_and_stays_flat() -> None:
    rig = holding()
    rig.links.command("flatten")
    rig.run_until(lambda: rig.position() == 0, 10)
    rig.run(20)
    assert rig.position() == 0
    assert rig.open_orders() == []
    assert row(rig)["position"] == 0
    assert str(row(rig)["why_blank"]).startswith("flat: operator")
    rig.links.command("rearm")
    rig.run_until_two_sided()


@pytest.mark.parametrize("part", [1.0, 0.5])
def test_a_flatten_that_comes_too_late_opens_no_other_side(part: float) -> None:
    """The position is closed by hand just before our order to close it gets there."""
    rig = holding()
    held = rig.position()
    amount = CONTRACT * max(1, round(part * abs(held) / CONTRACT))
    receive, late = rig.world.receive_data, []

    def overtake(life: int, t_ns: int, payload: bytes) -> None:
        if b'"immediate_or_cancel"' in payload and not late:
            late.append(payload)
            rig.world.venue.place(
                "maker",
                PERPETUAL,
                "sell" if held > 0 else "buy",
                None,
                amount,
                t_ns=venue_ns(rig),
                time_in_force="immediate_or_cancel",
                label="by hand",
                at_once=True,
            )
        receive(life, t_ns, payload)
        assert rig.position() * held >= 0

    rig.world.receive_data = overtake  # type: ignore[method-assign]
    rig.links.command("flatten")
    rig.run(20)
    assert late
    assert rig.position() == 0
    assert rig.core.snapshot()["halted"] == ""


def test_a_step_outlives_a_lost_line() -> None:
    rig = holding()
    rig.links.command("pull")
    rig.links.drop(0)
    rig.run_until(lambda: rig.state() == "connecting")
    rig.run_until_state("paused")
    rig.run(10)
    assert rig.open_orders() == []


def test_disconnect_confirms_then_hangs_up_and_stays_away_until_armed_again() -> None:
    rig = holding()
    rig.links.command("disconnect")
    rig.run_until_state("disconnected", 5)
    assert rig.open_orders() == []
    connects = rig.links.counters.connects
    rig.run(120)
    assert rig.state() == "disconnected"
    assert rig.links.counters.connects == connects
    rig.links.command("rearm")
    rig.run_until_state("quoting", 60)
    rig.run_until_two_sided()


def test_disconnect_while_the_line_is_down_confirms_over_the_next_one() -> None:
    rig = holding()
    rig.links.refuses_connections = True
    rig.links.drop(0)
    rig.run(0.1)
    rig.links.command("disconnect")
    rig.run(1)
    assert rig.state() == "connecting"
    rig.links.refuses_connections = False
    rig.run_until_state("disconnected", 60)
    assert rig.open_orders() == []


def test_a_stop_after_a_disconnect_knows_that_nothing_is_open() -> None:
    rig = holding()
    rig.links.command("disconnect")
    rig.run_until_state("disconnected", 5)
    rig.links.command("stop")
    rig.run_until_state("stopped", 1)
    assert rig.core.snapshot()["session"]["open_orders_at_exit"] == 0


def test_disconnect_taken_back_before_the_line_is_closed_goes_on() -> None:
    rig = holding()
    rig.links.command("disconnect")
    rig.links.command("rearm")
    rig.run_until_two_sided()
    assert rig.core.snapshot()["session"]["reconnects"] == 0

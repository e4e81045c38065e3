"""What the tests of adapter bugs share: the rig, and hands at the venue."""

from __future__ import annotations

from typing import Any

import orjson

from engine.sim.venue.faults.fault import Fault
from tests.simulation.rig import CONTRACT, EPOCH_NS, PERPETUAL, Rig
from tests.simulation.test_scenarios import agreed, quoting

__all__ = ["agreed", "counters", "inject", "over", "quoting", "spy", "venue_ns"]


def venue_ns(rig: Rig) -> int:
    """Return what time it is at the venue."""
    return EPOCH_NS + rig.links.now_ns


def inject(rig: Rig, *faults: Fault) -> None:
    """Let the venue misbehave."""
    for fault in faults:
        rig.world.venue.faults.inject(fault)


def over(rig: Rig, within_s: float = 120) -> None:
    """End the faults; the engine must quote again and agree with the venue."""
    rig.world.venue.faults.board.clear_all()
    rig.run_until_state("quoting", within_s)
    rig.run(1)
    agreed(rig)
    assert rig.core.snapshot()["halted"] == ""


def counters(rig: Rig) -> dict[str, int]:
    """Return the core's counters."""
    found: dict[str, int] = rig.core.snapshot()["counters"]
    return found


def hit(rig: Rig, side: int, amount: float) -> None:
    """Trade against our order of a side, and all before it, quicker than we can see."""
    (order,) = [one for one in rig.open_orders() if one.side == side]
    book = rig.world.venue.exchange.market(PERPETUAL).book
    ahead = 0
    for maker, lots in book.facing(-side, order.price_ticks):
        if maker is order:
            break
        ahead += lots
    rig.world.venue.place(
        "passer-by",
        PERPETUAL,
        "sell" if side > 0 else "buy",
        order.instrument.price(order.price_ticks),
        CONTRACT * ahead + amount,
        t_ns=venue_ns(rig),
        time_in_force="immediate_or_cancel",
        at_once=True,
    )


def spy(rig: Rig) -> list[tuple[int, str, dict[str, Any]]]:
    """Return a list that fills with (life, method, params) of what the venue gets."""
    seen: list[tuple[int, str, dict[str, Any]]] = []
    receive = rig.world.receive_data

    def listen(life: int, t_ns: int, payload: bytes) -> None:
        frame = orjson.loads(payload)
        seen.append((life, frame["method"], frame["params"]))
        receive(life, t_ns, payload)

    rig.world.receive_data = listen  # type: ignore[method-assign]
    return seen

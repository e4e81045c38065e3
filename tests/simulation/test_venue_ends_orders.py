"""Orders that the venue itself ends: its protection, the end of a day, an expiry.

The engine asks for none of these. It must know of each, count nothing that is gone, and
go on as it is configured.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.sim.settings import SimConfig
from engine.sim.venue.trading.mmp import STEP, Limits
from tests.simulation.rig import EPOCH_NS, PERPETUAL, SECOND_NS, Rig, engine_config
from tests.simulation.test_ledger import (
    EVERYTHING,
    FRIDAY_EIGHT_NS,
    FUTURE,
    PERP,
    ledger,
    quote,
    stand_still,
)

pytestmark = pytest.mark.simulation

FROZEN_S = 3
DAY_NS = 86_400 * SECOND_NS
EIGHT_NS = EPOCH_NS // DAY_NS * DAY_NS + DAY_NS + 8 * 3_600 * SECOND_NS


class UnderProtection:
    """A signer whose key has its orders protected: each is sent with ``mmp``."""

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._signer, name)

    def outbound(self, conn: int, frame: bytes) -> bytes:
        signed: bytes = self._signer.outbound(conn, frame)
        if b'"private/buy"' in signed or b'"private/sell"' in signed:
            return signed.replace(b'"post_only"', b'"mmp":true,"post_only"')
        return signed


def protected(seed: int, quantity: float) -> Rig:
    """A rig whose orders are pulled, and refused for a while, when enough traded."""
    rig = Rig(seed)
    rig.links.signer = UnderProtection(rig.links.signer)
    exchange = rig.world.venue.exchange
    limits = Limits(
        interval=10 * STEP,
        frozen=FROZEN_S * STEP,
        max_quote=100 * STEP,
        quantity=round(quantity * STEP),
    )
    exchange.mmp.configure(rig.account(), exchange.index("btc_usd"), "", limits)
    return rig


def ended(rig: Rig, reason: str) -> list[Any]:
    closed = rig.account().closed_orders
    return [order for order in closed if order.cancel_reason == reason]


def our_orders(rig: Rig, name: str = PERPETUAL) -> list[str]:
    """Return the ids of the orders the engine takes for open."""
    core: Any = rig.core
    return sorted(one["order_id"] for one in core.open_slots() if one["name"] == name)


def test_orders_pulled_by_the_venues_protection_are_known_and_come_back() -> None:
    rig = protected(2, quantity=1e-4)
    rig.run_until_two_sided()
    rig.run_until(lambda: bool(ended(rig, "mmp_trigger")), 120)
    group = rig.account().mmp_groups["btc_usd", ""]
    assert group.is_frozen(rig.world.now_ns)
    assert rig.open_orders() == []
    rig.run(0.1)
    taken = {order.order_id for order in ended(rig, "mmp_trigger")}
    assert not taken & set(our_orders(rig)), "what was pulled still counts"
    frozen_for = rig.run_until(lambda: not group.is_frozen(rig.world.now_ns), 10)
    assert frozen_for > FROZEN_S - 1
    assert rig.open_orders() == [], "taken although the protection was on"
    rig.run_until_two_sided(30)
    assert rig.state() == "quoting"
    assert rig.core.snapshot()["halted"] == ""
    position = rig.core.snapshot()["instruments"][PERPETUAL]["position"]
    assert position == rig.position()


def test_a_good_til_day_order_ends_at_eight() -> None:
    rig = Rig(3, epoch_ns=EIGHT_NS - 20 * SECOND_NS)
    rig.run_until_two_sided()
    price = rig.core.snapshot()["instruments"][PERPETUAL]["bids"][0][0] - 500
    rig.links.command(
        "ticket",
        instrument=PERPETUAL,
        side="buy",
        amount="10",
        type="limit",
        price=f"{price}",
        time_in_force="good_til_day",
    )

    def ticket() -> dict[str, Any]:
        (found,) = rig.core.snapshot()["session"]["tickets"]
        return dict(found)

    rig.run_until(lambda: ticket()["state"] == "open", 5)
    rig.run(20 - rig.links.now_ns / SECOND_NS - 0.5)
    assert ticket()["state"] == "open"
    rig.run_until(lambda: ticket()["state"] == "done", 2)
    assert ticket()["why"] == "settlement"
    assert all("-t-" not in order.label for order in rig.open_orders())
    rig.run_until_two_sided(30)
    rig.run(65)  # the minute's comparison finds nothing of it
    assert rig.problems() == []


@pytest.mark.parametrize("is_away", [False, True])
def test_an_expiry_ends_the_orders_of_its_instrument(is_away: bool) -> None:
    document = engine_config(
        quote=[quote(PERP, 1_000.0, 5_000.0), quote(FUTURE, 1_000.0, 5_000.0)]
    )
    sim = SimConfig.model_validate({**EVERYTHING.model_dump(), "account": []})
    rig = Rig(4, config=document, sim=sim, epoch_ns=FRIDAY_EIGHT_NS - 20 * SECOND_NS)
    rig.run_until_state("quoting", 60)

    def of_the_future() -> list[Any]:
        return [one for one in rig.open_orders() if one.instrument.name == FUTURE]

    rig.run_until(lambda: len(of_the_future()) == 2, 10)
    rig.run(19 - rig.links.now_ns / SECOND_NS)
    assert of_the_future(), "nothing was open to be ended"
    if is_away:
        # It expires while the line is down: nobody tells the engine.
        rig.links.refuses_connections = True
        rig.links.drop(0, venue_notices_ns=5 * SECOND_NS)
        rig.run(6)
        rig.links.refuses_connections = False
    rig.run(4)
    rig.run_until_state("quoting", 60)
    assert of_the_future() == our_orders(rig, FUTURE) == []
    position = rig.account().positions.get(FUTURE)
    assert position is None or position.size == 0
    row = rig.core.snapshot()["instruments"].get(FUTURE)
    assert row is None or row["position"] == 0
    rig.run_until(lambda: len(our_orders(rig, PERP)) == 2, 30)
    stand_still(rig)
    shown = ledger(rig)
    assert shown["instruments"][FUTURE]["position_difference"] == 0.0
    assert shown["kinds"]["delivery"] == 1
    assert shown["pending"] == shown["unlogged"] == 0
    assert rig.core.snapshot()["halted"] == ""

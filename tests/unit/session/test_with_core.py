"""The session on the real core against the simulated venue: recovery of real orders."""

from typing import Any

import pytest

from engine.sim.settings import SimConfig
from tests.generators.listings import PERPETUALS
from tests.simulation.rig import (
    EPOCH_NS,
    PERPETUAL,
    SECOND_NS,
    Rig,
    engine_config,
)

QUIET = SimConfig.model_validate(
    {
        "listing": PERPETUALS,
        "venue": {"matching_rate": 30, "matching_burst": 100},
        "market": {"enabled": False},
    }
)
ADOPT = {"orders": {"on_start": "adopt"}}


def place(rig: Rig, direction: str, price: float, amount: float, label: str) -> Any:
    """Put an order into the engine's account, as an earlier run or a human would."""
    return rig.world.venue.place(
        "maker",
        PERPETUAL,
        direction,
        price,
        amount,
        label=label,
        t_ns=EPOCH_NS + rig.links.now_ns,
    )


def core_position(rig: Rig) -> float:
    return float(rig.core.snapshot()["instruments"][PERPETUAL]["position"])


def ids(rig: Rig) -> list[str]:
    return [order.order_id for order in rig.open_orders()]


def quiet_rig(**changes: Any) -> Rig:
    """A rig in whose market two strangers stand far from each other."""
    rig = Rig(1, config=engine_config(**changes), sim=QUIET)
    for direction, price in (("buy", 79_900.0), ("sell", 80_100.0)):
        rig.world.venue.place(
            "stranger", PERPETUAL, direction, price, 1_000.0, t_ns=EPOCH_NS
        )
    return rig


def test_orders_of_an_earlier_run_are_cancelled_and_those_of_others_stay() -> None:
    rig = quiet_rig()
    ours = place(rig, "buy", 79_000.0, 10.0, "hs-00000001-0-1")
    theirs = place(rig, "sell", 81_000.0, 10.0, "set-by-hand-2")
    rig.run_until_state("quoting")
    assert ours.order_id not in ids(rig)
    assert theirs.order_id in ids(rig)
    assert rig.core.snapshot()["session"]["foreign_orders"] == 1
    rig.links.command("stop")
    rig.run_until_state("stopped")
    assert ids(rig) == [theirs.order_id]
    assert rig.core.snapshot()["session"]["open_orders_at_exit"] == 0


def test_orders_of_an_earlier_run_are_adopted_when_asked_for() -> None:
    rig = quiet_rig(**ADOPT)
    bid = place(rig, "buy", 79_900.0, 50.0, "hs-00000009-0-1")
    ask = place(rig, "sell", 80_100.0, 50.0, "hs-00000009-9-2")
    rig.run_until_state("quoting")
    rig.run(2)
    assert sorted(ids(rig)) == sorted([bid.order_id, ask.order_id])
    assert rig.core.snapshot()["requests"]["new"] == 0, "they fit: nothing to do"
    assert rig.core.snapshot()["orders"]["live"] == 2


def test_an_order_that_cannot_be_adopted_is_cancelled() -> None:
    rig = quiet_rig(**ADOPT)
    wrong_side = place(rig, "sell", 80_100.0, 50.0, "hs-00000009-0-1")
    rig.run_until_state("quoting")
    assert wrong_side.order_id not in ids(rig)
    assert rig.core.snapshot()["halted"] == ""


def test_a_position_from_before_is_taken_once() -> None:
    rig = quiet_rig()
    rig.links.refuses_connections = True
    rig.run(1)
    place(rig, "buy", 80_100.0, 30.0, "hs-00000009-0-1")
    assert rig.position() == 30.0
    rig.run(1)
    rig.links.refuses_connections = False
    rig.run_until_state("quoting")
    assert core_position(rig) == 30.0
    assert rig.core.snapshot()["counters"]["fills"] == 0
    rig.links.drop(0)
    rig.run(1)
    rig.run_until_state("quoting")
    assert core_position(rig) == 30.0
    assert rig.problems() == []


@pytest.mark.parametrize("away_s", [0.5, 90.0])
def test_a_fill_while_away_is_booked_once_and_the_position_agrees(
    away_s: float,
) -> None:
    rig = quiet_rig()
    rig.run_until_two_sided()
    rig.links.refuses_connections = True
    # The venue notices the cut line late: until then our orders can be hit.
    rig.links.drop(0, venue_notices_ns=SECOND_NS // 4)
    rig.world.venue.place(
        "somebody else",
        PERPETUAL,
        "sell",
        79_900.0,
        1_020.0,
        t_ns=EPOCH_NS + rig.links.now_ns,
    )
    assert rig.position() > 0
    rig.run(away_s)
    rig.world.venue.place(
        "somebody else",
        PERPETUAL,
        "buy",
        79_900.0,
        500.0,
        t_ns=EPOCH_NS + rig.links.now_ns,
    )
    rig.links.refuses_connections = False
    rig.run_until_state("quoting", within_s=60)
    assert core_position(rig) == rig.position()
    assert rig.core.snapshot()["counters"]["fills"] == 1
    assert rig.problems() == []


def test_a_settlement_pauses_and_its_end_resumes() -> None:
    rig = Rig(3)
    rig.run_until_two_sided()
    rig.world.venue.set_state(PERPETUAL, "locked", EPOCH_NS + rig.links.now_ns)
    rig.run(0.5)
    assert rig.state() == "paused"
    assert rig.open_orders() == []
    rig.world.venue.set_state(PERPETUAL, "open", EPOCH_NS + rig.links.now_ns)
    rig.run_until_two_sided()
    assert rig.state() == "quoting"


def test_a_key_without_the_scopes_never_quotes() -> None:
    sim = SimConfig.model_validate(
        {
            "listing": PERPETUALS,
            "account": [
                {
                    "client_id": "maker",
                    "client_secret": "maker-secret",
                    "scopes": ["account:read", "trade:read_write"],
                }
            ],
        }
    )
    rig = Rig(4, sim=sim)
    rig.run(20)
    assert rig.core.snapshot()["requests"]["new"] == 0
    assert any("missing: account:read_write" in text for text in rig.problems())


def test_a_wrong_secret_halts_and_knocks_once() -> None:
    sim = SimConfig.model_validate(
        {
            "listing": PERPETUALS,
            "account": [{"client_id": "maker", "client_secret": "another-secret"}],
        }
    )
    rig = Rig(5, sim=sim)
    rig.run(60)
    assert rig.state() == "halted"
    assert "refuses the login" in rig.core.snapshot()["halted"]


def test_an_instrument_the_venue_does_not_list_halts_with_its_name() -> None:
    document = engine_config()
    document["quote"] = [{**document["quote"][0], "instrument": "BTC-1JAN20"}]
    rig = Rig(6, config=document)
    rig.run(5)
    assert rig.state() == "halted"
    assert "BTC-1JAN20" in rig.core.snapshot()["halted"]


def test_the_token_is_refreshed_and_quoting_goes_on() -> None:
    sim = SimConfig.model_validate(
        {
            "listing": PERPETUALS,
            "venue": {"expires_in_s": 20},
            "market": {"activity": 0.1},
        }
    )
    rig = Rig(7, sim=sim)
    rig.run_until_state("quoting")
    rig.run(35)
    assert rig.state() == "quoting"
    assert rig.core.snapshot()["session"]["reconnects"] == 0
    assert rig.core.snapshot()["session"]["token_expires_in_s"] > 0
    assert rig.problems() == []


def test_a_halt_is_read_back_from_the_venue() -> None:
    rig = Rig(8)
    rig.run_until_two_sided()
    rig.links.command("halt", reason="a test")
    rig.run(5)
    session = rig.core.snapshot()["session"]
    assert (session["state"], session["open_orders_at_exit"]) == ("halted", 0)
    assert rig.open_orders() == []
    rig.links.command("stop")
    rig.run_until_state("stopped")

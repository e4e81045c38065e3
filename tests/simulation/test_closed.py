"""One instrument is closed by the venue, the others are quoted on."""

from __future__ import annotations

import pytest

from engine.sim.venue.faults.outage import BookState, Lock
from engine.sim.venue.venue import Venue
from tests.simulation.packages import INVERSE, leg
from tests.simulation.rig import PERPETUAL, Rig, engine_config

pytestmark = pytest.mark.simulation

FUTURE, FAR = "BTC-25SEP26", "BTC-25DEC26"
MAKER, HEDGER = "strategies.join_touch:JoinTouch", "strategies.delta_hedger:DeltaHedger"
QTY = {"qty_lots": 5, "skew_ticks": 0.05}


def rig_of(*quotes: dict[str, object]) -> Rig:
    rig = Rig(11, config=engine_config(quote=list(quotes)), sim=INVERSE)
    rig.run_until_state("quoting")
    return rig


def quoted(rig: Rig) -> set[str]:
    """Return where orders of ours rest at the venue."""
    return {order.instrument.name for order in rig.open_orders()}


def venue_of(rig: Rig) -> Venue:
    return rig.world.venue


def test_a_halt_pulls_one_and_its_end_brings_it_back() -> None:
    rig = rig_of(leg(MAKER, PERPETUAL, QTY, 500.0), leg(MAKER, FUTURE, QTY, 500.0))
    rig.run_until(lambda: quoted(rig) == {PERPETUAL, FUTURE})
    venue_of(rig).faults.inject(BookState(instrument_name=FUTURE, state="locked"))
    rig.run_until(lambda: quoted(rig) == {PERPETUAL}, 2)
    for _ in range(20):
        rig.run(0.5)
        assert FUTURE not in quoted(rig)
        assert rig.state() == "quoting"
    seen = rig.core.snapshot()["instruments"]
    assert seen[FUTURE]["why_blank"] == "BTC-25SEP26 is locked"
    assert seen[PERPETUAL]["why_blank"] == ""
    venue_of(rig).faults.board.clear_all()
    rig.run_until(lambda: quoted(rig) == {PERPETUAL, FUTURE})
    assert rig.problems() == []


def test_a_start_and_a_new_line_while_one_is_closed() -> None:
    rig = Rig(
        12,
        config=engine_config(
            quote=[leg(MAKER, PERPETUAL, QTY, 500.0), leg(MAKER, FUTURE, QTY, 500.0)]
        ),
        sim=INVERSE,
    )
    venue_of(rig).faults.inject(BookState(instrument_name=FUTURE, state="inactive"))
    rig.run_until_state("quoting")
    rig.run_until(lambda: quoted(rig) == {PERPETUAL})
    rig.links.drop(0, venue_notices_ns=1_000_000_000)
    rig.run_until(lambda: rig.state() != "quoting")
    rig.run_until_state("quoting")
    rig.run_until(lambda: quoted(rig) == {PERPETUAL})
    venue_of(rig).faults.board.clear_all()
    rig.run_until(lambda: quoted(rig) == {PERPETUAL, FUTURE})


def test_nothing_is_quoted_while_its_hedge_is_closed() -> None:
    hedge = {"legs": [FUTURE], "band_usd": 100, "take_max_lots": 30, "reach_ticks": 4}
    rig = rig_of(
        leg(MAKER, FUTURE, QTY, 500.0),
        leg(MAKER, FAR, QTY, 500.0),
        leg(HEDGER, PERPETUAL, hedge, 1_000.0),
    )
    rig.run_until(lambda: quoted(rig) == {FUTURE, FAR})
    venue_of(rig).faults.inject(BookState(instrument_name=PERPETUAL, state="halted"))
    rig.run_until(lambda: quoted(rig) == {FAR}, 2)
    venue_of(rig).faults.board.clear_all()
    rig.run_until(lambda: quoted(rig) == {FUTURE, FAR})


def test_a_locked_index_holds_all_that_hang_on_it() -> None:
    rig = rig_of(leg(MAKER, PERPETUAL, QTY, 500.0), leg(MAKER, FUTURE, QTY, 500.0))
    rig.run_until(lambda: quoted(rig) == {PERPETUAL, FUTURE})
    venue_of(rig).faults.inject(Lock(index_name="btc_usd"))
    rig.run_until_state("paused", 5)
    assert rig.core.snapshot()["quoting_reason"] == "index btc_usd is locked"
    venue_of(rig).faults.board.clear_all()
    rig.run_until_state("quoting")

"""The engine at a venue that goes wrong: it keeps its limits and comes back.

The rig checks at the venue, after every event, that position plus open orders stays
inside the limit and that no slot has two orders; when a fault is over, engine and venue
must say the same.
"""

from __future__ import annotations

import pytest

from engine.sim.links import Uniform
from engine.sim.venue.faults.fault import Fault
from engine.sim.venue.faults.outage import (
    BookState,
    ClockOffset,
    HeldLock,
    Lock,
    Maintenance,
    SlowMatching,
)
from engine.sim.venue.faults.traffic import (
    Cut,
    Delay,
    Drop,
    Duplicate,
    Error,
    Gap,
    HalfOpen,
    ParamsFirst,
    Reorder,
    Scientific,
    ShuffleKeys,
    StaleBook,
    TooSlow,
    Truncate,
)
from tests.simulation.rig import SECOND_NS, Rig
from tests.simulation.test_scenarios import (
    CHAOS_SEEDS,
    HEARTBEAT_S,
    SEED,
    agreed,
    quoting,
)

pytestmark = pytest.mark.simulation

BOOK = "book.*"
TRADING = "private/*"
RECHECK_S = 60
UNKNOWN_OUTCOMES = (10_001, 11_094, 13_028, 10_050)


def sound_again(rig: Rig) -> None:
    """Let the fault end; the engine must quote again and agree with the venue."""
    rig.world.venue.faults.board.clear_all()
    rig.run_until_state("quoting", 120)
    rig.run(1)
    agreed(rig)


# How frames look must not matter.


@pytest.mark.parametrize(
    "fault",
    [
        ShuffleKeys(),
        ParamsFirst(),
        Scientific(),
        StaleBook(events=3),
        Duplicate(of="notification", probability=0.3),
        SlowMatching(matching_us=2_000),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_the_venue_may_do_is_no_news(fault: Fault) -> None:
    rig = Rig(SEED)
    rig.world.venue.faults.inject(fault)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    rig.run(4)
    assert rig.core.snapshot()["session"]["reconnects"] == 0
    assert rig.links.counters.closes == {}
    sound_again(rig)


# What goes wrong for a while.

FAULTS = [
    Drop(of="reply", method=TRADING, probability=0.2),
    Drop(of="request", method=TRADING, probability=0.2),
    Drop(of="notification", channel=BOOK, probability=0.1),
    Drop(of="heartbeat"),
    Delay(of="reply", method=TRADING, delay_ms=300, jitter_ms=1_500),
    Delay(of="notification", delay_ms=50, jitter_ms=700),
    Duplicate(of="reply", probability=0.5),
    Reorder(of="reply", probability=0.3),
    Gap(probability=0.05),
    Truncate(channel=BOOK, probability=0.02),
    Cut(of="request", method="private/buy", probability=0.2),
    Cut(of="reply", method="private/*", probability=0.1),
    TooSlow(channel=BOOK, probability=0.01),
    Error(code=10_028, method=TRADING, probability=0.1),
    Error(code=10_040, method=TRADING, probability=0.3),
    Error(code=10_047, method=TRADING, probability=0.3),
    Error(code=13_009, method=TRADING, count=3),
    Lock(index_name="btc_usd"),
    BookState(state="settlement"),
    BookState(state="locked"),
    HeldLock(account="maker", currency="BTC"),
    Maintenance(notice_ms=500, cancel_only_ms=2_000),
]
FAULTS += [
    Error(code=code, method="private/*", when=when, probability=0.2)
    for code in UNKNOWN_OUTCOMES
    for when in ("before", "after")
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_for_a_while_ends_in_agreement(fault: Fault) -> None:
    rig = quoting()
    rig.world.venue.faults.inject(fault)
    rig.run(4)
    sound_again(rig)


def test_a_half_open_line_is_given_up() -> None:
    rig = quoting()
    rig.world.venue.faults.inject(HalfOpen(channel=BOOK, count=1))
    rig.run(3 * HEARTBEAT_S)
    assert rig.core.snapshot()["session"]["reconnects"] >= 1
    sound_again(rig)


def test_a_wrong_venue_clock_is_measured() -> None:
    rig = Rig(SEED)
    rig.world.venue.faults.inject(ClockOffset(offset_ms=20_000))
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    rig.run(4)
    offset_ms = rig.core.snapshot()["session"]["clock_offset_ms"]
    assert abs(offset_ms) == pytest.approx(20_000, abs=100)
    agreed(rig)


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_lost_news_of_own_orders_is_caught_up_with_on_a_sound_line(
    share: float,
) -> None:
    """Nothing says that a message about an order was lost: only asking tells."""
    rig = quoting()
    fault = Drop(of="notification", channel="user.*", probability=share)
    rig.world.venue.faults.inject(fault)
    rig.run(20)
    rig.world.venue.faults.board.clear_all()
    rig.run(RECHECK_S + 1)
    agreed(rig)
    session = rig.core.snapshot()["session"]
    assert session["reconnects"] == 0
    assert session["differences"]["rechecks"] >= 1
    assert session["differences"]["fills_fetched"] > 0
    assert session["differences"]["positions"] == 0, "each fill was found and booked"


def test_a_calm_minute_finds_nothing_to_mend() -> None:
    rig = quoting()
    rig.run(3 * RECHECK_S + 2)
    agreed(rig)
    found = rig.core.snapshot()["session"]["differences"]
    assert found["rechecks"] == 3
    assert found["positions"] == found["orders_doubted"] == 0
    assert found["orders_orphaned"] == 0


# All of it.


@pytest.mark.parametrize("seed", CHAOS_SEEDS[:2])
def test_everything_at_once_ends_in_agreement(seed: int) -> None:
    """Faults of the venue and of the network, at random; then quiet."""
    rig = Rig(seed, up=Uniform(200_000, 30_000_000), down=Uniform(200_000, 30_000_000))
    dice = rig.chaos_dice()
    board = rig.world.venue.faults.board
    for _ in range(12):
        board.inject(dice.choice(FAULTS))
        rig.run(dice.uniform(0.1, 3.0))
        match dice.randrange(4):
            case 0:
                rig.links.drop(0, venue_notices_ns=dice.randrange(SECOND_NS))
            case 1:
                rig.links.delay(0, up_ns=dice.randrange(2 * SECOND_NS))
            case 2:
                board.clear_all()
    rig.links.delay(0)
    board.clear_all()
    rig.run(25)  # as long as a line may stay silent
    sound_again(rig)

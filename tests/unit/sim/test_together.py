"""Two engines at one venue: whose connection is whose, and who is next."""

from __future__ import annotations

import pytest

from engine.errors import InvariantError
from engine.sim.links import CORE_EPOCH_NS, MILLISECOND_NS, Links, Uniform
from engine.sim.together import Switchboard, run_together
from tests.unit.sim.test_links import (
    SECOND_NS,
    VENUE_EPOCH_NS,
    FakeCore,
    FakeSigner,
    FakeVenue,
)


def pair() -> tuple[FakeVenue, list[FakeCore], list[Links]]:
    venue = FakeVenue()
    board = Switchboard(venue, 2)
    cores = [FakeCore(), FakeCore()]
    links = [
        Links(
            core,
            board.share(number),
            FakeSigner(),
            seed=number,
            venue_epoch_ns=VENUE_EPOCH_NS,
            up=Uniform(MILLISECOND_NS, 2 * MILLISECOND_NS),
            down=Uniform(MILLISECOND_NS, 2 * MILLISECOND_NS),
        )
        for number, core in enumerate(cores)
    ]
    for one in links:
        one.start()
    run_together(links, 20 * MILLISECOND_NS)
    return venue, cores, links


def test_each_engine_has_connections_of_its_own() -> None:
    venue, cores, links = pair()
    made = [entry[2] for entry in venue.of("made")]
    assert sorted(conn % 2 for conn in made) == [0, 1]
    assert [len(core.of("made")) for core in cores] == [1, 1]
    assert [one.now_ns for one in links] == [20 * MILLISECOND_NS] * 2
    cores[1].outbox[0] = b"mine\n"
    links[1].at(links[1].now_ns, lambda: None)
    run_together(links, 40 * MILLISECOND_NS)
    ((_, _, conn, frame),) = venue.of("data")
    assert (conn % 2, frame) == (1, b"mine")


def test_what_the_venue_says_reaches_the_one_it_is_meant_for() -> None:
    venue, cores, links = pair()
    for conn in (entry[2] for entry in venue.of("made")):
        assert isinstance(conn, int)
        venue.outbox[conn] = [b"for %d" % (conn % 2)]
    links[0].at(links[0].now_ns, lambda: None)  # an event of one serves both
    run_together(links, 40 * MILLISECOND_NS)
    heard = [[entry[3] for entry in core.of("data")] for core in cores]
    assert heard == [[b"for 0"], [b"for 1"]]


def test_what_the_venue_closes_and_answers_is_kept_for_its_owner() -> None:
    venue = FakeVenue()
    board = Switchboard(venue, 2)
    first, second = board.share(0), board.share(1)
    venue.to_close = [(2 * 7 + 1, 1000, "bye"), (2 * 9, 1001, "so long")]
    assert first.connections_to_close() == [(9, 1001, "so long")]
    assert first.connections_to_close() == []
    assert second.connections_to_close() == [(7, 1000, "bye")]


def test_events_run_in_order_of_time_whoever_they_belong_to() -> None:
    _, cores, links = pair()
    seen: list[tuple[int, int]] = []
    for number, one in enumerate(links):
        one.on_event = lambda number=number: seen.append((number, links[number].now_ns))
    cores[0].timer_ns = CORE_EPOCH_NS + 300 * MILLISECOND_NS
    cores[1].timer_ns = CORE_EPOCH_NS + 200 * MILLISECOND_NS
    run_together(links, SECOND_NS)
    times = [now_ns for _, now_ns in seen]
    assert times == [t * MILLISECOND_NS for t in (200, 200, 300, 300)]
    assert cores[1].of("timer")[0][1] < cores[0].of("timer")[0][1]


def test_a_timer_that_stays_due_is_an_invariant_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, cores, links = pair()
    monkeypatch.setattr(FakeCore, "handle_timer", lambda self, t_ns: None)
    monkeypatch.setattr("engine.sim.together.EVENTS_AT_ONCE_MAX", 50)
    cores[1].timer_ns = CORE_EPOCH_NS + 30 * MILLISECOND_NS
    with pytest.raises(InvariantError, match="stays due"):
        run_together(links, SECOND_NS)

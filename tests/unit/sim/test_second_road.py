"""Errands under the virtual clock, at the HTTP door of a real venue look-alike."""

from typing import Any

import pytest

from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.sim.second_road import CONN_FIRST, READINGS_MAX, errand
from engine.sim.venue.faults.traffic import Drop, Truncate
from tests.simulation.rig import SECOND_NS, Rig, engine_config


def play(name: str, answers: Any) -> tuple[list[str], int | None]:
    """Run an errand against a function; gives what it asked and its result."""
    script, said, asked = errand(name), None, []
    while True:
        try:
            step = script.send(said)
        except StopIteration as end:
            return asked, end.value
        said = None
        if step is not None:
            asked.append(step[0].removeprefix("private/"))
            said = answers(*step)


def test_it_cancels_reads_and_is_sure_before_it_says_none() -> None:
    asked, left = play("cancel_all", lambda *_: [])
    assert left == 0
    assert asked == [
        "cancel_all",
        "cancel_quotes",
        "get_open_orders",
        "get_open_orders",
    ]


def test_orders_that_stay_are_counted_and_silence_is_no_number() -> None:
    stays = [{"order_id": "1", "label": "hs-1-0-0"}]
    asked, left = play("cancel_all", lambda *_: stays)
    assert left == 1
    assert asked.count("get_open_orders") == READINGS_MAX
    assert play("cancel_all", lambda *_: None)[1] is None


def test_only_ours_are_cancelled_where_only_ours_are_meant() -> None:
    rows = [{"order_id": "1", "label": "hs-1-0-0"}, {"order_id": "2", "label": ""}]
    gone = []

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "private/cancel":
            gone.append(params["order_id"])
            rows.pop(0)
        return list(rows)

    asked, left = play("cancel_ours", answer)
    assert (gone, left) == (["1"], 0)
    assert "cancel_all" not in asked


@pytest.fixture
def quoting() -> Rig:
    rig = Rig(3)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    return rig


def kill(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.core.snapshot()["session"]["kill"]
    return found


def test_a_kill_reaches_the_venue_over_http_while_the_line_is_silent(
    quoting: Rig,
) -> None:
    quoting.links.silence(0)
    quoting.links.command("cancel_all")
    taken_s = quoting.run_until(lambda: not quoting.open_orders(), 2)
    assert taken_s < 1
    quoting.run_until(lambda: not kill(quoting)["pending"])
    assert kill(quoting)["confirmed_by"] == "http"
    assert quoting.links.second_road.requests >= 4


def test_with_both_roads_closed_nothing_is_claimed(quoting: Rig) -> None:
    quoting.links.second_road.is_closed = True
    quoting.links.silence(0)
    quoting.links.command("cancel_all")
    quoting.run(3)
    assert kill(quoting)["pending"]
    assert quoting.links.second_road.requests == 0


def test_the_same_seed_gives_the_same_bytes_with_errands() -> None:
    prints = []
    for _ in range(2):
        rig = Rig(5)
        rig.run_until_state("quoting")
        rig.links.command("cancel_all")
        rig.links.run_for(2 * SECOND_NS)
        prints.append((rig.links.fingerprint(), rig.links.second_road.requests))
    assert prints[0] == prints[1]
    assert CONN_FIRST not in rig.links._open


def test_an_answer_that_is_cut_short_or_lost_is_a_failure(quoting: Rig) -> None:
    faults = quoting.world.venue.faults
    faults.inject(Truncate(method="private/cancel_all", keep_bytes=9))
    faults.inject(Drop(of="reply", method="private/cancel_quotes", count=2))
    quoting.links.silence(0)
    quoting.links.command("cancel_all")
    quoting.run_until(lambda: not quoting.open_orders(), 20)
    quoting.run_until(lambda: not kill(quoting)["pending"], 60)


def test_a_crash_ends_the_errands_of_its_process(quoting: Rig) -> None:
    quoting.links.command("cancel_all")
    road = quoting.links.second_road
    quoting.links.crash(
        assemble(from_mapping(engine_config()), run_id=99),
        Signer(Credentials("maker", "maker-secret")),
    )
    requests = road.requests
    quoting.run(1)
    assert road.requests == requests
    quoting.links.command("cancel_all")
    quoting.run(1)
    assert road.requests > requests

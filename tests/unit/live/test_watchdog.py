"""The watchdog's judgement: when it bites, when it does not, when it looks again."""

import os
from pathlib import Path

import pytest

from engine import cli
from engine.errors import VenueError
from engine.live import watchdog
from engine.live.pulse import RESTING, Beat
from engine.live.roads import Attempt, Target
from engine.live.watchdog import RECHECK_S, Sight, Watchdog, is_running
from tests.loopback.processes import write_config

S = 1_000_000_000
ME = os.getpid()
GONE = 2**22 + 1
"""Above the largest process number of Linux."""


class Scene:
    """A watchdog, a clock, and a venue that does as told."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * S
        self.beat: Beat | None = None
        self.bites = 0
        self.works = True
        self.open_again: list[int | VenueError] = []
        self.said: list[str] = []
        self.dog = Watchdog(3.0, self.cancel, self.count, self.said.append)

    def cancel(self) -> Attempt:
        self.bites += 1
        attempt = Attempt(Target(), 1)
        if self.works:
            attempt.road, attempt.left = "http", {}
        else:
            attempt.problems["http"] = "no answer"
        return attempt

    def count(self) -> int:
        found = self.open_again.pop(0)
        if isinstance(found, VenueError):
            raise found
        return found

    def stamp(self, pid: int = ME) -> None:
        self.beat = Beat(pid, self.now_ns)

    def look(self, after_s: float = 0.0) -> Sight:
        self.now_ns += round(after_s * S)
        self.dog.look(self.beat, lambda: self.now_ns)
        return self.dog.sight


def test_no_engine_and_one_that_ended_in_order_are_no_alarm() -> None:
    scene = Scene()
    assert scene.look() is Sight.NO_ENGINE
    scene.stamp()
    assert scene.look() is Sight.ALIVE
    scene.beat = Beat(ME, RESTING)
    assert scene.look(1000) is Sight.NO_ENGINE
    assert scene.bites == 0
    assert scene.said[-1] == "the engine has ended in order"


def test_it_bites_past_the_limit_and_not_at_it() -> None:
    scene = Scene()
    scene.stamp()
    assert scene.look(3.0) is Sight.ALIVE
    assert scene.bites == 0
    assert scene.look(0.000_000_001) is Sight.CLEARED
    assert scene.bites == 1
    assert scene.said[-2] == (
        f"ALARM engine {ME} is silent for 3.00 s: cancelling everything"
    )
    assert "read back by http" in scene.said[-1]


def test_a_dead_engine_is_called_dead_and_bitten_once() -> None:
    scene = Scene()
    scene.stamp(GONE)
    assert scene.look(4) is Sight.CLEARED
    assert "is dead" in scene.said[-2]
    assert scene.look(10 * RECHECK_S) is Sight.CLEARED, "nobody is left to look after"
    assert scene.bites == 1


def test_what_does_not_work_is_tried_until_it_does() -> None:
    scene = Scene()
    scene.works = False
    scene.stamp()
    assert scene.look(4) is Sight.ALARM
    assert scene.look(1) is Sight.ALARM
    assert scene.said[-1] == "NOT DONE: open orders: unknown; http: no answer; again"
    scene.works = True
    assert scene.look(1) is Sight.CLEARED
    assert scene.bites == 3
    assert [line for line in scene.said if "ALARM" in line] == scene.said[:1], (
        "one alarm"
    )


def test_while_the_engine_stays_hung_it_looks_again() -> None:
    scene = Scene()
    scene.stamp()
    scene.look(4)
    scene.open_again = [0, VenueError("down"), 2]
    assert scene.look(RECHECK_S - 0.1) is Sight.CLEARED
    assert len(scene.open_again) == 3, "not yet"
    assert scene.look(0.1) is Sight.CLEARED
    assert scene.look(RECHECK_S) is Sight.CLEARED
    assert "cannot look again: down" in scene.said[-1]
    assert scene.bites == 1
    assert scene.look(RECHECK_S) is Sight.CLEARED
    assert scene.bites == 2
    assert "ALARM 2 orders are open again" in scene.said[-2]


def test_an_engine_that_comes_back_is_watched_again() -> None:
    scene = Scene()
    scene.stamp()
    scene.look(4)
    scene.stamp()
    assert scene.look() is Sight.ALIVE
    assert scene.said[-1] == f"engine {ME} is back"
    assert scene.look(4) is Sight.CLEARED
    assert scene.bites == 2


def test_a_stamp_of_before_the_machine_was_started_anew_is_no_sign_of_life() -> None:
    scene = Scene()
    scene.beat = Beat(GONE, scene.now_ns + 1)
    assert scene.look() is Sight.CLEARED
    assert "since another boot" in scene.said[-2]


def test_processes_are_told_from_gone_ones() -> None:
    assert is_running(ME)
    assert is_running(1), "somebody else's is one, too"
    assert not is_running(GONE)


def test_without_a_folder_there_is_nothing_to_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["watchdog", str(write_config(tmp_path))]) == 2
    assert "state.path" in capsys.readouterr().err


def test_without_a_key_it_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HALFSPREAD_CLIENT_ID", raising=False)
    path = write_config(tmp_path)
    path.write_text(path.read_text() + '[state]\npath = "state"\n')
    assert cli.main(["watchdog", str(path)]) == 2
    assert "HALFSPREAD_CLIENT_ID" in capsys.readouterr().err


def test_lines_carry_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    watchdog.say("hello")
    line = capsys.readouterr().out
    assert line[10] == "T"
    assert line.endswith("Z hello\n")

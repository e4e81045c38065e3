"""The venue in C, its clients and the race between them, on a few frames."""

import sys
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.loopback import clients, suite, tools, wire
from benchmarks.loopback.processes import (
    Command,
    Cores,
    FailedError,
    Lines,
    cpu_ns,
    started,
)
from benchmarks.loopback.race import Race
from benchmarks.loopback.ticks import STEP_TICKS, ticks
from benchmarks.loopback.tools import AbsentError
from benchmarks.loopback.wire import Bench, Ticks, stream, tick_to_order
from benchmarks.pipeline.many import Options
from benchmarks.pipeline.ours import Reader
from benchmarks.stream import TICKS_PER_DOLLAR, frames

COUNT, WARM = 12, 3


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loopback")
    try:
        return Bench(tools.build(folder), Cores.here(), folder)
    except AbsentError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def few(bench):
    snapshot, *changes = ticks(150)
    return Ticks(
        suite._write(bench.scratch / "snapshot", [snapshot]),
        suite._write(bench.scratch / "changes", changes),
        COUNT,
        WARM,
    )


def test_every_tick_moves_both_sides():
    snapshot, *changes = ticks(6)
    reader = Reader(snapshot)
    touches = [reader.touch()]
    for frame in changes:
        reader.play([frame])
        touches.append(reader.touch())
    step = STEP_TICKS / TICKS_PER_DOLLAR
    for before, after in pairwise(touches):
        assert [abs(a - b) for a, b in zip(after, before, strict=True)] == [step, step]
    assert touches[0] == touches[2] == touches[4]


@pytest.mark.loopback
@pytest.mark.parametrize("way", ["spin", "block"])
def test_the_floor_answers_every_tick(bench, few, way):
    samples = tick_to_order(bench, clients.floor(way), few)
    assert len(samples) == COUNT
    assert min(samples) > 0


@pytest.mark.loopback
def test_the_engine_answers_every_tick(bench, few):
    assert len(tick_to_order(bench, clients.engine("adaptive"), few)) == COUNT


@pytest.mark.loopback
def test_the_engine_answers_over_tls(bench, few):
    if bench.tools.certificate is None:
        pytest.skip("no OpenSSL to build the venue with")
    client = clients.engine("sleep", layer="python")
    assert len(tick_to_order(bench, client, few)) == COUNT


@pytest.mark.loopback
def test_a_python_stack_answers_every_tick(bench, few):
    client = clients.stack("websockets")
    assert client.absent == ""
    assert len(tick_to_order(bench, client, few)) == COUNT


@pytest.mark.loopback
def test_ticks_may_come_faster_than_the_venue_rests(bench, few):
    often = Ticks(few.snapshot, few.changes, COUNT, WARM, interval_us=100)
    assert len(tick_to_order(bench, clients.floor("block"), often)) == COUNT


@pytest.mark.loopback
def test_a_client_that_said_what_voids_it_does_not_count(bench, few):
    tainted = clients.floor("spin")
    words = "import os, sys; print('journal lost', file=sys.stderr, flush=True);"

    def command(seat):
        path, *rest = tainted.command(seat).words
        script = f"{words} os.execv({path!r}, {[path, *rest]!r})"
        return Command([sys.executable, "-c", script])

    with pytest.raises(FailedError, match="journal lost"):
        tick_to_order(bench, clients.Client(command, void="journal lost"), few)


@pytest.mark.loopback
def test_a_stream_is_taken_to_its_end(bench):
    snapshot, *changes = frames(5_000)
    files = [
        suite._write(bench.scratch / "s", [snapshot]),
        suite._write(bench.scratch / "c", changes),
    ]
    found = stream(bench, clients.stack("websockets", quotes=False), *files)
    assert found.frames == len(changes)
    assert found.cpu_ns > 0
    assert found.behind_ns


@pytest.mark.loopback
@pytest.mark.parametrize("rate", [0.0, 20_000.0])
def test_options_reach_their_strategies(bench, rate):
    chain = Options(3, books=800)
    files = [
        suite._write(bench.scratch / "os", chain.snapshots()),
        suite._write(bench.scratch / "oc", chain.frames(1_000)),
    ]
    client = clients.options("sleep", 3)
    found = stream(bench, client, *files, rate=rate, counts=True)
    assert found.frames == 1_000
    assert found.calls > 0
    assert found.behind_ns


@pytest.mark.loopback
def test_a_client_that_dies_is_a_failure_with_its_last_words(bench, few, monkeypatch):
    words = "import sys; sys.exit('no order today')"
    dead = clients.Client(lambda seat: Command([sys.executable, "-c", words]))
    monkeypatch.setattr(wire, "LIMIT_S", 0.5)
    with pytest.raises(FailedError, match="no order today"):
        tick_to_order(bench, dead, few)


@pytest.mark.loopback
def test_what_was_started_is_killed_with_its_children(bench, tmp_path):
    words = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'while True: pass']);"
        "print('child', child.pid, flush=True); time.sleep(60)"
    )
    command = Command([sys.executable, "-c", words])
    with started(command, bench.cores.client, tmp_path / "log") as process:
        child = int(Lines(process, 10.0).next("child")[0])
        assert cpu_ns(process.pid) > 0
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rsplit(") ", 1)[1][0] in "ZX"


def test_who_fails_twice_is_out_with_the_reason():
    calls = []

    def flaky():
        calls.append(1)
        if len(calls) == 1:
            raise FailedError("once")
        return {"p50": 2.0}

    def broken():
        raise FailedError("always")

    race = Race({"absent": "not installed"})
    race.run({"ours": flaky, "theirs": broken, "absent": broken}, 2)
    assert race.rounds("ours", "p50") == [2.0, 2.0]
    goal = Goal("key", "title", Kind.TIMES)
    assert race.figure(goal, "ours", "theirs", "p50") == Missing(
        "key", "theirs: failed: always"
    )
    assert race.figure(goal, "ours", "absent", "p50") == Missing(
        "key", "absent: not installed"
    )


def test_a_figure_is_the_median_of_the_ratios_within_rounds():
    race = Race({})
    rounds = iter([(10.0, 30.0), (20.0, 40.0), (10.0, 10.0)])
    pair = [0.0, 0.0]

    def ours():
        pair[:] = next(rounds)
        return {"p50": pair[0]}

    race.run({"ours": ours}, 1)
    race.given["theirs"] = [{"p50": pair[1]}]
    for _ in range(2):
        race.run({"ours": ours}, 1)
        race.given["theirs"].append({"p50": pair[1]})
    found = race.figure(Goal("key", "title"), "ours", "theirs", "p50")
    assert found == Found("key", 10.0, 30.0, 2.0)
    share = race.figure(Goal("k", "t", Kind.SHARE), "ours", "theirs", "p50")
    assert share == Found("k", 10.0, 30.0, 0.5)


def test_the_better_mode_of_a_rival_is_taken_value_by_value():
    race = Race({})
    race.given[suite.FASTMM] = [{"p50": 1.0, "p99": 9.0}]
    race.given[suite.FASTMM_ADAPTIVE] = [{"p50": 2.0, "p99": 3.0}]
    suite._add_better(race)
    assert race.given[suite.BEST_FASTMM] == [{"p50": 1.0, "p99": 3.0}]


@pytest.mark.parametrize(
    ("behind", "is_growing"),
    [
        ((), True),
        (tuple([1_000_000] * 50), False),
        (tuple(range(0, 500_000_000, 10_000_000)), True),
        (tuple([1_000] * 25 + [900_000] * 25), False),
    ],
)
def test_a_queue_that_grows_is_seen(behind, is_growing):
    assert suite.grows(behind) is is_growing


def test_without_a_compiler_every_row_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
    found = list(suite.measure(Run(tmp_path, quick=True)))
    assert [each.key for each in found] == [goal.key for goal in suite.GOALS]
    assert {each.why for each in found} == {"there is no C compiler"}


def test_rows_have_their_own_keys():
    keys = [goal.key for goal in suite.GOALS]
    assert len(keys) == len(set(keys))


def test_fastmm_that_is_not_there_says_so(tmp_path):
    assert "--fastmm" in clients.fastmm(None, "busy").absent
    assert "not installed" in clients.fastmm(tmp_path / "python", "busy").absent


def test_a_line_that_does_not_come_is_a_failure(bench, tmp_path):
    command = Command([sys.executable, "-c", "print('one 1'); print('two 2 3')"])
    with started(command, bench.cores.client, tmp_path / "log") as process:
        lines = Lines(process, 10.0)
        assert lines.next("two") == ["2", "3"]
        with pytest.raises(FailedError, match="ended before 'three'"):
            lines.next("three")


def test_the_configurations_are_whole(tmp_path):
    from engine.config import load

    seat = clients.Seat(1, 0, tmp_path, tools.Tools(Path("v"), Path("f")))
    clients.engine("spin").command(seat)
    assert load(tmp_path / "engine.toml").loop.policy == "spin"
    command = clients.fastmm(Path("here/python"), "busy").command(seat)
    assert Path(command.words[0]) == Path("here/python").absolute()
    assert "{" not in (tmp_path / "fastmm.toml").read_text()
    assert command.folder == tmp_path


def test_the_snapshot_of_the_options_is_every_book():
    found = Options(3, books=5).snapshots()
    data = [orjson.loads(frame)["params"]["data"] for frame in found]
    assert [each["type"] for each in data] == ["snapshot"] * 5

"""How a figure is judged, told and written."""

import json
import types

import pytest

from benchmarks import __main__ as bench
from benchmarks.figures import Found, Goal, Kind, Missing, Run, row, table
from benchmarks.suites import SUITES

TIMES = Goal("t", "bytes", Kind.TIMES, must=20, aim=30, rival="theirs")
SHARE = Goal("s", "wire", Kind.SHARE, must=1.0, aim=0.5, rival="theirs", unit="us")
MOST = Goal("m", "instructions", Kind.AT_MOST, must=2_000, aim=1_300, unit="")
LEAST = Goal("l", "rate", Kind.AT_LEAST, must=200_000, aim=1_000_000, unit="frames/s")
TOLD = Goal("n", "beside", unit="us")


@pytest.mark.parametrize(
    ("goal", "ours", "rival", "ratio", "met"),
    [
        (TIMES, 100.0, 3_000.0, 30.0, "aim"),
        (TIMES, 100.0, 2_999.0, 29.99, "must"),
        (TIMES, 100.0, 1_999.0, 19.99, "no"),
        (SHARE, 10.0, 20.0, 0.5, "aim"),
        (SHARE, 20.0, 20.0, 1.0, "must"),
        (SHARE, 21.0, 20.0, 1.05, "no"),
        (MOST, 1_300.0, None, None, "aim"),
        (MOST, 2_000.0, None, None, "must"),
        (MOST, 2_001.0, None, None, "no"),
        (LEAST, 1_000_000.0, None, None, "aim"),
        (LEAST, 199_999.0, None, None, "no"),
        (TOLD, 5.0, None, None, ""),
    ],
)
def test_judged(goal, ours, rival, ratio, met):
    cells = row(goal, Found(goal.key, ours, rival))
    assert cells["ratio"] == pytest.approx(ratio)
    assert cells["met"] == met


def test_a_ratio_within_rounds_goes_before_that_of_medians():
    assert row(TIMES, Found("t", 100.0, 1_000.0, ratio=40.0))["met"] == "aim"


def test_what_is_missing_says_why():
    cells = row(TIMES, Missing("t", "no rival here"))
    assert (cells["met"], cells["note"]) == ("not measured", "no rival here")
    assert "- bytes: no rival here" in table({"t": cells})


def test_a_row_of_the_table():
    cells = row(TIMES, Found("t", 123.4, 3_913.0, note="quiet"))
    assert table({"t": cells}).splitlines()[2:] == [
        "| bytes, against theirs | 123 ns | 3,913 ns | 31.7 | ≥ 20 | ≥ 30 | aim met |",
        "",
        "- bytes: quiet",
    ]
    cells = row(SHARE, Found("s", 25.0, 20.0))
    assert "| 25 us | 20 us | 1.25 | ≤ 1 | ≤ 0.50 | **no** |" in table({"s": cells})


@pytest.fixture
def suites(monkeypatch):
    """Return a function that puts a suite in place of all others."""

    def put(measure):
        module = types.SimpleNamespace(GOALS=(TIMES, MOST), measure=measure)
        monkeypatch.setattr(bench.importlib, "import_module", lambda _: module)
        monkeypatch.setattr(bench, "SUITES", {"one": "somewhere"})

    return put


def test_a_run_writes_its_figures(suites, tmp_path, capsys):
    suites(lambda run: [Found("m", 1_200.0), Found("t", 1.0, 25.0)])
    assert bench.main(["--quick", "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "bench.json").read_text())
    assert report["quick"]
    assert report["command"].startswith("python -m benchmarks --quick")
    assert report["machine"]["cores"]
    assert [*report["figures"]] == ["t", "m"]
    assert report["figures"]["t"]["ratio"] == 25.0
    assert "| must met |" in capsys.readouterr().out


def test_a_suite_that_fails_loses_only_its_own_rows(suites, tmp_path, capsys):
    def measure(run):
        yield Found("t", 1.0, 25.0)
        raise RuntimeError("out of order")

    suites(measure)
    assert bench.main(["--out", str(tmp_path)]) == 1
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert figures["t"]["met"] == "must"
    assert figures["m"]["note"] == "its suite did not get there"
    assert "out of order" in capsys.readouterr().err


def test_an_unknown_suite_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.parse(["--only", "nothing"])
    assert "--only nothing: the suites are" in capsys.readouterr().err


def test_only_a_whole_run_is_published():
    assert bench.parse([]).out == bench.PUBLISHED
    assert bench.parse(["--quick"]).out == bench.SCRATCH
    assert bench.parse(["--out", "x"]).out.name == "x"


@pytest.mark.parametrize("name", SUITES)
def test_goals_are_of_use(name):
    suite = bench.importlib.import_module(SUITES[name])
    keys = [goal.key for goal in suite.GOALS]
    assert len(set(keys)) == len(keys)
    for goal in suite.GOALS:
        assert (goal.must is None) == (goal.aim is None)
        assert goal.must is None or goal.meets(goal.aim, goal.must)
    assert not set(keys) & {
        goal.key
        for other in SUITES
        if other != name
        for goal in bench.importlib.import_module(SUITES[other]).GOALS
    }


def test_a_quick_run_is_smaller(tmp_path):
    assert Run(tmp_path, quick=True).pick(100, 10) == 10
    assert Run(tmp_path).pick(100, 10) == 100

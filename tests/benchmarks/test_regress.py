"""Counts: how callgrind's words are read, and when a figure is worse."""

import pytest

from benchmarks.regress import __main__ as regress
from benchmarks.regress import baseline, counts, suite

HERE = {"machine": "x86_64", "compiler": "cc 12", "cython": "3.3.1", "python": "3.11.7"}
OTHER = {**HERE, "compiler": "cc 14"}
ARM = {**HERE, "machine": "aarch64"}

DUMP = """# callgrind format
version: 1
desc: Trigger: Client Request: {}
events: Ir
fn=(1) play
3 12
totals: {}
"""


def test_dumps_are_read():
    texts = [DUMP.format("touch 200", 4_000), DUMP.format("touch 1000", 12_000)]
    texts.append("desc: Trigger: Program termination\ntotals: 9\n")
    assert counts.dumps(texts) == {"touch 200": 4_000, "touch 1000": 12_000}


def test_what_happens_once_cancels():
    counted = {"touch 200": 1_000 + 200 * 7, "touch 1000": 1_000 + 1_000 * 7}
    assert counts.per_unit(counted) == {"touch": 7.0}


def test_switching_the_count_is_taken_off():
    counted = {"between": 5, "orders 100": 100 * 50, "orders nothing": 100 * 8}
    assert counts.per_unit(counted) == {"orders": 42.0}


@pytest.mark.parametrize(
    ("counted", "is_worse"), [(1_030, False), (1_031, True), (500, False)]
)
def test_worse_is_more_than_the_tolerance(counted, is_worse):
    (verdict,) = baseline.compare({"touch": counted}, {"touch": 1_000.0}, 0.03)
    assert verdict.is_worse == is_worse


def test_words():
    def words(counted, before):
        (verdict,) = baseline.compare({"f": counted}, before, 0.03)
        return verdict.words

    assert words(1_100, {"f": 1_000}) == "WORSE: +10.0%, allowed +3%"
    assert words(900, {"f": 1_000}) == "-10.0%, better: take it up"
    assert words(1_000, {"f": 1_000}) == "+0.0%"
    assert words(1_000, {}) == "new: not in the baseline"


def test_another_compiler_is_compared_loosely_and_said():
    sets = [{"toolchain": HERE, "counts": {"f": 1.0}}]
    assert baseline.choose(sets, HERE)[:2] == ({"f": 1.0}, baseline.TOLERANCE)
    patched = {**HERE, "python": "3.11.9"}
    assert baseline.choose(sets, patched)[1] == baseline.TOLERANCE
    before, tolerance, line = baseline.choose(sets, OTHER)
    assert (before, tolerance) == ({"f": 1.0}, baseline.TOLERANCE_ELSEWHERE)
    assert line.startswith("no baseline for x86_64, cc 14")
    assert "with 20% allowed" in line


def test_another_machine_is_not_compared():
    sets = [{"toolchain": HERE, "counts": {"f": 1.0}}]
    before, _, line = baseline.choose(sets, ARM)
    assert before == {}
    assert line.endswith("nothing is compared")


def test_a_toolchain_takes_the_place_of_its_own_set_only(tmp_path):
    file = tmp_path / "baseline.json"
    baseline.accept({"f": 1.0}, HERE, file)
    baseline.accept({"f": 2.0}, OTHER, file)
    baseline.accept({"g": 4.0, "f": 3.0}, HERE, file)
    sets = baseline.read(file)
    assert [one["counts"] for one in sets] == [{"f": 3.0, "g": 4.0}, {"f": 2.0}]
    assert baseline.read(tmp_path / "none.json") == []


@pytest.fixture
def counting(monkeypatch):
    """Return a function that says what is counted, and what the baseline is."""

    def put(counted, before):
        sets = [{"toolchain": HERE, "counts": before}]
        monkeypatch.setattr(regress, "loops", lambda: None)
        monkeypatch.setattr(regress, "count", counted)
        monkeypatch.setattr(regress, "toolchain", lambda: HERE)
        monkeypatch.setattr(regress, "read", lambda: sets)

    return put


def test_worse_fails(counting, capsys):
    counting(lambda: {"touch": 1_100.0}, {"touch": 1_000.0})
    assert regress.main([]) == 1
    assert "WORSE" in capsys.readouterr().out


def test_as_before_passes(counting, capsys):
    counting(lambda: {"touch": 1_000.0}, {"touch": 1_000.0})
    assert regress.main([]) == 0
    assert "against x86_64, cc 12, 3.3.1, 3.11" in capsys.readouterr().out


def test_a_figure_that_is_gone_fails(counting, capsys):
    counting(lambda: {"touch": 1_000.0}, {"touch": 1_000.0, "book": 5.0})
    assert regress.main([]) == 1
    assert "not counted: book" in capsys.readouterr().out


def test_without_valgrind_it_says_so_and_passes(monkeypatch, counting, capsys):
    monkeypatch.setattr(counts.shutil, "which", lambda name: None)
    counting(counts.count, {})
    assert regress.main([]) == 0
    assert capsys.readouterr().out == (
        "regress: skipped, nothing was compared: valgrind is not installed\n"
    )


def test_the_baseline_has_every_row():
    figures = {goal.key.removeprefix("instructions_") for goal in suite.GOALS}
    for one in baseline.read():
        assert set(one["counts"]) == figures

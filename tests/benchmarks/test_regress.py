"""Counts: how callgrind's words are read, and when a figure is worse."""

import re

import pytest

from benchmarks.regress import __main__ as regress
from benchmarks.regress import baseline, counts, rooms, suite
from tests.tidy.sources import ROOT, code_files, module_name

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
    assert counts.dumps(texts) == {
        "touch 200": (4_000, texts[0]),
        "touch 1000": (12_000, texts[1]),
    }


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
        monkeypatch.setattr(regress, "dumped", counted)
        monkeypatch.setattr(regress, "toolchain", lambda: HERE)
        monkeypatch.setattr(regress, "read", lambda: sets)

    return put


def dumps(**figures):
    """Return dumps of a figure each, of ten frames."""
    return {
        f"{figure} {name}": (total, DUMP.format(f"{figure} {name}", total))
        for figure, taken in figures.items()
        for name, total in (("10", 10 * taken), ("nothing", 0))
    }


def test_worse_fails(counting, capsys):
    counting(lambda: dumps(touch=1_100), {"touch": 1_000.0})
    assert regress.main([]) == 1
    assert "WORSE" in capsys.readouterr().out


def test_as_before_passes(counting, capsys):
    counting(lambda: dumps(touch=1_000), {"touch": 1_000.0})
    assert regress.main([]) == 0
    assert "against x86_64, cc 12, 3.3.1, 3.11" in capsys.readouterr().out


def test_a_figure_that_is_gone_fails(counting, capsys):
    counting(lambda: dumps(touch=1_000), {"touch": 1_000.0, "book": 5.0})
    assert regress.main([]) == 1
    assert "not counted: book" in capsys.readouterr().out


def test_without_valgrind_it_says_so_and_passes(monkeypatch, counting, capsys):
    monkeypatch.setattr(counts.shutil, "which", lambda name: None)
    counting(counts.dumped, {})
    assert regress.main([]) == 0
    assert capsys.readouterr().out == (
        "regress: skipped, nothing was compared: valgrind is not installed\n"
    )


def test_the_baseline_has_every_row():
    figures = {goal.key.removeprefix("instructions_") for goal in suite.GOALS}
    for one in baseline.read():
        assert set(one["counts"]) == figures


CORE = "/somewhere/engine/_core/state/book.cpython-311-x86_64-linux-gnu.so"
JIT = """ob=(1) {core}
fl=(1) book.c
fn=(1) __pyx_f_6engine_5_core_5state_4book_4Book__set_levels.part.0
10 {own}
cob=(2) /usr/lib/libpython3.11.so.1.0
cfn=(2) PyObject_Vectorcall
calls=3 0
* 9999
+1 5
fn=(2)
ob=(2)
7 {python}
"""


def test_a_dump_is_read_by_function():
    found = rooms.costs(JIT.format(core=CORE, own=100, python=7))
    own = "__pyx_f_6engine_5_core_5state_4book_4Book__set_levels.part.0"
    # What a callee took is its own; names that only callers gave are known as well.
    assert dict(found) == {
        (CORE, own): 105,
        ("/usr/lib/libpython3.11.so.1.0", "PyObject_Vectorcall"): 7,
    }


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("__pyx_f_6engine_5_core_5state_4book_4Book__set_levels.part.0", "_set_levels"),
        ("__pyx_f_6engine_5_core_5state_4book_4Book_apply.isra.0'2", "apply"),
        ("__pyx_pw_6engine_5_core_5state_4book_4Book_13apply_rows", "apply_rows"),
    ],
)
def test_names_are_made_plain(name, plain):
    assert rooms.place(CORE, name) == ("state.book", f"Book.{plain}")


def test_functions_outside_a_class_and_helpers():
    start = "6engine_5_core_5state_4book_"
    assert rooms.place(CORE, f"__pyx_f_{start}key_of") == ("state.book", "key_of")
    assert rooms.place(CORE, f"__pyx_pw_{start}3make") == ("state.book", "make")
    assert rooms.place(CORE, "__Pyx_Raise") == ("state.book", "")


@pytest.mark.parametrize(
    ("file", "room"),
    [
        ("/usr/lib/libpython3.11.so.1.0", rooms.PYTHON),
        ("/usr/bin/python3.11", rooms.PYTHON),
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", rooms.LIBRARY),
        ("???", rooms.OTHER),
    ],
)
def test_what_is_not_ours(file, room):
    assert rooms.place(file, "whatever") == (room, "")


def test_rooms_are_the_difference_a_frame():
    few, many = (JIT.format(core=CORE, own=o, python=p) for o, p in ((15, 4), (95, 4)))
    found = rooms.split({"touch_raw 2": few, "touch_raw 10": many, "book 1": few})
    assert found == {"touch_raw": {"state.book": {"Book._set_levels": 10.0}}}


def test_rooms_are_stored(tmp_path):
    file = tmp_path / "rooms.json"
    rooms.accept({"touch_raw": {"core": {"Core._step": 3.0}}}, file)
    assert rooms.read(file) == {"touch_raw": {"core": {"Core._step": 3.0}}}


def test_the_stored_rooms_add_up_to_the_baseline():
    """Both are stored at once: `make regress ACCEPT=1`."""
    known = baseline.read()[0]["counts"]
    stored = rooms.read()
    assert set(stored) == set(rooms.FIGURES)
    for figure, found in stored.items():
        whole = sum(sum(functions.values()) for functions in found.values())
        assert whole == pytest.approx(known[figure], rel=baseline.TOLERANCE)


def test_the_stored_rooms_name_functions_there_are():
    texts = {}
    for path in code_files(ROOT, ".pxd", ".pyx"):
        module = module_name(ROOT, path).removeprefix("engine._core.")
        texts[module] = texts.get(module, "") + path.read_text()
    for found in rooms.read().values():
        for module, functions in found.items():
            if module in (rooms.PYTHON, rooms.LIBRARY, rooms.OTHER):
                continue
            for name in set(functions) - {rooms.REST}:
                defined = rf"def .*\b{name.rpartition('.')[2]}\("
                assert re.search(defined, texts[module]), (module, name)

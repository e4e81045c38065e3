"""Simulated days: cases that can be run, a day that is the same again, honest sums."""

import math

import pytest

from benchmarks.days import __main__ as command
from benchmarks.days import case, store
from benchmarks.days.market import day_world
from benchmarks.days.run import run_day
from benchmarks.days.table import (
    AVERSION,
    adjusted,
    comparisons,
    markdown,
    money,
    worth,
)
from engine.assemble import assemble
from engine.config import from_mapping
from tests.tidy.sources import ROOT

SHORT_H = 0.05


def row(name, seed, hourly, **changes):
    parts = dict.fromkeys(
        ("spread", "inventory", "hedging", "fees", "funding", "mark", "other"), 0.0
    )
    markout = {"fills": 10, "lost": 0, "ticks": 2.0, "ticks_error": 0.5}
    one = {
        "markouts": {"maker": dict.fromkeys(("0s", "1s", "10s", "60s"), markout)},
        "levels": {"bid": [[1, 4, 400.0, 10, 100.0]], "ask": []},
        "presence": {"watched_s": 100.0, "both_s": 75.0},
        "requests": {"new": 24, "edit": 48},
        "fills": 10,
    }
    return {
        "case": name,
        "seed": seed,
        "hours": 24.0,
        "hourly": hourly,
        "parts": parts | {"spread": 3.0, "fees": 1.0, "mark": 0.25, "other": 0.5},
        "largest": {"BTC-PERPETUAL": 5_000.0},
        "instruments": {"BTC-PERPETUAL": one},
        "commit": "abc",
    } | changes


def kept(*rows):
    return {(one["case"], one["seed"], one["hours"]): one for one in rows}


@pytest.mark.parametrize("name", case.names())
def test_a_case_is_a_configuration_the_engine_takes(name):
    found = case.read(name)
    assemble(from_mapping(found.engine), run_id=1)
    assert found.about
    assert not found.against or found.against in case.names()
    day_world(found.sim, found.flow, 1)
    if found.against:
        other = case.read(found.against)
        assert (other.sim, other.flow) == (found.sim, found.flow), "another market"


def test_every_strategy_has_a_case():
    there = {
        quote["strategy"].partition(":")[0].removeprefix("strategies.")
        for name in case.names()
        for quote in case.read(name).engine["quote"]
    }
    files = {path.stem for path in (ROOT / "strategies").glob("[a-z]*.py")}
    assert files <= there


def test_the_same_seed_gives_the_same_day_and_the_engine_agrees_with_the_venue():
    found = case.read("join_touch")
    first, again = (run_day(found, 3, SHORT_H) for _ in range(2))
    assert first == again
    assert first.state == "quoting"
    assert first.problems == []
    assert first.instruments["BTC-PERPETUAL"]["fills"] > 0
    parts = dict(first.parts)
    total = -parts.pop("fees") + sum(parts.values())
    assert math.isclose(first.profit, total, rel_tol=0.01, abs_tol=0.01)
    assert run_day(found, 4, SHORT_H).hourly != first.hourly


def test_days_outlive_the_process_that_ran_them(tmp_path):
    path = tmp_path / "days.json"
    assert store.load(path) == {}
    rows = kept(row("naive", 2, [1.0, 2.0]), row("naive", 1, [3.0]))
    store.save(path, rows)
    assert store.load(path) == rows
    assert [line[:16] for line in path.read_text().splitlines()[1:3]] == [
        '{"case":"naive",'
    ] * 2


def test_profit_for_its_risk_is_that_of_a_day():
    assert adjusted([1.0, 3.0]) == pytest.approx(2.0 / math.sqrt(2.0) * math.sqrt(24))
    assert adjusted([2.0, 2.0]) == 0.0
    assert adjusted([2.0]) == 0.0


def test_a_day_is_worth_less_to_the_averse():
    assert worth([1.0, 3.0]) == pytest.approx(24 * (2.0 - AVERSION / 2.0 * 2.0))
    assert worth([2.0]) == 48.0
    tick_usd = 10.0 / 80_000.0 * 0.5
    gamma = case.read("glft").engine["quote"][0]["params"]["gamma"]
    assert pytest.approx(gamma / tick_usd, rel=0.01) == AVERSION


def test_parts_add_up_with_the_fees_taken_off():
    line = money({"naive": [row("naive", 1, [1.0, 1.75])]}).splitlines()[-1]
    cells = [cell.strip() for cell in line.split("|")[2:-1]]
    assert cells[1] == "2.75"
    assert cells[4] == "1.00", "the worst hour"
    assert sum(map(float, cells[6:])) == pytest.approx(2.75)


def test_only_hours_of_the_same_seeds_are_compared():
    days = {
        "glft": [row("glft", 1, [2.0, 3.0] * 4), row("glft", 2, [9.0] * 8)],
        "naive": [row("naive", 1, [2.0, -3.0] * 4)],
    }
    cells = comparisons(days).splitlines()[-1].split("|")
    assert cells[3].strip() == "8"
    assert cells[4].strip() == f"{adjusted([2.0, 3.0] * 4):+.2f}"
    assert cells[7].strip() == f"{worth([2.0, 3.0] * 4):+,.0f}"
    assert cells[8].strip() == f"{worth([2.0, -3.0] * 4):+,.0f}"
    assert comparisons({"glft": days["glft"]}) == ""
    few = {"glft": days["glft"], "naive": [row("naive", 1, [2.0] * 7)]}
    few["glft"] = [row("glft", 1, [1.0] * 7)]
    assert comparisons(few) == "", "seven hours say nothing"


def test_the_tables_name_every_case_that_has_days():
    short = row("glft", 2, [1.0], hours=2.0)
    rows = kept(row("naive", 1, [1.0]), row("glft", 1, [1.0]), short)
    text = markdown(rows, case.names())
    assert text.index("### Of 24 hours each") < text.index("### Of 2 hours each")
    assert "25.0%" in text, "filled of placed"
    assert "75.0%" in text, "of the time with both sides"
    assert "+2.0 ± 0.5" in text
    assert markdown({}, case.names()) == ""


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["naive", "--seeds", "3:3"], ["naive", "--seeds", "x"]]
)
def test_a_wrong_argument_is_refused_by_name(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_what_is_kept_is_not_run_again(tmp_path, capsys):
    path = tmp_path / "days.json"
    arguments = ["naive", "--seeds", "1:2", "--hours", "0.01", "--store", str(path)]
    assert command.main([*arguments, "--jobs", "1"]) == 0
    assert "1 of 1 days: naive seed 1" in capsys.readouterr().err
    assert command.main(arguments) == 0
    assert capsys.readouterr().err == ""
    assert store.load(path)["naive", 1, 0.01]["state"] == "quoting"

"""Simulations of papers: ours against exact expectations and the printed tables."""

import json
import math
import re
from functools import cache

import pytest

from benchmarks.papers import avellaneda_stoikov_2008 as paper
from tests.oracles.papers import avellaneda_stoikov_2008 as expected
from tests.tidy.sources import ROOT

PATHS = 400
PAPERS_PATHS = 1000
FIGURES = ("profit_mean", "profit_sd", "q_mean", "q_sd")

# Quantitative Finance 8(3), 2008, tables 1 to 3: spread, then FIGURES, as rounded.
PRINTED = {
    (0.1, "inventory"): (1.49, 65.0, 6.6, 0.08, 2.9),
    (0.1, "symmetric"): (1.49, 68.4, 12.7, 0.26, 8.4),
    (0.01, "inventory"): (1.35, 68.6, 8.7, 0.12, 5.1),
    (0.01, "symmetric"): (1.35, 68.8, 12.8, 0.09, 8.7),
    (1.0, "inventory"): (3.02, 31.4, 5.0, 0.02, 1.7),
    (1.0, "symmetric"): (3.02, 44.0, 11.0, 0.00, 5.1),
}
ROUNDED_TO = (0.05, 0.05, 0.005, 0.05)
CASES = [*PRINTED, (0.5, "inventory"), (0.5, "symmetric")]


@cache
def played(gamma, strategy):
    return paper.row(gamma, strategy, PATHS, seed=1)


@cache
def exact(gamma, strategy):
    return expected(gamma, strategy)


@pytest.mark.parametrize(("gamma", "strategy"), CASES)
def test_our_quotes_earn_what_the_formula_must(gamma, strategy):
    """No figure is 4 standard errors from its expectation, which knows no chance."""
    ours = played(gamma, strategy)
    assert ours["spread"] == pytest.approx(exact(gamma, strategy)["spread"], rel=1e-12)
    for name in FIGURES:
        off = ours[name] - exact(gamma, strategy)[name]
        assert abs(off) < 4 * ours[f"{name}_se"], name


@pytest.mark.parametrize(("gamma", "strategy"), PRINTED)
def test_the_printed_table_is_within_sampling_error(gamma, strategy):
    """Both tables are samples: their errors add up, and the paper rounded."""
    ours, printed = played(gamma, strategy), PRINTED[gamma, strategy]
    assert ours["spread"] == pytest.approx(printed[0], abs=0.015)
    for name, value, rounding in zip(FIGURES, printed[1:], ROUNDED_TO, strict=True):
        error = ours[f"{name}_se"]
        both = math.hypot(error, error * math.sqrt(PATHS / PAPERS_PATHS))
        assert abs(ours[name] - value) < 4 * both + rounding, name


def test_the_inventory_strategy_gives_up_some_profit_for_much_less_risk():
    for gamma in paper.GAMMAS:
        ours, other = played(gamma, "inventory"), played(gamma, "symmetric")
        assert ours["profit_sd"] < 0.75 * other["profit_sd"]
        assert ours["q_sd"] < 0.75 * other["q_sd"]
        assert ours["profit_mean"] < other["profit_mean"] + 4 * other["profit_mean_se"]


def test_a_wrong_calculator_would_be_found(monkeypatch):
    """The canary: half the skew is outside the sampling error."""
    right = paper.avellaneda_stoikov_quotes

    def timid(fair, inventory, **rest):
        return right(fair, 0.5 * inventory, **rest)

    monkeypatch.setattr(paper, "avellaneda_stoikov_quotes", timid)
    wrong = paper.row(0.1, "inventory", PATHS, seed=1)
    off = abs(wrong["q_sd"] - exact(0.1, "inventory")["q_sd"])
    assert off > 4 * wrong["q_sd_se"]


def test_same_seed_same_table_and_another_seed_another(capsys):
    def told(*arguments):
        paper.main(["--paths", "3", "--json", *arguments])
        return json.loads(capsys.readouterr().out)

    first = told()
    assert told() == first
    assert told("--seed", "2") != first
    assert [(one["gamma"], one["strategy"]) for one in first] == [
        (gamma, strategy) for gamma in (0.01, 0.1, 0.5) for strategy in paper.STRATEGIES
    ]
    assert set(first[0]) >= {"gamma", "strategy", "spread", *FIGURES}
    assert [one["gamma"] for one in told("--gamma", "1")] == [1.0, 1.0]


@pytest.mark.parametrize("paths", ["1", "-3", "many", "1e9"])
def test_bad_number_of_paths_is_named(paths, capsys):
    with pytest.raises(SystemExit):
        paper.main([f"--paths={paths}"])
    assert f"not {paths}" in capsys.readouterr().err


def test_the_page_shows_the_printed_table_and_figures_of_ours_that_are_true():
    page = (ROOT / "docs" / "papers" / "avellaneda-stoikov-2008.md").read_text()
    printed = _rows(page, "## What was printed")
    assert {key: tuple(values) for key, values in printed.items()} == PRINTED
    ours = _rows(page, "## What we find")
    assert sorted(ours) == sorted(CASES)
    for key, (spread, *cells) in ours.items():
        assert spread == pytest.approx(exact(*key)["spread"], abs=0.005)
        values, errors = cells[0::2], cells[1::2]
        for name, value, error in zip(FIGURES, values, errors, strict=True):
            assert abs(value - exact(*key)[name]) < 4 * error + 0.005, (key, name)


def _rows(page, title):
    """Return the numbers of the first table under a title, by gamma and strategy."""
    table = page.split(title)[1].split("\n|---")[1].split("\n\n")[0]
    found = {}
    for line in table.splitlines()[1:]:
        gamma, strategy, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        numbers = [float(n) for cell in cells for n in re.findall(r"-?[\d.]+", cell)]
        found[float(gamma), strategy] = numbers
    return found

"""What is told of one instrument, and what can be pasted."""

import importlib
import tomllib
from collections import Counter
from dataclasses import replace

import orjson
import pytest

from engine.calibrate import result as module
from engine.calibrate.micro_table import MicroTable
from engine.calibrate.result import (
    STRATEGIES,
    calibrated,
    duration,
    fragment,
    load_earlier,
    rounded,
    text,
)
from engine.calibrate.stats import Estimate
from engine.errors import ConfigError
from strategies.perp_maker import PerpMaker
from tests.unit.calibrate.tapes import tape_of, true_tape


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return calibrated(true_tape(tmp_path_factory.mktemp("m"), 2, seconds=600.0))


@pytest.fixture
def nothing():
    return calibrated(tape_of([(0, 10, 12), (900, 10, 13)], [(500, 1, 12)]))


def test_the_truth_is_in_the_intervals(found):
    k, a = found.intensity.k_per_tick, found.intensity.a_per_s
    assert k.low < 0.6 < k.high
    assert a.low < 0.8 < a.high
    assert found.is_usable
    assert found.warnings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_fragment_builds_the_strategy_it_names(found, strategy):
    pasted = tomllib.loads("[[quote]]\n" + fragment(found, "a.jsonl", strategy))
    params = pasted["quote"][0]["params"]
    assert params["k_per_tick"] == pytest.approx(
        found.intensity.k_per_tick.value, rel=1e-3
    )
    params |= {"gamma": 0.01, "qty_lots": 1}
    module, _, name = STRATEGIES[strategy].partition(":")
    getattr(importlib.import_module(module), name)(**params)


def test_perp_maker_takes_the_fitted_table_and_the_volume(found):
    known = replace(
        found,
        taken_lots=7_200,
        seconds=3_600.0,
        micro_price=MicroTable(100, 9, [[Estimate(-0.25), None, Estimate(0.25)]]),
    )
    pasted = fragment(known, "a", "perp_maker")
    params = tomllib.loads("[[quote]]\n" + pasted)["quote"][0]["params"]
    assert params["table"] == [[-0.25, 0.0, 0.25]]
    assert params["bucket_lots"] == known.as_json()["bucket_lots"] == 1_728
    PerpMaker(**params, gamma=0.01, qty_lots=1)
    assert "# table = [\n#     [-0.25, 0.0, 0.25]," in fragment(known, "a", "glft")


def test_what_was_not_measured_is_a_comment(nothing):
    pasted = fragment(nothing, "a.jsonl", "glft")
    assert tomllib.loads("[[quote]]\n" + pasted)["quote"][0]["params"] == {}
    assert "# k_per_tick = not measured: 1 taker orders" in pasted
    assert not nothing.is_usable
    assert "keep yours" in nothing.warnings()[0]


def test_an_earlier_result_is_fallen_back_to_and_named(found):
    earlier = {"k_per_tick": 0.5, "a_per_s": 2.0}
    tape = tape_of([(0, 10, 12), (900, 10, 13)], [(500, 1, 12)])
    kept = calibrated(tape, earlier=earlier)
    params = tomllib.loads("[[quote]]\n" + fragment(kept, "a", "glft"))["quote"][0]
    assert params["params"] == earlier
    assert "kept from earlier" in fragment(kept, "a", "glft")
    assert kept.is_usable
    assert "kept from the earlier calibration: k_per_tick 0.5" in text(kept)


def test_a_fit_needs_no_fall_back(found, tmp_path_factory):
    tape = true_tape(tmp_path_factory.mktemp("m"), 3, seconds=600.0)
    assert calibrated(tape, earlier={"k_per_tick": 9.0}).fell_back == {}


def test_an_earlier_file_is_read_back(found, tmp_path):
    path = tmp_path / "earlier.json"
    path.write_bytes(orjson.dumps({"instruments": {found.name: found.as_json()}}))
    assert load_earlier(path)[found.name]["k_per_tick"] == (
        found.intensity.k_per_tick.value
    )


@pytest.mark.parametrize("content", [b"", b"[]", b'{"instruments":{"X":{}}}', b"{"])
def test_another_file_is_no_earlier_result(tmp_path, content):
    path = tmp_path / "earlier.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="calibrate --json"):
        load_earlier(path)


def test_the_text_has_every_part(found):
    told = text(found)
    for words in ("k ", "A ", "chi-square", "two-scale", "adverse move", "both"):
        assert words in told


def test_a_late_book_and_an_unseen_order_are_told():
    touches = [(0, 10, 14), (1000, 10, 15)]
    takes = [(500, 1, 12), (9000, 1, 12)]
    told = calibrated(tape_of(touches, takes)).warnings()
    assert any("the book is late" in text for text in told)
    assert any("no book was readable" in text for text in told)


def test_fills_that_are_not_exponential_are_told(found, monkeypatch):
    heavy = Counter({(2, 2 * d): round(30_000 / d**2) for d in range(1, 60)})
    fit = module.intensity.fit(heavy, {2: 5000.0}, depth_max_ticks=30)
    monkeypatch.setattr(module.intensity, "fit", lambda *rest: fit)
    told = calibrated(tape_of([(0, 10, 12), (900, 10, 13)])).warnings()
    assert "not exponential" in told[0]


def test_numbers_are_toml_and_times_are_words():
    assert [rounded(v) for v in (0.0, 12345.0, 0.12345, 3.0)] == [
        "0.0",
        "1.234e+04",
        "0.1235",
        "3.0",
    ]
    assert tomllib.loads(f"x = {rounded(12345.0)}") == {"x": 12340.0}
    assert [duration(s) for s in (5, 600, 8000)] == ["5 s", "10 min", "2.2 h"]


def test_a_number_without_an_interval_is_not_to_be_pasted():
    takes = [(ms, 1, 12) for ms in range(1000, 30_000, 100)]
    touches = [
        (ms, 10 + ms // 500 % 3, 12 + ms // 500 % 3) for ms in range(0, 42_000, 500)
    ]
    pasted = fragment(calibrated(tape_of(touches, takes)), "a", "glft")
    assert tomllib.loads("[[quote]]\n" + pasted)["quote"][0]["params"] == {}
    assert "# a guess: too short a recording for an interval" in pasted

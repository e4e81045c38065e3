"""``[quote.drift]``: what is watched comes from the table or from the parameters."""

import tomllib

import pytest

from engine._core.signals.drift import Drift as Signal
from engine.assemble import assemble, load_strategy, plan, watch_drift
from engine.config import from_mapping
from engine.config_drift import PARAMS, Drift
from engine.errors import ConfigError
from tests.unit.test_assemble import GOOD

GLFT = {"qty_lots": 1, "gamma": 0.001, "k_per_tick": 0.5, "a_per_s": 0.9}


def config(drift, params=GLFT, **venue):
    document = tomllib.loads(GOOD)
    document["venue"] |= venue
    document["quote"][0] |= {"strategy": "strategies.glft:Glft", "params": params}
    if drift is not None:
        document["quote"][0]["drift"] = drift
    return from_mapping(document, "x.toml")


def watched(drift, params=GLFT, **venue):
    found = config(drift, params, **venue)
    signal = watch_drift(found, 0, load_strategy(found, 0))
    return {name: row["configured"] for name, row in signal.readings().items()}


def test_without_the_table_nothing_is_measured():
    found = config(None)
    strategy = load_strategy(found, 0)
    assert watch_drift(found, 0, strategy) is None
    assert plan(found, found.quote[0], strategy).drift is None


def test_the_parameters_of_the_strategy_are_watched():
    params = {**GLFT, "cold_sigma_ticks": 2.0, "min_edge_ticks": 1.5}
    assert watched({}, params) == {
        "k_per_tick": 0.5,
        "a_per_s": 0.9,
        "sigma_ticks": 2.0,
        "adverse_ticks": 1.5,
    }
    assert watched({})["sigma_ticks"] is None


def test_what_the_table_says_goes_first():
    assert watched({"k_per_tick": 0.7})["k_per_tick"] == 0.7


def test_the_settings_arrive():
    found = config(
        {"tau_s": 900.0, "ratio_max": 2.0, "takes_min": 50, "horizon_s": 5.0}
    )
    signal = watch_drift(found, 0, load_strategy(found, 0))
    assert isinstance(signal, Signal)
    assert (signal.tau_s, signal.ratio_max) == (900.0, 2.0)
    assert (signal.takes_min, signal.horizon_s) == (50, 5.0)


def test_the_core_has_it_and_the_session_shows_it():
    core = assemble(config({}), run_id=1)
    shown = core.snapshot()["session"]["drift"]["BTC-PERPETUAL"]
    assert shown["k_per_tick"]["configured"] == 0.5


@pytest.mark.parametrize(
    ("drift", "params", "venue", "words"),
    [
        ({}, {**GLFT}, {"hears_trades": False}, "venue.hears_trades"),
        ({"tau_s": 60.0, "horizon_s": 60.0}, GLFT, {}, "horizon_s"),
    ],
)
def test_what_cannot_be_watched_is_refused(drift, params, venue, words):
    with pytest.raises(ConfigError, match=words):
        watched(drift, params, **venue)


def test_nothing_to_watch_is_refused():
    document = tomllib.loads(GOOD)
    document["quote"][0]["drift"] = {}
    with pytest.raises(ConfigError, match="nothing to watch"):
        assemble(from_mapping(document, "x.toml"), run_id=1)


def test_unknown_keys_and_numbers_out_of_range_are_refused():
    for drift in ({"k": 1.0}, {"ratio_max": 1.0}, {"k_per_tick": 0.0}):
        with pytest.raises(ConfigError):
            config(drift)


def test_every_number_that_can_be_watched_is_a_key():
    assert set(PARAMS) <= set(Drift.model_fields)

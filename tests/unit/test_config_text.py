"""Keys, bounds and places in words."""

import tomllib
from pathlib import Path

import pytest

from engine.config import Config, Limits, Quote, Venue
from engine.config_text import allowed_text, key_infos, key_of, key_text, toml_text


def infos():
    return {info.key: info for info in key_infos(Config)}


def test_every_key_is_described():
    for info in infos().values():
        assert info.meaning, info.key
        assert info.allowed, info.key


def test_keys_are_dotted_and_arrays_are_marked():
    keys = list(infos())
    assert keys[0] == "environment"
    assert "venue.heartbeat_s" in keys
    assert "quote[].limits.position_max" in keys
    assert "quote[].limits" not in keys


@pytest.mark.parametrize(
    ("model", "name", "text"),
    [
        (Venue, "heartbeat_s", "integer from 10 to 60, in s"),
        (Venue, "request_timeout_s", "number from 0.1 to 60, in s"),
        (Venue, "urls", "array of texts, 1 to 8 of them"),
        (Venue, "book_interval", 'one of "raw", "100ms", "agg2"'),
        (Limits, "position_max", "number above 0, at most 1e+12, in amount units"),
        (Quote, "strategy", "text of the form module:Class"),
    ],
)
def test_what_is_allowed(model, name, text):
    assert allowed_text(model.model_fields[name]) == text


@pytest.mark.parametrize("name", Limits.model_fields)
def test_units_end_the_names_or_are_told(name):
    unit = key_of(Limits.model_fields[name]).unit
    assert unit
    assert name.endswith(("_max", f"_{unit}"))


def test_defaults_are_written_as_toml():
    made = infos()
    assert made["venue.heartbeat_s"].default == "30"
    assert made["venue.market_data_urls"].default == "[]"
    assert made["metrics.enabled"].default == "true"
    assert made["journal.path"].default == "absent"
    assert made["venue.urls"].default is None
    required = [key for key in made if ".limits." in key and not made[key].default]
    assert required == [
        f"quote[].limits.{name}"
        for name in ("position_max", "order_max", "collar_bps", "stale_ms")
    ]


@pytest.mark.parametrize(
    "value",
    [True, 3, -0.5, 1e-05, 'a "b" \\c', [1, [2]], {"a": 1, "b": ["x"]}, {}, []],
)
def test_toml_text_reads_back(value):
    assert tomllib.loads(f"x = {toml_text(value)}")["x"] == value


def test_toml_text_of_what_toml_has_not():
    assert toml_text(None) == "absent"
    assert toml_text(Path("a/b")) == '"a/b"'


@pytest.mark.parametrize(
    ("loc", "text"),
    [
        (("venue", "urls", 1), "venue.urls[1]"),
        (("quote",), "quote"),
        (("quote", 0), "quote[0] (A)"),
        (("quote", 0, "limits", "stale_ms"), "quote[0].limits.stale_ms (A)"),
        (("quote", 0, "instrument"), "quote[0].instrument"),
        (("quote", 1, "strategy"), "quote[1].strategy"),
        (("quote", 7, "strategy"), "quote[7].strategy"),
    ],
)
def test_places_in_the_file(loc, text):
    document = {"quote": [{"instrument": "A"}, {"instrument": 3}]}
    assert key_text(loc, document) == text

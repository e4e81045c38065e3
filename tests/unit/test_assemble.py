"""Wiring: the values of a configuration arrive where they are used, in their units."""

import tomllib

import pytest

from engine import Strategy
from engine._core.core import Core
from engine.assemble import (
    assemble,
    check_params,
    load_strategy,
    plan,
    session_settings,
    strategy_class,
    strategy_names,
)
from engine.config import from_mapping
from engine.errors import ConfigError
from strategies import _template

GOOD = """
environment = "simulation"

[venue]
urls = ["ws://127.0.0.1:8080/ws/api/v2"]
heartbeat_s = 12
request_timeout_s = 0.25

[orders]
ack_timeout_ms = 700
on_start = "adopt"

[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "strategies._template:Template"
params = { qty_lots = 3, skew_ticks = 1 }
requote_ticks = 2
requote_qty_pct = 10

[quote.limits]
position_max = 1000
order_max = 100
collar_bps = 50
stale_ms = 1500
"""


def config(**quote):
    document = tomllib.loads(GOOD)
    document["quote"][0].update(quote)
    return from_mapping(document, "x.toml")


def test_assemble_gives_a_core_with_its_session():
    core = assemble(config(), run_id=0xABCDEF01)
    assert isinstance(core, Core)
    assert core.run_id == 0xABCDEF01
    assert core.snapshot()["session"]["state"] == "connecting"
    assert core.data_to_send(0) == b""


def test_session_settings_are_in_the_sessions_units():
    settings = session_settings(config())
    assert settings.request_timeout_ns == 250_000_000
    assert settings.heartbeat_s == 12
    assert settings.on_start == "adopt"
    assert (settings.connections, settings.orders_conn, settings.market_conn) == (
        1,
        0,
        0,
    )


def test_a_market_data_url_makes_a_second_connection():
    document = tomllib.loads(GOOD)
    document["venue"]["market_data_urls"] = ["ws://127.0.0.1:8081/ws"]
    settings = session_settings(from_mapping(document))
    assert (settings.connections, settings.orders_conn, settings.market_conn) == (
        2,
        0,
        1,
    )


def test_a_plan_carries_limits_and_tolerances():
    made = config()
    result = plan(made, made.quote[0], load_strategy(made, 0))
    assert result.instrument == "BTC-PERPETUAL"
    assert (result.position_max, result.order_max) == (1000, 100)
    assert (result.collar_bps, result.stale_ns) == (50, 1_500_000_000)
    assert (result.requote_ticks, result.requote_qty_pct) == (2, 10)
    assert result.guards["queue_ticks"] == 2
    assert isinstance(result.strategy, _template.Template)


def test_params_reach_the_strategy():
    strategy = load_strategy(config(), 0)
    assert (strategy.qty_lots, strategy.skew_ticks) == (3, 1)
    effective = check_params(config(), 0, _template.Template)
    assert effective == {"qty_lots": 3, "half_spread_ticks": 2.0, "skew_ticks": 1}


@pytest.mark.parametrize(
    ("strategy", "hint"),
    [
        ("no_such_module:X", "ModuleNotFoundError"),
        ("strategies._template:Strategy2", "has: Template"),
        ("strategies._template:QuoteSheet", "not a Strategy"),
        ("tomllib:loads", "has: none"),
    ],
)
def test_a_strategy_that_cannot_be_had(strategy, hint):
    with pytest.raises(ConfigError) as caught:
        strategy_class(config(strategy=strategy), 0)
    assert caught.value.key == "quote[0].strategy (BTC-PERPETUAL)"
    assert caught.value.file == "x.toml"
    assert hint in caught.value.allowed


def test_a_module_that_breaks_on_import_is_a_config_error(tmp_path, monkeypatch):
    (tmp_path / "breaks_on_import.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="ZeroDivisionError"):
        strategy_class(config(strategy="breaks_on_import:X"), 0)


@pytest.mark.parametrize(
    ("params", "key", "hint"),
    [
        ({}, "params.qty_lots", "is required"),
        ({"qty_lots": 1, "x": 2}, "params.x", "unknown parameter"),
        ({"qty_lots": "1"}, "params.qty_lots", "int"),
        ({"qty_lots": 1, "skew_ticks": "a"}, "params.skew_ticks", "float"),
        ({"qty_lots": -1}, "params.qty_lots", "must be 1 or more"),
    ],
)
def test_params_that_do_not_fit(params, key, hint):
    with pytest.raises(ConfigError) as caught:
        load_strategy(config(params=params), 0)
    assert caught.value.key == f"quote[0].{key} (BTC-PERPETUAL)"
    assert hint in caught.value.allowed


@pytest.mark.parametrize(
    ("params", "name", "hint"),
    [
        ({"qty_lots": 1}, "half_spread_ticks", "is required by Ladder"),
        ({"qty_lots": 1, "half_spread_ticks": "x"}, "half_spread_ticks", "a number"),
        ({"qty_lots": 0, "half_spread_ticks": 1}, "qty_lots", "a whole number"),
        ({"qty_lots": 1, "half_spread_ticks": 1, "x": 1}, "x", "unknown parameter"),
    ],
)
def test_compiled_strategies_name_their_parameters_too(params, name, hint):
    wrong = config(strategy="strategies.ladder:Ladder", params=params)
    with pytest.raises(ConfigError) as caught:
        load_strategy(wrong, 0)
    assert caught.value.key == f"quote[0].params.{name} (BTC-PERPETUAL)"
    assert hint in caught.value.allowed


def test_a_constructor_that_fails_is_a_config_error(tmp_path, monkeypatch):
    (tmp_path / "fails_to_start.py").write_text(
        "from engine import Strategy\n"
        "class Bad(Strategy):\n"
        "    def __init__(self) -> None:\n"
        "        raise KeyError('table')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    wrong = config(strategy="fails_to_start:Bad", params={})
    with pytest.raises(ConfigError, match="Bad failed with KeyError"):
        load_strategy(wrong, 0)


def test_only_strategies_of_the_module_itself_are_named():
    assert strategy_names(vars(_template)) == ["Template"]
    assert Strategy.__name__ in vars(_template)

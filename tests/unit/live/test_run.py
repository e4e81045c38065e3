"""The arguments of `run`: refused early, applied to the configuration."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config, from_mapping
from engine.errors import ConfigError
from engine.live import run

DOCUMENT: dict[str, Any] = {
    "environment": "simulation",
    "venue": {"urls": ["ws://127.0.0.1:8765/ws/api/v2"]},
    "quote": [
        {
            "instrument": "BTC-PERPETUAL",
            "strategy": "strategies.join_touch:JoinTouch",
            "params": {"qty_lots": 1, "skew_ticks": 0.5},
            "limits": {
                "position_max": 500.0,
                "order_max": 50.0,
                "collar_bps": 50.0,
                "stale_ms": 2000,
            },
        }
    ],
}


@pytest.fixture
def config() -> Config:
    return from_mapping(DOCUMENT, "test.toml")


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    return parser.parse_args(["test.toml", *arguments])


def test_without_options_the_configuration_stays_as_it_is(config: Config) -> None:
    assert run.effective(config, parsed()) == config


def test_options_override_and_the_rest_stays(config: Config, tmp_path: Path) -> None:
    url = "ws://127.0.0.1:1/ws/api/v2"
    found = run.effective(
        config,
        parsed("--url", url, "--metrics-port", "0", "--journal", str(tmp_path)),
    )
    assert found.venue.urls == [url]
    assert found.metrics.port == 0
    assert found.journal.path == tmp_path
    assert found.quote == config.quote


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "wss://www.deribit.com/ws/api/v2"),
        ("--url", "http://127.0.0.1"),
        ("--metrics-port", "65536"),
        ("--metrics-port", "-1"),
    ],
)
def test_overrides_are_judged_like_the_file(
    config: Config, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError):
        run.effective(config, parsed(*arguments))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match="--seconds"):
        run.check(seconds, None)


def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    tmp_path: Path,
) -> None:
    for path in (tmp_path, tmp_path / "none" / "out.json"):
        with pytest.raises(ConfigError, match="--report"):
            run.check(None, path)
    run.check(1.0, tmp_path / "out.json")

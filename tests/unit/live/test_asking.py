"""What every reading command shares: file, key, time."""

import argparse
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.live.asking import add_arguments, asking
from tests.loopback.processes import ENV, write_config


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


def test_the_road_leads_to_the_host_of_the_configuration(tmp_path: Path) -> None:
    with asking(parsed(str(write_config(tmp_path)))) as (config, rest):
        assert rest.url == "http://127.0.0.1:8765/api/v2"
        assert config.environment == "simulation"


def test_the_road_can_be_named(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    named = 'rest_url = "http://127.0.0.1:9999/api/v2/"'
    path.write_text(path.read_text().replace("[venue]", f"[venue]\n{named}"))
    with asking(parsed(str(path))) as (_, rest):
        assert rest.url == "http://127.0.0.1:9999/api/v2"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "60.1"])
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, seconds: str) -> None:
    arguments = parsed(str(write_config(tmp_path)), "--timeout", seconds)
    with pytest.raises(ConfigError, match="--timeout"), asking(arguments):
        pass


def test_without_a_key_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HALFSPREAD_CLIENT_SECRET")
    arguments = parsed(str(write_config(tmp_path)))
    with (
        pytest.raises(ConfigError, match="HALFSPREAD_CLIENT_SECRET"),
        asking(arguments),
    ):
        pass

"""The command ``halfspread sim``: its arguments and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.sim import server, shell
from engine.sim.server import is_loopback, parse_address
from engine.sim.settings import SimConfig, world_config


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:8765", ("::1", 8765)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "8765", ":1", "host", "host:", "host:-1", "host:65536", "host:x"]
)
def test_another_address_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_address(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.org", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    server.add_arguments(parser)
    return parser.parse_args(words)


def test_a_public_address_needs_a_word() -> None:
    with pytest.raises(ConfigError) as caught:
        server.main(arguments("--listen", "0.0.0.0:0"))
    assert "--public" in caught.value.allowed


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_seconds_must_be_a_positive_time(seconds: str) -> None:
    with pytest.raises(ConfigError):
        server.main(arguments("--seconds", seconds))


def test_the_command_ends_by_itself_and_says_where_it_was(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    words = ("--listen", "127.0.0.1:0", "--seconds", "0.01")
    assert server.main(arguments(*words)) == 0
    line, rest = capfdbinary.readouterr().out.split(b"\n")
    assert rest == b""
    assert line.startswith(b'{"ws":"ws://127.0.0.1:')
    assert b'"client_id":"maker","client_secret":"maker-secret"' in line


def test_the_public_warning_names_the_risk(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--listen", "0.0.0.0:0", "--public", "--seconds", "0.01")
    assert server.main(arguments(*words)) == 0
    assert "reachable from other machines" in capsys.readouterr().err


def test_a_public_venue_cannot_be_controlled(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text("[control]\nenabled = true")
    words = ("--listen", "0.0.0.0:0", "--public", "--config", str(path))
    with pytest.raises(ConfigError) as caught:
        server.main(arguments(*words, "--seconds", "0.01"))
    assert caught.value.key == "control.enabled"


@pytest.mark.parametrize(("host", "offered"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_control_is_offered_only_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, offered: bool
) -> None:
    seen = []

    async def run(_host: str, _port: int, sim: SimConfig, *_: object) -> None:
        seen.append(world_config(sim, 1).venue.control)

    monkeypatch.setattr(shell, "run", run)
    assert server.main(arguments("--listen", f"{host}:0", "--public")) == 0
    assert seen == [offered]

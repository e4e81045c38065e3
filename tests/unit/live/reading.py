"""Runs a reading command against a server that answers as told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine import cli
from tests.loopback.processes import ENV, write_config
from tests.unit.live.http_server import Answer, Seen, serving

Run = Callable[..., tuple[int, str, str, Seen]]


def runner(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a function: command, answer, options -> code, output, errors, asked."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)

    def run(command: str, answer: Answer, *options: str) -> tuple[int, str, str, Seen]:
        with serving(answer) as server:
            path = write_config(tmp_path)
            named = f'[venue]\nrest_url = "{server.url}"'
            path.write_text(path.read_text().replace("[venue]", named))
            code = cli.main([command, str(path), *options])
        return code, *capsys.readouterr(), server

    return run

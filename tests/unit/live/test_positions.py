"""`halfspread positions` against a venue that answers as told."""

from pathlib import Path

import orjson
import pytest

from tests.unit.live.http_server import error, result
from tests.unit.live.reading import Run, runner

pytestmark = pytest.mark.loopback


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


ROWS = [
    {"instrument_name": "BTC-PERPETUAL", "direction": "buy", "size": 120.0},
    {"instrument_name": "ETH-PERPETUAL", "direction": "zero", "size": 0.0},
]


def test_flat_positions_are_left_out(run: Run) -> None:
    code, out, err, server = run("positions", lambda *_: result(ROWS))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "instrument     side  size",
        "BTC-PERPETUAL  buy    120",
    ]
    assert orjson.loads(server.bodies[0])["params"] == {"currency": "any"}


def test_json_is_everything(run: Run) -> None:
    _, out, _, _ = run("positions", lambda *_: result(ROWS), "--json")
    assert orjson.loads(out) == ROWS


def test_none_is_said(run: Run) -> None:
    assert run("positions", lambda *_: result([]))[1] == "no position\n"


def test_a_refusal_is_one_line_and_exit_3(run: Run) -> None:
    code, out, err, _ = run("positions", lambda *_: error(11051, "maintenance"))
    assert (code, out, err.count("\n")) == (3, "", 1)

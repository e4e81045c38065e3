"""`halfspread account` against a venue that answers as told."""

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


FOUND = {
    "summaries": [
        {"currency": "BTC", "equity": 1.5, "balance": 1.25, "delta_total": -1e-05},
        {"currency": "ETH", "equity": 0.0, "balance": 0.0},
    ]
}


def test_money_is_a_table_without_empty_currencies(run: Run) -> None:
    code, out, err, server = run("account", lambda *_: result(FOUND))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "currency  equity  balance     delta",
        "BTC          1.5     1.25  -0.00001",
    ]
    assert server.paths == ["/api/v2/private/get_account_summaries"]


def test_json_is_everything(run: Run) -> None:
    code, out, _, _ = run("account", lambda *_: result(FOUND), "--json")
    assert code == 0
    assert orjson.loads(out) == FOUND


def test_an_empty_account_is_said(run: Run) -> None:
    _, out, _, _ = run("account", lambda *_: result({"summaries": []}))
    assert out == "the account holds nothing\n"


def test_a_refusal_is_one_line_and_exit_3(run: Run) -> None:
    code, out, err, _ = run("account", lambda *_: error(13004, "invalid_credentials"))
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "13004 invalid_credentials" in err


def test_an_answer_of_another_shape_is_exit_3(run: Run) -> None:
    code, _, err, _ = run("account", lambda *_: result([]))
    assert code == 3
    assert "no summaries" in err

"""`halfspread orders` against a venue that answers as told."""

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


ORDER = {
    "instrument_name": "BTC-PERPETUAL",
    "direction": "buy",
    "amount": 100,
    "price": 64990.5,
    "order_state": "open",
    "label": "hs-0badcafe-0-17",
}


def test_open_orders_are_counted(run: Run) -> None:
    code, out, err, server = run("orders", lambda *_: result([ORDER]))
    assert (code, err) == (0, "")
    assert "BTC-PERPETUAL  buy      100  64990.5  open   hs-0badcafe-0-17" in out
    assert out.endswith("1 order open\n")
    assert server.paths == ["/api/v2/private/get_open_orders"]
    assert run("orders", lambda *_: result([]))[1] == "no orders open\n"
    assert run("orders", lambda *_: result([ORDER, ORDER]))[1].endswith(
        "2 orders open\n"
    )


def test_history_and_trades_are_of_one_currency(run: Run) -> None:
    asked = ("--currency", "ETH", "--count", "7")
    code, out, _, server = run("orders", lambda *_: result([]), "--history", *asked)
    assert (code, out) == (0, "none in ETH\n")
    wanted = orjson.loads(server.bodies[0])["params"]
    assert wanted == {"currency": "ETH", "count": 7, "include_unfilled": True}
    trade = {"instrument_name": "ETH-PERPETUAL", "amount": 1, "trade_id": "7"}
    found = result({"trades": [trade], "has_more": False})
    code, out, _, server = run("orders", lambda *_: found, "--trades", *asked)
    assert code == 0
    assert "ETH-PERPETUAL" in out
    assert "open" not in out
    assert server.paths == ["/api/v2/private/get_user_trades_by_currency"]


def test_json_is_everything(run: Run) -> None:
    _, out, _, _ = run("orders", lambda *_: result([ORDER]), "--json")
    assert orjson.loads(out) == [ORDER]


@pytest.mark.parametrize("count", ["0", "1001"])
def test_a_count_outside_its_range_is_never_sent(run: Run, count: str) -> None:
    code, _, err, server = run("orders", lambda *_: result([]), "--count", count)
    assert (code, server.paths) == (2, [])
    assert "1 to 1000" in err


def test_a_refusal_is_one_line_and_exit_3(run: Run) -> None:
    code, out, err, _ = run("orders", lambda *_: error(13004, "no"), "--trades")
    assert (code, out, err.count("\n")) == (3, "", 1)
    code, _, err, _ = run("orders", lambda *_: result([]), "--trades")
    assert code == 3
    assert "no trades in the answer" in err

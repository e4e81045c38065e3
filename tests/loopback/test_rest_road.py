"""The second road against the simulated venue: what it says is what the first says."""

from pathlib import Path

import orjson
import pytest

from engine import cli
from engine.errors import RequestRejected
from engine.live.dialogue import Dialogue
from engine.live.rest import Rest
from engine.live.secrets import Credentials, Signer
from tests.loopback.processes import (
    ENV,
    MAKER,
    ask,
    open_orders,
    place,
    write_config,
)

pytestmark = pytest.mark.loopback


@pytest.fixture
def config(tmp_path: Path, venue_url: str) -> Path:
    path = write_config(tmp_path)
    text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", venue_url)
    path.write_text(text)
    return path


def test_the_commands_show_what_the_venue_has(
    venue_url: str,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)

    async def trade(venue: Dialogue) -> None:
        order = {"instrument_name": "BTC-PERPETUAL", "amount": 100, "type": "market"}
        await venue.call("private/buy", order)

    ask(venue_url, lambda venue: place(venue, "BTC-PERPETUAL", 2))
    ask(venue_url, trade)
    found = {}
    for command, *options in (
        ("orders",),
        ("orders", "--trades"),
        ("orders", "--history"),
        ("positions",),
        ("account",),
    ):
        assert cli.main([command, str(config), "--json", *options]) == 0
        found[command, *options] = orjson.loads(capsys.readouterr().out)
    open_ids = {row["order_id"] for row in ask(venue_url, open_orders)}
    assert {row["order_id"] for row in found["orders",]} == open_ids
    (trade_row,) = found["orders", "--trades"]
    (closed,) = found["orders", "--history"]
    assert trade_row["order_id"] == closed["order_id"]
    (position,) = found["positions",]
    assert (position["instrument_name"], position["size"]) == ("BTC-PERPETUAL", 100)
    currencies = {row["currency"] for row in found["account",]["summaries"]}
    assert {"BTC", "ETH", "USDC"} <= currencies


def test_a_wrong_key_is_refused_in_the_venues_words(venue_url: str) -> None:
    url = venue_url.replace("ws://", "http://").replace("/ws/", "/")
    rest = Rest([url], Signer(Credentials(MAKER[0], "a-wrong-secret")))
    with pytest.raises(RequestRejected, match="13004"):
        rest.call("private/get_open_orders")
    rest.close()

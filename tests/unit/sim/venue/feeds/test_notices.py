"""Notices reach the account they are about, on the channels they fit."""

from typing import Any

from tests.unit.sim.venue.client import Bench, Client

ROW = {"frozen_until": 0, "index_name": "btc_usd"}


def notify(bench: Bench, account: str, target: str, row: dict[str, Any]) -> None:
    exchange = bench.venue.exchange
    exchange.notify("user.mmp_trigger", exchange.accounts[account], target, row)
    bench.venue.publish()


def test_a_notice_goes_to_its_target_and_to_any(bench: Bench, client: Client) -> None:
    btc, eth = "user.mmp_trigger.btc_usd", "user.mmp_trigger.eth_usd"
    client.listen(btc, eth, "user.mmp_trigger.any")
    taker = bench.connect("taker")
    taker.listen("user.mmp_trigger.any")
    notify(bench, "maker", "btc_usd", ROW)
    notify(bench, "maker", "btc_usd", ROW | {"frozen_until": 1})
    assert client.on(btc) == [ROW, ROW | {"frozen_until": 1}]
    assert client.on("user.mmp_trigger.any") == client.on(btc)
    assert client.on(eth) == []
    assert taker.on("user.mmp_trigger.any") == []


def test_locks_and_logins_are_told(bench: Bench, client: Client) -> None:
    client.listen("user.lock", "user.access_log")
    exchange = bench.venue.exchange
    exchange.lock_account(exchange.accounts["maker"], "BTC", True)
    bench.connect("maker")
    bench.connect("taker")
    wrong = {"client_id": "maker", "client_secret": "guess"}
    bench.connect().code("public/auth", grant_type="client_credentials", **wrong)
    assert client.on("user.lock") == [{"locked": True, "currency": "BTC"}]
    rows = client.on("user.access_log")
    assert [row["log"] for row in rows] == ["success", "failure"]
    assert rows == client.call("private/get_access_log")["data"][1::-1]


def test_they_belong_to_the_account(bench: Bench) -> None:
    trader = bench.connect("maker", "trade:read_write")
    asked = ["user.lock", "user.access_log", "user.mmp_trigger.any"]
    assert trader.call("private/subscribe", channels=asked) == asked[2:]


def test_unknown_indices_and_strangers_are_left_out(
    bench: Bench, client: Client
) -> None:
    wanted = ["user.mmp_trigger.no_such", "user.mmp_trigger.any"]
    assert client.call("private/subscribe", channels=wanted) == wanted[1:]
    stranger = bench.connect()
    assert stranger.call("public/subscribe", channels=wanted) == []

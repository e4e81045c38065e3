"""private/move_positions: who may, what, how often."""

from dataclasses import replace
from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.accounts.moves import MOVES_MAX
from engine.sim.venue.config import FREE
from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench, Client, Refused

MOVE = "private/move_positions"
TRADE = {"instrument_name": PERP, "amount": 10}
REQUEST = {"source_uid": 1001, "target_uid": 2001, "trades": [TRADE]}


def family(config: VenueConfig) -> Bench:
    maker, taker = default_accounts(1_000, 1_000)
    one = replace(maker, client_id="one", client_secret="one-secret", user_id=2001)
    accounts = (maker, taker, replace(one, main="maker"))
    bench = Bench(replace(config, accounts=accounts))
    bench.place("sell", 80_001.0, 100_000)
    bench.place("sell", 3_001.0, 100_000, instrument=ETH)
    return bench


@pytest.fixture
def bench() -> Bench:
    return family(VenueConfig(expires_in_s=10**7))


@pytest.fixture
def main(bench: Bench) -> Client:
    client = bench.connect("maker")
    client.buy(80_001.0, 10_000)
    client.buy(3_001.0, 1_000, instrument_name=ETH)
    return client


def size(client: Client) -> Any:
    return client.call("private/get_position", instrument_name=PERP)["size"]


def test_to_a_subaccount_and_back(bench: Bench, main: Client) -> None:
    sub = bench.connect("one")
    answer = main.call(MOVE, currency="BTC", **REQUEST)
    assert answer == {
        "trades": [
            {
                "source_uid": 1001,
                "target_uid": 2001,
                "instrument_name": PERP,
                "direction": "buy",
                "price": 80_001.0,
                "amount": 10.0,
            }
        ]
    }
    assert (size(main), size(sub)) == (9_990.0, 10.0)
    back = {"source_uid": 2001, "target_uid": 1001}
    priced = [TRADE | {"price": 80_000.5}]
    (row,) = main.call(MOVE, trades=priced, **back)["trades"]
    assert (row["price"], size(sub)) == (80_000.5, 0.0)
    log = {"currency": "BTC", "start_timestamp": 0, "end_timestamp": 2 * 10**12}
    entries = sub.call("private/get_transaction_log", **log)["logs"]
    assert [e["type"] for e in entries][:2] == ["position_move"] * 2


def test_who_and_what(bench: Bench, main: Client) -> None:
    assert bench.connect("one").code(MOVE, **REQUEST) == 13021
    assert bench.connect("maker", "trade:read").code(MOVE, **REQUEST) == 13021
    for change, code in (
        ({"target_uid": 1002}, -32602),
        ({"target_uid": 1001}, -32602),
        ({"source_uid": 2001, "target_uid": 1001}, 10020),
        ({"trades": []}, -32602),
        ({"trades": [TRADE, TRADE]}, -32602),
        ({"trades": [TRADE, {"instrument_name": ETH, "amount": 10}]}, -32602),
        ({"trades": [TRADE | {"amount": 15}]}, 10021),
        ({"trades": [TRADE | {"amount": 20_000}]}, 10021),
        ({"trades": [TRADE | {"price": 80_000.3}]}, 10043),
        ({"trades": [TRADE | {"instrument_name": "BTC-1JAN20"}]}, 10020),
        ({"currency": "ETH"}, -32602),
    ):
        bench.advance(60 * SECOND)
        assert main.code(MOVE, **(REQUEST | change)) == code, change
    assert size(main) == 10_000.0


def test_six_a_minute(bench: Bench, main: Client) -> None:
    for _ in range(6):
        main.call(MOVE, **REQUEST)
    with pytest.raises(Refused) as refused:
        main.call(MOVE, **REQUEST)
    assert (refused.value.code, refused.value.data) == (13780, {"wait": 10})
    assert bench.closing() == []
    bench.advance(10 * SECOND)
    main.call(MOVE, **REQUEST)


def test_a_hundred_a_week() -> None:
    bench = family(VenueConfig(credits=FREE, expires_in_s=10**7))
    main = bench.connect("maker")
    main.buy(80_001.0, 10_000)
    for _ in range(MOVES_MAX):
        main.call(MOVE, **REQUEST)
        bench.advance(SECOND)
    with pytest.raises(Refused) as refused:
        main.call(MOVE, **REQUEST)
    wait = 7 * 86_400 - MOVES_MAX
    assert (refused.value.code, refused.value.data) == (13780, {"wait": wait})
    account = bench.venue.exchange.accounts["maker"]
    account.moves[0] -= wait * SECOND
    main.call(MOVE, **REQUEST)

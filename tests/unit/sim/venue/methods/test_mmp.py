"""Configuration of protection as the wire shows it, and what is refused."""

from typing import Any

import pytest

from tests.unit.sim.venue.client import Bench, Client, Refused

FULL = {
    "index_name": "btc_usd",
    "interval": 60,
    "frozen_time": 0,
    "max_quote_quantity": 2.5,
    "quantity_limit": 3,
    "delta_limit": 0.1234,
    "vega_limit": 100,
    "mmp_group": "one",
}
CONFIG = "private/set_mmp_config"


def refusal(client: Client, method: str, **params: Any) -> Any:
    with pytest.raises(Refused) as caught:
        client.call(method, **params)
    return caught.value.code, caught.value.data


def test_what_is_set_is_what_is_read(client: Client) -> None:
    (row,) = client.call(CONFIG, **FULL)
    assert {k: v for k, v in row.items() if k not in ("id", "block_rfq")} == FULL
    assert isinstance(row["interval"], int)
    named = {"index_name": "btc_usd", "mmp_group": "one"}
    assert client.call("private/get_mmp_config", **named) == [row]
    assert client.call("private/get_mmp_config") == [row]
    assert client.call("private/get_mmp_config", index_name="btc_usd") == []
    assert client.call("private/get_mmp_config", index_name="eth_usd") == []
    taker = client.bench.connect("taker")
    assert taker.call("private/get_mmp_config") == []


def test_what_is_left_out_is_off(client: Client) -> None:
    (first,) = client.call(CONFIG, **FULL)
    fewer = {k: v for k, v in FULL.items() if not k.endswith("_limit")}
    (row,) = client.call(CONFIG, **fewer)
    assert not [key for key in row if key.endswith("_limit")]
    assert row["id"] == first["id"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"interval": 3_601}, "interval"),
        ({"frozen_time": -1}, "frozen_time"),
        ({"max_quote_quantity": -1}, "max_quote_quantity"),
        ({"quantity_limit": 0.00001}, "quantity_limit"),
        ({"mmp_group": ""}, "mmp_group"),
        ({"mmp_group": "x" * 65}, "mmp_group"),
        ({"index_name": "eth_btc"}, "index_name"),
        ({"index_name": "no_such"}, "index_name"),
        ({"trade_count_limit": 5}, "trade_count_limit"),
    ],
)
def test_bad_values_are_named(client: Client, change: Any, param: str) -> None:
    code, data = refusal(client, CONFIG, **(FULL | change))
    assert (code, data["param"]) == (-32602, param)


@pytest.mark.parametrize(
    "param", ["index_name", "interval", "frozen_time", "max_quote_quantity"]
)
def test_four_values_are_required(client: Client, param: str) -> None:
    params = {k: v for k, v in FULL.items() if k != param}
    code, data = refusal(client, CONFIG, **params)
    assert (code, data["param"]) == (-32602, param)


def test_block_rfqs_have_no_protection_here(client: Client) -> None:
    assert client.code(CONFIG, block_rfq=True, **FULL) == 10033
    reset = {"index_name": "btc_usd", "block_rfq": True}
    assert client.code("private/reset_mmp", **reset) == 10033
    assert client.call("private/get_mmp_config", block_rfq=True) == []
    assert client.call("private/get_mmp_status", block_rfq=True) == []


def test_there_is_nothing_to_reset(client: Client) -> None:
    assert client.code("private/reset_mmp", index_name="btc_usd") == -32602
    assert client.code("private/get_mmp_config", mmp_group="one") == -32602


def test_scopes(bench: Bench) -> None:
    reader = bench.connect("maker", "trade:read")
    assert reader.code(CONFIG, **FULL) == 13021
    assert reader.code("private/reset_mmp", index_name="btc_usd") == 13021
    assert reader.call("private/get_mmp_config") == []
    assert reader.call("private/get_mmp_status") == []

"""Asking for combos and for the prices of their legs."""

from typing import Any

import pytest

from tests.unit.sim.venue.accounts.listed import COMBO, PERP, SPOT, listed_bench
from tests.unit.sim.venue.client import Bench, Client

CREATE, PRICES = "private/create_combo", "private/get_leg_prices"
CALL, PUT = "BTC-25SEP26-80000-C", "BTC-25SEP26-80000-P"
NAME = "BTC-REV-25SEP26-80000"


@pytest.fixture
def bench() -> Bench:
    return listed_bench()


def legs(*wanted: tuple[str, float, str]) -> list[dict[str, Any]]:
    return [
        {"instrument_name": name, "amount": amount, "direction": direction}
        for name, amount, direction in wanted
    ]


REVERSAL = legs((CALL, 1, "buy"), (PUT, 1, "sell"))


def test_a_combo_is_created_once_and_traded_from_either_side(
    bench: Bench, client: Client
) -> None:
    client.listen("instrument.creation.option_combo.BTC")
    row = client.call(CREATE, trades=REVERSAL)
    assert (row["id"], row["state"]) == (NAME, "active")
    assert row["legs"] == [
        {"amount": 1, "instrument_name": CALL},
        {"amount": -1, "instrument_name": PUT},
    ]
    other = legs((PUT, 0.5, "buy"), (CALL, 0.5, "sell"))
    assert client.call(CREATE, trades=other) == row
    assert client.call("public/get_combo_details", combo_id=NAME) == row
    assert row in client.call("public/get_combos", currency="BTC")
    listed = client.call("public/get_instruments", currency="BTC", kind="option_combo")
    assert [one["instrument_name"] for one in listed] == [NAME]
    assert (listed[0]["tick_size"], listed[0]["tick_size_steps"]) == (0.0001, [])
    (told,) = client.on("instrument.creation.option_combo.BTC")
    assert told["instrument_name"] == NAME
    below = client.buy(-0.01, 0.1, instrument_name=NAME)["order"]
    assert (below["price"], below["order_state"]) == (-0.01, "open")


def test_lists_by_currency_and_state(bench: Bench, client: Client) -> None:
    client.call(CREATE, trades=REVERSAL)
    ids = client.call("public/get_combo_ids", currency="BTC")
    assert {NAME, COMBO} <= set(ids)
    bench.venue.set_state(NAME, "inactive", bench.now_ns)
    active = client.call("public/get_combo_ids", currency="BTC", state="active")
    assert COMBO in active
    assert NAME not in active
    inactive = client.call("public/get_combo_ids", currency="BTC", state="inactive")
    assert inactive == [NAME]
    shown = [row["id"] for row in client.call("public/get_combos", currency="any")]
    assert COMBO in shown
    assert "BTC_USDC-FS-25DEC26_PERP" in shown
    assert NAME not in shown
    linear = client.call("public/get_combo_ids", currency="USDC")
    assert all(name.startswith("BTC_USDC-") for name in linear)
    assert client.call("public/get_combo_details", combo_id=NAME)["state"] == "inactive"
    assert client.call(CREATE, trades=REVERSAL)["state"] == "active"


@pytest.mark.parametrize(
    ("trades", "code"),
    [
        (legs((CALL, 1, "buy")), -32602),
        (legs((CALL, 1, "buy"), (CALL, 1, "sell")), -32602),
        (legs((CALL, 1, "buy"), (PUT, 7, "sell")), -32602),
        (legs((CALL, 1, "buy"), (PERP, 10, "sell")), -32602),
        (legs((CALL, 1, "buy"), (COMBO, 10, "sell")), 10020),
        (legs((CALL, 1, "buy"), (SPOT, 1, "sell")), 10020),
        (legs((CALL, 1, "buy"), ("X", 1, "sell")), 13020),
        (legs((CALL, 0.05, "buy"), (PUT, 0.05, "sell")), 10021),
        (legs((CALL, -1, "buy"), (PUT, 1, "sell")), 10021),
        ([], -32602),
        ("x", -32602),
        ([{"instrument_name": CALL}], -32602),
    ],
)
def test_what_is_no_combo(client: Client, trades: Any, code: int) -> None:
    before = client.call("public/get_combo_ids", currency="BTC")
    assert client.code(CREATE, trades=trades) == code
    assert client.call("public/get_combo_ids", currency="BTC") == before


def test_a_leg_that_is_closed_makes_no_combo(bench: Bench, client: Client) -> None:
    bench.venue.set_state(CALL, "locked", bench.now_ns)
    assert client.code(CREATE, trades=REVERSAL) == 10012


def test_details_of_what_is_no_combo(client: Client) -> None:
    for name in (PERP, "X"):
        assert client.code("public/get_combo_details", combo_id=name) == 13020


def test_leg_prices_make_the_price(client: Client) -> None:
    pair = legs(("BTC-25DEC26", 20, "buy"), (PERP, 20, "sell"))
    row = client.call(PRICES, legs=pair, price=123.5)
    assert row["amount"] == 20.0
    far, near = row["legs"]
    assert far["price"] - near["price"] == 123.5
    assert (far["direction"], near["direction"]) == ("buy", "sell")
    assert (far["ratio"], near["ratio"]) == (1, 1)
    two = legs((CALL, 1, "buy"), (PUT, 2, "sell"))
    row = client.call(PRICES, legs=two, price=-0.01)
    call, put = row["legs"]
    assert (row["amount"], put["ratio"]) == (1.0, 2)
    assert call["price"] - 2 * put["price"] == pytest.approx(-0.01)
    assert min(call["price"], put["price"]) >= 0
    assert client.code(PRICES, legs=pair, price=1e300) == -32602
    assert client.code(PRICES, legs=pair[:1], price=1) == -32602


def test_creating_needs_the_right_to_trade(bench: Bench) -> None:
    reader = bench.connect("maker", "trade:read")
    assert reader.code(CREATE, trades=REVERSAL) == 13021

"""Margins before an order, and portfolios that are not."""

import orjson
import pytest

from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    COMBO,
    PERP,
    SPOT,
    USDC_PERP,
    listed_bench,
)
from tests.unit.sim.venue.client import Bench, Client

MARGINS = "private/get_margins"
SIMULATE = "private/simulate_portfolio"


@pytest.fixture
def bench() -> Bench:
    return listed_bench()


def test_margins_fees_and_band(client: Client) -> None:
    row = client.call(MARGINS, instrument_name=PERP, amount=80_000, price=80_000)
    assert row["buy"] == row["sell"] == 0.02005
    assert (row["buy_maker_fee"], row["sell_taker_fee"]) == (0.00015, 0.00035)
    assert (row["min_price"], row["max_price"]) == (78_800.0, 81_200.0)
    option = client.call(MARGINS, instrument_name=COIN_CALL, amount=1, price=0.02)
    assert option["buy"] == 0.02
    assert option["sell"] > 0.15
    spot = client.call(MARGINS, instrument_name=SPOT, amount=0.5, price=80_000)
    assert (spot["buy"], spot["sell"]) == (40_000.0, 0.5)
    combo = client.call(MARGINS, instrument_name=COMBO, amount=80_000, price=10)
    assert combo["buy"] == pytest.approx(2 * 0.02005)
    assert combo["buy_taker_fee"] == pytest.approx(1.5 * 0.00035, rel=1e-3)
    assert combo["sell_maker_fee"] == pytest.approx(2 * 0.00015, rel=1e-3)
    assert client.code(MARGINS, instrument_name=PERP, amount=5, price=1) == 10002
    assert client.code(MARGINS, instrument_name="X", amount=5, price=1) == 13020


def test_margins_of_open_orders(client: Client) -> None:
    ids = [
        client.buy(79_000.0, 80_000)["order"]["order_id"],
        client.sell(90_000.0, 0.25, instrument_name=SPOT)["order"]["order_id"],
        client.buy(80_000.0, 0.25, instrument_name=SPOT)["order"]["order_id"],
    ]
    rows = client.call("private/get_order_margin_by_ids", ids=ids)
    assert [(r["initial_margin"], r["initial_margin_currency"]) for r in rows] == [
        (0.02005, "BTC"),
        (0.25, "BTC"),
        (20_000.0, "USDC"),
    ]
    assert client.code("private/get_order_margin_by_ids", ids=["1"]) == 10004


def test_a_simulated_portfolio_leaves_the_account_alone(
    bench: Bench, client: Client
) -> None:
    bench.place("sell", 80_000.0, 80_000)
    client.buy(80_000.0, 80_000)
    before = client.call("private/get_account_summary", currency="BTC")
    simulated = {PERP: -80_000, COIN_CALL: 1}
    flat = client.call(SIMULATE, currency="BTC", simulated_positions=simulated)
    assert flat["initial_margin"] == 0.0
    assert flat["options_value"] > 0
    assert flat["equity"] == before["equity"]
    only = client.call(
        SIMULATE,
        currency="BTC",
        add_positions=False,
        simulated_positions=orjson.dumps({PERP: 160_000}).decode(),
    )
    assert only["initial_margin"] == pytest.approx(2 * 0.0201)
    assert client.call("private/get_account_summary", currency="BTC") == before
    assert bench.venue.exchange.markets[COIN_CALL].open_interest_lots == 0
    plain = client.call(SIMULATE, currency="BTC")
    assert plain["initial_margin"] == before["initial_margin"]


@pytest.mark.parametrize(
    "given",
    ["x", "[]", {PERP: "1"}, {PERP: 5}, {PERP: True}, {USDC_PERP: 1}, {SPOT: 1}],
)
def test_what_cannot_be_simulated(client: Client, given: object) -> None:
    assert client.code(SIMULATE, currency="BTC", simulated_positions=given) == -32602


def test_an_unknown_instrument_cannot_be_simulated(client: Client) -> None:
    given = {"X": 1}
    assert client.code(SIMULATE, currency="BTC", simulated_positions=given) == 13020

"""Positions and portfolios, key by key."""

import pytest

from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    SPOT,
    USDC_CALL,
    USDC_PERP,
    listed_bench,
)
from tests.unit.sim.venue.client import PERP, Bench, Client


def test_a_position_is_shown_in_the_unit_of_orders(
    bench: Bench, client: Client
) -> None:
    client.sell(79_999.0, 20)
    (row,) = client.call("private/get_positions", currency="BTC")
    assert (row["instrument_name"], row["size"]) == (PERP, -20.0)
    assert (row["direction"], row["average_price"]) == ("sell", 79_999.0)
    assert row["size_currency"] < 0


def test_a_portfolio_adds_up(client: Client) -> None:
    client.buy(80_001.0, 1_000)
    row = client.call("private/get_account_summary", currency="BTC")
    session = row["session_rpl"] + row["session_upl"]
    assert row["equity"] == pytest.approx(row["balance"] + session, abs=2e-8)
    free = row["margin_balance"] - row["initial_margin"]
    assert row["available_funds"] == pytest.approx(free, abs=1.5e-8)


def test_each_kind_shows_what_it_has() -> None:
    bench = listed_bench()
    for name, low, high, amount in (
        (COIN_CALL, 0.0200, 0.0205, 1), (USDC_CALL, 1_500.0, 1_520.0, 1),
        (USDC_PERP, 79_999.0, 80_001.0, 1), (SPOT, 79_999.0, 80_001.0, 1),
    ):  # fmt: skip
        bench.place("buy", low, amount, instrument=name)
        bench.place("sell", high, amount, instrument=name)
    client = bench.connect("maker")
    for name, price in ((COIN_CALL, 0.0205), (USDC_CALL, 1_520.0)):
        client.buy(price, 0.5, instrument_name=name)
    client.buy(80_001.0, 0.5, instrument_name=USDC_PERP)
    client.buy(80_001.0, 0.5, instrument_name=SPOT)
    rows = {r["instrument_name"]: r for r in client.call("private/get_positions")}
    assert set(rows) == {COIN_CALL, USDC_CALL, USDC_PERP}
    coin, usdc, perp = rows[COIN_CALL], rows[USDC_CALL], rows[USDC_PERP]
    assert coin["average_price"] == 0.0205
    assert coin["average_price_usd"] == 1_640.0
    assert coin["total_profit_loss"] == pytest.approx(
        0.5 * (coin["mark_price"] - 0.0205), abs=1e-8
    )
    assert coin["vega"] > 0 > coin["theta"]
    assert "leverage" not in coin
    assert "average_price_usd" not in usdc
    assert (perp["size_currency"], perp["delta"], perp["leverage"]) == (0.5, 0.5, 49)
    assert "realized_funding" in perp
    assert "realized_funding" not in coin
    btc = client.call("private/get_account_summary", currency="BTC")
    assert btc["balance"] == round(10.5 - 0.5 * 0.0205 - 0.00015, 8)
    assert btc["options_value"] == round(0.5 * coin["mark_price"], 8)
    assert btc["delta_total_map"] == {"btc_usd": btc["delta_total"]}
    usd = client.call("private/get_account_summary", currency="USDC")
    assert usd["options_theta_map"]["btc_usdc"] == usd["options_theta"] < 0
    client.sell(90_000.0, 0.25, instrument_name=SPOT)
    client.buy(79_000.0, 0.5, instrument_name=SPOT)
    reserved = [
        client.call("private/get_account_summary", currency=c)["spot_reserve"]
        for c in ("BTC", "USDC")
    ]
    assert reserved == [0.25, 39_500.0]

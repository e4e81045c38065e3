"""Positions and portfolios, key by key."""

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
    assert row["equity"] == round(row["balance"] + row["total_pl"], 8)
    assert row["available_funds"] == round(row["equity"] - row["initial_margin"], 8)

"""The rows of the currencies."""

from engine.sim.venue.feeds.channels import CURRENCIES
from engine.sim.venue.products.currencies import currency_rows
from tests.unit.sim.venue.client import Client


def test_every_currency_of_the_venue_has_a_row() -> None:
    assert tuple(row["currency"] for row in currency_rows()) == CURRENCIES[:-1]


def test_rows_are_alike_and_each_asked_for_is_new() -> None:
    first, *others = currency_rows()
    assert all(set(row) == set(first) for row in others)
    first["currency"] = "changed"
    assert currency_rows()[0]["currency"] == "BTC"


def test_a_fee_in_another_coin_is_no_fee_in_this_one() -> None:
    rows = {row["currency"]: row for row in currency_rows()}
    assert rows["BTC"]["withdrawal_fee"] == rows["BTC"]["network_fee"] > 0
    assert rows["USDC"]["withdrawal_fee"] == 0
    assert rows["USDC"]["network_currency"] == "ETH"


def test_they_are_listed(client: Client) -> None:
    rows = client.call("public/get_currencies")
    assert rows == currency_rows()
    assert rows[0]["currency_long"] == "Bitcoin"

"""Deposits, addresses and the account's own row."""

from __future__ import annotations

import pytest

from tests.unit.sim.venue.client import Bench, Client


def test_an_account_was_funded_by_one_deposit(client: Client) -> None:
    page = client.call("private/get_deposits", currency="BTC")
    (row,) = page["data"]
    assert page["count"] == 1
    assert (row["amount"], row["currency"], row["state"]) == (10.0, "BTC", "completed")
    past = client.call("private/get_deposits", currency="BTC", offset=1)
    assert past == {"count": 1, "data": []}
    none = client.call("private/get_deposits", currency="EURR")
    assert none == {"count": 0, "data": []}


@pytest.mark.parametrize("method", ["get_withdrawals", "get_transfers"])
def test_nothing_ever_left(client: Client, method: str) -> None:
    page = client.call(f"private/{method}", currency="ETH", count=5)
    assert page == {"count": 0, "data": []}


def test_every_currency_has_an_address_of_its_own(bench: Bench) -> None:
    addresses = set()
    for account in ("maker", "taker"):
        client = bench.connect(account)
        for currency in ("BTC", "ETH", "USDC"):
            row = client.call("private/get_current_deposit_address", currency=currency)
            assert (row["currency"], row["type"]) == (currency, "deposit")
            again = client.call("private/create_deposit_address", currency=currency)
            assert again == row
            addresses.add(row["address"])
    assert len(addresses) == 6


def test_the_account_is_its_own_only_row(client: Client) -> None:
    (plain,) = client.call("private/get_subaccounts")
    assert (plain["username"], plain["type"]) == ("maker", "main")
    assert "portfolio" not in plain
    (row,) = client.call("private/get_subaccounts", with_portfolio=True)
    summary = client.call("private/get_account_summary", currency="ETH")
    assert row["portfolio"]["eth"]["equity"] == summary["equity"]
    assert row["portfolio"]["eth"]["currency"] == "eth"


def test_the_wallet_has_a_scope_of_its_own(bench: Bench) -> None:
    client = bench.connect("maker", "session:poor trade:read_write wallet:none")
    assert client.code("private/get_deposits", currency="BTC") == 13021
    reader = bench.connect("maker", "session:reader wallet:read")
    assert reader.call("private/get_transfers", currency="BTC")["data"] == []
    assert reader.code("private/create_deposit_address", currency="BTC") == 13021

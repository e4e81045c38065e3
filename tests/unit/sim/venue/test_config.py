"""Defaults of the configuration."""

from dataclasses import replace
from decimal import Decimal

from engine.sim.venue import AccountConfig, VenueConfig, default_accounts
from tests.unit.sim.venue.client import Bench


def test_the_default_accounts_have_every_scope_and_funds() -> None:
    maker, taker = VenueConfig().accounts
    assert (maker.client_id, maker.client_secret) == ("maker", "maker-secret")
    assert (taker.client_id, taker.client_secret) == ("taker", "taker-secret")
    assert set(maker.balances) == {"BTC", "ETH", "USDC"}
    assert "trade:read_write" in maker.scopes
    assert (maker.matching_rate, maker.matching_burst) == (5, 20)
    assert {one.matching_burst for one in default_accounts(30, 100)} == {100}


def test_a_configured_account_is_all_there_is() -> None:
    poor = AccountConfig("poor", "poor-secret", 7, balances={"BTC": Decimal("0.5")})
    bench = Bench(replace(VenueConfig(), accounts=(poor,), expires_in_s=60))
    client = bench.connect()
    assert client.login("poor")["expires_in"] == 60
    summary = client.call("private/get_account_summary", currency="BTC")
    assert (summary["balance"], summary["id"]) == (0.5, 7)
    maker = {"client_id": "maker", "client_secret": "maker-secret"}
    code = client.code("public/auth", grant_type="client_credentials", **maker)
    assert code == 13004


def test_prices_and_bands_are_configurable() -> None:
    prices = {"btc_usd": Decimal(50_000), "eth_usd": Decimal(2_000)}
    bench = Bench(replace(VenueConfig(), index_prices=prices, band_bps=200))
    row = bench.connect().call("public/ticker", instrument_name="BTC-PERPETUAL")
    assert (row["mark_price"], row["min_price"]) == (50_000.0, 49_000.0)

"""What is listed, by request."""

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench, Client

DAY = 86_400 * SECOND


@pytest.fixture(scope="module")
def full() -> Bench:
    """Return a venue with every kind of instrument."""
    return Bench(VenueConfig(listing=ListingConfig(strikes_each_side=1)))


@pytest.fixture(scope="module")
def asker(full: Bench) -> Client:
    return full.connect()


def names(client: Client, **params: object) -> list[str]:
    rows = client.call("public/get_instruments", **params)
    return [row["instrument_name"] for row in rows]


def test_no_currency_and_any_are_everything(full: Bench, asker: Client) -> None:
    everything = list(full.venue.exchange.markets)
    assert names(asker) == names(asker, currency="any") == everything


def test_derivatives_are_under_what_they_settle_in(asker: Client) -> None:
    btc, usdc = names(asker, currency="BTC"), names(asker, currency="USDC")
    assert PERP in btc
    assert "BTC_USDC-PERPETUAL" in usdc
    assert "BTC_USDC-PERPETUAL" not in btc
    assert names(asker, currency="SOL") == []


def test_spot_is_under_both_of_its_coins(asker: Client) -> None:
    found = {c: names(asker, currency=c, kind="spot") for c in ("BTC", "ETH", "USDC")}
    assert found == {
        "BTC": ["BTC_USDC", "ETH_BTC"],
        "ETH": ["ETH_USDC", "ETH_BTC"],
        "USDC": ["BTC_USDC", "ETH_USDC"],
    }


def test_kinds_are_told_apart(full: Bench, asker: Client) -> None:
    kinds = ("future", "option", "spot", "future_combo", "option_combo")
    found = [name for kind in kinds for name in names(asker, kind=kind)]
    assert sorted(found) == sorted(full.venue.exchange.markets)
    assert names(asker, kind="option_combo") == []


def test_what_has_expired_is_found_as_expired() -> None:
    listing = ListingConfig(families=("BTC",), strikes_each_side=1, spot=False)
    bench = Bench(VenueConfig(listing=listing))
    client = bench.connect()
    gone = [name for name in names(client) if "22SEP26" in name]
    assert names(client, currency="BTC", expired=True) == []
    bench.advance(DAY)
    assert sorted(names(client, currency="BTC", expired=True)) == sorted(gone)
    assert not set(gone) & set(names(client))
    row = client.call("public/get_instrument", instrument_name=gone[0])
    assert (row["state"], row["is_active"]) == ("archivized", False)
    assert client.call("public/get_instruments", currency="ETH", expired=True) == []


def test_expiries_by_kind_and_by_currency(asker: Client) -> None:
    def ask(**params: object) -> dict[str, object]:
        found: dict[str, object] = client.call("public/get_expirations", **params)
        return found

    client = asker
    flat = ask(currency="any", kind="any")
    assert list(flat) == ["option", "future"]
    futures = ask(currency="any", kind="future")["future"]
    assert futures == flat["future"]
    assert futures[:2] == ["22SEP26", "23SEP26"]
    assert futures[-1] == "PERPETUAL"
    assert futures[:-1] == flat["option"]
    grouped = ask(currency="grouped", kind="option")
    assert list(grouped) == ["btc", "eth", "usdc", "usdt", "eurr"]
    assert grouped["usdt"] == {"option": []}
    assert ask(currency="BTC", kind="option") == {"btc": grouped["btc"]}
    pair = ask(currency="USDC", kind="future", currency_pair="sol_usdc")
    assert pair["usdc"]["future"][-1] == "PERPETUAL"
    assert ask(currency="BTC", kind="future", currency_pair="sol_usdc") == {
        "btc": {"future": []}
    }
    assert client.code("public/get_expirations", currency="BTC", kind="spot") == -32602


def test_names_of_indices(asker: Client) -> None:
    plain = asker.call("public/get_index_price_names")
    assert plain[:2] == ["btc_usd", "eth_usd"]
    extended = asker.call("public/get_index_price_names", extended=True)
    assert [row["name"] for row in extended] == plain
    can = {row["name"]: row["option_combo_creation_enabled"] for row in extended}
    assert (can["btc_usd"], can["eth_btc"]) == (True, False)
    by_type = {
        kind: asker.call("public/get_supported_index_names", type=kind)
        for kind in ("all", "spot", "derivative")
    }
    assert by_type["all"] == plain
    assert by_type["spot"] == ["btc_usdc", "eth_usdc", "eth_btc"]
    assert "eth_btc" not in by_type["derivative"]


def test_contract_sizes(asker: Client) -> None:
    sizes = [
        asker.call("public/get_contract_size", instrument_name=name)["contract_size"]
        for name in (PERP, "BTC_USDC-PERPETUAL", "ETH_USDC")
    ]
    assert sizes == [10.0, 0.0001, 0.001]


def test_the_venue_says_what_it_is(full: Bench, asker: Client) -> None:
    (row,) = asker.call("public/get_announcements", count=5)
    assert "simulated" in row["title"]
    assert row["publication_timestamp"] == full.venue.exchange.opened_ms
    before = row["publication_timestamp"] - 1
    assert asker.call("public/get_announcements", start_timestamp=before) == []
    assert full.now_ns // MS == row["publication_timestamp"]

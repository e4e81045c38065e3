"""The default background market: its numbers have to make sense together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.sim.flow.defaults import default_flow, start_prices
from engine.sim.venue.config import VenueConfig
from engine.sim.venue.products.surface import VOL_TOP, SurfaceState


def test_every_index_is_made_of_coins_that_are_there() -> None:
    flow = default_flow(VenueConfig())
    names = {coin.name for coin in flow.coins}
    assert {one.name for one in flow.indices} == set(VenueConfig().index_prices)
    for index in flow.indices:
        assert index.base in names
        assert not index.quote or index.quote in names
        assert flow.shares[index.name] > 0.0


def test_dollars_of_any_kind_do_not_move() -> None:
    flow = default_flow(VenueConfig())
    by_name = {one.name: one for one in flow.indices}
    assert by_name["btc_usdc"].quote == by_name["btc_usd"].quote == ""
    assert (by_name["eth_btc"].base, by_name["eth_btc"].quote) == ("ETH", "BTC")
    assert by_name["xrp_usdc"].decimals == 4


def test_a_dollar_that_is_an_index_itself_hardly_moves() -> None:
    venue = replace(VenueConfig(), index_prices={"usdc_usd": Decimal("1.0000")})
    (coin,) = default_flow(venue).coins
    assert (coin.name, coin.beta) == ("USDC", 0.0)
    assert coin.vol < 0.01


def test_an_unknown_coin_has_plausible_habits() -> None:
    venue = replace(VenueConfig(), index_prices={"doge_usdc": Decimal("0.2000")})
    flow = default_flow(venue)
    assert [coin.name for coin in flow.coins] == ["DOGE"]
    assert 0.5 < flow.coins[0].vol < 1.5


def test_a_vol_that_is_given_moves_coin_and_surface() -> None:
    flow = default_flow(VenueConfig(), vols={"BTC": 0.9})
    coin = next(one for one in flow.coins if one.name == "BTC")
    assert coin.vol == 0.9
    state = flow.surfaces["BTC"]
    assert state.short_vol == 0.9
    assert state.long_vol / 0.9 == pytest.approx(0.52 / 0.45)
    assert flow.surfaces["ETH"] == VenueConfig().surfaces["eth_usd"]


@pytest.mark.parametrize("vol", [0.0, 10.0])
def test_a_surface_stays_possible_whatever_vol_is_given(vol: float) -> None:
    state = default_flow(VenueConfig(), vols={"BTC": vol}).surfaces["BTC"]
    assert isinstance(state, SurfaceState)
    assert 0.0 < state.short_vol <= VOL_TOP


def test_carry_is_the_one_the_venue_lists_futures_with() -> None:
    flow = default_flow(VenueConfig(carry_bps=300))
    assert all(coin.carry == pytest.approx(0.03) for coin in flow.coins)


def test_without_a_word_prices_are_the_venues_default() -> None:
    assert start_prices({}, {}) == VenueConfig().index_prices


def test_indices_of_one_coin_follow_the_one_that_is_given() -> None:
    given = {"btc_usd": Decimal(60_000), "eth_usdc": Decimal(2_400)}
    prices = start_prices(given, {})
    assert prices["btc_usdc"] == prices["btc_usd"] == 60_000
    assert prices["eth_usd"] == prices["eth_usdc"] == 2_400
    assert prices["eth_btc"] == Decimal("0.04")
    assert prices["sol_usdc"] == VenueConfig().index_prices["sol_usdc"]


def test_what_is_given_stands_even_where_it_differs() -> None:
    given = {
        "btc_usd": Decimal(60_000),
        "btc_usdc": Decimal(60_001),
        "eth_btc": Decimal("0.05"),
    }
    assert start_prices(given, {}).items() >= given.items()


def test_a_recorded_price_comes_before_the_default_and_after_what_is_given() -> None:
    recorded = {"btc_usd": 61_234.56789, "eth_usd": 2_500.0, "doge_usd": 1.0}
    prices = start_prices({"eth_usd": Decimal(2_600)}, recorded)
    assert prices["btc_usd"] == prices["btc_usdc"] == Decimal("61234.5679")
    assert prices["eth_usd"] == 2_600
    assert "doge_usd" not in prices

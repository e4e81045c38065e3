"""The default background market: its numbers have to make sense together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.sim.flow.defaults import default_flow
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

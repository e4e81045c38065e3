"""What open orders claim, and what an account can afford."""

import pytest

from engine.sim.venue.accounts import claims
from engine.sim.venue.errors import Reject
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.market import Market
from engine.sim.venue.units import coins
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    COMBO,
    LISTED,
    PERP,
    SPOT,
    exchange_of,
    listed_bench,
)
from tests.unit.sim.venue.client import START_NS


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(LISTED, START_NS)


def ticks(market: Market, price: float) -> int:
    found = market.instrument.ticks(price)
    assert found is not None
    return found


def test_claims_are_given_back_as_they_were_counted(exchange: Exchange) -> None:
    account = exchange.accounts["maker"]
    for name, price in (
        (PERP, 80_000.0), (COIN_CALL, 0.05), (SPOT, 80_000.0), (COMBO, 12.5),
    ):  # fmt: skip
        market = exchange.markets[name]
        for side in (1, -1):
            free = {c: account.available(c) for c in account.cash}
            claims.count(account, market, side, 7, ticks(market, price))
            claimed = [c for c in account.cash if account.available(c) < free[c]]
            assert len(claimed) == 1
            claims.count(account, market, side, -7, ticks(market, price))
            assert {c: account.available(c) for c in account.cash} == free


def test_a_combo_claims_in_its_legs(exchange: Exchange) -> None:
    account, market = exchange.accounts["maker"], exchange.markets[COMBO]
    claims.count(account, market, 1, 5, 0)
    (near, _), (far, _) = market.legs
    assert account.positions[near.instrument.name].sell_lots == 5
    assert account.positions[far.instrument.name].buy_lots == 5
    assert COMBO not in account.positions


def test_one_lot_of_a_combo_is_whole_lots_of_its_legs(exchange: Exchange) -> None:
    combo, option = exchange.markets[COMBO], exchange.markets[COIN_CALL]
    with pytest.raises(ValueError, match="no whole number"):
        claims.leg_lots(option, exchange.markets[SPOT], 0) or claims.leg_lots(
            exchange.markets[SPOT], option, 1
        )
    assert claims.leg_lots(combo, combo.legs[1][0], 2) == 2


def refused(exchange: Exchange, name: str, side: int, lots: int, price: float) -> int:
    market = exchange.markets[name]
    try:
        claims.check(
            exchange.accounts["maker"], market, side, lots, ticks(market, price)
        )
    except Reject as reject:
        return reject.code
    return 0


def test_each_kind_is_refused_one_lot_past_the_limit(exchange: Exchange) -> None:
    assert refused(exchange, SPOT, 1, 125_000, 80_000.0) == 0  # a million dollars
    assert refused(exchange, SPOT, 1, 125_001, 80_000.0) == 10039
    assert refused(exchange, SPOT, -1, 100_000, 80_000.0) == 0  # ten coins
    assert refused(exchange, SPOT, -1, 100_001, 80_000.0) == 10039
    assert refused(exchange, COIN_CALL, 1, 2_000, 0.05) == 0  # ten coins of premium
    assert refused(exchange, COIN_CALL, 1, 2_001, 0.05) == 10009
    assert refused(exchange, PERP, 1, 8_000 * 400, 80_000.0) == 10009
    assert refused(exchange, PERP, 1, 8_000 * 200, 80_000.0) == 0


def test_what_does_not_raise_the_margin_is_always_allowed() -> None:
    bench = listed_bench()
    exchange = exchange_of(bench)
    bench.place("sell", 80_000.0, 20_000_000, account="other")
    bench.place("buy", 80_000.0, 16_000_000, account="maker")
    bench.venue.set_index("btc_usd", 70_000.0, bench.now_ns)
    account = exchange.accounts["maker"]
    assert account.available("BTC") < 0
    assert refused(exchange, PERP, -1, 1_600_000, 70_000.0) == 0
    assert refused(exchange, PERP, 1, 1, 70_000.0) == 10009
    assert refused(exchange, COIN_CALL, -1, 1, 0.01) == 10009
    assert coins(account.equity("BTC")) < 0


def test_an_edit_counts_instead_of_the_order_it_changes(exchange: Exchange) -> None:
    account, market = exchange.accounts["maker"], exchange.markets[SPOT]
    price = ticks(market, 80_000.0)
    claims.count(account, market, 1, 120_000, price)
    claims.check(account, market, 1, 125_000, price, (120_000, price))
    with pytest.raises(Reject):
        claims.check(account, market, 1, 125_000, price, (119_999, price))
    assert coins(account.reserved["USDC"]) == 960_000.0


def test_internal_accounts_may_do_anything(exchange: Exchange) -> None:
    market = exchange.markets[COIN_CALL]
    claims.check(exchange.account("flow"), market, -1, 10**9, 100)

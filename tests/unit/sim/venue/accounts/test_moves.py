"""A position moved between two accounts: nothing is made or lost."""

from dataclasses import replace
from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.accounts import moves
from engine.sim.venue.accounts.account import Account
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.market import Market
from tests.unit.sim.venue.client import PERP, Bench

CALL = "BTC-25DEC26-80000-C"


@pytest.fixture
def bench() -> Bench:
    maker, taker = default_accounts(1_000, 1_000)
    poor = replace(taker, client_id="poor", user_id=7, balances={})
    listing = ListingConfig(families=("BTC",), strikes_each_side=2)
    accounts = (maker, taker, poor)
    return Bench(VenueConfig(accounts=accounts, listing=listing, bump_ms=0))


def held(bench: Bench, name: str, lots: int) -> tuple[Account, Account, Market]:
    """Let the maker hold lots of a contract; return maker, taker and market."""
    exchange = bench.venue.exchange
    market = exchange.markets[name]
    i = market.instrument
    ticks = i.ticks_below(market.mark_ref)
    price, amount = i.price(ticks), i.amount(abs(lots))
    side, other = ("buy", "sell") if lots > 0 else ("sell", "buy")
    bench.place(other, price, amount, instrument=name)
    bench.place(side, price, amount, instrument=name, account="maker")
    return exchange.accounts["maker"], exchange.accounts["taker"], market


def total(*accounts: Account) -> int:
    return sum(account.equity("BTC") for account in accounts)


@pytest.mark.parametrize("name", [PERP, CALL])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("away", [None, 5])
def test_size_goes_and_the_sum_stays(
    bench: Bench, name: str, sign: int, away: int | None
) -> None:
    source, target, market = held(bench, name, sign * 20)
    before = total(source, target)
    ticks = None
    if away is not None:
        ticks = market.instrument.floor(market.min_ticks + 20 * away)
    average = source.positions[name].average_price
    move = moves.read(source, market, 15, ticks)
    moves.do(bench.venue.exchange, source, target, [move])
    assert source.positions[name].size == sign * 5
    assert target.positions[name].size == sign * 15
    assert total(source, target) == before
    if ticks is None:
        assert source.positions[name].average_price == average
        assert target.positions[name].average_price == pytest.approx(average)
        assert move.price == average
    else:
        assert move.price == market.instrument.price(ticks)
    for account in (source, target):
        entry = account.ledger.entries[-1]
        assert (entry.kind, entry.fee) == ("position_move", 0)
        assert entry.change == (entry.cashflow if name == CALL else 0)
    verbs = [a.ledger.entries[-1].side.split()[0] for a in (source, target)]
    assert verbs == ["close", "open"]


def test_open_interest_does_not_change(bench: Bench) -> None:
    source, target, market = held(bench, PERP, 20)
    before = market.open_interest_lots
    move = moves.read(source, market, 20, None)
    moves.do(bench.venue.exchange, source, target, [move])
    assert market.open_interest_lots == before


def test_what_cannot_be_moved(bench: Bench) -> None:
    source, target, market = held(bench, PERP, 20)
    with pytest.raises(Reject, match="invalid_amount"):
        moves.read(source, market, 21, None)
    with pytest.raises(Reject, match="invalid_or_unsupported_instrument"):
        moves.read(target, market, 1, None)
    exchange: Any = bench.venue.exchange
    move = moves.read(source, market, 20, None)
    with pytest.raises(Reject, match="not_enough_funds"):
        moves.do(exchange, source, exchange.accounts["poor"], [move])
    assert source.positions[PERP].size == 20

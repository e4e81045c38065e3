"""Books of combos: opened, closed when quiet, opened again, expired."""

import pytest

from engine.sim.venue import Reject
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.market import Market
from engine.sim.venue.trading import combo_books
from engine.sim.venue.trading.combo_books import find, is_active, open_book
from tests.unit.sim.venue.accounts.listed import LISTED, PERP, exchange_of, listed_bench
from tests.unit.sim.venue.client import SECOND, START_NS, Bench

NAME = "BTC-REV-25SEP26-80000"
LEGS = (("BTC-25SEP26-80000-C", 1), ("BTC-25SEP26-80000-P", -1))
HOUR = 3_600 * SECOND


def opened(exchange: Exchange, *legs: tuple[str, int]) -> Market:
    combo = find([(exchange.markets[name], ratio) for name, ratio in legs or LEGS])
    assert combo is not None
    return open_book(exchange, combo)


def straddles(exchange: Exchange, expiry: str, count: int) -> list[Market]:
    """Open so many straddles of one expiry."""
    calls = [
        name
        for name in exchange.markets
        if name.startswith(f"BTC-{expiry}-") and name.endswith("-C")
    ]
    return [opened(exchange, (name, 1), (f"{name[:-1]}P", 1)) for name in calls[:count]]


def test_a_combo_is_opened_once() -> None:
    exchange = Exchange(LISTED, START_NS)
    before = {m.instrument.contract.instrument_id for m in exchange.markets.values()}
    market = opened(exchange)
    assert market.instrument.name == NAME
    assert market.instrument.contract.instrument_id not in before
    assert exchange.turn.created == [market]
    assert opened(exchange) is market
    spread = opened(exchange, (PERP, 1), ("BTC-25DEC26", -1))
    assert spread is exchange.markets["BTC-FS-25DEC26_PERP"]


def test_a_spread_has_the_tick_of_the_perpetual() -> None:
    exchange = Exchange(LISTED, START_NS)
    spread = opened(exchange, ("BTC-25SEP26", 1), ("BTC-25DEC26", -1))
    assert spread.instrument.price(1) == 0.5


def test_the_mark_and_the_band_are_those_of_the_legs() -> None:
    bench = listed_bench()
    exchange = exchange_of(bench)
    market = opened(exchange)
    call, put = (exchange.markets[name] for name, _ in LEGS)
    assert market.mark_ref == call.mark_ref - put.mark_ref
    bench.venue.set_index("btc_usd", 70_000.0, bench.now_ns)
    bench.advance(5 * SECOND)
    assert market.mark_ref == call.mark_ref - put.mark_ref < 0
    assert market.max_ticks == call.max_ticks - put.min_ticks
    assert market.min_ticks == call.min_ticks - put.max_ticks


def test_the_quietest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combo_books, "OPTION_COMBOS_SOFT", 3)
    bench = listed_bench()
    exchange = exchange_of(bench)
    first, second, third = straddles(exchange, "25SEP26", 3)
    price = first.instrument.price(first.instrument.ticks_above(first.mark_ref))
    name = first.instrument.name
    for side in ("sell", "buy"):
        bench.place(side, price, 0.1, instrument=name, account=side)
    waiting = bench.place("buy", 0.0001, 0.1, instrument=second.instrument.name)
    opened(exchange)
    assert [is_active(one) for one in (first, second, third)] == [True, False, True]
    assert (waiting.state, second.state) == ("cancelled", "inactive")
    assert second.state_ms == exchange.now_ms
    bench.advance(3 * HOUR)
    again = straddles(exchange, "25SEP26", 2)[1]
    assert again is second
    assert second.state == "open"
    assert sum(is_active(m) for m in (first, third)) == 1


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combo_books, "OPTION_COMBOS_SOFT", 1)
    monkeypatch.setattr(combo_books, "OPTION_COMBOS_MAX", 1)
    bench = listed_bench()
    exchange = exchange_of(bench)
    market = opened(exchange)
    price = market.instrument.price(market.instrument.ticks_above(market.mark_ref))
    for side in ("sell", "buy"):
        bench.place(side, price, 0.1, instrument=NAME, account=side)
    with pytest.raises(Reject) as refused:
        straddles(exchange, "25SEP26", 1)
    assert refused.value.code == 13035


def test_a_combo_ends_with_its_first_leg() -> None:
    bench = Bench(LISTED)
    exchange = exchange_of(bench)
    market = opened(exchange, ("BTC-22SEP26-80000-C", -1), ("BTC-25SEP26-80000-C", 1))
    assert market.instrument.name == "BTC-CCAL-25SEP26_22SEP26-80000"
    order = bench.place("buy", 0.0001, 0.1, instrument=market.instrument.name)
    bench.advance(24 * HOUR)
    assert (market.over, market.state) == (True, "archivized")
    assert not is_active(market)
    assert order.state == "cancelled"
    assert exchange.markets["BTC-25SEP26-80000-C"].state == "open"
    bench.advance(SECOND)  # marks go on without it

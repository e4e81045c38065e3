"""Eight o'clock: sessions end, books stand still, contracts come and go."""

from dataclasses import replace

import pytest

from engine.sim.venue import Venue, VenueConfig
from engine.sim.venue.accounts import settlement
from engine.sim.venue.units import coins
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    FUTURE,
    LISTED,
    PERP,
    SPOT,
    exchange_of,
    listed_bench,
)
from tests.unit.sim.venue.client import MS, SECOND, START_NS, Bench, Client

DAY = 24 * 3_600 * SECOND
EIGHT_NS = (START_NS // DAY + 1) * DAY + 8 * 3_600 * SECOND  # a Tuesday
MORNING = EIGHT_NS - START_NS - 700 * SECOND


@pytest.fixture
def bench() -> Bench:
    bench = listed_bench()
    bench.place("buy", 79_990.0, 100_000)
    bench.place("sell", 80_010.0, 100_000)
    return bench


def to_eight(bench: Bench, more_ns: int = 0) -> None:
    bench.advance(EIGHT_NS + more_ns - bench.now_ns)


def logged_in(bench: Bench) -> Client:
    return bench.connect("maker")


def test_the_session_goes_to_cash_and_the_equity_stays(bench: Bench) -> None:
    bench.place("buy", 80_010.0, 50_000, account="maker")
    bench.advance(MORNING)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    account = exchange_of(bench).accounts["maker"]
    for _ in range(690):  # until the mark stands still
        bench.advance(SECOND)
    to_eight(bench, -1)
    position = account.positions[PERP]
    assert position.market.funding is not None
    position.market.funding.accrue(EIGHT_NS)
    before, cash = account.equity("BTC"), account.cash["BTC"]
    earned = position.realized + position.unrealized
    assert earned > 0
    average = position.average_price
    to_eight(bench)
    assert account.equity("BTC") == before
    assert account.cash["BTC"] == cash + earned
    assert (position.realized, position.unrealized) == (0, 0)
    assert position.average_price == average
    assert position.total > 0
    market = position.market
    assert market.settlement_ref == market.mark_ref
    entry = account.ledger.entries[-1]
    assert (entry.kind, entry.side, entry.currency) == ("settlement", "long", "BTC")
    assert entry.change == account.cash["BTC"] - cash
    (record,) = account.settlements.of("BTC")
    assert (record.kind, record.position) == ("settlement", 50_000.0)
    assert record.session_profit == entry.change
    total = exchange_of(bench).settlement.records.of("BTC")
    perp = next(r for r in total if r.instrument.name == PERP)
    assert perp.position == 50_000.0


def test_books_stand_still_for_a_second(bench: Bench) -> None:
    bench.advance(MORNING)
    client = logged_in(bench)
    order = client.buy(79_000.0, 10)["order"]["order_id"]
    today = client.buy(79_000.0, 10, time_in_force="good_til_day")["order"]
    client.listen("instrument.state.any.any", "user.orders.any.any.raw")
    to_eight(bench)
    assert client.code("private/cancel", order_id=order) == 10041
    assert client.code("private/edit", order_id=order, amount=20, price=1.0) == 10041
    new = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **new) == 10041
    (cancelled,) = client.on("user.orders.any.any.raw")
    assert cancelled["order_id"] == today["order_id"]
    assert cancelled["cancel_reason"] == "settlement"
    states = client.on("instrument.state.any.any")
    named = {row["instrument_name"] for row in states}
    assert {row["state"] for row in states} == {"settlement"}
    assert PERP in named
    assert SPOT not in named
    assert client.call("public/ticker", instrument_name=PERP)["state"] == "settlement"
    to_eight(bench, SECOND - 1)
    assert client.code("private/buy", **new) == 10041
    to_eight(bench, SECOND)
    assert client.call("private/cancel", order_id=order)["order_state"] == "cancelled"
    assert client.buy(79_000.0, 10)["order"]["order_state"] == "open"


def test_a_locked_book_stays_locked(bench: Bench) -> None:
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    to_eight(bench)
    assert exchange_of(bench).markets[PERP].state == "settlement"
    to_eight(bench, SECOND)
    assert exchange_of(bench).markets[PERP].state == "locked"
    assert exchange_of(bench).markets[FUTURE].state == "open"


def test_what_expires_goes_and_what_is_new_comes(bench: Bench) -> None:
    bench.advance(MORNING)
    client = logged_in(bench)
    client.listen("instrument.state.any.any")
    bench.place("buy", 79_900.0, 100, instrument="BTC-22SEP26", account="taker")
    exchange = exchange_of(bench)
    before = set(exchange.markets)
    to_eight(bench, SECOND)
    rows = client.on("instrument.state.any.any")
    over = {r["instrument_name"] for r in rows if r["state"] == "delivered"}
    assert over == {name for name in before if "22SEP26" in name}
    opened = [r for r in rows if r["instrument_name"] == "BTC-26SEP26"]
    assert [r["state"] for r in opened] == ["open"]
    assert exchange.accounts["taker"].open_orders == {}
    new = {"instrument_name": "BTC-22SEP26", "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **new) == 10012
    ids = [m.instrument.contract.instrument_id for m in exchange.markets.values()]
    assert len(ids) == len(set(ids))
    to_eight(bench, 62 * SECOND)
    assert client.on("instrument.state.any.any")[-1]["state"] == "archivized"
    assert over.isdisjoint(exchange.markets)
    assert over == set(exchange.settlement.expired)
    row = client.call("public/get_instrument", instrument_name="BTC-22SEP26")
    assert row["state"] == "archivized"
    assert client.code("private/buy", **new) == 10012


def test_no_settlement_is_lost_when_the_clock_jumps(bench: Bench) -> None:
    bench.place("buy", 80_010.0, 50_000, account="maker")
    exchange = exchange_of(bench)
    account = exchange.accounts["maker"]
    bench.advance(5 * DAY)
    kinds = [e for e in account.ledger.entries if e.kind == "settlement"]
    assert [e.time_ms for e in kinds] == [(EIGHT_NS + n * DAY) // MS for n in range(5)]
    assert exchange.indices["btc_usd"].delivery.prices[-1][0] == (
        (EIGHT_NS + 4 * DAY) // DAY
    )
    assert FUTURE not in exchange.markets
    assert "BTC-30SEP26" in exchange.markets
    assert all(m.state == "open" for m in exchange.markets.values())


def test_a_day_gives_the_same_bytes_twice() -> None:
    def frames(steps: int) -> list[bytes]:
        bench = listed_bench()
        client = logged_in(bench)
        client.listen("user.portfolio.any", "instrument.state.any.any")
        bench.place("sell", 80_010.0, 100_000)
        client.buy(80_010.0, 1_000)
        for _ in range(steps):
            bench.advance(DAY // steps)
        client.take()
        return client.raw

    assert frames(1) == frames(1)


def test_expired_contracts_are_remembered_within_a_limit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "EXPIRED_MAX", 5)
    bench.advance(3 * DAY)
    exchange = exchange_of(bench)
    assert len(exchange.settlement.expired) == 5
    assert all("24SEP26" in name for name in exchange.settlement.expired)


def test_options_begin_a_session_without_moving_cash(bench: Bench) -> None:
    bench.place("sell", 0.03, 10, instrument=COIN_CALL)
    bench.place("buy", 0.03, 10, instrument=COIN_CALL, account="maker")
    account = exchange_of(bench).accounts["maker"]
    cash = account.cash["BTC"]
    to_eight(bench)
    position = account.positions[COIN_CALL]
    assert account.cash["BTC"] == cash
    assert position.unrealized == 0 != position.total
    assert position.market.settlement_ref == position.market.mark_ref


def test_configured_contracts_are_not_listed_again() -> None:
    contracts = tuple(
        m.instrument.contract
        for m in exchange_of(listed_bench()).markets.values()
        if m.instrument.name in (PERP, "BTC-22SEP26")
    )
    bench = Bench(replace(LISTED, contracts=contracts, listing=None))
    bench.advance(2 * DAY)
    assert list(exchange_of(bench).markets) == [PERP]


def test_the_quarter_is_listed_again_when_it_expires() -> None:
    venue = Venue(VenueConfig(), START_NS)
    venue.handle_timer(START_NS + 100 * DAY)
    markets = venue.exchange.markets
    assert "BTC-25DEC26" not in markets
    assert "BTC-26MAR27" in markets
    ids = [m.instrument.contract.instrument_id for m in markets.values()]
    assert len(ids) == len(set(ids))
    assert coins(venue.exchange.accounts["maker"].equity("BTC")) == 10.0


def test_a_settlement_out_of_turn_ends_sessions_and_nothing_else(bench: Bench) -> None:
    client = logged_in(bench)
    bench.place("buy", 80_010.0, 50_000, account="maker")
    bench.venue.set_index("btc_usd", 80_500.0, bench.now_ns)
    exchange = exchange_of(bench)
    account, names = exchange.accounts["maker"], list(exchange.markets)
    before, cash = account.equity("BTC"), account.cash["BTC"]
    assert client.call("sim/settle") == "ok"
    assert account.equity("BTC") == before
    assert account.cash["BTC"] > cash
    assert exchange.markets[PERP].state == "settlement"
    assert exchange.markets[SPOT].state == "open"
    assert client.code("sim/settle") == 10_041
    bench.advance(SECOND)
    assert exchange.markets[PERP].state == "open"
    assert list(exchange.markets) == names
    assert client.call("sim/settle") == "ok"


def test_what_expires_in_a_pause_does_not_open_again(bench: Bench) -> None:
    to_eight(bench, 3 * DAY - SECOND // 2)
    assert logged_in(bench).call("sim/settle") == "ok"
    bench.advance(SECOND)
    market = exchange_of(bench).market(FUTURE)
    assert market.state == "settlement"
    assert exchange_of(bench).markets[PERP].state == "open"
    bench.advance(SECOND)
    assert market.state == "delivered"

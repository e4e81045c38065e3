"""What a turn remembers, and the bounds of what the exchange keeps."""

import pytest

from engine.sim.venue import exchange
from engine.sim.venue.accounts import account as accounts
from engine.sim.venue.exchange import Exchange
from tests.unit.sim.venue.client import ETH, PERP, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def inside(bench: Bench) -> Exchange:
    return bench.venue.exchange


def test_a_turn_notes_what_changed_once(bench: Bench) -> None:
    order = bench.place("buy", 79_000.0, 10, account="maker")
    it = inside(bench)
    it.cancel(order)
    turn = it.end_turn()
    assert list(turn.orders.values()) == [order]
    assert list(turn.markets) == [PERP]
    assert list(turn.accounts) == [("maker", "BTC")]
    assert turn.trades == []
    assert it.end_turn().orders == {}


def test_change_ids_are_one_sequence_over_all_books(bench: Bench) -> None:
    seen = []
    for instrument, price in ((PERP, 79_000.0), (ETH, 2_900.0), (PERP, 79_001.0)):
        bench.place("buy", price, 10, instrument=instrument)
        seen.append(inside(bench).markets[instrument].change_id)
    assert seen == sorted(set(seen))


def test_marks_tell_only_the_accounts_that_hold(bench: Bench) -> None:
    bench.place("sell", 80_000.0, 10, account="maker")
    it = inside(bench)
    it.set_index("btc_usd", 81_000.0)
    it.set_index("eth_usd", 3_100.0)
    turn = it.end_turn()
    assert list(turn.accounts) == [("maker", "BTC")]
    assert len(turn.markets) == 3
    assert list(turn.indices) == ["btc_usd", "eth_usd"]


def test_the_recent_store_is_bounded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "CLOSED_ORDERS_MAX", 5)
    for _ in range(8):
        order = bench.place("buy", 79_000.0, 10, account="maker")
        bench.venue.cancel_order(order, bench.now_ns)
    closed = inside(bench).accounts["maker"].closed_orders
    assert len(closed) == len(inside(bench).orders) == 5
    assert accounts.CLOSED_ORDERS_MAX > 5


def test_fees_leave_the_market_and_nothing_else_does(bench: Bench) -> None:
    for _ in range(5):
        bench.place("sell", 80_000.0, 70, account="maker")
        bench.place("buy", 80_000.5, 50, account="taker")
        bench.place("sell", 79_990.0, 30, account="other")
    owners = inside(bench).accounts.values()
    cash = sum(one.cash.get("BTC", 0) for one in owners)
    fees = sum(one.fees.get("BTC", 0) for one in owners)
    equity = sum(one.equity("BTC") for one in owners)
    assert fees > 0
    assert cash + fees == 2 * 10 * 10**18
    assert equity == cash


def test_unknown_names(bench: Bench) -> None:
    with pytest.raises(exchange.Reject):
        inside(bench).market("BTC-NOTHING")
    assert inside(bench).account("someone").internal
    assert not inside(bench).account("maker").internal


def test_an_index_never_falls_to_nothing(bench: Bench) -> None:
    it = inside(bench)
    it.set_index("btc_usd", 1e-6)
    assert it.indices["btc_usd"].ref == 10**6  # a cent
    assert it.markets[PERP].mark_ref > 0

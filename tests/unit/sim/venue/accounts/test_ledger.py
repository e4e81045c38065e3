"""The transaction log."""

import pytest

from engine.sim.venue.accounts import ledger
from engine.sim.venue.accounts.ledger import Entry, Ledger
from engine.sim.venue.units import ATTO
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    PERP,
    SPOT,
    exchange_of,
    listed_bench,
)
from tests.unit.sim.venue.client import SECOND, Bench


@pytest.fixture
def bench() -> Bench:
    bench = listed_bench()
    for name, low, high, amount in (
        (PERP, 79_999.0, 80_001.0, 100_000),
        (COIN_CALL, 0.0200, 0.0205, 10),
        (SPOT, 79_999.0, 80_001.0, 10),
    ):
        bench.place("buy", low, amount, instrument=name)
        bench.place("sell", high, amount, instrument=name)
    return bench


def entries(bench: Bench) -> list[Entry]:
    return [e for e in log(bench).entries if e.kind != "deposit"]


def log(bench: Bench) -> Ledger:
    return exchange_of(bench).accounts["maker"].ledger


def take(bench: Bench, side: str, name: str, amount: float) -> None:
    bench.place(side, None, amount, instrument=name, account="maker")


def test_an_account_begins_with_its_deposits(bench: Bench) -> None:
    kinds = {(e.kind, e.currency): e for e in log(bench).entries}
    assert kinds[("deposit", "BTC")].change == 10 * ATTO
    assert kinds[("deposit", "BTC")].balance == 10 * ATTO
    assert [e.user_seq for e in log(bench).entries] == [1, 2, 3]


def test_every_entry_moves_the_balance_by_its_change(bench: Bench) -> None:
    for side, name, amount in (
        ("buy", PERP, 500), ("sell", PERP, 800), ("buy", COIN_CALL, 1),
        ("sell", SPOT, 0.5), ("sell", COIN_CALL, 2), ("buy", SPOT, 0.25),
    ):  # fmt: skip
        take(bench, side, name, amount)
    bench.advance(24 * 3_600 * SECOND)
    balances = {"BTC": 0, "ETH": 0, "USDC": 0}
    numbers = []
    for entry in log(bench).entries:
        balances[entry.currency] += entry.change
        assert entry.balance == balances[entry.currency]
        numbers.append(entry.number)
    assert numbers == sorted(set(numbers))
    cash = exchange_of(bench).accounts["maker"].cash
    assert balances == {c: cash[c] for c in balances}


def test_a_future_shows_what_it_realized_and_pays_only_the_fee(bench: Bench) -> None:
    take(bench, "buy", PERP, 500)
    take(bench, "sell", PERP, 800)
    opened, closed = entries(bench)
    assert (opened.side, closed.side) == ("open buy", "close sell")
    assert (opened.cashflow, opened.change) == (0, -opened.fee)
    assert closed.cashflow < 0
    assert closed.change == -closed.fee
    assert (opened.position, closed.position) == (500.0, -300.0)
    assert closed.equity < opened.equity
    assert closed.funding is not None


def test_an_option_shows_its_premium(bench: Bench) -> None:
    take(bench, "buy", COIN_CALL, 2)
    (entry,) = entries(bench)
    assert entry.cashflow == -41 * ATTO // 1_000
    assert entry.change == entry.cashflow - entry.fee
    assert entry.funding is None


def test_spot_shows_both_currencies(bench: Bench) -> None:
    take(bench, "sell", SPOT, 0.5)
    usdc, btc = entries(bench)
    assert (usdc.currency, usdc.change) == (
        "USDC",
        int(0.5 * 79_999) * ATTO + ATTO // 2,
    )
    assert (btc.currency, btc.change) == ("BTC", -ATTO // 2)
    assert (usdc.side, usdc.position) == ("sell", None)


def test_the_makers_side_and_internal_accounts(bench: Bench) -> None:
    bench.place("buy", 80_000.0, 100, account="maker")
    bench.place("sell", 80_000.0, 100, account="someone")
    (entry,) = entries(bench)
    assert (entry.maker, entry.fee_maker, entry.side) == (True, True, "open buy")
    assert len(exchange_of(bench).accounts["someone"].ledger.entries) == 0


def test_it_is_bounded(bench: Bench) -> None:
    assert log(bench).entries.maxlen == ledger.ENTRIES_MAX
    assert ledger.ENTRIES_MAX < 100_000


def test_money_from_outside_and_back(bench: Bench) -> None:
    exchange = exchange_of(bench)
    account = exchange.accounts["maker"]
    exchange.deposit(account, "BTC", ATTO)
    exchange.deposit(account, "BTC", -3 * ATTO)
    came, went = list(account.ledger.entries)[-2:]
    assert (came.kind, came.change, came.balance) == ("deposit", ATTO, 11 * ATTO)
    assert (went.kind, went.change, went.balance) == ("withdrawal", -3 * ATTO, 8 * ATTO)

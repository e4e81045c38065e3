"""Entries and records, key by key."""

from engine.sim.venue.accounts.ledger import Entry
from engine.sim.venue.accounts.records import Record
from engine.sim.venue.rows.ledger import entry_row, record_row
from engine.sim.venue.units import ATTO, REF
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    PERP,
    exchange_of,
    listed_bench,
    market,
)


def test_a_deposit_has_no_instrument() -> None:
    account = exchange_of(listed_bench()).accounts["maker"]
    entry = account.ledger.entries[0]
    assert entry_row(entry, account) == {
        "id": entry.number,
        "user_seq": 1,
        "user_id": 1001,
        "username": "maker",
        "type": "deposit",
        "timestamp": entry.time_ms,
        "currency": "BTC",
        "change": 10.0,
        "cashflow": 10.0,
        "commission": 0.0,
        "balance": 10.0,
        "equity": 10.0,
        "session_rpl": 0.0,
        "session_upl": 0.0,
        "side": "-",
    }


def test_trades_of_a_future_and_an_option() -> None:
    bench = listed_bench()
    account = exchange_of(bench).accounts["maker"]
    for name, price, amount in ((PERP, 80_000.0, 100), (COIN_CALL, 0.02, 1)):
        bench.place("buy", price, amount, instrument=name, account="maker")
        bench.place("sell", price, amount, instrument=name)
    future, option = (entry_row(e, account) for e in list(account.ledger.entries)[3:])
    assert future["profit_as_cashflow"] is True
    assert (future["interest_pl"], future["total_interest_pl"]) == (0.0, 0.0)
    assert (future["user_role"], future["fee_role"]) == ("maker", "maker")
    assert (future["side"], future["position"]) == ("open buy", 100.0)
    assert (future["price"], future["price_currency"]) == (80_000.0, "USD")
    assert future["trade_id"] == account.trades[0].trade_id
    assert option["profit_as_cashflow"] is False
    assert "interest_pl" not in option
    assert (option["cashflow"], option["price_currency"]) == (-0.02, "BTC")
    assert option["contracts"] == 1.0


def test_a_delivery_says_what_it_was_settled_into() -> None:
    account = exchange_of(listed_bench()).accounts["maker"]
    entry = Entry(
        kind="delivery",
        time_ms=5,
        currency="BTC",
        change=0,
        cashflow=0,
        instrument=market(COIN_CALL).instrument,
        settlement_ref=80_000 * REF,
        info={"settled_into": "BTC-25SEP26"},
    )
    row = entry_row(entry, account)
    assert row["info"] == {"settled_into": "BTC-25SEP26"}
    assert row["settlement_price"] == 80_000.0
    assert "trade_id" not in row


def test_a_record() -> None:
    instrument = market(PERP).instrument
    record = Record(
        "settlement", 7, instrument, 80_000 * REF, 79_000 * REF, -10.0, ATTO, -ATTO, 5
    )
    assert record_row(record) == {
        "type": "settlement",
        "timestamp": 7,
        "instrument_name": PERP,
        "position": -10.0,
        "mark_price": 80_000.0,
        "index_price": 79_000.0,
        "session_profit_loss": 1.0,
        "profit_loss": -1.0,
        "funding": 0.0,
    }

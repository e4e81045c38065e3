"""Fills and log entries: every field read, nothing guessed."""

import json
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import ProtocolError
from engine.session.ledger.amounts import SATOSHI
from engine.session.ledger.entry import Fill, dumped_fill, entry_of, fill_of
from tests.unit.session.ledger.samples import log_row

TOLD = {
    "trade_id": "400000001",
    "name": "BTC-PERPETUAL",
    "side": "ask",
    "lots": 7,
    "price": Decimal("80000.5"),
    "fee": Decimal("-6E-7"),
    "fee_currency": "BTC",
    "venue_ms": 5,
}


def test_a_told_fill_keeps_its_price_and_fee_exactly() -> None:
    assert fill_of(TOLD) == Fill(
        "400000001", "BTC-PERPETUAL", -1, 7, Decimal("80000.5"), -60 * SATOSHI, "BTC", 5
    )
    assert fill_of(TOLD | {"side": "bid"}).side == 1


def test_a_fill_comes_back_through_json() -> None:
    one = fill_of(TOLD)
    assert dumped_fill(json.loads(json.dumps(one.dump()))) == one
    with pytest.raises(ValueError, match="not enough values"):
        dumped_fill([1, 2])


def test_a_trade_s_entry() -> None:
    row = log_row(
        9,
        "trade",
        "BTC",
        instrument_name="BTC-PERPETUAL",
        side="close sell",
        trade_id="4",
        amount=20.0,
        price=80_000.5,
        position=-10.0,
        commission=1e-8,
        change=-1e-8,
        balance=5.25,
        interest_pl=3e-8,
        total_interest_pl=-2e-8,
    )
    entry = entry_of(row)
    assert (entry.user_seq, entry.kind, entry.time_ms) == (9, "trade", 1_000)
    assert (entry.sign, entry.amount, entry.price) == (-1, Decimal(20), (160001, 2))
    assert (entry.change, entry.commission) == (-SATOSHI, SATOSHI)
    assert entry.balance == 525_000_000 * SATOSHI
    assert (entry.position, entry.funding) == (Decimal(-10), -2 * SATOSHI)


@pytest.mark.parametrize(
    ("side", "sign"),
    [("open buy", 1), ("close sell", -1), ("buy", 1), ("sell", -1), ("-", 0)],
)
def test_the_side_of_an_entry(side: str, sign: int) -> None:
    assert entry_of(log_row(1, "trade", "BTC", side=side)).sign == sign


def test_what_an_entry_has_none_of_is_empty() -> None:
    entry = entry_of(log_row(1, "deposit", "BTC", info=None, price=None))
    assert (entry.name, entry.trade_id, entry.into) == ("", "", "")
    assert entry.amount is entry.price is entry.position is entry.funding is None
    assert entry_of(log_row(1, "x", "BTC", interest_pl=1e-8)).funding == SATOSHI
    into = log_row(1, "delivery", "BTC", info={"settled_into": "BTC-25SEP26"})
    assert entry_of(into).into == "BTC-25SEP26"


@pytest.mark.parametrize(
    "changed",
    [
        {"user_seq": "9"},
        {"timestamp": None},
        {"type": 5},
        {"currency": None},
        {"change": None},
        {"balance": "5"},
        {"commission": None},
    ],
)
def test_an_entry_without_what_all_have_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="log entry"):
        entry_of(log_row(9, "trade", "BTC") | changed)

"""The ledger as a whole: live books, profit, what it shows, what it keeps."""

import json
from decimal import Decimal
from typing import Any

import pytest

from engine.session.ledger.ledger import Ledger, Prices
from engine.session.ledger.opening import Opening
from tests.unit.session.ledger.samples import (
    LINEAR,
    PERP,
    ROWS,
    SPOT,
    Notes,
    books,
    entry,
    row,
)

NOON_MS = 20_000 * 86_400_000 + 12 * 3_600_000
PRICES = {PERP: (80_000.0, 80_000.0)}


def told(trade_id: str, side: str = "bid", **changed: Any) -> dict[str, Any]:
    """Return a fill of 80,000 USD at 80,000: one bitcoin."""
    return {
        "trade_id": trade_id,
        "name": PERP,
        "side": side,
        "lots": 8_000,
        "price": Decimal(80_000),
        "fee": Decimal("0.001"),
        "fee_currency": "BTC",
        "venue_ms": NOON_MS,
    } | changed


def fresh(is_open: bool = True, prices: Prices = PRICES) -> Ledger:
    """Return a ledger that quotes three instruments and has five bitcoin."""
    ledger = Ledger(Notes())
    for name in (PERP, LINEAR, SPOT):
        ledger.know(ROWS[name])
    if is_open:
        ledger.begin(books(BTC=5, USDC=1_000), Opening(10, NOON_MS, ("before",)))
        ledger.look(prices, NOON_MS)
    return ledger


def logged(user_seq: int, trade_id: str, **changed: Any) -> Any:
    money = {"commission": 0.001, "change": -0.001, "balance": 4.999}
    what = {"instrument_name": PERP, "trade_id": trade_id, "side": "open buy"}
    size = {"amount": 80_000.0, "price": 80_000.0, "position": 80_000.0}
    return entry(user_seq, "trade", "BTC", **(money | what | size | changed))


def test_a_fill_counts_at_once_and_only_once() -> None:
    ledger = fresh()
    for one in ("1", "1", "before"):
        ledger.on_fill(told(one))
    assert ledger.position(PERP) == 80_000
    assert ledger.cash("BTC") == Decimal("4.999")
    ledger.take([logged(11, "1")], NOON_MS)
    assert ledger.position(PERP) == 80_000
    assert ledger.cash("BTC") == Decimal("4.999")
    assert ledger.is_tied()


def test_a_fill_that_is_told_after_a_settlement_of_the_log_stays_after_it() -> None:
    ledger = fresh()
    ledger.on_fill(told("1"))
    ledger.on_fill(told("2", "ask", price=Decimal(100_000)))
    settlement = entry(
        12,
        "settlement",
        "BTC",
        instrument_name=PERP,
        price=100_000.0,
        change=0.2,
        balance=5.199,
        position=80_000.0,
    )
    ledger.take([logged(11, "1"), settlement], NOON_MS)
    assert ledger.is_tied()
    assert ledger.position(PERP) == 0
    assert ledger.cash("BTC") == Decimal("5.198")
    # Sold at the settlement price: the new session has earned nothing.
    assert ledger.equity("BTC") == Decimal("5.198")


def test_fills_before_it_has_begun_are_kept() -> None:
    ledger = fresh(is_open=False)
    ledger.on_fill(told("1"))
    ledger.on_fill(told("2"))
    assert ledger.pnl()["currencies"] == {}
    ledger.begin(books(BTC=5), Opening(10, NOON_MS, ("1",)))
    assert ledger.position(PERP) == 80_000
    assert list(ledger.tie.pending) == ["2"]


def test_combos_and_strangers_are_not_positions() -> None:
    ledger = fresh()
    combo = "BTC-FS-25SEP26_PERP"
    ledger.know(row(combo, "future_combo", 10.0))
    ledger.on_fill(told("1", name=combo))
    ledger.on_fill(told("2", name="NOBODY-KNOWS"))
    assert ledger.tie.pending == {}


def test_a_fill_that_makes_no_sense_is_said_and_not_booked() -> None:
    ledger = fresh()
    ledger.on_fill(told("1", price=Decimal(0)))
    assert ledger.position(PERP) == 0
    assert isinstance(ledger._say, Notes)
    assert ledger._say.texts() == ["fill 1: BTC-PERPETUAL: a price of 0/1"]


def test_profit_is_told_by_currency_instrument_and_in_dollars() -> None:
    ledger = fresh()
    ledger.on_fill(told("1"))
    ledger.look({PERP: (100_000.0, 90_000.0)}, NOON_MS + 1)
    ledger.look({PERP: (90_000.0, 90_000.0), "UNKNOWN": (1.0, 1.0)}, NOON_MS + 2)
    profit = ledger.pnl()
    worth = Decimal("0.111111111111111111")  # 1 - 80,000 / 90,000
    bitcoin = profit["currencies"]["BTC"]
    assert bitcoin["since_start"] == bitcoin["since_day"] == worth - Decimal("0.001")
    assert bitcoin["from_peak"] == worth - Decimal("0.2")
    assert bitcoin["equity"] == 5 + bitcoin["since_start"]
    assert profit["usd"]["since_start"] == bitcoin["since_start"] * 90_000
    assert profit["instruments"][PERP] == {
        "currency": "BTC",
        "realized": 0,
        "unrealized": worth,
        "funding": 0,
        "fees": Decimal("0.001"),
        "total": bitcoin["since_start"],
    }


def test_money_from_elsewhere_is_no_profit() -> None:
    ledger = fresh()
    deposit = entry(11, "deposit", "BTC", change=2.0, balance=7.0)
    ledger.take([deposit], NOON_MS)
    ledger.look(PRICES, NOON_MS)
    assert ledger.equity("BTC") == 7
    assert ledger.pnl()["currencies"]["BTC"]["since_start"] == 0


def test_the_price_of_a_coin_comes_from_linear_contracts_where_no_other_is() -> None:
    ledger = fresh(prices={})
    ledger.on_fill(told("1", name=SPOT, lots=10_000, fee=Decimal(0), side="bid"))
    ledger.look({LINEAR: (81_000.0, 81_000.0)}, NOON_MS)
    # One bitcoin bought for 80,000 dollars is worth 81,000.
    assert ledger.pnl()["usd"]["since_start"] == 1_000


def test_differences_are_shown_and_end_being_tied() -> None:
    ledger = fresh()
    ledger.on_fill(told("1", fee=Decimal("0.0009")))
    ledger.take([logged(11, "1", position=80_010.0)], NOON_MS)
    assert ledger.differences() == {
        "cash": {"BTC": Decimal("-0.0001")},
        "fees": {"BTC": Decimal("0.0001")},
        "position": {PERP: 10},
    }
    assert not ledger.is_tied()
    shown = ledger.snapshot()
    assert shown["currencies"]["BTC"]["cash_difference"] == -0.0001
    assert shown["currencies"]["BTC"]["fee_difference"] == 0.0001
    assert shown["instruments"][PERP]["position_difference"] == 10.0


def test_the_snapshot_is_plain_and_changes_nothing() -> None:
    ledger = fresh()
    ledger.on_fill(told("1"))
    before = ledger.dump()
    shown = ledger.snapshot()
    assert json.loads(json.dumps(shown)) == shown
    assert ledger.dump() == before
    assert (shown["user_seq"], shown["pending"], shown["is_open"]) == (10, 1, True)
    assert shown["instruments"][PERP]["average_price"] == 80_000.0
    assert fresh(is_open=False).snapshot()["currencies"] == {}


def test_it_goes_on_after_a_restart_to_the_last_digit() -> None:
    first = fresh()
    first.on_fill(told("1", price=Decimal("80000.5")))
    first.on_fill(told("2"))
    first.take([logged(11, "1", price=80_000.5)], NOON_MS)
    first.look({PERP: (79_000.0, 79_000.0)}, NOON_MS + 5)
    kept = json.loads(json.dumps(first.dump()))

    second = fresh(is_open=False)
    second.load(kept)
    assert second.dump() == kept
    assert list(second.tie.listed) == list(first.tie.listed)
    assert second.snapshot()["instruments"] == first.snapshot()["instruments"]
    assert second.pnl()["currencies"] == first.pnl()["currencies"]
    for one in (first, second):
        one.on_fill(told("3", "ask"))
        one.take([logged(12, "2", balance=4.998, position=160_000.0)], NOON_MS)
        one.look({PERP: (80_000.0, 80_000.0)}, NOON_MS + 9)
    assert second.dump() == first.dump()


def test_fills_told_before_it_was_restored_are_not_lost() -> None:
    first, second = fresh(), fresh(is_open=False)
    first.on_fill(told("1"))
    for one in ("1", "2", "before"):
        second.on_fill(told(one))
    second.load(json.loads(json.dumps(first.dump())))
    assert list(second.tie.pending) == ["1", "2"]
    assert second.position(PERP) == 160_000


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="ledger version 2, not 1"):
        fresh().load({"version": 2})


@pytest.mark.parametrize("key", ["contracts", "tie", "performance", "marks", "is_open"])
@pytest.mark.parametrize("value", [..., 5, [5], {"x": 5}])
def test_what_it_never_kept_is_refused_whole(key: str, value: Any) -> None:
    ledger = fresh()
    ledger.on_fill(told("1"))
    before = ledger.dump()
    kept = {k: v for k, v in fresh().dump().items() if k != key}
    if value is not ...:
        kept[key] = value
    if key == "is_open" and value is not ...:
        return  # anything says yes or no
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        ledger.load(kept)
    assert ledger.dump() == before

"""All books together: which event moves which cash."""

import json

import pytest

from engine.errors import ProtocolError
from engine.session.ledger.amounts import ATTO, HALF, SATOSHI
from engine.session.ledger.books import ROUNDING, Books
from tests.unit.session.ledger.samples import (
    CALL,
    FUTURE,
    LINEAR,
    PERP,
    SPOT,
    USDC_PUT,
    books,
    contracts,
    entry,
    fill,
)


def test_a_future_s_trade_moves_only_its_fee() -> None:
    found = books(BTC=1)
    assert found.fill(fill("1", PERP, 1, 80_000, 80_000, fee=1e-6)) == {
        "BTC": -100 * SATOSHI
    }
    assert found.cash["BTC"].middle() == ATTO - 100 * SATOSHI
    assert found.books[PERP].size == 8_000
    assert found.books[PERP].fees == found.fees["BTC"] == 100 * SATOSHI


def test_an_option_pays_its_premium_and_gets_it() -> None:
    found = books()
    assert found.fill(fill("1", CALL, 1, 0.5, 0.02, fee=1e-4)) == {"BTC": -101 * 10**14}
    assert found.fill(fill("2", USDC_PUT, -1, 0.01, 1_000)) == {"USDC": 10 * ATTO}


def test_spot_swaps_two_currencies_and_holds_nothing() -> None:
    found = books()
    moved = found.fill(fill("1", SPOT, -1, 0.5, 80_000, fee=2))
    assert moved == {"USDC": 39_998 * ATTO, "BTC": -ATTO // 2}
    assert found.books == {}
    moved = found.fill(fill("2", SPOT, 1, 0.5, 80_000, fee=1e-4, fee_currency="BTC"))
    assert moved == {"USDC": -40_000 * ATTO, "BTC": ATTO // 2 - 10**14}
    assert found.fees == {"USDC": 2 * ATTO, "BTC": 10**14}


def test_a_settlement_pays_the_session_with_its_funding() -> None:
    found = books(BTC=1)
    found.fill(fill("1", PERP, 1, 80_000, 80_000))
    due = found.settle(
        entry(
            1,
            "settlement",
            "BTC",
            instrument_name=PERP,
            price=100_000.0,
            total_interest_pl=-1e-8,
        )
    )
    assert due == (ATTO // 5 - SATOSHI, HALF + ROUNDING)
    span = found.cash["BTC"]
    assert span.middle() == ATTO + ATTO // 5 - SATOSHI
    assert span.high - span.low == 2 * (HALF + ROUNDING)


def test_an_option_in_the_money_is_paid_through_its_future() -> None:
    found = books(BTC=1)
    found.fill(fill("1", CALL, 1, 1, 0))
    found.fill(fill("2", FUTURE, -1, 80_000, 80_000))
    option = entry(
        1,
        "delivery",
        "BTC",
        instrument_name=CALL,
        price=0.2,
        settlement_price=100_000.0,
        commission=1e-4,
        info={"settled_into": FUTURE},
    )
    assert found.deliver(option) == (-(10**14), ROUNDING)
    assert found.grants == {FUTURE: ATTO // 5}
    future = entry(
        2, "delivery", "BTC", instrument_name=FUTURE, price=100_000.0, commission=1e-5
    )
    # The future lost what the option won: what is left are the fees.
    assert found.deliver(future) == (-(10**13), ROUNDING)
    assert found.grants == {}
    assert found.fees["BTC"] == 10**14 + 10**13


def test_an_option_without_a_future_is_paid_at_once() -> None:
    found = books()
    found.fill(fill("1", USDC_PUT, -1, 0.5, 0))
    paid = entry(
        1,
        "delivery",
        "USDC",
        instrument_name=USDC_PUT,
        price=1.0,
        settlement_price=70_000.0,
    )
    assert found.deliver(paid) == (-5_000 * ATTO, ROUNDING)


def test_money_from_elsewhere_is_booked_as_the_venue_says() -> None:
    found = books(BTC=1)
    found.elsewhere(entry(1, "deposit", "BTC", change=0.5))
    found.elsewhere(entry(2, "withdrawal", "BTC", change=-0.2))
    assert found.cash["BTC"].middle() == 13 * 10**17
    assert found.outside == {"BTC": 3 * 10**17}


def test_a_moved_position_is_taken_at_its_price_which_may_be_rounded() -> None:
    found = books(BTC=1)
    move = entry(
        1,
        "position_move",
        "BTC",
        instrument_name=FUTURE,
        side="open buy",
        amount=80_000.0,
        price=80_000.0,
    )
    found.shift(move)
    book = found.books[FUTURE]
    assert (book.size, book.session_cost) == (8_000, ATTO)
    # Half of 1e-4 of a dollar, of 80,000 of them.
    assert book.slack == pytest.approx(ATTO / 80_000 * 5e-5, rel=1e-6)
    with pytest.raises(ProtocolError, match="log entry 2: no amount or side"):
        found.shift(entry(2, "position_move", "BTC", instrument_name=FUTURE, price=1.0))


def test_what_has_no_price_cannot_be_settled() -> None:
    found = books()
    with pytest.raises(ProtocolError, match="log entry 1: settlement without a price"):
        found.settle(entry(1, "settlement", "BTC", instrument_name=PERP))
    with pytest.raises(KeyError):
        found.settle(entry(1, "settlement", "BTC", instrument_name="X", price=1.0))


def busy() -> Books:
    found = books(BTC=1, USDC=5)
    found.fill(fill("1", LINEAR, -1, 0.0123, 80_000.5, fee=0.01))
    found.fill(fill("2", CALL, 1, 0.5, 0.02))
    found.elsewhere(entry(1, "transfer", "USDC", change=-0.2))
    found.grants[FUTURE] = 17
    return found


def test_a_copy_goes_its_own_way() -> None:
    first = busy()
    second = first.copy()
    before = json.dumps(first.dump())
    second.fill(fill("9", LINEAR, 1, 5, 1, fee=1))
    second.elsewhere(entry(2, "transfer", "USDC", change=-1))
    second.grants.clear()
    assert json.dumps(first.dump()) == before != json.dumps(second.dump())


def test_books_come_back_through_json() -> None:
    first, second = busy(), Books(contracts())
    second.load(json.loads(json.dumps(first.dump())))
    assert second.dump() == first.dump()
    assert second.cash == first.cash
    assert second.books == first.books

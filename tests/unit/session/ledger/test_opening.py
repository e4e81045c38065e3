"""The opening page: costs worked out from what a position row says."""

from typing import Any

import pytest

from engine.errors import ProtocolError
from engine.session.ledger.amounts import ATTO, HALF, SATOSHI
from engine.session.ledger.opening import opening_books
from tests.unit.session.ledger.samples import CALL, LINEAR, PERP, contracts


def position(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "instrument_name": name,
        "size": 0.0,
        "mark_price": 80_000.0,
        "average_price": 80_000.0,
        "floating_profit_loss": 0.0,
        "realized_profit_loss": 0.0,
        **changed,
    }


def test_cash_is_the_printed_balance_give_or_take_half_a_satoshi() -> None:
    span = opening_books(contracts(), [], {"BTC": 1.5}).cash["BTC"]
    assert (span.low, span.high) == (3 * ATTO // 2 - HALF, 3 * ATTO // 2 + HALF - 1)


def test_an_inverse_position_settles_to_what_the_venue_will_pay() -> None:
    row = position(
        PERP,
        size=80_000.0,
        mark_price=100_000.0,
        average_price=50_000.0,
        floating_profit_loss=0.2,
        realized_profit_loss=0.01,
        realized_funding=-0.002,
    )
    book = opening_books(contracts(), [row], {}).books[PERP]
    assert (book.size, book.session_cost) == (8_000, ATTO)
    assert book.contract.average(book.size, book.cost) == 50_000
    assert book.slack == 3 * HALF
    assert book.result((100_000, 1)) == 0, "what it had earned before is not ours"
    assert book.settle((160_000, 1)) == (51 * 10**16, 4 * HALF)
    assert book.result((160_000, 1)) == ATTO * 3 // 10


def test_a_short_linear_position_and_a_long_option() -> None:
    short = position(
        LINEAR, size=-1.0, average_price=79_000.0, floating_profit_loss=500.0
    )
    call = position(CALL, size=0.5, mark_price=0.02, average_price=0.01)
    found = opening_books(contracts(), [short, call], {}).books
    assert found[LINEAR].session_cost == -80_500 * ATTO
    assert found[LINEAR].contract.average(-10_000, found[LINEAR].cost) == 79_000
    assert (found[CALL].size, found[CALL].cost) == (5, 5 * 10**15)
    assert found[CALL].result((2, 100)) == 0


def test_a_flat_position_still_has_its_session_s_profit() -> None:
    row = position(PERP, realized_profit_loss=3e-8, average_price=0.0)
    book = opening_books(contracts(), [row], {}).books[PERP]
    assert book.cost == book.session_cost == 0
    assert book.settle((80_000, 1))[0] == 3 * SATOSHI


def test_what_is_not_said_is_named() -> None:
    with pytest.raises(ProtocolError, match="position of BTC-PERPETUAL: size is None"):
        opening_books(contracts(), [position(PERP, size=None)], {})
    with pytest.raises(ProtocolError, match="summary of BTC without balance"):
        opening_books(contracts(), [], {"BTC": None})

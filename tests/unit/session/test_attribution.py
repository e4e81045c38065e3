"""The split of the profit: what the ledger adds to what the core knows."""

from typing import Any

import orjson
import pytest

from engine.session.attribution import LastingAttribution, snapshot, split_all
from engine.session.context import Context
from engine.session.ledger.amounts import ATTO
from engine.session.ledger.ledger import Result
from tests.unit.session.stand_in import Desk

PERP = "BTC-PERPETUAL"
ROW = {
    "spread": 5 * ATTO,
    "inventory": -2 * ATTO,
    "hedging": -1 * ATTO,
    "fees": ATTO,
    "worth": -3 * ATTO,
    "lots": 1_000,
}


def context(desk: Desk, result: Result | None) -> Context:
    """Return the session's desk, with a ledger that says this of everything."""
    ctx: Any = desk.session._ctx
    ctx.ledger.result_of = lambda name: result
    return ctx


def test_without_the_ledger_the_parts_are_all_there_is() -> None:
    desk = Desk().go()
    desk.core.attributed = {PERP: dict(ROW)}
    (split,) = split_all(context(desk, None)).values()
    assert split["total"] == ATTO
    assert split["mark"] == split["funding"] == split["other"] == 0


def test_the_mark_goes_on_from_the_mid() -> None:
    """10,000 USD at 4,000 are 2.5 coins owed; at the mid they were 3."""
    desk = Desk().go()
    desk.core.attributed = {PERP: dict(ROW)}
    result = Result((4_000, 1), 7 * ATTO, 9 * ATTO)
    (split,) = split_all(context(desk, result)).values()
    assert split["mark"] == ATTO // 2
    assert split["funding"] == 7 * ATTO
    assert split["other"] == 9 * ATTO - (ATTO + ATTO // 2 + 7 * ATTO)
    assert split["total"] == 9 * ATTO


@pytest.mark.parametrize("mark", [None, (4_000, 1)])
def test_nothing_held_has_nothing_between_mid_and_mark(
    mark: tuple[int, int] | None,
) -> None:
    desk = Desk().go()
    desk.core.attributed = {PERP: {**ROW, "lots": 0, "worth": 0}}
    (split,) = split_all(context(desk, Result(mark, 0, ATTO))).values()
    assert split["mark"] == split["other"] == 0


def test_sums_in_usd_need_a_price_of_each_currency() -> None:
    desk = Desk().go()
    desk.core.attributed = {PERP: dict(ROW)}
    ctx = context(desk, None)
    account = snapshot(ctx)["budgets"][""]
    assert account["usd"] is None
    assert account["currencies"]["BTC"]["spread"] == 5.0
    ctx.ledger.look({PERP: (4_000.0, 4_000.0)}, 1)
    account = snapshot(ctx)["budgets"][""]
    assert account["usd"]["spread"] == 20_000.0
    assert account["usd"]["total"] == 4_000.0


def test_it_is_a_part_of_the_checkpoint() -> None:
    desk = Desk().go()
    desk.core.attributed = {PERP: dict(ROW)}
    found = orjson.loads(orjson.dumps(LastingAttribution(desk.core).dump()))
    later = Desk()
    LastingAttribution(later.core).load(found)
    assert later.core.attributed == {PERP: ROW}

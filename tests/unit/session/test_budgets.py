"""What a budget has earned: sums in USD, days, restarts, prices that are missing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from engine.session.budgets import Budgets, scope_of
from engine.session.ledger.amounts import ATTO
from tests.unit.session.stand_in import Desk

BTC, ETH = "BTC-PERPETUAL", "ETH-PERPETUAL"
DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


def row(total: int) -> dict[str, int]:
    """Return a split of the core that adds up to so many coins."""
    parts = {"spread": total * ATTO, "inventory": 0, "hedging": 0, "fees": 0}
    return {**parts, "worth": 0, "lots": 0}


def world(*names: str) -> tuple[Desk, Any]:
    """Return a desk of two instruments of which these are in the budget "a"."""
    desk = Desk(BTC, ETH)
    ctx: Any = desk.session._ctx
    ctx.plans = tuple(
        replace(plan, budget="a" if plan.instrument in names else "")
        for plan in ctx.plans
    )
    desk.go()
    ctx.ledger.look({BTC: (4_000.0, 4_000.0), ETH: (200.0, 200.0)}, NOON_MS)
    return desk, ctx


def test_it_is_the_sum_of_its_instruments_in_usd() -> None:
    desk, ctx = world(BTC, ETH)
    budgets = Budgets(ctx)
    budgets.look(NOON_MS)
    desk.core.attributed = {BTC: row(2), ETH: row(-5)}
    budgets.look(NOON_MS + 1)
    assert budgets.profits("since_start") == {"budget.a": Decimal(7_000)}
    desk.core.attributed = {BTC: row(2), ETH: row(-5)}
    ctx.ledger.look({BTC: (3_000.0, 3_000.0)}, NOON_MS)
    budgets.look(NOON_MS + 2)
    assert budgets.profits("since_start") == {"budget.a": Decimal(5_000)}


def test_others_count_nothing_for_it() -> None:
    desk, ctx = world(BTC)
    budgets = Budgets(ctx)
    budgets.look(NOON_MS)
    desk.core.attributed = {ETH: row(-5)}
    budgets.look(NOON_MS + 1)
    assert budgets.profits("since_start") == {"budget.a": Decimal(0)}


def test_a_new_day_begins_at_eight() -> None:
    desk, ctx = world(BTC)
    budgets = Budgets(ctx)
    budgets.look(NOON_MS)
    desk.core.attributed = {BTC: row(-1)}
    budgets.look(NOON_MS + 1)
    assert budgets.profits("since_day") == {"budget.a": Decimal(-4_000)}
    budgets.look(NOON_MS + DAY_MS)
    assert budgets.profits("since_day") == {"budget.a": Decimal(0)}
    assert budgets.profits("since_start") == {"budget.a": Decimal(-4_000)}


def test_without_a_price_nothing_is_known() -> None:
    desk, ctx = world(BTC)
    ctx.ledger._usd.clear()
    budgets = Budgets(ctx)
    assert budgets.profits("since_start") == {}, "nobody has looked yet"
    budgets.look(NOON_MS)
    desk.core.attributed = {BTC: row(-1)}
    budgets.look(NOON_MS + 1)
    assert budgets.profits("since_start") == {}


def test_it_goes_on_over_a_restart_unless_it_has_other_instruments() -> None:
    desk, ctx = world(BTC)
    first = Budgets(ctx)
    first.look(NOON_MS)
    desk.core.attributed = {BTC: row(-1)}
    first.look(NOON_MS + 1)
    kept = orjson.loads(orjson.dumps(first.dump()))

    later = Budgets(ctx)
    later.load(kept)
    later.look(NOON_MS + 2)
    assert later.profits("since_day") == {"budget.a": Decimal(-4_000)}

    _, changed = world(BTC, ETH)
    changed.core.attributed = {BTC: row(-1)}
    other = Budgets(changed)
    other.load(kept)
    other.look(NOON_MS + 2)
    assert other.profits("since_day") == {"budget.a": Decimal(0)}
    with pytest.raises(KeyError):
        later.load({"a": {"instruments": [BTC]}})
    assert later.profits("since_day") == {"budget.a": Decimal(-4_000)}


def test_a_scope_is_told_apart_from_currencies_and_instruments() -> None:
    assert scope_of("BTC") == "budget.BTC"
    assert scope_of("") == ""

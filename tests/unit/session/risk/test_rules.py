"""Measures: what a loss is counted from, and what is not known is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.session.plan import Rule
from engine.session.risk.officer import LOOK_NS
from engine.session.risk.rules import Memory
from tests.unit.session.stand_in import Desk
from tests.unit.test_config_risk import Books

DAY = Rule("loss_day", "", 50.0, "pull", True, "USD")


class Trader:
    """A session that watches its loss of the day, and what its ledger says."""

    def __init__(self, *rules: Rule) -> None:
        self.desk = Desk(rules=rules or (DAY,)).go()
        self.books = Books()
        self.desk.session._ctx.ledger = self.books  # type: ignore[assignment]

    def lose(self, usd: float, key: str = "since_day") -> str:
        self.books.told["usd"][key] = -Decimal(str(usd))
        self.desk.session._risk.due_ns = 1
        self.desk.session.on_timer(self.desk.now_ns)
        return self.desk.core.stances.get(-1, ("normal", ""))[0]


def test_arming_again_counts_from_the_loss_there_is() -> None:
    trader = Trader()
    assert trader.lose(60) == "pull"
    trader.desk.command("rearm")
    assert trader.lose(60) == "normal"
    assert trader.lose(110) == "normal"
    assert trader.lose(110.01) == "pull"


def test_a_gain_after_arming_again_is_not_lent_out() -> None:
    trader = Trader()
    trader.lose(60)
    trader.desk.command("rearm")
    assert trader.lose(20) == "normal"
    assert trader.lose(70) == "normal"
    assert trader.lose(70.01) == "pull"


def test_a_new_day_forgives_nothing_of_the_old_one() -> None:
    trader = Trader()
    trader.lose(60)
    trader.desk.command("rearm")
    assert trader.lose(0) == "normal"
    assert trader.lose(50.01) == "pull"


def test_a_session_begins_with_its_first_look() -> None:
    trader = Trader(Rule("loss_session", "", 50.0, "pull", True, "USD"))
    assert trader.lose(1_000, "since_start") == "normal"
    assert trader.lose(1_050, "since_start") == "normal"
    assert trader.lose(1_050.01, "since_start") == "pull"


def test_a_loss_that_cannot_be_told_in_usd_neither_trips_nor_ends() -> None:
    trader = Trader()
    trader.books.told["unpriced"] = ["ETH"]
    assert trader.lose(60) == "normal"
    trader.books.told["unpriced"] = []
    assert trader.lose(60) == "pull"


@pytest.mark.parametrize(
    ("rule", "looks"), [(DAY, 8), (Rule("rejects", "", 9.0, "pull", False), 2)]
)
def test_the_books_are_valued_at_every_look_only_for_a_rule(
    rule: Rule, looks: int
) -> None:
    trader = Trader(rule)
    seen: list[int] = []
    trader.books.look = lambda prices, ms: seen.append(ms)  # type: ignore[method-assign]
    for _ in range(8):
        trader.desk.session._risk.due_ns = 1
        trader.desk.session.on_timer(trader.desk.now_ns)
        trader.desk.now_ns += LOOK_NS
    assert len(seen) == looks


def test_a_ledger_that_has_not_begun_says_nothing() -> None:
    trader = Trader()
    trader.books.is_open = False
    assert trader.lose(60) == "normal"


@pytest.mark.parametrize(("equity", "expected"), [(0.0, "reduce"), (-1.0, "reduce")])
def test_margin_without_equity_is_past_every_limit(
    equity: float, expected: str
) -> None:
    rule = Rule("margin_use", None, 80.0, "reduce", False, "%")
    trader = Trader(rule)
    row: dict[str, Any] = {"currency": "BTC", "equity": equity, "initial_margin": 0.1}
    trader.desk.notify("user.portfolio.btc", row)
    trader.lose(0)
    assert trader.desk.core.stances[0][0] == expected


def test_what_was_forgiven_outlives_the_process() -> None:
    trader = Trader()
    trader.lose(60)
    trader.desk.command("rearm")
    later = Trader()
    later.desk.session._risk.load(trader.desk.session._risk.dump())
    assert later.lose(110) == "normal"
    assert later.lose(110.01) == "pull"


def test_refusals_count_anew_after_one_was_accepted() -> None:
    memory = Memory()
    assert memory.refusals("", 7) == 7
    memory.forgive("rejects", "", 7)
    assert [memory.refusals("", n) for n in (7, 9, 0, 3)] == [0, 2, 0, 3]

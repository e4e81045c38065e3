"""Every row of the table of limits: at the limit nothing happens, one past it does.

Each row has a driver that brings an engine to a number and says what is in force: a
step of the kill ladder, "refuse", or "" for nothing. What should be in force, and what
ends it, stands in the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.assemble import _set_caps, plan, rules, set_budgets
from engine.config import Config, from_mapping
from engine.config_risk import BY_ITSELF, OPERATOR, REFUSE, TABLE, Limit, limits_of
from engine.errors import ConfigError
from engine.session.risk.rules import MEASURES
from tests.rig import LIMITS, MID, MS, NAME, Rig, Wisher
from tests.unit.session.stand_in import Desk

ROWS = [
    (place, key, limit)
    for place, model in TABLE.items()
    for key, limit in limits_of(model)
]
IDS = [f"{place}{key}" for place, key, _ in ROWS]
MS_PER_S = 1_000
VENUE_MS = 1_790_000_000_000


def config(place: str, key: str, value: float) -> Config:
    """Return a configuration in which one limit is set."""
    document: dict[str, Any] = {
        "environment": "simulation",
        "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"]},
        "risk": {"currency": {}},
        "budget": {"desk": {}},
        "quote": [
            {
                "instrument": NAME,
                "budget": "desk",
                "strategy": "strategies._template:Template",
                "params": {"qty_lots": 1},
                "limits": {
                    "position_max": 1_000.0,
                    "order_max": 500.0,
                    "collar_bps": 500.0,
                    "stale_ms": 60_000,
                },
            }
        ],
    }
    tables = {
        "[risk]": document["risk"],
        "[risk.currency.X]": document["risk"]["currency"].setdefault("BTC", {}),
        "[budget.X]": document["budget"]["desk"],
        "[quote.limits]": document["quote"][0]["limits"],
    }
    tables[place][key] = value
    return from_mapping(document)


class CoreWorld:
    """The real core with the limits of a configuration, a book and prices."""

    def __init__(self, place: str, key: str, value: float) -> None:
        made = config(place, key, value)
        its = plan(made, made.quote[0], Wisher())
        limits = {
            **LIMITS,
            **its.guards,
            "position_max_lots": its.position_max / 10,
            "order_max_lots": its.order_max / 10,
            "collar_bps": its.collar_bps,
            "stale_ns": its.stale_ns,
        }
        self.rig = Rig(limits, before=lambda core: set_budgets(core, made))
        _set_caps(self.rig.core, made.risk)
        self.late_ms = 0
        self.tell_all()

    def tell_all(self) -> None:
        """Book and ticker, both fresh."""
        self.ticker()
        self.book()

    def now_ms(self) -> int:
        return VENUE_MS + self.rig.t_ns // MS - self.late_ms

    def ticker(self, mark: float = 5_000.0, index: float = 5_000.0) -> None:
        self.rig.push(
            f"ticker.{NAME}.raw",
            {
                "instrument_name": NAME,
                "timestamp": self.now_ms(),
                "state": "open",
                "mark_price": mark,
                "index_price": index,
            },
        )

    def book(self, gap: int = 1) -> None:
        self.rig.change_id += 10
        self.rig.push(
            f"book.{NAME}.raw",
            {
                "type": "snapshot",
                "timestamp": self.now_ms(),
                "instrument_name": NAME,
                "change_id": self.rig.change_id,
                "bids": [["new", (MID - gap) * 0.5, 90.0]],
                "asks": [["new", (MID + gap) * 0.5, 90.0]],
            },
        )

    def wish(self, lots: int, price: int = MID - 1) -> list[tuple[int, int]]:
        """Wish one bid; return what was asked of the venue, ticks and lots."""
        self.rig.sent()
        self.rig.wisher.bids = [(price, lots)]
        self.rig.advance(0)
        self.book(2)
        self.book()
        return [
            (round(r["params"]["price"] * 2), round(r["params"]["amount"] / 10))
            for r in self.rig.sent()
        ]

    def why(self) -> str:
        """Return why there are no quotes, after one more turn."""
        self.rig.wisher.bids = [(MID - 1, 1)]
        self.rig.advance(0)
        return str(self.rig.snapshot()["why_blank"])


def size_of_one_bid(limit: float, lots: int, **more: Any) -> Callable[[Any], str]:
    """A limit on sizes: the last size that fits passes whole, one more is cut."""

    def drive(world: Callable[..., CoreWorld], past: int) -> str:
        asked = world(limit).wish(lots + past)
        return "" if asked == [(MID - 1, lots + past)] else REFUSE

    return drive


def price_of_one_bid(limit: float, price: int, **told: float) -> Any:
    """A collar: the last price inside passes, one tick more is clipped to it."""

    def drive(world: Callable[..., CoreWorld], past: int) -> str:
        one = world(limit)
        one.ticker(**told)
        one.book(40)
        one.rig.wisher.bids = [(price + past, 1)]
        one.rig.sent()
        one.rig.advance(250)
        asked = [round(r["params"]["price"] * 2) for r in one.rig.sent()]
        assert asked == [price]
        return REFUSE if past else ""

    return drive


def silence(limit_ms: int, words: str, keep: Callable[[CoreWorld], None]) -> Any:
    """A stale channel: quotes at the limit, none a millisecond later, back with it."""

    def drive(world: Callable[..., CoreWorld], past: int) -> str:
        one = world(limit_ms)
        one.rig.t_ns += (limit_ms + past) * MS
        keep(one)
        if not past:
            return one.why()
        assert words in one.why()
        one.ticker(index=5_001.0)
        one.book()
        assert one.why() == ""
        return "pull"

    return drive


def lag(limit_ms: int, in_force: str, words: str) -> Any:
    """A feed lag beyond the usual; over at half the limit."""

    def drive(world: Callable[..., CoreWorld], past: int) -> str:
        one = world(limit_ms)
        one.late_ms = limit_ms + past
        one.book()
        asked = one.wish(1, MID - 10)
        if not past:
            return "" if asked == [(MID - 10, 1)] else "?"
        if words:
            assert words in one.why()
            one.late_ms = limit_ms // 2
            one.book()
            assert one.why() == ""
        else:
            assert asked == [(MID - 20, 1)]
            other = world(limit_ms)
            other.late_ms = limit_ms + past
            other.book()
            other.late_ms = 0
            assert other.wish(1, MID - 10) == [(MID - 10, 1)]
        return in_force

    return drive


def stall(world: Callable[..., CoreWorld], past: int) -> str:
    """The core's timer called late."""
    one = world(2_000)
    one.rig.advance(0)
    due_ns = one.rig.core.next_timer_ns()
    one.rig.t_ns = due_ns + 2_000 * MS + past
    if not past:
        return one.why()
    assert "stood still" in one.why()
    one.rig.advance(250)
    one.tell_all()
    assert one.why() == ""
    return "pull"


def post_only(world: Callable[..., CoreWorld], past: int) -> str:
    """Post-only refusals in a row empty the book."""
    one = world(3)
    for i in range(3 + past):
        one.rig.advance(40_000)
        one.rig.advance(1)
        one.tell_all()
        one.rig.wisher.bids = [(MID - 2 - i, 1)]
        one.rig.advance(250)
        (request,) = one.rig.sent()
        error = {"code": 11054, "message": "post_only_reject"}
        reply = {"jsonrpc": "2.0", "id": request["id"], "error": error}
        one.rig.deliver(json.dumps(reply).encode())
    if not past:
        return one.why()
    assert one.why() == "book is not readable"
    assert one.rig.session.told("gap") == [one.rig.index]
    one.tell_all()
    assert one.why() == ""
    return "pull"


def many_orders(world: Callable[..., CoreWorld], past: int) -> str:
    one = world(2)
    one.rig.sent()
    one.rig.wisher.bids = [(MID - 1 - i, 1) for i in range(2 + past)]
    one.book()
    sent = one.rig.sent()
    assert len(sent) == 2
    return REFUSE if past else ""


def many_requests(world: Callable[..., CoreWorld], past: int) -> str:
    result = many_orders(world, past)
    one = world(2)
    one.rig.wisher.bids = [(MID - 1 - i, 1) for i in range(4)]
    one.book()
    assert len(one.rig.sent()) == 2
    one.rig.advance(999)
    assert one.rig.sent() == []
    one.rig.advance(1)
    one.book(2)
    assert len(one.rig.sent()) == 2
    return result


def a_share(world: Callable[..., CoreWorld], past: int) -> str:
    """A share of the burst, which is 1,000 here; 5 are for cancels and for safety."""
    one = world(0.2 * 1_000 / 995)
    one.rig.sent()
    one.rig.wisher.bids = [(MID - 1 - i, 1) for i in range(2 + past)]
    one.book()
    assert len(one.rig.sent()) == 2
    return REFUSE if past else ""


ticker_only = CoreWorld.ticker
CORE_DRIVERS: dict[tuple[str, str], Any] = {
    ("[risk]", "exposure_max_usd"): size_of_one_bid(400.0, 40),
    ("[risk.currency.X]", "exposure_max_usd"): size_of_one_bid(400.0, 40),
    ("[risk.currency.X]", "delta_max"): size_of_one_bid(0.08, 40),
    ("[risk]", "order_max_usd"): size_of_one_bid(300.0, 30),
    ("[risk]", "open_orders_max"): many_orders,
    ("[risk]", "requests_per_s_max"): many_requests,
    ("[risk]", "feed_lag_widen_ms"): lag(100, "widen", ""),
    ("[risk]", "feed_lag_max_ms"): lag(500, "pull", "the feed lags by 501 ms"),
    ("[risk]", "stall_max_ms"): stall,
    ("[budget.X]", "exposure_max_usd"): size_of_one_bid(400.0, 40),
    ("[budget.X]", "delta_max_usd"): size_of_one_bid(400.0, 40),
    ("[budget.X]", "requests_per_s_max"): many_requests,
    ("[budget.X]", "credit_share_pct"): a_share,
    ("[quote.limits]", "position_max"): size_of_one_bid(500.0, 50),
    ("[quote.limits]", "order_max"): size_of_one_bid(300.0, 30),
    ("[quote.limits]", "collar_bps"): price_of_one_bid(10.0, MID + 10),
    ("[quote.limits]", "collar_index_bps"): price_of_one_bid(
        10.0, MID + 10, mark=5_010.0
    ),
    ("[quote.limits]", "collar_fair_bps"): price_of_one_bid(10.0, MID + 10),
    ("[quote.limits]", "stale_ms"): silence(500, "data is stale", lambda one: None),
    ("[quote.limits]", "stale_book_ms"): silence(500, "book is stale", ticker_only),
    ("[quote.limits]", "stale_mark_ms"): silence(500, "mark is stale", CoreWorld.book),
    ("[quote.limits]", "stale_index_ms"): silence(
        500, "index is stale", CoreWorld.tell_all
    ),
    ("[quote.limits]", "post_only_rejects_max"): post_only,
}


class Books:
    """A ledger that says what the test says."""

    is_open = True

    def __init__(self) -> None:
        nothing = {key: Decimal(0) for key in ("since_start", "since_day", "from_peak")}
        self.told: dict[str, Any] = {
            "is_open": True,
            "usd": dict(nothing),
            "currencies": {"BTC": dict(nothing)},
            "unpriced": [],
            "instruments": {NAME: {"total": Decimal(0)}},
        }

    def look(self, prices: Any, venue_ms: int) -> None:
        pass

    def pnl(self) -> dict[str, Any]:
        return self.told


class SessionWorld:
    """The real session with the rules of a configuration; the core stands in."""

    def __init__(self, place: str, key: str, value: float) -> None:
        made = config(place, key, value)
        self.desk = Desk(budget="desk", rules=rules(made)).go()
        self.books = Books()
        self.ctx.ledger = self.books  # type: ignore[assignment]
        self.budgets = BudgetBooks()
        self.desk.session._risk._budgets = self.budgets
        self.look()

    @property
    def ctx(self) -> Any:
        return self.desk.session._ctx

    def look(self, after_s: float = 0.0) -> str:
        """Have the rules looked at; return the step in force for the instrument."""
        self.desk.now_ns += round(after_s * 1e9)
        self.desk.session._risk.due_ns = 1
        self.desk.session.on_timer(self.desk.now_ns)
        self.desk.talk()
        steps = [self.desk.core.stances.get(i, ("normal",))[0] for i in (-1, 0)]
        found = [step for step in steps if step != "normal"]
        return found[0] if found else ""


def profit(where: str, what: str, name: str = "") -> Any:
    def put(world: SessionWorld, value: float) -> str:
        row = world.books.told[where]
        (row[name] if name else row)[what] = -Decimal(str(value))
        return world.look()

    return put


def budget_profit(key: str) -> Any:
    def put(world: SessionWorld, value: float) -> str:
        world.budgets.told[key] = -Decimal(str(value))
        return world.look()

    return put


class BudgetBooks:
    """Budgets that say what the test says."""

    def __init__(self) -> None:
        self.told: dict[str, Decimal] = {}

    def look(self, now_ms: int) -> None:
        pass

    def profits(self, key: str) -> dict[str, Decimal]:
        return {"budget.desk": self.told.get(key, Decimal(0))}


def margin(world: SessionWorld, value: float) -> str:
    row = {"currency": "BTC", "equity": 200.0, "initial_margin": 2 * value}
    world.desk.notify("user.portfolio.btc", row)
    return world.look()


def clock(world: SessionWorld, value: float) -> str:
    now_ns = world.desk.now_ns
    wall_ms = world.ctx.clock.venue_ms(now_ns) + round(value)
    world.desk.command("entropy", wall_ms=wall_ms, nonce="n")
    return world.look()


def user_line(world: SessionWorld, value: float) -> str:
    world.ctx.orders_link.heard_ns = world.desk.now_ns
    world.desk.core.told_vitals = {"heard_ns": world.desk.now_ns}
    world.look()
    return world.look(value / MS_PER_S)


def refusals(world: SessionWorld, value: float) -> str:
    world.desk.core.told_vitals = {
        "refusals": value,
        "markets": {0: {"refusals": value}},
    }
    return world.look()


SESSION_DRIVERS: dict[tuple[str, str], tuple[float, float, Any]] = {
    # limit, one past it, how to get there
    ("[risk]", "loss_session_usd"): (50.0, 50.01, profit("usd", "since_start")),
    ("[risk]", "loss_day_usd"): (50.0, 50.01, profit("usd", "since_day")),
    ("[risk]", "loss_peak_usd"): (50.0, 50.01, profit("usd", "from_peak")),
    ("[risk.currency.X]", "loss_session"): (
        0.5,
        0.500001,
        profit("currencies", "since_start", "BTC"),
    ),
    ("[risk.currency.X]", "loss_day"): (
        0.5,
        0.500001,
        profit("currencies", "since_day", "BTC"),
    ),
    ("[risk.currency.X]", "loss_peak"): (
        0.5,
        0.500001,
        profit("currencies", "from_peak", "BTC"),
    ),
    ("[budget.X]", "loss_session_usd"): (50.0, 50.01, budget_profit("since_start")),
    ("[budget.X]", "loss_day_usd"): (50.0, 50.01, budget_profit("since_day")),
    ("[risk]", "margin_use_max_pct"): (60.0, 60.1, margin),
    ("[risk]", "clock_offset_max_ms"): (500, 501, clock),
    ("[risk]", "stale_user_ms"): (800, 801, user_line),
    ("[risk]", "rejects_max"): (4, 5, refusals),
    ("[quote.limits]", "rejects_max"): (4, 5, refusals),
    ("[quote.limits]", "loss_max"): (
        0.5,
        0.500001,
        profit("instruments", "total", NAME),
    ),
}


def test_every_row_has_a_driver_and_every_driver_a_row() -> None:
    rows = {(place, key) for place, key, _ in ROWS}
    assert rows == set(CORE_DRIVERS) | set(SESSION_DRIVERS)
    assert not set(CORE_DRIVERS) & set(SESSION_DRIVERS)


def test_every_measure_is_named_by_a_row() -> None:
    assert {limit.rule for _, _, limit in ROWS if limit.rule} == set(MEASURES)


@pytest.mark.parametrize(("place", "key", "limit"), ROWS, ids=IDS)
def test_rows_say_unit_base_action_and_what_arms_again(
    place: str, key: str, limit: Limit
) -> None:
    assert limit.unit
    assert limit.measured
    assert limit.action in (REFUSE, "widen", "reduce", "pull", "flatten", "on_loss")
    assert limit.rearm in (BY_ITSELF, OPERATOR)
    assert bool(limit.rule) == ((place, key) in SESSION_DRIVERS)


@pytest.mark.parametrize(("place", "key"), list(CORE_DRIVERS))
def test_the_core_keeps_it_at_the_limit_and_one_past(place: str, key: str) -> None:
    def world(value: float) -> CoreWorld:
        return CoreWorld(place, key, value)

    (limit,) = (limit for p, k, limit in ROWS if (p, k) == (place, key))
    drive = CORE_DRIVERS[place, key]
    assert drive(world, 0) == ""
    assert drive(world, 1) == limit.action
    assert limit.rearm == BY_ITSELF


@pytest.mark.parametrize(("place", "key"), list(SESSION_DRIVERS))
def test_the_session_watches_it_at_the_limit_and_one_past(place: str, key: str) -> None:
    value, past, put = SESSION_DRIVERS[place, key]
    (limit,) = (limit for p, k, limit in ROWS if (p, k) == (place, key))
    world = SessionWorld(place, key, value)
    step = "pull" if limit.action == "on_loss" else limit.action
    assert put(world, value) == ""
    assert put(world, past) == step
    if limit.rest_s:
        world.look(limit.rest_s - 0.5)
        assert world.look() == step
        assert world.look(0.5) == ""
        return
    after = put(world, value * 0.5)
    assert after == (step if limit.rearm == OPERATOR else "")
    if limit.rearm == OPERATOR:
        world.desk.command("rearm", rule=limit.rule)
        assert world.look() == ""


@pytest.mark.parametrize("name", ["pull", "flatten", "disconnect"])
def test_what_a_loss_does_is_the_users_to_say(name: str) -> None:
    made = config("[risk]", "loss_day_usd", 5.0).model_dump()
    made["risk"]["on_loss"] = name
    (rule,) = [one for one in rules(from_mapping(made)) if one.name == "loss_day"]
    assert (rule.step, rule.latched) == (name, True)


def test_an_order_larger_than_the_position_limit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"order_max .*at most position_max"):
        config("[quote.limits]", "order_max", 1_001.0)


def test_a_currency_is_named_as_the_venue_names_it() -> None:
    made = config("[risk]", "loss_day_usd", 5.0).model_dump()
    made["risk"]["currency"] = {"btc": {}}
    with pytest.raises(ConfigError, match=r"risk\.currency"):
        from_mapping(made)


def test_an_unknown_key_of_a_currency_is_named() -> None:
    made = config("[risk]", "loss_day_usd", 5.0).model_dump()
    made["risk"]["currency"] = {"BTC": {"loss_dya": 1.0}}
    with pytest.raises(ConfigError, match="did you mean loss_day"):
        from_mapping(made)

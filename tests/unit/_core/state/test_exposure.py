"""Exposure over instruments: the sum, and that no order of wishes passes a limit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.core import Core
from tests.oracles.venue import SlowVenue
from tests.rig import LIMITS, MS, ROW, SilentSession, Wisher

LINEAR = {
    **ROW,
    "instrument_name": "BTC_USDC-PERPETUAL",
    "instrument_type": "linear",
    "settlement_currency": "USDC",
    "base_currency": "BTC",
    "tick_size": 0.5,
    "contract_size": 0.001,
    "min_trade_amount": 0.001,
}
ETHER = {
    **ROW,
    "instrument_name": "ETH-PERPETUAL",
    "settlement_currency": "ETH",
    "base_currency": "ETH",
}
OPTION = {
    **ROW,
    "instrument_name": "BTC-26MAR27-5000-C",
    "kind": "option",
    "base_currency": "BTC",
    "tick_size": 0.0005,
    "contract_size": 1.0,
    "min_trade_amount": 0.1,
}
ROWS = [{**ROW, "base_currency": "BTC"}, LINEAR, ETHER, OPTION]
PRICE = 5_000.0
USD_PER_LOT = [10.0, 0.001 * PRICE, 10.0, 0.1 * PRICE]
COINS_PER_LOT = [10.0 / PRICE, 0.001, 10.0 / PRICE, 0.1]
SETTLES = ["BTC", "USDC", "ETH", "BTC"]
BASES = ["BTC", "BTC", "ETH", "BTC"]
OPTION_PRICE = 0.05
MEMBERS = {"carry": [0, 1], "coins": [2, 3]}
"""A budget of two legs in one coin, and one of two coins."""


def budgets(**limits: tuple[float, float]) -> dict[str, Any]:
    """Return budgets with (exposure, delta) each, as the core takes them."""
    return {
        name: {
            "instruments": [ROWS[i]["instrument_name"] for i in MEMBERS[name]],
            "exposure_max_usd": usd,
            "delta_max_usd": delta,
            "requests_per_s_max": 0,
            "credit_share": 0.0,
        }
        for name, (usd, delta) in limits.items()
    }


class Market:
    """Four instruments of three currencies in one core; the test says the wishes."""

    def __init__(self, budgets: Any = None, **caps: Any) -> None:
        self.core = Core(3)
        self.core.set_budgets(budgets or {})
        self.core.attach(SilentSession())
        self.wishers = [Wisher() for _ in ROWS]
        self.t_ns = 1_000 * MS
        self.change_id = 0
        for row, wisher in zip(ROWS, self.wishers, strict=True):
            index = self.core.add_instrument(row)
            self.core.bind(index, wisher, {**LIMITS, "position_max_lots": 1_000})
        self.core.set_caps(**caps)
        self.core.connection_made(0, self.t_ns)
        self.core.set_credit_limits({"all": (1_000.0, 1_000.0)})
        for index in range(len(ROWS)):
            self.core.route_credits(index, "all")
        self.t_ns += 2_000 * MS
        self.core.handle_timer(self.t_ns)
        self.core.set_quoting(True, "test")

    def push(self, channel: str, data: Any) -> None:
        params = {"channel": channel, "data": data}
        frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        self.core.receive_data(0, self.t_ns, json.dumps(frame).encode())

    def tell(self, i: int) -> None:
        """Send ticker and book of one instrument."""
        name = ROWS[i]["instrument_name"]
        price, tick = (OPTION_PRICE, 0.0005) if i == 3 else (PRICE, 0.5)
        ticker = {"instrument_name": name, "timestamp": 1, "state": "open"}
        prices = {"mark_price": price, "index_price": PRICE}
        self.push(f"ticker.{name}.raw", {**ticker, **prices})
        self.change_id += 1
        book = {
            "type": "snapshot",
            "timestamp": 1,
            "instrument_name": name,
            "change_id": self.change_id,
            "bids": [["new", price - tick, 100.0]],
            "asks": [["new", price + tick, 100.0]],
        }
        self.push(f"book.{name}.raw", book)

    def worst(self) -> list[tuple[int, int]]:
        """Return, slowly, what each instrument holds if all buys, or sells, fill."""
        held = []
        for index, row in enumerate(ROWS):
            lots = self.core.market(index).position.size_lots
            found = {"bid": lots, "ask": -lots}
            for slot in self.core.open_slots():
                if slot["name"] == row["instrument_name"]:
                    most = max(slot["amount_lots"], slot["wanted_amount_lots"])
                    found[slot["side"]] += most - slot["booked_lots"]
            held.append((found["bid"], found["ask"]))
        return held


def sums(held: list[tuple[int, int]]) -> tuple[float, dict[str, Any]]:
    """Return the account's USD, and (USD, long coins, short coins) by currency."""
    found = {name: [0.0, 0.0, 0.0] for name in ("BTC", "USDC", "ETH")}
    account = 0.0
    for i, (bought, sold) in enumerate(held):
        usd = max(bought, sold) * USD_PER_LOT[i]
        account += usd
        found[SETTLES[i]][0] += usd
        found[BASES[i]][1] += bought * COINS_PER_LOT[i]
        found[BASES[i]][2] += sold * COINS_PER_LOT[i]
    return account, found


def budget_sums(held: list[tuple[int, int]], name: str) -> tuple[float, Any]:
    """Return a budget's USD, and (long, short) USD by base currency."""
    usd, nets = 0.0, {BASES[i]: [0.0, 0.0] for i in MEMBERS[name]}
    for i in MEMBERS[name]:
        usd += max(held[i]) * USD_PER_LOT[i]
        for side in (0, 1):
            nets[BASES[i]][side] += held[i][side] * USD_PER_LOT[i]
    return usd, nets


wishes = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 3), st.integers(1, 50)),
    min_size=1,
    max_size=12,
)
positions = st.lists(st.integers(-40, 40), min_size=4, max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    wishes=wishes,
    positions=positions,
    account=st.integers(500, 20_000),
    btc=st.integers(500, 20_000),
    coins=st.integers(1, 40),
)
def test_no_order_of_wishes_takes_a_sum_past_its_limit(
    wishes: list[tuple[int, bool, int, int]],
    positions: list[int],
    account: int,
    btc: int,
    coins: int,
) -> None:
    limits = {"BTC": (float(btc), coins * 0.1)}
    market = Market(exposure_max_usd=float(account), by_currency=limits)
    for index, lots in enumerate(positions):
        market.core.set_position(index, lots, PRICE)
    began_usd, began = sums(market.worst())
    for i in range(4):
        market.tell(i)
    for i, is_bid, away, lots in wishes:
        tick = 100 if i == 3 else 10_000
        wisher = market.wishers[i]
        if is_bid:
            wisher.bids = [(tick - away, lots)]
        else:
            wisher.asks = [(tick + away, lots)]
        market.tell(i)
        found_usd, found = sums(market.worst())
        assert found_usd <= max(account, began_usd) + 1e-6
        assert found["BTC"][0] <= max(btc, began["BTC"][0]) + 1e-6
        for side in (1, 2):
            assert found["BTC"][side] <= max(coins * 0.1, began["BTC"][side]) + 1e-9
        told_usd, told = market.core.exposure.totals(market.core.orders)
        assert told_usd == pytest.approx(found_usd)
        for name, row in told.items():
            assert row == pytest.approx(tuple(found[name]))
    assert market.core.snapshot()["halted"] == ""


events = st.lists(
    st.tuples(
        st.sampled_from(["bid", "ask", "pull", "answer", "fill", "mark", "position"]),
        st.integers(0, 3),
        st.integers(1, 30),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(history=events, ticks=st.booleans())
def test_the_sums_that_are_kept_are_those_of_a_walk(
    history: list[tuple[str, int, int]], ticks: bool
) -> None:
    market = Market(
        budgets(carry=(4_000.0, 1_000.0), coins=(0.0, 700.0)),
        exposure_max_usd=9_000.0,
        by_currency={"BTC": (5_000.0, 2.0)},
    )
    venues = [
        SlowVenue(row["instrument_name"], 1_000 * i) for i, row in enumerate(ROWS)
    ]
    for i in range(4):
        market.tell(i)
    for what, i, lots in history:
        happen(market, venues[i], what, i, lots)
        for line in market.core.data_to_send(0).splitlines():
            request = json.loads(line)["params"]
            named = request.get("instrument_name", request.get("order_id"))
            for venue in venues:
                if named == venue.name or named in venue.orders:
                    venue.receive(line)
        if ticks:
            market.t_ns += 300 * MS
            market.core.handle_timer(market.t_ns)
        walked_usd, walked = market.core.exposure.totals(market.core.orders)
        kept_usd, kept, kept_budgets = market.core.exposure.counted(market.core.orders)
        assert kept_usd == pytest.approx(walked_usd, rel=1e-12, abs=1e-6)
        for name, row in walked.items():
            assert kept[name] == pytest.approx(row, rel=1e-12, abs=1e-9)
        for name, (usd, nets) in market.core.exposure.budget_totals(
            market.core.orders
        ).items():
            assert kept_budgets[name][0] == pytest.approx(usd, rel=1e-12, abs=1e-6)
            for base, sides in nets.items():
                kept_sides = kept_budgets[name][1][base]
                assert kept_sides == pytest.approx(sides, rel=1e-12, abs=1e-6)
    assert market.core.snapshot()["halted"] == ""


def happen(market: Market, venue: SlowVenue, what: str, i: int, lots: int) -> None:
    """Let one thing happen to one instrument."""
    wisher, tick = market.wishers[i], 100 if i == 3 else 10_000
    if what == "bid":
        wisher.bids = [(tick - 1 - lots % 3, lots), (tick - 5, lots)]
    elif what == "ask":
        wisher.asks = [(tick + 1 + lots % 3, lots)]
    elif what == "pull":
        wisher.bids, wisher.asks = [], []
    elif what == "mark":
        mark(market, PRICE - lots)
    elif what == "position":
        market.core.set_position(i, lots - 15, PRICE)
    elif what == "answer" and venue.requests:
        venue.work()
    elif what == "fill" and venue.open_orders():
        row = venue.open_orders()[0]
        venue.trade(row["order_id"], row["amount"] - row["filled_amount"], apart=True)
    frames, venue.frames = venue.frames, []
    for frame in frames:
        market.core.receive_data(0, market.t_ns, frame)
    market.tell(i)


def test_what_reduces_is_allowed_past_every_limit() -> None:
    market = Market(exposure_max_usd=100.0)
    market.core.set_position(0, 40, PRICE)
    for i in range(4):
        market.tell(i)
    market.wishers[0].asks = [(10_001, 25)]
    market.wishers[0].bids = [(9_999, 1)]
    market.tell(0)
    (request,) = [json.loads(line) for line in market.core.data_to_send(0).splitlines()]
    assert (request["method"], request["params"]["amount"]) == ("private/sell", 250)


def test_without_a_price_nothing_is_allowed() -> None:
    market = Market(exposure_max_usd=10_000.0)
    market.core.set_position(1, 5, PRICE)
    market.tell(0)
    market.wishers[0].bids = [(9_999, 1)]
    market.tell(0)
    assert market.core.data_to_send(0) == b"", "the linear one has no mark yet"
    market.tell(1)
    market.tell(0)
    assert market.core.data_to_send(0) != b""


def mark(market: Market, price: float) -> list[tuple[str, float]]:
    """Move the mark of the linear perpetual; return method and amount of requests."""
    name = ROWS[1]["instrument_name"]
    ticker = {"instrument_name": name, "timestamp": 2, "state": "open"}
    prices = {"mark_price": price, "index_price": price}
    market.push(f"ticker.{name}.raw", {**ticker, **prices})
    sent = [json.loads(line) for line in market.core.data_to_send(0).splitlines()]
    return [(r["method"], r["params"]["amount"]) for r in sent]


def test_a_creep_of_prices_stops_growth_and_cuts_nothing() -> None:
    market, venue = Market(exposure_max_usd=105.0), SlowVenue(LINEAR["instrument_name"])
    for i in range(4):
        market.tell(i)
    market.wishers[1].bids = [(9_999, 30)]
    market.tell(1)
    venue.receive(market.core.data_to_send(0))
    assert venue.work()["params"]["amount"] == 0.021
    for frame in venue.frames:
        market.core.receive_data(0, market.t_ns, frame)
    assert mark(market, 4_900.0) == [], "one more lot would be past it"
    assert mark(market, 5_050.0) == [], "past it by one in a hundred"
    assert mark(market, 5_150.0) == [("private/edit", 0.02)]


def test_more_currencies_than_there_is_room_for_are_refused() -> None:
    many = {f"C{i}": (1.0, 0.0) for i in range(65)}
    with pytest.raises(ValueError, match="more than 64 currencies"):
        Core(1).set_caps(by_currency=many)


@settings(max_examples=150, deadline=None)
@given(
    wishes=wishes,
    positions=positions,
    usd=st.integers(300, 10_000),
    delta=st.integers(100, 3_000),
)
def test_no_order_of_wishes_takes_a_budget_past_its_limits(
    wishes: list[tuple[int, bool, int, int]],
    positions: list[int],
    usd: int,
    delta: int,
) -> None:
    """Legs net within a budget and a coin, everything open at its worst."""
    market = Market(budgets(carry=(float(usd), float(delta)), coins=(0.0, 500.0)))
    for index, lots in enumerate(positions):
        market.core.set_position(index, lots, PRICE)
    began = {name: budget_sums(market.worst(), name) for name in MEMBERS}
    for i in range(4):
        market.tell(i)
    for i, is_bid, away, lots in wishes:
        tick = 100 if i == 3 else 10_000
        wisher = market.wishers[i]
        if is_bid:
            wisher.bids = [(tick - away, lots)]
        else:
            wisher.asks = [(tick + away, lots)]
        market.tell(i)
        told = market.core.exposure.budget_totals(market.core.orders)
        for name, most, delta_max in (("carry", usd, delta), ("coins", 0, 500)):
            found_usd, nets = budget_sums(market.worst(), name)
            assert not most or found_usd <= max(most, began[name][0]) + 1e-6
            for base, sides in nets.items():
                for side in (0, 1):
                    assert sides[side] <= (
                        max(delta_max, began[name][1][base][side]) + 1e-6
                    )
            assert told[name][0] == pytest.approx(found_usd)
    assert market.core.snapshot()["halted"] == ""


def test_a_leg_may_go_on_when_the_other_offsets_it() -> None:
    """Delta 100 USD: 10 lots long in one leg, 30 more once the other is short 300."""
    market = Market(budgets(carry=(0.0, 100.0)))
    market.core.set_position(1, -60, PRICE)  # 300 USD short in the linear leg
    for i in range(4):
        market.tell(i)
    market.wishers[0].bids = [(9_999, 50)]
    market.tell(0)
    (request,) = [json.loads(line) for line in market.core.data_to_send(0).splitlines()]
    assert request["params"]["amount"] == 400


def test_what_is_in_no_budget_is_not_bounded_by_one() -> None:
    market = Market(budgets(carry=(50.0, 0.0)))
    for i in range(4):
        market.tell(i)
    market.wishers[0].bids = market.wishers[2].bids = [(9_999, 30)]
    for i in (0, 2):
        market.tell(i)
    sent = [json.loads(line) for line in market.core.data_to_send(0).splitlines()]
    assert [r["params"]["amount"] for r in sent] == [50, 300]


def test_more_budgets_than_there_is_room_for_are_refused() -> None:
    one = next(iter(budgets(carry=(1.0, 0.0)).values()))
    many = {f"B{i}": {**one, "instruments": []} for i in range(65)}
    with pytest.raises(ValueError, match="more than 64 budgets"):
        Core(1).set_budgets(many)


def test_an_instrument_is_in_one_budget_and_budgets_come_first() -> None:
    both = budgets(carry=(1.0, 0.0), coins=(1.0, 0.0))
    both["coins"]["instruments"] = both["carry"]["instruments"]
    with pytest.raises(ValueError, match="is in coins and carry"):
        Core(1).set_budgets(both)
    with pytest.raises(ValueError, match="before the instruments"):
        Market().core.set_budgets(budgets(carry=(1.0, 0.0)))
    with pytest.raises(ValueError, match="delta_max_usd = -1"):
        Core(1).set_budgets(budgets(carry=(1.0, -1.0)))

"""Any sequence of quotes, orders, fills, cancels and resets, against the slow twin."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import FREE, EngineLimits, RateConfig
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, SELL, Order
from engine.sim.venue.trading.mmp import STEP_ATTO, Group
from tests.oracles.mmp import Config, Event, SlowGroup
from tests.unit.sim.venue.client import MS, PERP, Bench, Refused
from tests.unit.sim.venue.quoter import quote

pytestmark = pytest.mark.stateful

DATED = "BTC-25DEC26"
INDEX = "btc_usd"
NAMES = ("one", "two", "")  # two groups for quotes and the one for orders
MANY = RateConfig(10**6, 10**6)
TICKS = {PERP: 0.5, DATED: 2.5}
SIDES = st.one_of(
    st.none(),
    st.tuples(st.integers(-6, 6), st.integers(1, 900)),
    st.tuples(st.integers(-6, 6), st.none()),
    st.tuples(st.none(), st.integers(0, 900)),
    st.tuples(st.just(0.3), st.integers(1, 9)),  # off the tick
)
QUOTES = st.dictionaries(
    st.sampled_from((PERP, DATED)), st.tuples(SIDES, SIDES), min_size=1
)
LIMITS = st.sampled_from((None, *map(Decimal, ("0.005", "0.05", "0.1"))))
Wish = tuple[float | None, int | None] | None


def side_of(wish: Wish, name: str) -> dict[str, Any] | None:
    """Return a side at ticks from 80,000 and lots of ten."""
    if wish is None:
        return None
    ticks, lots = wish
    side: dict[str, Any] = {}
    if ticks is not None:
        side["price"] = 80_000.0 + ticks * TICKS[name]
    if lots is not None:
        side["amount"] = lots * 10
    return side


class Quoting(RuleBasedStateMachine):
    """A maker with three groups between two strangers who trade with each other."""

    def __init__(self) -> None:
        super().__init__()
        limits = EngineLimits(maximum_mass_quotes=MANY, maximum_quotes=MANY)
        limits = replace(limits, cancel_quotes=MANY)
        maker, taker = default_accounts(10**6, 10**6)
        accounts = (replace(maker, limits=limits), taker)
        self.bench = Bench(VenueConfig(accounts=accounts, credits=FREE, bump_ms=0))
        self.client = self.bench.connect("maker")
        self.client.call("private/enable_cancel_on_disconnect")
        self.client.call("private/subscribe", channels=["user.mmp_trigger.any"])
        self.account = self.bench.venue.exchange.accounts["maker"]
        self.twins = {name: SlowGroup() for name in NAMES}
        self.seen = 0
        for name in NAMES:
            self.configure(name, 5, 2, Decimal("0.1"), Decimal("0.05"), 3)

    def group(self, name: str) -> Group:
        return self.account.mmp_groups[(INDEX, name)]

    def frozen(self, name: str) -> bool:
        state = self.twins[name].state(self.bench.now_ns)
        return state.frozen_until is not None

    def open(self, name: str) -> dict[tuple[str, int], tuple[float, int]]:
        """Return (price, lots) of the quotes of a group."""
        return {
            (o.instrument.name, o.side): (
                o.instrument.price(o.price_ticks),
                o.open_lots,
            )
            for o in self.account.open_orders.values()
            if o.group is self.group(name)
        }

    # What the maker does.

    @initialize()
    def begin(self) -> None:
        """Stand on both sides with all three groups, so that there is what to hit."""
        for name in NAMES[:2]:
            both = {PERP: ((-2, 400), (2, 400)), DATED: ((-1, 80), (1, 80))}
            self.mass_quote(name, both)
        self.protected_order(True, -3, 80)
        self.protected_order(False, 3, 80)

    @rule(
        name=st.sampled_from(NAMES),
        interval=st.integers(1, 10),
        frozen=st.integers(0, 4),
        quantity=LIMITS,
        delta=LIMITS,
        most=st.sampled_from((0.02, 0.1, 3)),
    )
    def configure(
        self,
        name: str,
        interval: int,
        frozen: int,
        quantity: Decimal | None,
        delta: Decimal | None,
        most: float,
    ) -> None:
        params: dict[str, Any] = {
            "index_name": INDEX,
            "interval": interval,
            "frozen_time": frozen,
            "max_quote_quantity": most,
        }
        if name:
            params["mmp_group"] = name
        for key, limit in (("quantity_limit", quantity), ("delta_limit", delta)):
            if limit is not None:
                params[key] = float(limit)
        self.client.call("private/set_mmp_config", **params)
        config = Config(interval, frozen, quantity, delta)
        self.twins[name].events.append(Event(self.bench.now_ns, config))

    @rule(name=st.sampled_from(NAMES[:2]), quotes=QUOTES)
    def mass_quote(self, name: str, quotes: dict[str, tuple[Wish, Wish]]) -> None:
        before = self.open(name)
        rows = [
            quote(side_of(bid, market), side_of(ask, market), market)
            for market, (bid, ask) in quotes.items()
            if bid is not None or ask is not None
        ]
        if not rows:
            return
        request = {"quote_id": "1", "mmp_group": name, "quotes": rows}
        frozen = self.frozen(name)
        try:
            answer = self.client.call("private/mass_quote", detailed=True, **request)
        except Refused as refused:
            assert (refused.code, frozen) == (13030, True)
            return
        assert not frozen
        errors = {(e["instrument_name"], e["side"]) for e in answer["errors"]}
        self.check_sides(name, quotes, before, errors)

    def check_sides(
        self,
        name: str,
        quotes: dict[str, tuple[Wish, Wish]],
        before: dict[tuple[str, int], tuple[float, int]],
        errors: set[tuple[str, str]],
    ) -> None:
        """Check that every side became what was asked, went, or stayed as it was."""
        if any(e.fills for e in self.new_rounds()[name]):
            return  # what has traded has other sizes, or triggered
        after = self.open(name)
        for market, wishes in quotes.items():
            for side, called, wish in zip(
                (BUY, SELL), ("bid", "ask"), wishes, strict=True
            ):
                place = (market, side)
                if wish is None:
                    assert after.get(place) == before.get(place)
                elif (market, called) in errors or wish[1] == 0:
                    assert place not in after
                else:
                    price, lots = after[place]
                    assert wish[1] in (None, lots)
                    if wish[0] is not None:
                        assert price == 80_000.0 + wish[0] * TICKS[market]

    @rule(buys=st.booleans(), ticks=st.integers(-6, 6), lots=st.integers(1, 900))
    def protected_order(self, buys: bool, ticks: int, lots: int) -> None:
        method = self.client.buy if buys else self.client.sell
        frozen = self.frozen("")
        try:
            method(80_000.0 + ticks * 0.5, lots * 10, mmp=True)
        except Refused as refused:
            assert (refused.code == 13030) == frozen
            assert refused.code in (13030, 10003, 11030)
        else:
            assert not frozen

    @rule(freeze=st.booleans())
    def cancel_quotes(self, freeze: bool) -> None:
        quotes = sum(order.is_quote for order in self.account.open_orders.values())
        cancel = {"cancel_type": "all", "freeze_quotes": False}
        assert self.client.call("private/cancel_quotes", **cancel) == quotes
        assert not any(order.is_quote for order in self.account.open_orders.values())

    @rule()
    def cancel_all(self) -> None:
        self.client.call("private/cancel_all")
        assert not self.account.open_orders

    @rule(name=st.sampled_from(NAMES))
    def reset(self, name: str) -> None:
        named = {"mmp_group": name} if name else {}
        self.client.call("private/reset_mmp", index_name=INDEX, **named)
        self.twins[name].events.append(Event(self.bench.now_ns))

    # What others do.

    @rule(
        who=st.sampled_from(("ann", "bob")),
        market=st.sampled_from((PERP, DATED)),
        direction=st.sampled_from(("buy", "sell")),
        ticks=st.integers(-6, 6),
        lots=st.integers(1, 900),
        at_once=st.booleans(),
    )
    def stranger(
        self,
        who: str,
        market: str,
        direction: str,
        ticks: int,
        lots: int,
        at_once: bool,
    ) -> None:
        in_force = "immediate_or_cancel" if at_once else "good_til_cancelled"
        price = 80_000.0 + ticks * TICKS[market]
        more = {"account": who, "instrument": market, "time_in_force": in_force}
        try:
            self.bench.place(direction, price, lots * 10, **more)
        except Reject as reject:
            assert reject.name == "order_overlap"

    @rule(
        market=st.sampled_from((PERP, DATED)),
        direction=st.sampled_from(("buy", "sell")),
        lots=st.sampled_from((8, 40, 80, 400, 800, 2_000)),
    )
    def take(self, market: str, direction: str, lots: int) -> None:
        """Take whatever stands on a side, at eighty thousand exact coins at times."""
        price = 80_000.0 + (100 if direction == "buy" else -100)
        more = {"account": "carl", "instrument": market}
        in_force = "immediate_or_cancel"
        self.bench.place(direction, price, lots * 10, time_in_force=in_force, **more)

    @rule(ms=st.sampled_from((1, 500, 999, 1_000, 2_000, 4_000, 5_000)))
    def wait(self, ms: int) -> None:
        self.bench.advance(ms * MS)

    # What always holds.

    def new_rounds(self) -> dict[str, list[Event]]:
        """Return what traded under each group since the last look, by taker."""
        rounds: dict[str, list[Event]] = {name: [] for name in NAMES}
        trades = list(self.account.trades)[self.seen :]
        for _, some in groupby(trades, key=lambda trade: trade.taker):
            fills: dict[str, list[Decimal]] = {}
            for trade in some:
                price = Decimal(repr(trade.instrument.price(trade.price_ticks)))
                coins = trade.lots * 10 / price
                for order in (trade.maker, trade.taker):
                    if order.group is not None:
                        signed = coins * order.side
                        fills.setdefault(order.group.name, []).append(signed)
            for name, signed_fills in fills.items():
                event = Event(trade.time_ns, fills=tuple(signed_fills))
                rounds[name].append(event)
        return rounds

    @invariant()
    def counters_are_what_a_slow_count_says(self) -> None:
        for name, events in self.new_rounds().items():
            self.twins[name].events += events
        self.seen = len(self.account.trades)
        now_ns = self.bench.now_ns
        for name, twin in self.twins.items():
            group, state = self.group(name), twin.state(now_ns)
            assert group.is_frozen(now_ns) == (state.frozen_until is not None)
            if state.frozen_until is not None:
                assert group.frozen_until_ns == state.frozen_until
            else:
                assert group.window_ns == (state.window_from or 0)
                close = pytest.approx(float(state.quantity), abs=1e-12)
                assert group.traded.quantity / 1e18 == close
                close = pytest.approx(float(state.delta), abs=1e-12)
                assert group.traded.delta / 1e18 == close

    @invariant()
    def nothing_protected_rests_in_a_freeze(self) -> None:
        for name in NAMES:
            if self.group(name).is_frozen(self.bench.now_ns):
                assert not self.group(name).live
                assert not self.open(name)

    @invariant()
    def one_quote_a_side_and_what_is_live_is_open(self) -> None:
        orders = list(self.account.open_orders.values())
        places = Counter(
            (order.group, order.instrument.name, order.side)
            for order in orders
            if order.is_quote
        )
        assert max(places.values(), default=0) <= 1
        live = [o for name in NAMES for o in self.group(name).orders()]
        assert sorted(live, key=by_number) == sorted(orders, key=by_number)

    @invariant()
    def open_size_stays_within_its_bound(self) -> None:
        for name in NAMES:
            group = self.group(name)
            for market, side in group.live:
                room = group.room(self.bench.venue.exchange.markets[market], side)
                assert 0 <= room <= group.limits.max_quote * STEP_ATTO

    @invariant()
    def open_orders_take_no_margin_but_what_the_groups_reserve(self) -> None:
        reserved = sum(self.group(name).margin for name in NAMES)
        margin = self.account.initial_margin("BTC")
        if any(position.size for position in self.account.in_currency("BTC")):
            assert margin > reserved
        else:
            assert margin == reserved


def by_number(order: Order) -> int:
    return order.number


TestQuoting = Quoting.TestCase
TestQuoting.settings = settings(max_examples=50, stateful_step_count=50, deadline=None)

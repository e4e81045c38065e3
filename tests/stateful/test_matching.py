"""The venue's matching against a slow twin, and its channels against its books."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.sim.venue import Order, Reject, VenueConfig
from engine.sim.venue.config import FREE
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.markets.watch import Trigger
from engine.sim.venue.trading.edits import Change, edit
from engine.sim.venue.trading.orders import NewOrder, submit
from engine.sim.venue.trading.triggers import arm, rises
from engine.sim.venue.units import REF
from tests.oracles.matching import SlowBook, SlowOrder, SlowTrigger
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench, rebuild

pytestmark = pytest.mark.stateful

TICK, LOT = Decimal("0.5"), Decimal(10)
PRICES = st.integers(-8, 8).map(lambda n: Decimal(80_000) + n * TICK)
AMOUNTS = st.integers(1, 12).map(lambda n: n * LOT)
LARGE = st.integers(100, 1_200).map(lambda n: n * LOT)
TIPS = st.integers(100, 300).map(lambda n: n * LOT)
ACCOUNTS = st.sampled_from(("ann", "bob", "maker", "taker"))
CHANNELS = [f"book.{PERP}.{interval}" for interval in ("raw", "100ms", "agg2")]
TAPE = f"trades.{PERP}.raw"
STYLES = st.sampled_from(("plain", "slide", "reject", "ioc", "fok"))
IN_FORCE = {"ioc": "immediate_or_cancel", "fok": "fill_or_kill"}
TRIGGERS = st.sampled_from(
    ("stop_limit", "take_limit", "stop_market", "take_market", "trailing_stop")
)


class Matching(RuleBasedStateMachine):
    """Everything an order can do, done twice."""

    CONFIG = VenueConfig(credits=FREE, mark_bound_bps=0)  # the mark is the index
    BUMP_NS = 0

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(self.CONFIG)
        self.twin = SlowBook(TICK, self.edge, self.BUMP_NS, now_ns=self.bench.now_ns)
        self.orders: dict[int, Order] = {}
        self.waits: dict[int, Order] = {}
        self.keys = 0
        self.client = self.bench.connect("maker")
        self.client.call("private/subscribe", channels=[*CHANNELS, TAPE])
        self.late = self.bench.connect("taker")
        self.late_on = ""

    @property
    def market(self) -> Any:
        return self.bench.venue.exchange.markets[PERP]

    def edge(self, buys: bool) -> Decimal:
        return TICK * (self.market.max_ticks if buys else self.market.min_ticks)

    def next_key(self) -> int:
        self.keys += 1
        return self.keys

    def lots(self, amount: Decimal) -> int:
        return int(amount / LOT)

    def ticks(self, price: Decimal) -> int:
        return int(price / TICK)

    def go_on(self) -> None:
        """Let what is due happen on both sides."""
        self.bench.advance(0)
        self.twin.catch_up(self.bench.now_ns, self.next_key)
        for trigger, entered in self.twin.entered:
            waited = self.waits.pop(trigger.key)
            found = [
                order
                for order in self.bench.venue.exchange.orders.values()
                if order.trigger_order_id == waited.order_id
            ]
            assert waited.state == ("rejected" if entered is None else "triggered")
            assert len(found) == (entered is not None)
            if entered is not None:
                self.orders[entered.key] = found[0]
        self.twin.entered.clear()

    @rule(account=ACCOUNTS, buys=st.booleans(), price=PRICES, amount=AMOUNTS, s=STYLES)
    def enter(
        self, account: str, buys: bool, price: Decimal, amount: Decimal, s: str
    ) -> None:
        post_only, reject = s in ("slide", "reject"), s == "reject"
        in_force = IN_FORCE.get(s, "good_til_cancelled")
        twin = SlowOrder(
            self.next_key(), account, buys, price, amount, in_force=in_force
        )
        expected = self.twin.enter(twin, post_only=post_only, reject=reject)
        try:
            order = self.bench.place(
                "buy" if buys else "sell",
                price,
                amount,
                account=account,
                post_only=post_only,
                reject_post_only=reject,
                time_in_force=in_force,
            )
        except Reject as refusal:
            assert refusal.name == expected
            return
        assert ("pending" if order.pending else order.state) == expected
        self.orders[twin.key] = order
        self.go_on()

    @rule(account=ACCOUNTS, buys=st.booleans(), price=PRICES, amount=LARGE, tip=TIPS)
    def enter_iceberg(
        self, account: str, buys: bool, price: Decimal, amount: Decimal, tip: Decimal
    ) -> None:
        twin = SlowOrder(self.next_key(), account, buys, price, amount, tip)
        expected = self.twin.enter(twin)
        new = self.request(account, buys, price, amount, display_lots=self.lots(tip))
        try:
            order = submit(self.bench.venue.exchange, new)
        except Reject as refusal:
            assert refusal.name == expected
            return
        assert ("pending" if order.pending else order.state) == expected
        self.orders[twin.key] = order
        self.bench.venue.publish()
        self.go_on()

    def request(
        self,
        account: str,
        buys: bool,
        price: Decimal | None,
        amount: Decimal,
        **more: Any,
    ) -> NewOrder:
        return NewOrder(
            account=self.bench.venue.exchange.account(account),
            market=self.market,
            side=BUY if buys else SELL,
            lots=self.lots(amount),
            price_ticks=None if price is None else self.ticks(price),
            **more,
        )

    @rule(
        account=st.sampled_from(("maker", "taker")),
        buys=st.booleans(),
        kind=TRIGGERS,
        source=st.sampled_from(("index_price", "last_price")),
        price=PRICES,
        level=PRICES,
        amount=AMOUNTS,
    )
    def let_wait(
        self,
        account: str,
        buys: bool,
        kind: str,
        source: str,
        price: Decimal,
        level: Decimal,
        amount: Decimal,
    ) -> None:
        side = BUY if buys else SELL
        trail = 4 * TICK if kind == "trailing_stop" else Decimal(0)
        limit = price if kind.endswith("limit") else None
        twin = SlowTrigger(
            self.next_key(), account, buys, limit, amount, source, level,
            rises(kind, side), trail,
        )  # fmt: skip
        expected = self.twin.arm(twin, self.price_of(source))
        trigger = Trigger(source, int(level * REF), twin.rises, int(trail * REF))
        new = self.request(account, buys, limit, amount)
        new = replace(new, order_type=kind, trigger=trigger)
        try:
            order = arm(self.bench.venue.exchange, new)
        except Reject as refusal:
            assert refusal.name == expected
            return
        assert order.state == expected
        self.waits[twin.key] = order
        self.bench.venue.publish()

    def price_of(self, source: str) -> Decimal:
        if source == "index_price":
            return Decimal(self.market.index.ref) / REF
        last: int | None = self.market.last_ticks
        return Decimal(self.market.mark_ref) / REF if last is None else last * TICK

    @rule(price=PRICES)
    def move_index(self, price: Decimal) -> None:
        self.bench.venue.set_index("btc_usd", price, self.bench.now_ns)
        self.twin.priced("index_price", price)
        self.go_on()

    @precondition(lambda self: self.waits)
    @rule(data=st.data())
    def let_wait_no_longer(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.waits)))
        self.twin.waiting = [t for t in self.twin.waiting if t.key != key]
        assert self.bench.venue.cancel_order(self.waits.pop(key), self.bench.now_ns)

    def open_keys(self) -> list[int]:
        return [one.key for one in self.twin.resting]

    @precondition(lambda self: self.twin.resting)
    @rule(data=st.data(), price=PRICES, total=AMOUNTS, keep_price=st.booleans())
    def edit(
        self, data: st.DataObject, price: Decimal, total: Decimal, keep_price: bool
    ) -> None:
        key = data.draw(st.sampled_from(self.open_keys()))
        price = self.twin.find(key).price if keep_price else price
        self.change(key, price, total, None)

    @precondition(lambda self: any(one.tip for one in self.twin.resting))
    @rule(data=st.data(), total=LARGE, tip=TIPS, keep_total=st.booleans())
    def edit_iceberg(
        self, data: st.DataObject, total: Decimal, tip: Decimal, keep_total: bool
    ) -> None:
        icebergs = [one.key for one in self.twin.resting if one.tip]
        order = self.twin.find(data.draw(st.sampled_from(icebergs)))
        total = order.filled + order.left if keep_total else total
        self.change(order.key, order.price, total, tip)

    def change(
        self, key: int, price: Decimal, total: Decimal, tip: Decimal | None
    ) -> None:
        order, exchange = self.orders[key], self.bench.venue.exchange
        flags = {"post_only": order.post_only, "reject": order.reject_post_only}
        expected = self.twin.edit(key, price, total, tip=tip, **flags)
        change = Change(self.lots(total), self.ticks(price))
        if tip is not None:
            change.display_lots = self.lots(tip)
        try:
            edit(exchange, order, change)
        except Reject as refusal:
            assert refusal.name == expected
            gone = expected == "post_only_reject"
            assert order.state == ("cancelled" if gone else "open")
            assert order.cancel_reason == ("edit_post_only_reject" if gone else "")
        else:
            assert ("pending" if order.pending else order.state) == expected
        self.bench.venue.publish()
        self.go_on()

    @precondition(lambda self: self.twin.resting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.open_keys()))
        self.twin.cancel(key)
        assert self.bench.venue.cancel_order(self.orders[key], self.bench.now_ns)
        assert not self.bench.venue.cancel_order(self.orders[key], self.bench.now_ns)

    @rule(ns=st.sampled_from((MS, 40 * MS, 100 * MS, SECOND)))
    def wait(self, ns: int) -> None:
        until_ns = self.bench.now_ns + ns
        while self.twin.pending and self.twin.pending[0][0] <= until_ns:
            self.bench.advance(self.twin.pending[0][0] - self.bench.now_ns)
            self.go_on()
        self.bench.advance(until_ns - self.bench.now_ns)
        self.go_on()

    @rule(channel=st.sampled_from(CHANNELS))
    def somebody_comes_late(self, channel: str) -> None:
        if self.late_on:
            self.late.call("public/unsubscribe", channels=[self.late_on])
        self.late.frames.clear()
        self.late_on = channel
        self.late.call("public/subscribe", channels=[channel])

    @invariant()
    def same_queues(self) -> None:
        for side in (1, -1):
            queues = {
                price * TICK: [
                    (order.number, order.open_lots * LOT, order.shown_lots * LOT)
                    for order in self.market.book.queue(side, price)
                ]
                for price, _ in self.market.book.levels(side)
            }
            expected = {
                price: [(self.orders[key].number, *rest) for key, *rest in queue]
                for price, queue in self.twin.levels(side == 1).items()
            }
            assert queues == expected
            for price, lots in self.market.book.levels(side):
                shown = sum(shown for *_, shown in queues[price * TICK])
                assert lots * LOT == shown

    @invariant()
    def never_crossed(self) -> None:
        bid, ask = self.market.book.best(1), self.market.book.best(-1)
        assert bid is None or ask is None or bid < ask

    @invariant()
    def same_states(self) -> None:
        pending = {order.key for _, order in self.twin.pending}
        assert pending == {key for key, one in self.orders.items() if one.pending}
        assert {one.state for one in self.waits.values()} <= {"untriggered"}
        assert set(self.waits) == {one.key for one in self.twin.waiting}

    @invariant()
    def same_trades(self) -> None:
        tape = list(self.market.tape)
        assert [
            (t.maker.number, t.taker.number, t.price_ticks * TICK, t.lots * LOT)
            for t in tape
        ] == [
            (self.orders[m].number, self.orders[t].number, price, amount)
            for m, t, price, amount in self.twin.fills
        ]
        printed = [trade for batch in self.client.on(TAPE) for trade in batch]
        seqs = [trade["trade_seq"] for trade in printed]
        assert seqs == [trade.trade_seq for trade in tape]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True

    @invariant()
    def nothing_is_lost_between_accounts(self) -> None:
        accounts = self.bench.venue.exchange.accounts.values()
        held = [p for a in accounts for p in a.positions.values()]
        assert sum(p.size for p in held) == 0
        assert sum(p.realized + p.cost for p in held) == 0
        assert self.market.open_interest_lots == sum(max(p.size, 0) for p in held)
        for account in accounts:
            orders = [o for o in account.open_orders.values() if o.state == "open"]
            for side in (1, -1):
                resting = sum(o.open_lots for o in orders if o.side == side)
                counted = [
                    p.buy_lots if side == 1 else p.sell_lots
                    for p in account.positions.values()
                ]
                assert resting == sum(counted)
            counts = +account.open_counts
            assert counts["future"] == len(orders)
            assert counts.total() == len(account.open_orders)

    @invariant()
    def raw_channel_is_the_book(self) -> None:
        assert rebuild(self.client.on(CHANNELS[0])) == self.book()

    def book(self) -> tuple[dict[float, float], dict[float, float]]:
        bids, asks = (
            {
                float(p * TICK): float(lots * LOT)
                for p, lots in self.market.book.levels(s)
            }
            for s in (1, -1)
        )
        return bids, asks

    def teardown(self) -> None:
        self.wait(SECOND)
        for channel in CHANNELS:
            assert rebuild(self.client.on(channel)) == self.book()
        if self.late_on:
            assert rebuild(self.late.on(self.late_on)) == self.book()


class Bumped(Matching):
    """The same where what would trade at once waits for ten milliseconds."""

    CONFIG = replace(Matching.CONFIG, bump_exempt=())
    BUMP_NS = 10 * MS

    @precondition(lambda self: self.twin.pending)
    @rule(data=st.data())
    def cancel_what_is_firm(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([one.key for _, one in self.twin.pending]))
        self.twin.cancel(key)
        assert self.bench.venue.cancel_order(self.orders[key], self.bench.now_ns)
        assert self.orders[key].pending

    @precondition(lambda self: self.twin.pending)
    @rule(data=st.data(), price=PRICES, total=AMOUNTS)
    def edit_what_is_firm(
        self, data: st.DataObject, price: Decimal, total: Decimal
    ) -> None:
        key = data.draw(st.sampled_from([one.key for _, one in self.twin.pending]))
        change = Change(self.lots(total), self.ticks(price))
        with pytest.raises(Reject, match="speed_bumped"):
            edit(self.bench.venue.exchange, self.orders[key], change)


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBumped = Bumped.TestCase
TestBumped.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)

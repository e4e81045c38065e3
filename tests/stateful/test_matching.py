"""The venue's matching against a slow twin, and its channels against its books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.sim.venue import Order, Reject, VenueConfig
from engine.sim.venue.config import FREE
from tests.oracles.matching import SlowBook, SlowOrder
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench, rebuild

pytestmark = pytest.mark.stateful


TICK, LOT = Decimal("0.5"), Decimal(10)
PRICES = st.integers(-8, 8).map(lambda n: Decimal(80_000) + n * TICK)
AMOUNTS = st.integers(1, 12).map(lambda n: n * LOT)
ACCOUNTS = st.sampled_from(("ann", "bob", "maker", "taker"))
CHANNELS = [f"book.{PERP}.{interval}" for interval in ("raw", "100ms", "agg2")]
TAPE = f"trades.{PERP}.raw"


class Matching(RuleBasedStateMachine):
    """Everything an order can do, done twice."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(VenueConfig(credits=FREE))
        self.twin = SlowBook(TICK)
        self.orders: dict[int, Order] = {}
        self.keys = 0
        self.client = self.bench.connect("maker")
        self.client.call("private/subscribe", channels=[*CHANNELS, TAPE])
        self.late = self.bench.connect("taker")
        self.late_on = ""

    @property
    def market(self) -> Any:
        return self.bench.venue.exchange.markets[PERP]

    @rule(
        account=ACCOUNTS,
        buys=st.booleans(),
        price=PRICES,
        amount=AMOUNTS,
        style=st.sampled_from(("plain", "slide", "reject", "ioc", "fok")),
    )
    def enter(
        self, account: str, buys: bool, price: Decimal, amount: Decimal, style: str
    ) -> None:
        self.keys += 1
        in_force = {"ioc": "immediate_or_cancel", "fok": "fill_or_kill"}.get(
            style, "good_til_cancelled"
        )
        post_only = style in ("slide", "reject")
        twin = SlowOrder(self.keys, account, buys, price, amount)
        expected = self.twin.enter(
            twin, post_only=post_only, reject=style == "reject", in_force=in_force
        )
        try:
            order = self.bench.place(
                "buy" if buys else "sell",
                price,
                amount,
                account=account,
                post_only=post_only,
                reject_post_only=style == "reject",
                time_in_force=in_force,
            )
        except Reject as reject:
            assert reject.name == expected
            return
        assert order.state == expected
        self.orders[self.keys] = order

    def open_keys(self) -> list[int]:
        return [one.key for one in self.twin.resting]

    @precondition(lambda self: self.twin.resting)
    @rule(data=st.data(), price=PRICES, total=AMOUNTS, keep_price=st.booleans())
    def edit(
        self, data: st.DataObject, price: Decimal, total: Decimal, keep_price: bool
    ) -> None:
        key = data.draw(st.sampled_from(self.open_keys()))
        order = self.orders[key]
        price = self.twin.find(key).price if keep_price else price
        expected = self.twin.edit(
            key, price, total, post_only=order.post_only, reject=order.reject_post_only
        )
        try:
            self.bench.venue.edit_order(order, price, total, self.bench.now_ns)
        except Reject as reject:
            assert reject.name == expected
            gone = expected == "post_only_reject"
            assert order.state == ("cancelled" if gone else "open")
            assert order.cancel_reason == ("edit_post_only_reject" if gone else "")
            return
        assert order.state == expected

    @precondition(lambda self: self.twin.resting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.open_keys()))
        self.twin.cancel(key)
        assert self.bench.venue.cancel_order(self.orders[key], self.bench.now_ns)
        assert not self.bench.venue.cancel_order(self.orders[key], self.bench.now_ns)

    @rule(ns=st.sampled_from((MS, 40 * MS, 100 * MS, SECOND)))
    def wait(self, ns: int) -> None:
        self.bench.advance(ns)

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
                    (order.number, order.open_lots * LOT)
                    for order in self.market.book.queue(side, price)
                ]
                for price, _ in self.market.book.levels(side)
            }
            expected = {
                price: [(self.orders[key].number, left) for key, left in queue]
                for price, queue in self.twin.levels(side == 1).items()
            }
            assert queues == expected
            for price, lots in self.market.book.levels(side):
                assert lots * LOT == sum(left for _, left in queues[price * TICK])

    @invariant()
    def never_crossed(self) -> None:
        bid, ask = self.market.book.best(1), self.market.book.best(-1)
        assert bid is None or ask is None or bid < ask

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
            orders = account.open_orders.values()
            for side in (1, -1):
                resting = sum(o.open_lots for o in orders if o.side == side)
                counted = [
                    p.buy_lots if side == 1 else p.sell_lots
                    for p in account.positions.values()
                ]
                assert resting == sum(counted)

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
        self.bench.advance(SECOND)
        for channel in CHANNELS:
            assert rebuild(self.client.on(channel)) == self.book()
        if self.late_on:
            assert rebuild(self.late.on(self.late_on)) == self.book()


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

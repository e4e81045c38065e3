"""The ledger against the venue's own accounts, whatever is traded, paid and settled.

One account is followed: its fills through the core's decoder, its log, positions and
contracts through the scripts of the session, asked of the venue as a client asks. Of
half of the instruments no fill is ever told: they are somebody else's. Fills are told
late, restarts happen, money comes and goes. Whenever the log has been read, cash is the
venue's to the satoshi, and positions, average prices and fees are the venue's exactly.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from engine._core.core import Core
from engine.session.context import Context, Listing
from engine.session.flow import Ask, Reply, Sleep
from engine.session.ledger.ledger import Ledger
from engine.session.ledger.poll import open_ledger, read_log
from engine.session.plan import QuotePlan, SessionSettings
from engine.sim.venue import Reject
from engine.sim.venue.config import FREE, AccountConfig
from engine.sim.venue.units import REF, to_atto
from tests.rig import SilentSession
from tests.stateful.test_money import CONFIG, DAY, HOUR, TRADED
from tests.unit.session.ledger.samples import Notes
from tests.unit.sim.venue.client import MS, SECOND, Bench, Refused

pytestmark = pytest.mark.stateful

EXAMPLES = int(os.environ.get("HALFSPREAD_STATEFUL_EXAMPLES") or "8")
CONTRACTS_FETCHED_MAX = 20
US = "maker"
THEM = ("taker", "ann", "bob")
QUOTED = (
    "BTC-PERPETUAL", "BTC-22SEP26", "BTC-25SEP26", "BTC_USDC-25SEP26",
    "BTC-25SEP26-80000-P", "BTC_USDC-25SEP26-80000-C", "BTC_USDC",
)  # fmt: skip
TRADES = "user.trades.any.any.raw"
SUB = AccountConfig("one", "one-secret", 2001, main=US)
PATIENT = replace(
    CONFIG,
    accounts=(*CONFIG.accounts, SUB),
    credits=FREE,
    expires_in_s=10**9,
    idle_s=10**9,
)
SATOSHI = Decimal("1e-8")


class Desk:
    """A session's context whose scripts ask a venue directly."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.client = bench.connect(US)
        self.client.listen(TRADES)
        self.core = Core(7)
        self.told = SilentSession()
        self.core.attach(self.told)
        self.ctx = Context(self.core, SessionSettings(), ())
        self.notes = Notes()
        self.ctx.ledger = Ledger(self.notes)
        for name in QUOTED:
            row = self.client.call("public/get_instrument", instrument_name=name)
            plan = QuotePlan(name, None, 1, 1, 1.0, SECOND)
            index = self.core.add_instrument(row)
            self.ctx.listings[name] = Listing(plan, row, index)
            self.ctx.ledger.know(row)
        self.taken = 0

    def run(self, script: Generator[Any, Any, None]) -> None:
        """Run a script to its end; the venue's clock stands still."""
        answer: Any = None
        while True:
            self.ctx.now_ns += 1
            self.ctx.clock.set_wall(self.ctx.now_ns, self.bench.now_ns // MS)
            try:
                step = script.send(answer)
            except StopIteration:
                return
            if isinstance(step, Sleep):
                self.ctx.now_ns += step.ns
                answer = None
            elif isinstance(step, Ask):
                answer = self.ask(step)
            else:
                answer = [self.ask(one) for one in step]

    def ask(self, ask: Ask) -> Reply:
        assert self.ctx.credits.take(ask.method, self.ctx.now_ns)
        try:
            return Reply(ask.method, self.client.call(ask.method, **ask.params))
        except Refused as refused:
            return Reply(ask.method, code=refused.code, message=refused.message)
        finally:
            self.ctx.credits.answered(ask.method, self.ctx.now_ns)

    def tell(self) -> None:
        """Tell the ledger the fills that have been heard of."""
        for rows in self.client.on(TRADES)[self.taken :]:
            self.taken += 1
            for row in rows:
                self.core.trade(row)
        for fill in self.told.told("fill"):
            self.ctx.ledger.on_fill(fill)
        self.told.calls.clear()


class Books(RuleBasedStateMachine):
    """What may happen to an account, and its ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(PATIENT)
        self.exchange = self.bench.venue.exchange
        self.markets = dict(self.exchange.markets)
        self.desk = Desk(self.bench)
        self.account = self.exchange.account(US)

    @property
    def ledger(self) -> Ledger:
        return self.desk.ctx.ledger

    # What may happen.

    @rule(
        name=st.sampled_from(TRADED),
        other=st.sampled_from(THEM),
        buys=st.booleans(),
        takes=st.booleans(),
        lots=st.integers(1, 300),
        away=st.integers(-3, 3),
    )
    def trade(
        self, name: str, other: str, buys: bool, takes: bool, lots: int, away: int
    ) -> None:
        market = self.markets[name]
        i = market.instrument
        ticks = i.ticks_below(market.mark_ref) + away
        if not i.is_combo:
            ticks = min(max(ticks, market.min_ticks, 1), market.max_ticks)
        price, amount = i.price(i.floor(ticks)), i.amount(lots)
        sides = ("buy", "sell") if buys else ("sell", "buy")
        both = [(US, sides[0]), (other, sides[1])]
        for account, side in reversed(both) if takes else both:
            try:
                self.bench.place(side, price, amount, instrument=name, account=account)
            except Reject as reject:
                assert reject.code in (10003, 10005, 10007, 10009, 10012, 10039, 13020)
        for account, _ in both:
            for order in list(self.exchange.account(account).open_orders.values()):
                self.bench.venue.cancel_order(order, self.bench.now_ns)

    @rule(
        name=st.sampled_from(["BTC-PERPETUAL", "BTC_USDC-PERPETUAL"]),
        bps=st.sampled_from([-40, -7, 7, 40]),
    )
    def lean(self, name: str, bps: int) -> None:
        """Let the market stand beside its index, so that funding is paid."""
        market = self.markets[name]
        i = market.instrument
        for order in list(self.exchange.account("flow").open_orders.values()):
            if order.instrument is i:
                self.bench.venue.cancel_order(order, self.bench.now_ns)
        near = market.index.ref * (10_000 + bps) // 10_000
        for side, away in (("buy", -1), ("sell", 1)):
            price = i.price(i.ticks_below(near) + away)
            self.bench.place(side, price, i.amount(900), instrument=name)
        self.bench.advance(HOUR)

    @rule(bps=st.integers(-300, 300), coin=st.booleans())
    def move(self, bps: int, coin: bool) -> None:
        name = "btc_usd" if coin else "btc_usdc"
        ref = self.exchange.indices[name].ref
        price = round(ref * (10_000 + bps) / 10_000 / REF, 2)
        self.bench.venue.set_index(name, price, self.bench.now_ns)

    @rule(pause_ns=st.sampled_from((SECOND, HOUR, 5 * HOUR, 18 * HOUR, DAY)))
    def wait(self, pause_ns: int) -> None:
        self.bench.advance(pause_ns)

    @rule()
    def settle(self) -> None:
        """Go on until the next settlement is over."""
        self.bench.advance(DAY - (self.bench.now_ns - 8 * HOUR) % DAY + 2 * SECOND)

    @rule(currency=st.sampled_from(["BTC", "USDC"]), amount=st.integers(-999, 10**6))
    def pay(self, currency: str, amount: int) -> None:
        """Let money come from elsewhere, or go there."""
        money = to_atto(Decimal(amount) * SATOSHI)
        self.account.move(currency, money)
        self.account.ledger.moved(currency, money, self.exchange.now_ms)

    @rule(
        name=st.sampled_from(["BTC-PERPETUAL", "BTC-25DEC26", "BTC-25SEP26-80000-P"]),
        lots=st.integers(1, 100),
        leaves=st.booleans(),
    )
    def shift(self, name: str, lots: int, leaves: bool) -> None:
        """Move a part of a position to a subaccount, or back."""
        uids = (1001, 2001) if leaves else (2001, 1001)
        amount = self.markets[name].instrument.amount(lots)
        try:
            self.desk.client.call(
                "private/move_positions",
                currency="BTC",
                source_uid=uids[0],
                target_uid=uids[1],
                trades=[{"instrument_name": name, "amount": amount}],
            )
        except Refused as refused:
            assert refused.code in (10009, 10012, 10020, 10021, 10041, 13020, 13780)

    @rule()
    def restart(self) -> None:
        """Go on with what a checkpoint keeps; quoted fills not told yet are lost."""
        kept = json.loads(json.dumps(self.ledger.dump()))
        rows = {name: dict(row) for name, row in self.ledger._rows.items()}
        self.desk.ctx.ledger = Ledger(self.desk.notes)
        for name in QUOTED:
            self.ledger.know(rows[name])
        self.ledger.load(kept)
        assert self.ledger.dump() == kept

    @initialize(first=st.lists(st.sampled_from(TRADED), max_size=5))
    def begin(self, first: list[str]) -> None:
        """Begin with an account that has traded before, and settled or not."""
        for n, name in enumerate(first):
            self.trade(name, THEM[0], bool(n % 2), n % 3 == 0, 7 + n, 0)
        self.bench.advance(len(first) * 4 * HOUR)
        self.desk.tell()
        self.desk.run(open_ledger(self.desk.ctx))
        assert self.ledger.is_open
        self.compare()

    # What must hold once the log has been read.

    @rule(tells_first=st.booleans())
    def tie_out(self, tells_first: bool) -> None:
        if tells_first:
            self.desk.tell()
            self.desk.run(read_log(self.desk.ctx))
        else:
            self.desk.run(read_log(self.desk.ctx))
            self.desk.tell()
            self.desk.run(read_log(self.desk.ctx))
        # A contract that had to be fetched lets its entry be booked the next time.
        for _ in range(CONTRACTS_FETCHED_MAX):
            if not self.ledger.tie.unknown:
                break
            self.desk.run(read_log(self.desk.ctx))
        assert not self.ledger.tie.unknown
        self.desk.run(read_log(self.desk.ctx))
        self.compare()

    def compare(self) -> None:
        ledger, account = self.ledger, self.account
        entries = account.ledger.entries
        assert ledger.tie.user_seq == (entries[-1].user_seq if entries else 0)
        assert not ledger.tie.pending
        assert ledger.is_tied(), (ledger.differences(), self.desk.notes.said)
        assert self.desk.notes.texts() == []
        for currency in ("BTC", "USDC"):
            span = ledger.tie.books.cash[currency]
            cash = account.cash[currency]
            assert span.low <= cash <= span.high, (currency, cash, span)
            assert span.high - span.low <= 10**10
        for name, market in self.markets.items():
            if market.instrument.is_spot or market.instrument.is_combo:
                continue
            position = account.positions.get(name)
            size = market.instrument.amount(position.size) if position else 0.0
            assert ledger.position(name) == Decimal(str(size)), name
            book = ledger.tie.books.books.get(name)
            if position is None or book is None or not position.size:
                continue
            off = abs(position.session_cost - book.session_cost)
            is_future = market.instrument.is_future
            assert not is_future or off <= book.slack + 10**6, (name, off, book.slack)
            average = book.contract.average(book.size, book.cost)
            assert average is not None
            assert abs(float(average) - position.average_price) < 1e-2, name

    def teardown(self) -> None:
        if self.ledger.is_open:
            self.settle()
            self.tie_out(True)


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None
)

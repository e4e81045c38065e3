"""The whole venue under any sequence of orders, prices, days and faults.

Several accounts use every type of order over the wire while indices move, settlements
and expiries pass and things go wrong; after every step everything is counted again by
the audit. ``HALFSPREAD_STATEFUL_EXAMPLES`` sets how many sequences (default: few).
"""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.sim.venue import Venue, VenueConfig, default_accounts
from engine.sim.venue.config import FREE
from engine.sim.venue.faults.kinds import read_fault
from engine.sim.venue.units import to_atto
from tests.generators.venues import one_of_each
from tests.oracles.venue_audit import Auditor
from tests.unit.sim.venue.client import MS, SECOND, START_NS, rebuild

pytestmark = pytest.mark.stateful

EXAMPLES = int(os.environ.get("HALFSPREAD_STATEFUL_EXAMPLES") or "25")
DAY = 86_400 * SECOND
STEP_NS = 120 * MS  # time between two steps: a bump, a fault and a pause are over soon
SETTLEMENT_NS = START_NS // DAY * DAY + 8 * 3_600 * SECOND  # the last one before
NAMES = (
    "BTC-PERPETUAL", "BTC-22SEP26", "BTC-22SEP26-80000-C", "BTC-22SEP26-80000-P",
    "BTC_USDC-PERPETUAL", "BTC_USDC-25SEP26", "BTC_USDC-25SEP26-80000-C", "BTC_USDC",
)  # fmt: skip
EXPIRING = [name for name in NAMES if "SEP26" in name]
CONTRACTS = tuple(
    one for one in one_of_each(START_NS // MS) if one.instrument_name in NAMES
)
WHO = ("maker", "taker", "third")
GTC, IOC, FOK, GTD = (
    "good_til_cancelled", "immediate_or_cancel", "fill_or_kill", "good_til_day",
)  # fmt: skip
STYLES: dict[str, dict[str, Any]] = {
    "limit": {},
    "labelled": {"label": "one"},
    "slide": {"post_only": True},
    "reject": {"post_only": True, "reject_post_only": True},
    "ioc": {"time_in_force": IOC},
    "fok": {"time_in_force": FOK},
    "gtd": {"time_in_force": GTD},
    "reduce": {"reduce_only": True},
    "mmp": {"mmp": True},
    "market": {"type": "market"},
    "market_limit": {"type": "market_limit"},
    "usd": {"advanced": "usd"},
    "implv": {"advanced": "implv"},
}
WAITING = ("stop_limit", "stop_market", "take_limit", "take_market", "trailing_stop")
SOURCES = ("index_price", "mark_price", "last_price")
LINKS = (
    "one_triggers_other", "one_cancels_other", "one_triggers_one_cancels_other",
)  # fmt: skip
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "drop", "of": "request", "count": 2},
    {"kind": "drop", "of": "reply", "count": 2},
    {"kind": "delay", "of": "request", "delay_ms": 30, "count": 3},
    {"kind": "error", "code": 10_040, "method": "private/*", "count": 2},
    {"kind": "error", "code": 13_028, "method": "private/*", "when": "after"},
    {"kind": "cut", "of": "request", "count": 1},
    {"kind": "cut", "of": "reply", "count": 1},
    {"kind": "half_open", "account": "maker", "count": 1},
    {"kind": "lock", "index_name": "btc_usd"},
    {"kind": "book_state", "state": "locked"},
    {"kind": "book_state", "state": "halted", "instrument_name": "BTC-PERPETUAL"},
    {"kind": "clock_offset", "offset_ms": -30_000},
    {"kind": "slow_matching", "matching_us": 4_000},
    {"kind": "held_lock", "account": "maker", "currency": "BTC"},
    {"kind": "maintenance", "notice_ms": 10, "cancel_only_ms": 50},
)
accounts = st.sampled_from(WHO)
names = st.sampled_from(NAMES)
sides = st.sampled_from(("buy", "sell"))
offsets = st.integers(-4, 4)
sizes = st.sampled_from((1, 1, 2, 3, 7, 20))
flags = st.booleans()


class TheVenue(RuleBasedStateMachine):
    """Everything that may happen to a venue, checked after every step."""

    @initialize(funding=flags, matching_us=st.sampled_from((0, 0, 2_000)))
    def start(self, funding: bool, matching_us: int) -> None:
        third = replace(default_accounts()[0], client_id="third", user_id=1003)
        keyed = (*default_accounts(10**6, 10**6), third)
        self.venue = Venue(
            VenueConfig(
                accounts=tuple(
                    replace(one, matching_rate=10**6, matching_burst=10**6)
                    for one in keyed
                ),
                contracts=CONTRACTS,
                credits=FREE,
                funding_cap_bps=50 if funding else 0,
                matching_us=matching_us,
                expires_in_s=10**7,
            ),
            START_NS,
        )
        self.audit = Auditor(self.venue)
        self.now_ns = START_NS
        self.conns = self.asked = 0
        self.clients: dict[str, int] = {}
        self.told: dict[str, list[Any]] = {}
        self.books: dict[str, list[Any]] = {}
        self.reader = self.connect()
        channels = [f"book.{n}.{i}" for n in NAMES for i in ("100ms", "agg2")]
        self.ask(self.reader, "public/subscribe", channels=channels)
        for who in WHO:
            self.log_in(who)
        for name in NAMES:
            self.stand(name, 0, 3)

    # Speaking.

    def connect(self) -> int:
        self.conns += 1
        self.venue.connection_made(self.conns, self.now_ns)
        return self.conns

    def log_in(self, who: str) -> None:
        conn = self.clients[who] = self.connect()
        secret = "maker-secret" if who == "third" else f"{who}-secret"
        grant = {"grant_type": "client_credentials", "client_id": who}
        self.ask(conn, "public/auth", client_secret=secret, **grant)
        self.ask(conn, "private/enable_cancel_on_disconnect")
        limits = {"interval": 2, "frozen_time": 1, "quantity_limit": 1}
        for more in ({}, {"mmp_group": "quotes"}):
            mmp = {"index_name": "btc_usd", "max_quote_quantity": 3, **limits, **more}
            self.ask(conn, "private/set_mmp_config", **mmp)

    def ask(self, conn: int, method: str, **params: Any) -> dict[str, Any] | None:
        """Return the answer if it comes at once."""
        self.asked += 1
        frame = {"id": self.asked, "method": method, "params": params}
        self.venue.receive_data(conn, self.now_ns, orjson.dumps(frame))
        said = [f for f in self.hear(conn) if f.get("id") == self.asked]
        return said[0] if said else None

    def call(self, who: str, method: str, **params: Any) -> dict[str, Any] | None:
        return self.ask(self.clients[who], method, **params)

    def hear(self, conn: int) -> list[dict[str, Any]]:
        frames = [orjson.loads(text) for text in self.venue.data_to_send(conn)]
        if conn == self.reader:
            for frame in frames:
                if "params" in frame:
                    channel = frame["params"]["channel"]
                    self.books.setdefault(channel, []).append(frame["params"]["data"])
        return frames

    def market(self, name: str) -> Any:
        return self.audit.markets()[name]

    def price(self, name: str, offset: int) -> float:
        """Return a price some ticks from the middle of a book."""
        market = self.market(name)
        i = market.instrument
        near = market.book.best(1) or i.ticks_below(market.mark_ref)
        ticks = near + offset * i.step_at(near)
        return float(i.price(max(i.floor(ticks), i.step_at(1))))

    def amount(self, name: str, lots: int) -> float:
        return float(self.market(name).instrument.amount(lots))

    # Orders.

    @rule(who=accounts, name=names, side=sides, offset=offsets, lots=sizes,
          style=st.sampled_from(tuple(STYLES)))  # fmt: skip
    def enter(
        self, who: str, name: str, side: str, offset: int, lots: int, style: str
    ) -> None:
        params = {"instrument_name": name, "amount": self.amount(name, lots)}
        if style == "implv":
            params["price"] = 50.0 + offset
        elif not style.startswith("market"):
            params["price"] = self.price(name, offset)
        self.call(who, f"private/{side}", **params, **STYLES[style])

    @rule(who=accounts, name=names, side=sides, lots=sizes)
    def take(self, who: str, name: str, side: str, lots: int) -> None:
        """Trade with whoever stands on the other side."""
        price = self.price(name, 9 if side == "buy" else -9)
        size = {"instrument_name": name, "amount": self.amount(name, lots)}
        self.call(who, f"private/{side}", price=price, **size)

    @rule(two=st.permutations(WHO), name=names, offset=offsets, lots=sizes)
    def meet(self, two: list[str], name: str, offset: int, lots: int) -> None:
        """Let two clients trade with each other, if nobody is in between."""
        size = {"instrument_name": name, "amount": self.amount(name, lots)}
        price = self.price(name, offset)
        self.call(two[0], "private/sell", price=price, **size)
        self.call(two[1], "private/buy", price=price, **size)

    @rule(who=accounts, name=names, side=sides, offset=offsets)
    def enter_an_iceberg(self, who: str, name: str, side: str, offset: int) -> None:
        sizes = {
            "amount": self.amount(name, 500),
            "display_amount": self.amount(name, 100),
        }
        price = self.price(name, offset)
        self.call(who, f"private/{side}", instrument_name=name, price=price, **sizes)

    @rule(who=accounts, name=names, side=sides, offset=offsets, lots=sizes,
          kind=st.sampled_from(WAITING), source=st.sampled_from(SOURCES),
          far=st.integers(-6, 6))  # fmt: skip
    def enter_one_that_waits(
        self, who: str, name: str, side: str, offset: int, lots: int, kind: str,
        source: str, far: int,
    ) -> None:  # fmt: skip
        params = {"instrument_name": name, "amount": self.amount(name, lots)}
        params |= {"type": kind, "trigger": source, "price": self.price(name, offset)}
        if kind == "trailing_stop":
            params["trigger_offset"] = abs(far) * 10.0 + 10.0
        else:
            params["trigger_price"] = self.price(name, 3 * far)
        self.call(who, f"private/{side}", **params)

    @rule(who=accounts, name=names, side=sides, offset=offsets, lots=sizes,
          link=st.sampled_from(LINKS), first=flags)  # fmt: skip
    def enter_linked_ones(
        self, who: str, name: str, side: str, offset: int, lots: int, link: str,
        first: bool,
    ) -> None:  # fmt: skip
        other = "sell" if side == "buy" else "buy"
        amount = self.amount(name, lots)
        secondary = {"amount": amount, "direction": other, "reduce_only": False}
        stop = {"type": "stop_market", "trigger": "mark_price"}
        many = 2 if link == LINKS[2] else 1
        config = [
            {**secondary, "type": "limit", "price": self.price(name, 5)},
            {**secondary, **stop, "trigger_price": self.price(name, -9)},
        ][:many]
        self.call(
            who, f"private/{side}", instrument_name=name, amount=amount,
            price=self.price(name, offset), linked_order_type=link,
            trigger_fill_condition="first_hit" if first else "incremental",
            otoco_config=config,
        )  # fmt: skip

    @rule(who=accounts, pick=st.integers(0, 30), offset=offsets, lots=sizes, keep=flags)
    def edit(self, who: str, pick: int, offset: int, lots: int, keep: bool) -> None:
        order = self.own(who, pick)
        if order is None:
            return
        name = order.instrument.name
        params = {"order_id": order.order_id, "amount": self.amount(name, lots)}
        if not keep:
            params["price"] = self.price(name, offset)
        if order.trigger is not None:
            params["trigger_price"] = self.price(name, 3 * offset)
        self.call(who, "private/edit", **params)

    @rule(who=accounts, pick=st.integers(0, 30))
    def cancel(self, who: str, pick: int) -> None:
        order = self.own(who, pick)
        if order is not None:
            self.call(who, "private/cancel", order_id=order.order_id)

    def own(self, who: str, pick: int) -> Any:
        orders = list(self.venue.exchange.accounts[who].open_orders.values())
        return orders[pick % len(orders)] if orders else None

    @rule(who=accounts, name=names, which=st.integers(0, 4))
    def cancel_many(self, who: str, name: str, which: int) -> None:
        method, params = (
            ("cancel_all", {}),
            ("cancel_all_by_currency", {"currency": "BTC"}),
            ("cancel_all_by_instrument", {"instrument_name": name}),
            ("cancel_by_label", {"label": "one"}),
            ("cancel_quotes", {"cancel_type": "all", "freeze_quotes": True}),
        )[which]
        self.call(who, f"private/{method}", **params)

    @rule(who=accounts, name=names, by_market=flags, offset=offsets)
    def close(self, who: str, name: str, by_market: bool, offset: int) -> None:
        params: dict[str, Any] = {"instrument_name": name, "type": "market"}
        if not by_market:
            params |= {"type": "limit", "price": self.price(name, offset)}
        self.call(who, "private/close_position", **params)

    @rule(who=accounts, middle=offsets, half=st.integers(0, 3), lots=sizes, one=flags)
    def quote(self, who: str, middle: int, half: int, lots: int, one: bool) -> None:
        quotes = []
        for name in NAMES[: 1 if one else 2]:
            amount = self.amount(name, lots)
            bid, ask = self.price(name, middle - half), self.price(name, middle + half)
            both = {"bid": {"price": bid}, "ask": {"price": ask}}
            for side in both.values():
                side["amount"] = amount
            quotes.append({"instrument_name": name, **both})
        self.call(
            who, "private/mass_quote", quote_id="1", mmp_group="quotes", quotes=quotes
        )

    @rule(name=names, offset=offsets, lots=sizes)
    def stand(self, name: str, offset: int, lots: int) -> None:
        """Let the background market stand on both sides."""
        for direction, more in (("buy", -1), ("sell", 1)):
            self.ask(
                self.reader, "sim/place", account=f"flow {direction}",
                instrument_name=name, direction=direction,
                price=self.price(name, offset + more), amount=self.amount(name, lots),
            )  # fmt: skip

    # The world.

    @rule(bps=st.integers(-250, 250), which=st.sampled_from(("btc_usd", "btc_usdc")))
    def move_the_index(self, bps: int, which: str) -> None:
        price = round(80_000 * (1 + bps / 10_000), 2)
        self.venue.set_index(which, price, self.now_ns)

    @rule(ns=st.sampled_from((SECOND, 60 * SECOND, 3_000 * SECOND)))
    def wait(self, ns: int) -> None:
        self.until(self.now_ns + ns)

    @rule(days=st.integers(1, 5), after=st.sampled_from((0, 500 * MS, 2 * SECOND)))
    def settle(self, days: int, after: int) -> None:
        """Go to a settlement, into it, or just past it."""
        passed = (self.now_ns - SETTLEMENT_NS) // DAY
        self.until(SETTLEMENT_NS + (passed + days) * DAY + after)

    @rule(two=st.permutations(WHO), name=st.sampled_from(EXPIRING), lots=sizes,
          bps=st.integers(-250, 250))  # fmt: skip
    def hold_to_the_end(self, two: list[str], name: str, lots: int, bps: int) -> None:
        """Trade what expires at the next settlements, and let it be delivered."""
        self.meet(two, name, 0, lots)
        for index_name in ("btc_usd", "btc_usdc"):
            self.move_the_index(bps, index_name)
        self.settle(4, 2 * SECOND)

    def until(self, t_ns: int) -> None:
        self.now_ns = max(self.now_ns, t_ns)
        self.venue.handle_timer(self.now_ns)
        self.hear(self.reader)

    @rule(who=accounts, currency=st.sampled_from(("BTC", "USDC")),
          amount=st.integers(-3, 9))  # fmt: skip
    def pay_in(self, who: str, currency: str, amount: int) -> None:
        paid = {"client_id": who, "currency": currency, "amount": amount}
        self.ask(self.reader, "sim/account", **paid)
        self.audit.paid_in(who, currency, to_atto(Decimal(amount)))

    @precondition(lambda self: self.sound())
    @rule(which=st.sampled_from(FAULTS), duration_ms=st.sampled_from((100, 400)))
    def break_something(self, which: dict[str, Any], duration_ms: int) -> None:
        self.venue.faults.inject(read_fault({**which, "duration_ms": duration_ms}))

    def sound(self) -> bool:
        """Say whether nothing is broken now."""
        board = self.venue.faults.board
        return all(row["state"] == "over" for row in board.rows())

    @rule()
    def settle_out_of_turn(self) -> None:
        self.ask(self.reader, "sim/settle")

    @rule(who=accounts)
    def lose_a_line(self, who: str) -> None:
        self.venue.connection_lost(self.clients[who], self.now_ns)
        self.log_in(who)

    # What must hold.

    @invariant()
    def everything_adds_up(self) -> None:
        self.until(self.now_ns + STEP_NS)
        for conn, _, _ in self.venue.connections_to_close():
            self.venue.connection_lost(conn, self.now_ns)
            for who in [who for who, one in self.clients.items() if one == conn]:
                self.log_in(who)
            if conn == self.reader:
                self.books.clear()
                self.reader = self.connect()
        for conn in self.clients.values():
            self.hear(conn)
        self.audit.check()

    @invariant()
    def the_summary_says_what_the_books_say(self) -> None:
        for who in WHO:
            account = self.venue.exchange.accounts[who]
            answer = self.call(who, "private/get_account_summary", currency="BTC")
            if answer is None or "error" in answer:
                continue
            row = answer["result"]
            parts = (
                row["balance"] + row["session_rpl"] + row["session_upl"]
                + row["options_value"] - row["options_session_rpl"]
                - row["options_session_upl"]
            )  # fmt: skip
            assert abs(row["equity"] - parts) < 5e-8, (who, row)
            assert abs(row["equity"] - account.equity("BTC") / 10**18) < 1e-8

    def teardown(self) -> None:
        self.venue.faults.board.clear_all()
        for account in self.venue.exchange.accounts.values():
            for order in list(account.open_orders.values()):
                self.venue.cancel_order(order, self.now_ns)
        self.until(self.now_ns + 10 * SECOND)
        self.audit.check()
        for channel, messages in self.books.items():
            market = self.market(channel.split(".")[1])
            i = market.instrument
            for levels, side in zip(rebuild(messages), (1, -1), strict=True):
                assert levels == {
                    i.price(ticks): i.amount(lots)
                    for ticks, lots in market.book.levels(side)
                }, channel


TestTheVenue = TheVenue.TestCase
TestTheVenue.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None
)

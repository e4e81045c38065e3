"""The venue's money against a slow twin, and its sums after every step.

Whatever is traded, moved, settled and delivered: cash and profit of all accounts sum to
what was paid in less the fees, exactly, in every currency; equity is cash and profit;
every lot bought was sold; open interest is what the longs hold.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.sim.venue import Reject
from engine.sim.venue.accounts.figures import figures_of
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.market import Market
from engine.sim.venue.products.combos import Combo
from engine.sim.venue.units import ATTO, REF
from tests.oracles.money import SlowContract, SlowMoney
from tests.unit.sim.venue.accounts.listed import LISTED
from tests.unit.sim.venue.client import MS, SECOND, START_NS, Bench

pytestmark = pytest.mark.stateful

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NAMES = (
    "BTC-PERPETUAL", "BTC_USDC-PERPETUAL", "BTC-22SEP26", "BTC-25SEP26", "BTC-25DEC26",
    "BTC_USDC-25SEP26", "BTC-22SEP26-80000-C", "BTC-25SEP26-80000-P",
    "BTC_USDC-25SEP26-80000-C", "BTC_USDC-25SEP26-80000-P", "BTC_USDC",
    "BTC-FS-25DEC26_PERP",
)  # fmt: skip
RATIO = "BTC-RATIO"
LEGS = (("BTC-22SEP26-80000-C", 1), ("BTC-25SEP26-80000-P", -2))
TRADED = (*NAMES, RATIO)
COMBOS = (RATIO, "BTC-FS-25DEC26_PERP")
WHO = ("maker", "taker", "ann", "bob")
CURRENCIES = ("BTC", "ETH", "USDC")
CLOSE = Fraction(1, 10**9)  # of a coin or a dollar


def contracts() -> tuple[Any, ...]:
    markets = Exchange(LISTED, START_NS).markets
    listed = {name: markets[name].instrument.contract for name in NAMES}
    ratio = Combo(RATIO, tuple((listed[name], ratio) for name, ratio in LEGS))
    return (*listed.values(), ratio.contract(1, 0))


CONFIG = replace(LISTED, contracts=contracts(), listing=None)


def slow(market: Market) -> SlowContract:
    i = market.instrument
    kind = "inverse" if i.inverse else "linear"
    if i.is_spot:
        kind = "spot"
    elif i.is_option:
        kind = f"{'coin' if i.reversed else 'usdc'}_{i.contract.option_type}"
    return SlowContract(kind, i.base, i.currency, i.contract.strike or 0)


class Money(RuleBasedStateMachine):
    """Trades, moves and days, done twice; without funding, which has its own twin."""

    cap_bps = 0

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(replace(CONFIG, funding_cap_bps=self.cap_bps))
        self.exchange = self.bench.venue.exchange
        self.twin = SlowMoney()
        self.markets = dict(self.exchange.markets)
        self.twin.contracts = {n: slow(m) for n, m in self.markets.items()}
        for name in WHO:
            account = self.exchange.account(name)
            for currency in CURRENCIES:
                cash = account.cash.get(currency, 0)
                self.twin.give(name, currency, Fraction(cash, ATTO))
        self.paid_in = {c: self.total(c, "cash") for c in CURRENCIES}
        self.seen: dict[str, int] = {}
        self.settled = 0
        self.volume: dict[str, int] = {}

    def total(self, currency: str, what: str) -> int:
        accounts = self.exchange.accounts.values()
        return sum(getattr(account, what).get(currency, 0) for account in accounts)

    # What may happen.

    @rule(
        name=st.sampled_from(TRADED),
        who=st.sampled_from(WHO),
        buys=st.booleans(),
        lots=st.integers(1, 5_000),
        away=st.integers(-3, 3),
    )
    def order(self, name: str, who: str, buys: bool, lots: int, away: int) -> None:
        self.place(name, who, buys, lots, away)
        self.follow()

    @rule(
        name=st.one_of(st.sampled_from(TRADED), st.sampled_from(COMBOS)),
        who=st.permutations(WHO),
        buys=st.booleans(),
        lots=st.integers(1, 200),
        away=st.integers(-3, 3),
    )
    def meet(self, name: str, who: list[str], buys: bool, lots: int, away: int) -> None:
        self.place(name, who[0], buys, lots, away)
        self.place(name, who[1], not buys, lots, away)
        self.follow()

    def place(self, name: str, who: str, buys: bool, lots: int, away: int) -> None:
        market = self.markets[name]
        i = market.instrument
        ticks = i.ticks_below(market.mark_ref) + away
        if not i.is_combo:
            ticks = min(max(ticks, market.min_ticks, 1), market.max_ticks)
        ticks = i.floor(ticks)
        try:
            self.bench.place(
                "buy" if buys else "sell",
                i.price(ticks),
                i.amount(lots),
                instrument=name,
                account=who,
            )
        except Reject as reject:
            assert reject.code in (10003, 10005, 10007, 10009, 10012, 10039, 13020)

    @rule(bps=st.integers(-300, 300), coin=st.booleans())
    def move(self, bps: int, coin: bool) -> None:
        name = "btc_usd" if coin else "btc_usdc"
        ref = self.exchange.indices[name].ref
        price = round(ref * (10_000 + bps) / 10_000 / REF, 2)
        self.bench.venue.set_index(name, price, self.bench.now_ns)

    @rule(
        pause_ns=st.sampled_from((SECOND, 7 * SECOND, HOUR, 5 * HOUR, 18 * HOUR, DAY))
    )
    def wait(self, pause_ns: int) -> None:
        self.bench.advance(pause_ns)
        self.follow()

    @rule(who=st.sampled_from(WHO))
    def cancel_all(self, who: str) -> None:
        for order in list(self.exchange.accounts[who].open_orders.values()):
            self.bench.venue.cancel_order(order, self.bench.now_ns)

    # What the twin is told.

    def follow(self) -> None:
        """Tell the twin of new trades and settlements, in the order of time."""
        events: list[tuple[int, int, Any]] = []
        for name, market in self.markets.items():
            last = self.seen.get(name, 0)
            fresh = [t for t in market.tape if t.trade_seq > last]
            events += [(t.time_ms, 1, t) for t in fresh]
            if fresh:
                self.seen[name] = fresh[-1].trade_seq
        while self.settlement_ms(self.settled) * MS <= self.bench.now_ns:
            events.append((self.settlement_ms(self.settled), 0, None))
            self.settled += 1
        for time_ms, _, trade in sorted(events, key=lambda e: e[:2]):
            if trade is None:
                self.settle(time_ms)
            else:
                self.trade(trade)

    @staticmethod
    def settlement_ms(count: int) -> int:
        return ((START_NS // DAY + 1 + count) * DAY + 8 * HOUR) // MS

    def trade(self, trade: Any) -> None:
        i = trade.instrument
        if i.is_combo:
            return
        self.volume[i.name] = self.volume.get(i.name, 0) + trade.lots
        sides = {trade.maker.side: trade.maker, trade.taker.side: trade.taker}
        fees = {trade.maker.side: trade.maker_fee, trade.taker.side: trade.taker_fee}
        self.twin.trade(
            sides[1].account.name,
            sides[-1].account.name,
            i.name,
            Fraction(trade.lots * i.lot_num, i.lot_den),
            trade.exact_price or Fraction(trade.price_ticks * i.tick_num, i.tick_den),
            (Fraction(fees[1], ATTO), Fraction(fees[-1], ATTO)),
        )

    def settle(self, time_ms: int) -> None:
        """Do what happened at eight, at the prices the venue remembers."""
        for currency in CURRENCIES:
            for record in self.exchange.settlement.records.of(currency):
                if not time_ms <= record.time_ms <= time_ms + 1_000:
                    continue
                name = record.instrument.name
                if record.kind == "settlement":
                    self.twin.settle(name, Fraction(record.mark_ref, REF))
                else:
                    self.twin.deliver(name, Fraction(record.index_ref, REF))

    # What must always hold.

    @invariant()
    def only_fees_are_lost(self) -> None:
        for currency in CURRENCIES:
            accounts = self.exchange.accounts.values()
            equity = sum(account.equity(currency) for account in accounts)
            fees = self.total(currency, "fees")
            assert equity + fees == self.paid_in[currency], currency

    @invariant()
    def equity_is_cash_and_profit(self) -> None:
        for account in self.exchange.accounts.values():
            for currency in CURRENCIES:
                f = figures_of(account, currency)
                parts = f.cash + f.futures_rpl + f.futures_upl + f.options_value
                assert f.equity == account.equity(currency) == parts
                changes = [
                    e.change for e in account.ledger.entries if e.currency == currency
                ]
                assert account.internal or sum(changes) == account.cash[currency]

    @invariant()
    def what_is_bought_is_sold(self) -> None:
        accounts = self.exchange.accounts.values()
        for name, market in self.exchange.markets.items():
            sizes = [a.positions[name].size for a in accounts if name in a.positions]
            assert sum(sizes) == 0
            assert market.open_interest_lots == sum(s for s in sizes if s > 0)

    @invariant()
    def combos_are_held_as_their_legs(self) -> None:
        for account in self.exchange.accounts.values():
            assert not [p for p in account.positions.values() if p.instrument.is_combo]

    @invariant()
    def a_combo_costs_what_its_legs_do(self) -> None:
        for name in COMBOS:
            combo = self.markets[name]
            for whole in list(combo.tape)[-3:]:
                prices = [leg.exact_price or 0 for leg in whole.legs]
                ratios = [ratio for _, ratio in combo.legs]
                cost = sum(r * p for r, p in zip(ratios, prices, strict=True))
                assert cost == combo.instrument.exact_price(whole.price_ticks)
                assert {leg.combo_trade_id for leg in whole.legs} == {whole.trade_id}

    @invariant()
    def claims_are_those_of_open_orders(self) -> None:
        for account in self.exchange.accounts.values():
            open_lots: dict[tuple[str, int], int] = {}
            for order in account.open_orders.values():
                market = self.markets[order.instrument.name]
                for leg, ratio in market.legs or ((market, 1),):
                    key = (
                        leg.instrument.name,
                        order.side if ratio > 0 else -order.side,
                    )
                    lots = order.open_lots * abs(ratio)
                    open_lots[key] = open_lots.get(key, 0) + lots
            for name, position in account.positions.items():
                assert position.buy_lots == open_lots.get((name, 1), 0)
                assert position.sell_lots == open_lots.get((name, -1), 0)

    @invariant()
    def the_twin_agrees(self) -> None:
        marks = {n: Fraction(m.mark_ref, REF) for n, m in self.markets.items()}
        for name, account in self.exchange.accounts.items():
            delivery_fees = self.delivery_fees(name)
            for currency in CURRENCIES:
                expected = self.twin.equity(name, currency, marks)
                expected -= delivery_fees.get(currency, 0)
                got = Fraction(account.equity(currency), ATTO)
                assert abs(got - expected) < CLOSE, (name, currency)
            for which, position in account.positions.items():
                assert position.size * Fraction(
                    position.instrument.lot_num, position.instrument.lot_den
                ) == self.twin.size(name, which)
                average = self.twin.average(name, which)
                if average is not None:
                    assert abs(position.average_price - float(average)) < 1e-3

    def delivery_fees(self, name: str) -> dict[str, Fraction]:
        """Return what an account has paid beside the fees of its trades."""
        account = self.exchange.accounts[name]
        paid = {c: Fraction(fee, ATTO) for c, fee in account.fees.items()}
        for market in self.markets.values():
            for trade in market.tape:
                for order, fee in (
                    (trade.maker, trade.maker_fee),
                    (trade.taker, trade.taker_fee),
                ):
                    if order.account is account:
                        paid[market.instrument.currency] -= Fraction(fee, ATTO)
        return paid


class FundedMoney(Money):
    """The same with funding, which the twin knows nothing of; the sums must hold."""

    cap_bps = 50

    @invariant()
    def the_twin_agrees(self) -> None:
        """Pass: funding is compared in its own test."""

    @invariant()
    def equity_is_cash_and_profit(self) -> None:
        """Pass: the parts are the same with or without funding."""


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=12, stateful_step_count=30)
TestFundedMoney = FundedMoney.TestCase
TestFundedMoney.settings = settings(max_examples=8, stateful_step_count=30)

"""Signals in the core: who is fed from where, and what happens when a book is lost."""

import math
import random

import pytest
from hypothesis import given

from engine import (
    Basis,
    DepthImbalance,
    EwmaVolatility,
    FundingExpectation,
    MicroPrice,
    OrderFlowImbalance,
    QuoteSheet,
    Reference,
    Signal,
    Strategy,
    Toxicity,
    TradeFlowImbalance,
    TwoScaleVolatility,
    View,
)
from engine._core.quote.strategy import View as CoreView
from engine._core.state.book import Book
from tests.generators.touches import Cut, show, streams
from tests.rig import LIMITS, NAME, ROW, Rig

ETH = "ETH-PERPETUAL"
ETH_ROW = {**ROW, "instrument_name": ETH, "tick_size": 0.05}


class Listener(Strategy):
    """Owns the signals it is given, and keeps what it saw of them at each call."""

    def __init__(self, here=(), there=(), watched=()):
        self.here = [self.listen(signal) for signal in here]
        self.there = [self.listen(signal, ETH) for signal in there]
        for name in watched:
            self.watch(name)
        self.seen = []

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        signals = self.here + self.there
        self.seen.append([(signal.is_ready, signal.value) for signal in signals])


def eth_book(rig, change_id, bid, ask, lots=1):
    rig.push(
        f"book.{ETH}.raw",
        {
            "type": "snapshot",
            "timestamp": 1,
            "instrument_name": ETH,
            "change_id": change_id,
            "bids": [["new", bid, lots * 10.0]],
            "asks": [["new", ask, lots * 10.0]],
        },
    )


def flow():
    return OrderFlowImbalance(tau_s=0.1)


def test_a_signal_is_fed_from_the_quoted_instrument():
    listener = Listener(here=[flow()])
    rig = Rig(strategy=listener)
    rig.book([(100, 5)], [(102, 5)])
    rig.advance(300)
    assert listener.seen[-1] == [(True, 0.0)]
    rig.book([(100, 8)], [(102, 5)])
    assert listener.seen[-1] == [(True, 3.0)]


def test_time_has_passed_for_a_signal_when_its_strategy_is_called():
    listener = Listener(here=[flow()])
    rig = Rig(strategy=listener)
    rig.book([(100, 5)], [(102, 5)])
    rig.book([(100, 8)], [(102, 5)])
    rig.advance(250)
    ((is_ready, value),) = listener.seen[-1]
    assert is_ready
    assert value == pytest.approx(3 * 2.718281828**-2.5)


@pytest.mark.parametrize("is_listed_first", [True, False])
def test_another_instrument_feeds_a_signal_whenever_it_is_listed(is_listed_first):
    listener = Listener(there=[flow()])
    rig = Rig()
    if is_listed_first:
        rig.core.add_instrument(ETH_ROW)
    rig.core.bind(rig.index, listener, LIMITS)
    if not is_listed_first:
        rig.core.add_instrument(ETH_ROW)
    rig.book([(100, 5)], [(102, 5)])
    eth_book(rig, 1, 10.0, 11.0, lots=2)
    eth_book(rig, 2, 10.0, 11.0, lots=2)
    calls = len(listener.seen)
    eth_book(rig, 3, 10.5, 11.0, lots=4)
    assert len(listener.seen) == calls, "listening alone does not call"
    assert listener.there[0].value == 2.0
    assert listener.there[0].tick_size == 0.05
    assert listener.reads == (ETH,)


def test_the_snapshot_tells_each_signal_as_the_strategy_sees_it():
    listener = Listener(here=[flow(), flow()], there=[flow()])
    rig = Rig(strategy=listener)
    rig.core.add_instrument(ETH_ROW)
    rig.book([(100, 5)], [(102, 5)])
    rig.book([(100, 8)], [(102, 5)])
    told = rig.core.snapshot()["instruments"][NAME]["signals"]
    assert [one["hears"] for one in told] == [NAME, NAME, ETH]
    assert {one["signal"] for one in told} == {"OrderFlowImbalance"}
    seen = [(one["is_ready"], one["value"]) for one in told]
    assert seen == [
        (each.is_ready, each.value) for each in listener.here + listener.there
    ]
    assert seen[0][1] == 3.0


def test_a_watched_touch_calls_and_so_does_its_loss():
    listener = Listener(watched=[ETH])
    rig = Rig(strategy=listener)
    eth = rig.core.add_instrument(ETH_ROW)
    rig.book([(100, 5)], [(102, 5)])
    calls = len(listener.seen)
    eth_book(rig, 1, 10.0, 11.0)
    assert len(listener.seen) == calls + 1
    rig.core.expect_snapshot(eth)
    rig.core.command(rig.t_ns, b'{"cmd":"nothing"}')
    assert len(listener.seen) == calls + 2
    assert listener.reads == (ETH,)


def test_a_change_of_our_position_elsewhere_calls_who_watches():
    listener = Listener(watched=[ETH, NAME])
    rig = Rig(strategy=listener)
    eth = rig.core.add_instrument(ETH_ROW)
    rig.book([(100, 5)], [(102, 5)])
    calls = len(listener.seen)
    rig.core.set_position(eth, 3, 10.0)
    rig.core.command(rig.t_ns, b'{"cmd":"nothing"}')
    assert len(listener.seen) == calls + 1
    rig.push(
        "user.changes.any.any.raw",
        {
            "instrument_name": ETH,
            "orders": [],
            "positions": [],
            "trades": [
                {
                    "instrument_name": ETH,
                    "direction": "buy",
                    "price": 10.0,
                    "amount": 10.0,
                    "trade_id": "7",
                    "trade_seq": 7,
                    "order_id": "x",
                    "timestamp": 1,
                    "fee": 0.0,
                    "fee_currency": "BTC",
                    "liquidity": "T",
                }
            ],
        },
    )
    assert len(listener.seen) == calls + 2


def gap(rig, eth):
    rig.push(
        f"book.{ETH}.raw",
        {
            "type": "change",
            "timestamp": 1,
            "instrument_name": ETH,
            "change_id": 99,
            "prev_change_id": 98,
            "bids": [],
            "asks": [],
        },
    )


def crossed(rig, eth):
    eth_book(rig, 50, 11.0, 11.0)


def one_sided(rig, eth):
    push = {
        "type": "snapshot",
        "timestamp": 1,
        "instrument_name": ETH,
        "change_id": 60,
        "bids": [["new", 10.0, 10.0]],
        "asks": [],
    }
    rig.push(f"book.{ETH}.raw", push)


def resubscribed(rig, eth):
    rig.core.expect_snapshot(eth)


def line_lost(rig, eth):
    rig.core.connection_lost(0, rig.t_ns)
    rig.core.connection_made(0, rig.t_ns)


@pytest.mark.parametrize("lose", [gap, crossed, one_sided, resubscribed, line_lost])
def test_no_signal_is_ready_while_its_book_cannot_be_read(lose):
    signal = flow()
    rig = Rig(strategy=Listener(there=[signal]))
    eth = rig.core.add_instrument(ETH_ROW)
    eth_book(rig, 1, 10.0, 11.0)
    rig.t_ns += 200_000_000
    eth_book(rig, 2, 10.0, 11.0, lots=3)
    assert (signal.is_ready, signal.value) == (True, 0.0)
    lose(rig, eth)
    assert not signal.is_ready
    assert signal.is_warm
    eth_book(rig, 100, 20.0, 21.0, lots=7)
    assert (signal.is_ready, signal.value) == (True, 0.0)


def test_trades_and_tickers_reach_a_signal():
    signal = EwmaVolatility()
    rig = Rig(strategy=Listener(here=[signal]))
    rig.push(
        f"trades.{NAME}.raw",
        [
            {
                "instrument_name": NAME,
                "direction": "buy",
                "price": 50.0,
                "amount": 10.0,
                "timestamp": 1,
                "trade_id": "1",
                "trade_seq": 1,
            }
        ],
    )
    assert signal.heard_ns == rig.t_ns
    rig.t_ns += 1
    rig.push(f"ticker.{NAME}.raw", {"instrument_name": NAME, "mark_price": 50.0})
    assert signal.heard_ns == rig.t_ns


def test_a_view_of_another_instrument_is_live_though_nobody_quotes_it():
    seen = []

    class Peek(Strategy):
        def __init__(self):
            self.watch(ETH)

        def quote(self, view: View, sheet: QuoteSheet) -> None:
            other = view.other(ETH)
            if other is not None:
                funding = other.current_funding, other.funding_8h
                prices = other.mark_price, other.index_price, other.underlying_price
                seen.append((prices, funding))

    rig = Rig(strategy=Peek())
    rig.core.add_instrument(ETH_ROW)
    rig.book([(100, 5)], [(102, 5)])
    rig.push(
        f"ticker.{ETH}.raw",
        {
            "instrument_name": ETH,
            "mark_price": 10.5,
            "index_price": 10.25,
            "underlying_price": 10.75,
            "current_funding": 0.001,
            "funding_8h": -0.0005,
        },
    )
    eth_book(rig, 1, 10.0, 11.0)
    assert seen == [((10.5, 10.25, 10.75), (0.001, -0.0005))]


def test_a_signal_has_one_listener():
    signal = flow()
    Listener(here=[signal])
    with pytest.raises(ValueError, match="OrderFlowImbalance has a listener already"):
        Listener(there=[signal])


def test_there_is_an_end_to_signals_and_to_watching():
    strategy = Listener(here=[flow() for _ in range(64)])
    with pytest.raises(ValueError, match="64 signals at most"):
        strategy.listen(flow())
    for number in range(64):
        strategy.watch(f"X{number}")
        strategy.watch(f"X{number}")
    with pytest.raises(ValueError, match="watches 64 instruments at most"):
        strategy.watch("X64")


def test_what_is_read_is_needed_unless_said_otherwise():
    listener = Listener(there=[flow()])
    listener.watch("A")
    listener.watch("B", needed=False)
    listener.cover("C")
    assert listener.reads == (ETH, "A", "B", "C")
    assert listener.needs == (ETH, "A")
    assert listener.covered == ["C"]
    listener.watch("B")
    assert listener.needs == (ETH, "A", "B")


def test_what_would_never_be_fed_is_refused():
    listener = Listener(watched=[ETH])
    Rig(strategy=listener)
    with pytest.raises(RuntimeError, match="listen: call it in __init__"):
        listener.listen(flow())
    with pytest.raises(RuntimeError, match="watch: call it in __init__"):
        listener.watch("BTC-27MAR26")
    with pytest.raises(RuntimeError, match="watch: call it in __init__"):
        listener.cover("BTC-27MAR26")


def test_a_strategy_that_hears_its_own_instrument_quotes_one_only():
    listener = Listener(here=[flow()])
    rig = Rig(strategy=listener)
    rig.core.bind(rig.index, listener, LIMITS)  # the same one again is no other
    eth = rig.core.add_instrument(ETH_ROW)
    with pytest.raises(ValueError, match=f"hear {NAME} cannot quote {ETH}"):
        rig.core.bind(eth, listener, LIMITS)


def test_a_strategy_that_is_replaced_hears_nothing_more():
    old, new = flow(), flow()
    first = Listener(here=[old], watched=[ETH])
    rig = Rig(strategy=first)
    rig.core.bind(rig.index, Listener(here=[new]), LIMITS)
    rig.book([(100, 5)], [(102, 5)])
    rig.book([(100, 8)], [(102, 5)])
    rig.core.add_instrument(ETH_ROW)
    calls = rig.snapshot()["wishes"]
    eth_book(rig, 1, 10.0, 11.0)
    assert (old.value, new.value) == (0.0, 3.0)
    assert rig.snapshot()["wishes"] == calls
    assert first.seen == []


def test_shown_by_hand_as_the_engine_shows():
    signal, book = flow(), Book(window_ticks=64)
    book.apply_rows([("bid", 10, 1), ("ask", 12, 1)], change_id=1, is_snapshot=True)
    signal.observe_book(book, 5)
    book.apply_rows([("bid", 10, 4)], change_id=2, prev_change_id=1)
    signal.observe_book(book, 6, has_moved=False)
    assert signal.value == 0.0
    signal.observe_book(book, 7)
    assert signal.value == pytest.approx(3.0)
    signal.observe_trade("sell", 10, 1, 8)
    signal.observe_ticker(9, mark_price=1.0)
    assert signal.heard_ns == 9
    with pytest.raises(ValueError, match='"buy" or "sell", not \'bid\''):
        signal.observe_trade("bid", 10, 1, 8)


def test_views_for_tests_have_what_tickers_tell():
    view = CoreView.for_test(
        ROW,
        [(10, 1)],
        [(12, 1)],
        index_price=5.5,
        underlying_price=6.5,
        current_funding=0.125,
        funding_8h=0.25,
        delta=-0.5,
    )
    assert (view.index_price, view.underlying_price, view.delta) == (5.5, 6.5, -0.5)
    assert math.isnan(CoreView.for_test(ROW, [(10, 1)], [(12, 1)]).delta)
    assert (view.current_funding, view.funding_8h) == (0.125, 0.25)
    assert isinstance(Listener(here=[flow()]).here[0], Signal)


SIGNALS = {
    "EwmaVolatility": lambda: EwmaVolatility(tau_s=1.0, warm_samples=2),
    "TwoScaleVolatility": lambda: TwoScaleVolatility(
        scales=2, tau_s=1.0, warm_samples=2
    ),
    "OrderFlowImbalance": lambda: OrderFlowImbalance(tau_s=0.5),
    "TradeFlowImbalance": lambda: TradeFlowImbalance(warm_trades=2),
    "Toxicity": lambda: Toxicity(bucket_lots=3, buckets=2),
    "DepthImbalance": lambda: DepthImbalance(reach_ticks=2, tau_s=0.5),
    "MicroPrice": lambda: MicroPrice(table=[[-0.25, 0.0, 0.25]]),
    "Basis": lambda: Basis(tau_s=0.5),
    "FundingExpectation": lambda: FundingExpectation(tau_s=0.5),
    "Reference": lambda: Reference(tau_s=0.5),
}
WITHOUT_BOOK = {"TradeFlowImbalance", "Toxicity", "FundingExpectation"}


def others(event):
    """Return the trade and ticker that go with an event, odd ones among them."""
    seed = random.Random(repr(event))
    trade = (seed.choice(["buy", "sell"]), 100, seed.choice([1, 7, 10**15]))
    prices = [0.0, 5e-9, 50.0, 1e12]
    return trade, seed.choice(prices), seed.choice(prices)


@pytest.mark.parametrize("name", SIGNALS)
@given(events=streams())
def test_always_finite_never_ready_without_a_book_and_the_same_again(name, events):
    twins, books = (
        (SIGNALS[name](), SIGNALS[name]()),
        (Book(window_ticks=64), Book(window_ticks=64)),
    )
    was_warm = False
    for event in events:
        trade, mark, index = others(event)
        seen = []
        for one, book in zip(twins, books, strict=True):
            for part in filter(None, (one.own, one)):
                show(part, book, event)
            one.observe_trade(*trade, event.now_ns)
            one.observe_ticker(event.now_ns, mark_price=mark, index_price=index)
            one.observe_time(event.now_ns)
            seen.append((one.value, one.is_ready, one.is_warm))
        value, is_ready, is_warm = seen[0]
        assert seen[0] == seen[1]
        assert math.isfinite(value)
        assert is_warm or not was_warm, "warm stays"
        was_warm = is_warm
        if name not in WITHOUT_BOOK and isinstance(event, Cut):
            assert not is_ready
        elif name in WITHOUT_BOOK or name != "Reference":
            assert is_ready == is_warm

"""The background market on the smallest possible exchange."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from statistics import pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sim.flow import YEAR_NS, Clockwork, Flow, decay, exponential_ns
from engine.sim.params import (
    SECOND_NS,
    FlowParams,
    IndexParams,
    MakerParams,
    MarketParams,
    Steps,
    TakerParams,
)
from tests.unit.sim.naive import NaiveExchange

START_NS = 1_790_000_000 * SECOND_NS
NAME = "BTC-PERPETUAL"
MAKERS = (
    MakerParams((0.5, 1.5, 2.5), reaction_ns=12_000_000),
    MakerParams((5.0, 10.0, 20.0, 50.0), reaction_ns=50_000_000),
)
PARAMS = FlowParams(
    (IndexParams("btc_usd", 80_000.0),),
    (MarketParams(NAME, "btc_usd", 4_000.0, MAKERS),),
)
STEPS = {NAME: Steps(0.5, 10.0)}


def started(seed: int = 1, params: FlowParams = PARAMS) -> tuple[Flow, NaiveExchange]:
    exchange = NaiveExchange({NAME: 0.5})
    flow = Flow(seed, params, STEPS)
    flow.start(exchange, START_NS)
    return flow, exchange


def with_takers(**changes: float) -> FlowParams:
    market = replace(PARAMS.markets[0], takers=replace(TakerParams(), **changes))
    return replace(PARAMS, markets=(market,))


def test_the_first_book_is_two_sided_and_holds_every_slot() -> None:
    _, exchange = started()
    slots = sum(len(maker.distance_ticks) for maker in MAKERS)
    for is_buy in (True, False):
        assert len(exchange.resting(NAME, is_buy)) == slots
    spread = (
        exchange.resting(NAME, False)[0].price - exchange.resting(NAME, True)[0].price
    )
    assert 0 < spread <= 1.0


def test_same_seed_same_market_other_seed_other_market() -> None:
    logs = []
    for seed in (1, 1, 2):
        flow, exchange = started(seed)
        flow.step(START_NS + 20 * SECOND_NS)
        logs.append(exchange.log)
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, SECOND_NS), min_size=1, max_size=15))
def test_the_market_does_not_depend_on_how_often_it_is_stepped(
    gaps_ns: list[int],
) -> None:
    end_ns = START_NS + sum(gaps_ns)
    whole_flow, whole = started()
    whole_flow.step(end_ns)
    dribbled_flow, dribbled = started()
    now_ns = START_NS
    for gap_ns in gaps_ns:
        now_ns += gap_ns
        dribbled_flow.step(now_ns)
    assert dribbled.log == whole.log


def test_events_run_in_order_and_never_beyond_the_step() -> None:
    flow, exchange = started()
    end_ns = START_NS + 5 * SECOND_NS
    flow.step(end_ns)
    times = [entry[1] for entry in exchange.log]
    assert times == sorted(times)
    assert times[-1] <= end_ns < flow.next_timer_ns()


def test_orders_lie_on_the_grid() -> None:
    flow, exchange = started()
    flow.step(START_NS + 20 * SECOND_NS)
    for entry in exchange.log:
        if entry[0] == "place":
            price, amount = entry[5], entry[6]
            assert price > 0
            assert price % 0.5 == 0
            assert amount > 0
            assert amount % 10 == 0


def test_a_maker_has_at_most_one_order_per_slot() -> None:
    flow, exchange = started()
    for second in range(1, 21):
        flow.step(START_NS + second * SECOND_NS)
        for number, maker in enumerate(MAKERS):
            open_orders = [
                one
                for is_buy in (True, False)
                for one in exchange.resting(NAME, is_buy)
                if one.account == f"background-maker-{number}"
            ]
            assert len(open_orders) <= 2 * len(maker.distance_ticks)


def test_makers_follow_the_index_and_keep_a_tight_touch() -> None:
    flow, exchange = started()
    spreads, gaps = [], []
    for tenth in range(1, 601):
        flow.step(START_NS + tenth * SECOND_NS // 10)
        bids, asks = exchange.resting(NAME, True), exchange.resting(NAME, False)
        assert bids and asks  # noqa: PT018 one fact: the book is two-sided
        assert bids[0].price < asks[0].price
        spreads.append(asks[0].price - bids[0].price)
        mid = (asks[0].price + bids[0].price) / 2
        gaps.append(abs(mid / exchange.index["btc_usd"] - 1))
    assert sorted(spreads)[len(spreads) // 2] <= 1.5  # ticks of 0.5: one to three
    assert max(gaps) < 0.002


def test_both_sides_trade_and_prices_move() -> None:
    flow, exchange = started()
    flow.step(START_NS + 60 * SECOND_NS)
    sides = [is_buy for _, _, is_buy, _, _ in exchange.trades]
    assert sum(sides) > 30
    assert len(sides) - sum(sides) > 30
    prices = [price for *_, price, _ in exchange.trades]
    assert max(prices) - min(prices) > 5.0


def test_a_small_order_at_the_touch_is_filled_tens_of_times_a_minute() -> None:
    flow, exchange = started()
    fills, mine = 0, []
    for tenth in range(600):
        now_ns = START_NS + tenth * SECOND_NS // 10
        flow.step(now_ns)
        for is_buy in (True, False):
            best = exchange.resting(NAME, is_buy)[0]
            mine = [one for one in mine if one.is_open or one.left == 0]
            fills += sum(one.left == 0 for one in mine)
            mine = [one for one in mine if one.is_open]
            held = [one for one in mine if one.is_buy == is_buy]
            for one in held:
                if one.price != best.price:
                    exchange.cancel_order(one, now_ns)
            if not any(one.is_open for one in held):
                side = "buy" if is_buy else "sell"
                mine.append(
                    exchange.place(
                        "me", NAME, side, best.price, 10.0, post_only=True, t_ns=now_ns
                    )
                )
    assert 10 <= fills <= 200


def test_an_index_moves_as_much_as_its_volatility_says() -> None:
    index = IndexParams("btc_usd", 80_000.0, vol=0.5, vol_spread=0.3)
    flow, exchange = started(3, FlowParams((index,), ()))
    seconds = 2_000
    prices = [80_000.0]
    for second in range(1, seconds + 1):
        flow.step(START_NS + second * SECOND_NS)
        prices.append(exchange.index["btc_usd"])
    moves = [math.log(now / before) for before, now in itertools.pairwise(prices)]
    annual = pstdev(moves) * math.sqrt(YEAR_NS / SECOND_NS)
    assert annual == pytest.approx(0.5, rel=0.3)


def test_informed_takers_pick_off_a_quote_left_behind() -> None:
    params = with_takers(rate=0.001, informed_chance=1.0)
    flow, exchange = started(1, params)
    stale = exchange.place("me", NAME, "buy", 79_999.5, 10.0, t_ns=START_NS)
    flow.step(START_NS + 600 * SECOND_NS)
    assert not stale.is_open
    assert stale.left == 0


def test_without_chance_nobody_comes() -> None:
    params = with_takers(rate=1e-6, informed_chance=0.0)
    flow, exchange = started(1, params)
    flow.step(START_NS + 30 * SECOND_NS)
    assert exchange.trades == []


def test_a_pause_moves_everything_later_and_nothing_happens_meanwhile() -> None:
    flow, exchange = started()
    flow.step(START_NS + SECOND_NS)
    paused, plain = exchange.log.copy(), started()[1]
    hour_ns = 3_600 * SECOND_NS
    gap_ns = flow.next_timer_ns() - (START_NS + SECOND_NS)
    flow.pause_until(START_NS + SECOND_NS, START_NS + hour_ns)
    assert flow.next_timer_ns() == START_NS + hour_ns + gap_ns
    flow.step(START_NS + hour_ns + SECOND_NS)
    prices = [entry[3] for entry in exchange.log if entry[0] == "index"]
    assert len(exchange.log) > len(paused) > len(plain.log)
    assert max(prices) / min(prices) < 1.001  # one second of volatility, not an hour


class TestClockwork:
    def test_equal_times_keep_their_order(self) -> None:
        clockwork, seen = Clockwork(), []
        for name in "abc":
            clockwork.at(5, lambda _t, name=name: seen.append(name))
        clockwork.at(4, lambda t_ns: seen.append(str(t_ns)))
        while clockwork.next_ns():
            clockwork.run_next()
        assert seen == ["4", "a", "b", "c"]

    def test_nothing_to_do_is_time_zero(self) -> None:
        assert Clockwork().next_ns() == 0


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_decay_halves_per_half_life(elapsed_ns: int, half_life_ns: int) -> None:
    kept = decay(elapsed_ns, half_life_ns)
    assert 0.0 <= kept <= 1.0
    assert decay(elapsed_ns + half_life_ns, half_life_ns) == pytest.approx(kept / 2)


def test_exponential_times_are_positive_and_have_the_mean() -> None:
    dice = random.Random(1)
    times = [exponential_ns(dice, 1_000_000) for _ in range(20_000)]
    assert min(times) >= 1
    assert sum(times) / len(times) == pytest.approx(1_000_000, rel=0.03)

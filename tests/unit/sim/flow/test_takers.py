"""Takers: both sides, clusters, and those who know."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from engine.sim.params import SECOND_NS
from tests.unit.sim.flow.scene import PERP, START_NS, started, with_takers


def test_both_sides_trade_and_prices_move() -> None:
    flow, exchange = started(params=with_takers(rate=2.0))
    flow.step(START_NS + 60 * SECOND_NS)
    sides = [is_buy for _, _, is_buy, _, _ in exchange.trades]
    assert sum(sides) > 20
    assert len(sides) - sum(sides) > 20
    prices = [price for *_, price, _ in exchange.trades]
    assert max(prices) - min(prices) > 5.0


def test_orders_come_in_clusters_of_one_side() -> None:
    flow, exchange = started(params=with_takers(True, informed_chance=0.0))
    flow.step(START_NS + 1_200 * SECOND_NS)
    orders = [e for e in exchange.log if e[0] == "place" and not e[7]]
    gaps = [b[1] - a[1] for a, b in pairwise(orders)]
    close = sum(gap < SECOND_NS // 10 for gap in gaps) / len(gaps)
    same = sum(a[4] == b[4] for a, b in pairwise(orders)) / len(gaps)
    assert 0.35 < close < 0.6
    assert 0.65 < same < 0.9
    assert 0.4 < len(orders) / 1_200 < 1.0


def test_sizes_are_heavy_tailed() -> None:
    flow, exchange = started(params=with_takers(True, rate=5.0, informed_chance=0.0))
    flow.step(START_NS + 300 * SECOND_NS)
    sizes = sorted(e[6] for e in exchange.log if e[0] == "place" and not e[7])
    middle, high = sizes[len(sizes) // 2], sizes[len(sizes) * 99 // 100]
    assert 700 < middle < 1_500
    assert high > 50 * middle


def test_informed_takers_pick_off_a_quote_left_behind() -> None:
    flow, exchange = started(1, with_takers(rate=1e-6, informed_chance=1.0))
    stale = exchange.place("me", PERP, "buy", 79_999.5, 10.0, t_ns=START_NS)
    flow.step(START_NS + 600 * SECOND_NS)
    assert not stale.is_open
    assert stale.left == 0


def test_without_chance_nobody_comes() -> None:
    flow, exchange = started(1, with_takers(rate=1e-6, informed_chance=0.0))
    flow.step(START_NS + 30 * SECOND_NS)
    assert exchange.trades == []


def test_a_small_order_at_the_touch_is_filled_many_times_a_minute() -> None:
    flow, exchange = started()
    fills, mine = 0, []
    for tenth in range(1_800):
        now_ns = START_NS + tenth * SECOND_NS // 10
        flow.step(now_ns)
        for is_buy in (True, False):
            best = exchange.resting(PERP, is_buy)[0]
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
                        "me", PERP, side, best.price, 10.0, post_only=True, t_ns=now_ns
                    )
                )
    assert 10 <= fills <= 600


def test_activity_brings_more_takers_and_leaves_the_makers_alone() -> None:
    counts = []
    for activity in (1.0, 4.0):
        params = replace(with_takers(informed_chance=0.0), activity=activity)
        flow, exchange = started(params=params)
        flow.step(START_NS + 60 * SECOND_NS)
        takers = sum(e[0] == "place" and not e[7] for e in exchange.log)
        makers = sum(e[0] == "edit" for e in exchange.log)
        counts.append((takers, makers))
    assert counts[1][0] > 2.5 * counts[0][0]
    assert counts[1][1] < 1.5 * counts[0][1]

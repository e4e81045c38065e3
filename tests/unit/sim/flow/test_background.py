"""The whole background market: deterministic, in order, as listings change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sim.flow import Flow
from engine.sim.params import SECOND_NS
from tests.unit.sim.flow.scene import (
    ONE,
    PARAMS,
    PERP,
    START_NS,
    listed,
    started,
)
from tests.unit.sim.naive import NaiveExchange

WHOLE = listed("BTC", options=True, strikes=2)


@pytest.mark.parametrize("contracts", [ONE, WHOLE], ids=["one", "whole"])
def test_same_seed_same_market_other_seed_other_market(contracts) -> None:  # type: ignore[no-untyped-def]
    logs = []
    for seed in (1, 1, 2):
        flow, exchange = started(seed, contracts=contracts)
        flow.step(START_NS + 10 * SECOND_NS)
        logs.append(exchange.log)
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, SECOND_NS), min_size=1, max_size=10))
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


def test_what_a_client_does_changes_no_other_actors_dice() -> None:
    logs = []
    for meddles in (False, True):
        flow, exchange = started(contracts=WHOLE)
        if meddles:
            for n in range(20):
                exchange.place(
                    "me", PERP, "buy", 80_000.0, 500_000.0, t_ns=START_NS + n,
                    time_in_force="immediate_or_cancel",
                )  # fmt: skip
        flow.step(START_NS + 20 * SECOND_NS)
        logs.append(exchange.log)
    # The indices, and whoever is not a maker of that one book, take no notice.
    for kind in ("index", "surface"):
        first, second = ([e for e in log if e[0] == kind] for log in logs)
        assert first == second
        assert len(first) > 10
    others = [
        [(e[1], e[3], e[4], e[6]) for e in log if e[0] == "place" and e[3] != PERP]
        for log in logs
    ]
    assert others[0] == others[1]
    takers = [
        [(e[1], e[4], e[6]) for e in log if e[0] == "place" and "taker" in e[2]]
        for log in logs
    ]
    assert takers[0] == takers[1]


def test_events_run_in_order_and_never_beyond_the_step() -> None:
    flow, exchange = started()
    end_ns = START_NS + 5 * SECOND_NS
    flow.step(end_ns)
    times = [entry[1] for entry in exchange.log]
    assert times == sorted(times)
    assert times[-1] <= end_ns < flow.next_timer_ns()


def test_only_indices_move_when_it_is_not_enabled() -> None:
    flow, exchange = started(params=replace(PARAMS, enabled=False), contracts=WHOLE)
    flow.step(START_NS + 5 * SECOND_NS)
    assert {entry[0] for entry in exchange.log} == {"index", "surface"}


def test_an_expired_instrument_falls_silent_and_a_new_one_comes_to_life() -> None:
    flow, exchange = started(contracts=WHOLE)
    expiry_ms = min(one.expiry_ms for one in exchange.instruments() if one.expiry_ms)
    ends = [one.name for one in exchange.instruments() if one.expiry_ms == expiry_ms]
    assert len(ends) > 10
    after_ns = expiry_ms * 1_000_000 + SECOND_NS
    flow.pause_until(START_NS, after_ns - 3 * SECOND_NS)
    flow.step(after_ns - SECOND_NS)
    for name in ends:
        del exchange.listed[name]
        exchange.closed.add(name)
    fresh = NaiveExchange(listed("BTC", options=True, strikes=2, t_ns=after_ns))
    born = [name for name in fresh.listed if name not in exchange.listed]
    assert born
    for name in born:
        exchange.listed[name] = fresh.listed[name]
    flow.step(after_ns + 61 * SECOND_NS)
    count = len(exchange.log)
    flow.step(after_ns + 120 * SECOND_NS)
    late = {entry[3] for entry in exchange.log[count:] if entry[0] in ("place", "edit")}
    assert not late & set(ends)
    futures = {name for name in born if exchange.listed[name].is_future}
    assert futures <= {entry[3] for entry in exchange.log[count:] if len(entry) > 3}
    assert not set(ends) & set(flow.markets)


def test_events_do_not_pile_up() -> None:
    flow, _ = started(contracts=WHOLE)
    flow.step(START_NS + 10 * SECOND_NS)
    before = len(flow.clockwork)
    flow.step(START_NS + 60 * SECOND_NS)
    assert len(flow.clockwork) < 1.3 * before


def test_a_pause_moves_everything_later_and_nothing_happens_meanwhile() -> None:
    flow, exchange = started()
    flow.step(START_NS + SECOND_NS)
    count = len(exchange.log)
    hour_ns = 3_600 * SECOND_NS
    gap_ns = flow.next_timer_ns() - (START_NS + SECOND_NS)
    flow.pause_until(START_NS + SECOND_NS, START_NS + hour_ns)
    assert flow.next_timer_ns() == START_NS + hour_ns + gap_ns
    flow.step(START_NS + hour_ns + 5 * SECOND_NS)
    prices = [e[3] for e in exchange.log if e[:1] == ("index",) and e[2] == "btc_usd"]
    assert len(exchange.log) > count
    assert max(prices) / min(prices) < 1.001  # seconds of volatility, not an hour


def test_what_has_no_index_or_no_future_is_left_alone() -> None:
    stray = replace(ONE[0], instrument_name="X-PERPETUAL", price_index="x_usd")
    options = [one for one in WHOLE if one.kind == "option"][:4]
    exchange = NaiveExchange([*ONE, stray, *options])
    Flow(1, PARAMS).start(exchange, START_NS)
    assert set(exchange.books) == {PERP}

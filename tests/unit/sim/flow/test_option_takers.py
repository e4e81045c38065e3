"""Option flow: where it goes, what it moves, and who comes after a move."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from engine.sim.flow import Flow
from engine.sim.flow.option_takers import ACCOUNT
from engine.sim.params import SECOND_NS, OptionParams
from tests.unit.sim.flow.scene import PARAMS, START_NS, listed, started
from tests.unit.sim.naive import NaiveExchange

LISTED = listed("BTC", options=True, strikes=8)
BUSY = replace(PARAMS.options, taker_rate=5.0, informed_chance=0.0)


def ran(options: OptionParams, seconds: int = 120) -> tuple[Flow, NaiveExchange]:
    params = replace(PARAMS, options=options, dated=PARAMS.spread, spot=PARAMS.spread)
    flow, exchange = started(params=params, contracts=LISTED)
    flow.step(START_NS + seconds * SECOND_NS)
    return flow, exchange


def orders(exchange: NaiveExchange) -> list[tuple]:  # type: ignore[type-arg]
    return [e for e in exchange.log if e[0] == "place" and e[2] == ACCOUNT]


def test_flow_prefers_near_expiries_and_the_money() -> None:
    flow, exchange = ran(BUSY)
    found = orders(exchange)
    assert len(found) > 300
    strips = sorted(flow.chains["btc_usd"].strips)
    expiries = [exchange.listed[one[3]].expiry_ms for one in found]
    assert expiries.count(strips[0]) > 3 * expiries.count(strips[-1]) > 0
    index = exchange.index["btc_usd"]
    near = sum(
        abs(float(one[3].split("-")[2]) / index - 1) < 0.15
        for one in found
        if exchange.listed[one[3]].expiry_ms < strips[4]
    )
    assert near > 0.5 * sum(ms < strips[4] for ms in expiries)


def test_both_directions_and_both_kinds_trade() -> None:
    _, exchange = ran(BUSY)
    traded = [one for one in exchange.trades if one[1].endswith(("-C", "-P"))]
    assert len(traded) > 100
    assert {(one[1][-1], one[2]) for one in traded} == {
        ("C", True), ("C", False), ("P", True), ("P", False),
    }  # fmt: skip


def test_what_does_not_trade_does_not_rest() -> None:
    _, exchange = ran(BUSY, 30)
    assert not any(
        one.account == ACCOUNT and one.is_open
        for book in exchange.books.values()
        for one in book
    )


def test_informed_flow_moves_the_surface_by_more() -> None:
    moves = []
    for chance in (0.0, 1.0):
        options = replace(BUSY, informed_chance=chance)
        surface = replace(PARAMS.surface, vol_spread=0.0, leverage=0.0)
        params = replace(PARAMS, options=options, surface=surface)
        flow, exchange = started(params=params, contracts=LISTED)
        seen = []
        for second in range(60):
            flow.step(START_NS + second * SECOND_NS)
            seen.append(exchange.surfaces["btc_usd"].short_vol)
        moves.append(sum(abs(b - a) for a, b in pairwise(seen)))
    assert moves[1] > 5 * moves[0] > 0.0


def test_a_quote_cheaper_than_theory_is_picked_off_after_a_move() -> None:
    options = replace(BUSY, taker_rate=1e-6, pick_offs=400)
    params = replace(PARAMS, options=options)
    flow, exchange = started(params=params, contracts=LISTED)
    strip = flow.chains["btc_usd"].strips[sorted(flow.chains["btc_usd"].strips)[0]]
    smile = strip.smile(START_NS)
    calls = [one for one in strip.options if one.is_call]
    near = min(calls, key=lambda one: abs(one.strike - smile.forward))
    theory = smile.mark(near.strike, True).price
    price = near.instrument.price(near.ticks(theory, smile.forward, False))
    mine = exchange.place("me", near.instrument.name, "sell", price, 0.1, t_ns=START_NS)
    flow.coins["BTC"].growth *= 1.004
    flow.step(START_NS + 10 * SECOND_NS)
    assert not mine.is_open


@pytest.mark.parametrize("move", [1.00001, 0.99999])
def test_a_small_move_brings_nobody(move: float) -> None:
    options = replace(BUSY, taker_rate=1e-6, pick_off_bps=1e6)
    flow, exchange = started(params=replace(PARAMS, options=options), contracts=LISTED)
    flow.coins["BTC"].growth *= move
    flow.step(START_NS + 10 * SECOND_NS)
    assert not orders(exchange)

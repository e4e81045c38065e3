"""Chains: everything is quoted, only what moved is re-quoted, at bounded cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from engine.sim.flow import Flow
from engine.sim.flow import chain as chains
from engine.sim.params import SECOND_NS, FlowParams
from tests.unit.sim.flow.scene import PARAMS, START_NS, listed, started
from tests.unit.sim.naive import NaiveExchange

LISTED = listed("BTC", options=True)
OPTIONS = [one.instrument_name for one in LISTED if one.kind == "option"]
QUIET = replace(
    PARAMS.options,
    taker_rate=1e-6,
    makers=tuple(replace(one, churn=0.0) for one in PARAMS.options.makers),
)


def only_options(params: FlowParams) -> FlowParams:
    """Return a market whose index and surface stand still."""
    coins = tuple(replace(one, step_mean_ns=10**18) for one in params.coins)
    surface = replace(params.surface, step_mean_ns=10**18)
    return replace(params, coins=coins, surface=surface, options=QUIET)


def option_edits(exchange: NaiveExchange) -> int:
    return sum(e[0] == "edit" and e[3] in OPTIONS for e in exchange.log)


def test_every_option_has_a_book() -> None:
    _, exchange = started(contracts=LISTED)
    counts = Counter(
        (bool(exchange.resting(name, True)), bool(exchange.resting(name, False)))
        for name in OPTIONS
    )
    assert counts[True, True] > 0.6 * len(OPTIONS)
    assert counts[False, False] < 0.15 * len(OPTIONS)
    for name in OPTIONS:
        bids, asks = exchange.resting(name, True), exchange.resting(name, False)
        assert not bids or not asks or bids[0].price < asks[0].price


def test_while_nothing_moves_nothing_is_requoted() -> None:
    flow, exchange = started(params=only_options(PARAMS), contracts=LISTED)
    flow.step(START_NS + 10 * SECOND_NS)
    assert option_edits(exchange) == 0


def test_a_move_of_the_forward_is_followed_within_seconds() -> None:
    flow, exchange = started(params=only_options(PARAMS), contracts=LISTED)
    for market in flow.markets.values():
        market.fair *= 1.01
    flow.step(START_NS + 10 * SECOND_NS)
    assert option_edits(exchange) > 0.5 * len(OPTIONS)


def test_a_push_of_the_surface_is_followed_within_seconds() -> None:
    flow, exchange = started(params=only_options(PARAMS), contracts=LISTED)
    flow.surfaces["BTC"].push(START_NS, 0.2)
    flow.step(START_NS + 10 * SECOND_NS)
    assert option_edits(exchange) > 0.5 * len(OPTIONS)


def test_one_look_requotes_no_more_than_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow, exchange = started(params=only_options(PARAMS), contracts=LISTED)
    chain = flow.chains["btc_usd"]
    strip = next(iter(chain.strips.values()))
    maker = chain._makers[0]
    seen: list[str] = []
    monkeypatch.setattr(chains, "REQUOTES_MAX", 3)
    requote = maker.requote

    def counted(option, smile, t_ns):  # type: ignore[no-untyped-def]
        seen.append(option.instrument.name)
        requote(option, smile, t_ns)

    monkeypatch.setattr(maker, "requote", counted)
    for market in flow.markets.values():
        market.fair *= 1.05
    for look in range(1, 30):
        before = len(seen)
        strip.look(maker, START_NS + look)
        assert len(seen) - before <= 3
    # Every option gets its turn, none twice before the others.
    assert len(set(seen)) == len(seen) == len(strip.options)
    assert exchange.log


def test_churn_falls_mostly_near_the_money() -> None:
    wide = listed("BTC", options=True, strikes=20)
    flow, exchange = started(params=only_options(PARAMS), contracts=wide)
    chain = flow.chains["btc_usd"]
    strip = list(chain.strips.values())[-1]
    before = len(exchange.log)
    for _ in range(50):
        strip.churn(chain._makers[0], 2.0, 0.2, START_NS)
    names = [entry[3] for entry in exchange.log[before:] if entry[0] == "edit"]
    assert len(names) > 50
    strikes = [float(name.split("-")[2]) for name in names]
    forward = strip.smile(START_NS).forward
    near = sorted(set(strip.strikes), key=lambda strike: abs(strike - forward))[:9]
    assert sum(strike in near for strike in strikes) > 0.6 * len(strikes)


def test_an_option_listed_later_joins_its_strip() -> None:
    later = OPTIONS[-1]
    exchange = NaiveExchange([o for o in LISTED if o.instrument_name != later])
    flow = Flow(1, PARAMS)
    flow.start(exchange, START_NS)
    strips = len(flow.chains["btc_usd"].strips)
    whole = NaiveExchange(LISTED)
    exchange.listed[later] = whole.listed[later]
    flow.step(START_NS + 61 * SECOND_NS)
    assert exchange.books.get(later)
    assert len(flow.chains["btc_usd"].strips) == strips

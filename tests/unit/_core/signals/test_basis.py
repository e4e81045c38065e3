"""Basis and funding against averages over time, and against the venue's own rate."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.basis import Basis, FundingExpectation
from engine._core.state.book import Book
from engine.sim.venue.accounts.funding import Funding
from engine.sim.venue.units import REF
from tests.generators.touches import SECOND_NS, Cut, Touch, show
from tests.oracles import signals as slow
from tests.unit.sim.venue.accounts.listed import PERP, market


def test_basis_is_the_average_of_the_log_ratio_while_it_stood():
    rng, book = random.Random(2), Book(window_ticks=64)
    signal = Basis(tau_s=3.0)
    signal.tick_size = 0.5
    pieces, now_ns, seen_ns = [], SECOND_NS, 0
    mid = index = 0.0
    is_cut = True
    for _ in range(200):
        what = rng.random()
        if what < 0.5:
            bid = 1_000 + rng.randint(-5, 5)
            show(signal, book, Touch(bid, bid + 2, 1, 1, now_ns))
            mid, is_cut = (bid + 1) * 0.5, False
        elif what < 0.9:
            index = 500 + rng.random() if rng.random() < 0.9 else 0.0
            signal.observe_ticker(now_ns, index_price=index)
        else:
            show(signal, book, Cut("lost", now_ns))
            is_cut = True
        step_ns = rng.choice([0, 1_000_000, SECOND_NS])
        if index and not is_cut and step_ns:
            pieces.append((seen_ns, seen_ns + step_ns, math.log(mid / index)))
            seen_ns += step_ns
        now_ns += step_ns
        signal.observe_time(now_ns)
        if pieces:
            want = slow.average(pieces, seen_ns, 3.0)
            assert signal.value == pytest.approx(want, rel=1e-6, abs=1e-12)
    assert len(pieces) > 50


def test_a_book_cut_or_an_index_missing():
    book, signal = Book(window_ticks=64), Basis(tau_s=1.0)
    show(signal, book, Touch(99, 101, 1, 1, 1))
    signal.observe_time(SECOND_NS)
    assert (signal.value, signal.is_warm) == (0.0, False)
    signal.observe_ticker(SECOND_NS, index_price=80.0)
    assert signal.value == pytest.approx(math.log(100 / 80))
    signal.observe_time(2 * SECOND_NS)
    assert signal.is_ready
    show(signal, book, Cut("one-sided", 2 * SECOND_NS))
    assert (signal.is_ready, signal.value) == (False, pytest.approx(math.log(1.25)))
    signal.observe_ticker(3 * SECOND_NS, index_price=10.0)
    show(signal, book, Touch(99, 101, 1, 1, 3 * SECOND_NS))
    assert signal.newest == pytest.approx(math.log(10))
    assert signal.value == pytest.approx(math.log(1.25)), "no time has passed yet"


@given(
    index=st.floats(1, 1e6),
    premium=st.floats(-0.02, 0.02),
)
def test_the_rate_is_the_damped_and_capped_premium(index, premium):
    signal = FundingExpectation()
    mark = index * (1 + premium)
    signal.observe_ticker(5, mark_price=mark, index_price=index)
    outside = max(0.0, abs(premium) - 0.00025)
    want = math.copysign(min(0.005, outside), premium)
    assert signal.newest == pytest.approx(want, abs=1e-12)
    assert signal.value == signal.newest


@given(premium_bps=st.floats(-80, 80))
def test_the_rate_is_the_one_the_simulated_venue_charges(premium_bps):
    index = 80_000 * REF
    mark = index + round(index * premium_bps / 10_000)
    venue, signal = Funding(market(PERP).instrument, 50, 0), FundingExpectation()
    venue.follow(mark, index)
    signal.observe_ticker(1, mark_price=mark / REF, index_price=index / REF)
    assert signal.newest == pytest.approx(venue.current, abs=1e-9)


def test_the_expectation_is_the_average_over_time():
    rng, signal = random.Random(4), FundingExpectation(tau_s=50.0, cap=1.0, damper=0)
    rates = [rng.uniform(-0.01, 0.01) for _ in range(30)]
    pieces, now_ns = [], 9
    for rate in rates:
        signal.observe_ticker(now_ns, mark_price=100 * (1 + rate), index_price=100.0)
        step_ns = rng.randint(1, 9 * SECOND_NS)
        pieces.append((now_ns, now_ns + step_ns, rate))
        now_ns += step_ns
    assert not signal.is_ready or now_ns > 50 * SECOND_NS
    signal.observe_time(now_ns)
    assert signal.value == pytest.approx(slow.average(pieces, now_ns, 50.0), rel=1e-6)


def test_funding_is_ready_whatever_the_book_does_and_a_ticker_without_mark_pauses():
    signal = FundingExpectation(tau_s=1.0, damper=0, cap=1)
    signal.observe_ticker(1, mark_price=101.0, index_price=100.0)
    signal.observe_ticker(SECOND_NS + 1, mark_price=0.0, index_price=100.0)
    assert signal.is_ready
    signal.observe_time(10**18)
    assert signal.value == pytest.approx(0.01)
    signal.observe_ticker(10**18, mark_price=99.0, index_price=100.0)
    assert signal.value == pytest.approx(0.01), "what was not told is no time"
    signal.observe_time(2 * 10**18)
    assert signal.value == pytest.approx(-0.01)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Basis, "tau_s"),
        (FundingExpectation, "tau_s"),
        (FundingExpectation, "damper"),
        (FundingExpectation, "cap"),
    ],
)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, "2", True, None])
def test_bad_parameters_are_named(kind, name, value):
    with pytest.raises(ValueError, match=name):
        kind(**{name: value})

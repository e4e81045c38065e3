"""Funding: the rate, its sum, what it costs."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.accounts.funding import (
    HOUR_NS,
    HOURS_MAX,
    MINUTES_MAX,
    PERIOD_NS,
    Funding,
)
from engine.sim.venue.units import ATTO, REF
from tests.unit.sim.venue.accounts.listed import PERP, USDC_PERP, market
from tests.unit.sim.venue.client import SECOND, START_NS, Bench

INDEX = 80_000 * REF
BTC = market(PERP).instrument
MINUTE = 60 * SECOND


def rate_at(premium_bps: float) -> float:
    funding = Funding(BTC, 50, 0)
    funding.follow(INDEX + round(INDEX * premium_bps / 10_000), INDEX)
    return funding.current * 10_000


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (0, 0), (2.5, 0), (-2.5, 0), (2, 0), (3.5, 1), (-3.5, -1), (52.5, 50),
        (60, 50), (-52.4, -49.9), (-500, -50),
    ],
)  # fmt: skip
def test_the_rate_is_damped_and_capped(premium: float, rate: float) -> None:
    assert rate_at(premium) == pytest.approx(rate, abs=1e-9)


@given(
    st.lists(
        st.tuples(st.integers(-200, 200), st.integers(1, 10**13)),
        min_size=1,
        max_size=30,
    )
)
def test_it_adds_up_to_the_last_unit(steps: list[tuple[int, int]]) -> None:
    """However often one looks, the sums are the exact ones, rounded down once."""
    funding, now_ns = Funding(BTC, 50, 0), 0
    interest = series = Fraction(0)
    for premium, pause_ns in steps:
        mark = INDEX + INDEX * premium // 10_000
        funding.follow(mark, INDEX)
        lot = BTC.value_at_ref(1, mark)
        now_ns += pause_ns
        part = Fraction(funding.rate * pause_ns, PERIOD_NS)
        interest += part
        series += part * lot / ATTO
        funding.accrue(now_ns - pause_ns // 2)
        funding.accrue(now_ns)
        assert funding.interest == interest.__floor__()
        assert funding.series == series.__floor__()


def test_eight_hours_at_one_rate_cost_that_rate() -> None:
    linear = market(USDC_PERP).instrument
    for instrument, value in ((BTC, 10 * ATTO // 80_000), (linear, 8 * ATTO)):
        funding = Funding(instrument, 50, START_NS)
        funding.follow(INDEX, INDEX)
        funding.rate = ATTO // 1_000
        funding.accrue(START_NS + PERIOD_NS)
        assert funding.series == value // 1_000
        assert funding.interest_value == 0.001
        assert funding.last_8h == 0.001
        funding.rate = 0
        funding.accrue(START_NS + 3 * PERIOD_NS // 2)
        assert funding.last_8h == pytest.approx(0.0005, abs=3e-6)


def test_samples_are_kept_by_minute_and_hour_and_bounded() -> None:
    start_ns = START_NS // HOUR_NS * HOUR_NS
    funding = Funding(BTC, 50, start_ns)
    funding.follow(INDEX + INDEX // 1_000, INDEX)
    funding.accrue(start_ns + 10 * MINUTE + 5)
    assert [s.time_ms for s in funding.minutes] == [
        (start_ns + n * MINUTE) // 1_000_000 for n in range(1, 11)
    ]
    assert len(funding.hours) == 0
    funding.accrue(start_ns + 3_000 * HOUR_NS)
    assert len(funding.hours) == HOURS_MAX
    assert len(funding.minutes) == MINUTES_MAX
    assert funding.minutes[-1].time_ms - funding.minutes[0].time_ms < 24 * 3_600_000
    assert funding.minutes[-1] == funding.hours[-1]


def test_history_by_hour_and_between_two_times() -> None:
    start_ns = START_NS // HOUR_NS * HOUR_NS
    funding = Funding(BTC, 50, start_ns)
    for hour in range(12):
        funding.follow(INDEX + INDEX * hour // 10_000, INDEX)
        funding.accrue(start_ns + (hour + 1) * HOUR_NS)
    rows = list(funding.by_hour())
    assert len(rows) == 11
    before, hour_sample, eight = rows[-1]
    one_hour = (hour_sample.interest - before.interest) / ATTO
    assert one_hour == pytest.approx((11 - 2.5) / 10_000 / 8)
    whole = sum(max(premium - 2.5, 0) for premium in range(4, 12)) / 10_000 / 8
    assert eight / ATTO == pytest.approx(whole)
    assert funding.between(before.time_ms, hour_sample.time_ms) == one_hour
    assert funding.between(hour_sample.time_ms, hour_sample.time_ms + 10**9) == 0
    assert funding.between(0, before.time_ms) == before.interest / ATTO


def test_the_ticker_shows_it_and_positions_pay_it() -> None:
    bench = Bench()
    for side, price in (("buy", 80_099.0), ("sell", 80_101.0)):
        bench.place(side, price, 10_000)
    bench.place("buy", 80_101.0, 8_000, account="maker")
    client = bench.connect("maker")
    for _ in range(600):
        bench.advance(SECOND)
    ticker = client.call("public/ticker", instrument_name=PERP)
    assert ticker["mark_price"] == 80_100.0
    assert ticker["current_funding"] == 0.001  # 12.5 less the damper, in basis points
    assert ticker["funding_8h"] == pytest.approx(ticker["interest_value"], abs=1e-8)
    assert 1.9e-5 < ticker["interest_value"] < 600 / 28_800 * 0.001
    row = client.call("private/get_position", instrument_name=PERP)
    owed = 8_000 / 80_100 * ticker["interest_value"]
    assert row["realized_funding"] == pytest.approx(-owed, rel=0.01)
    assert row["realized_profit_loss"] == row["realized_funding"]
    assert row["interest_value"] == ticker["interest_value"]


def test_a_portfolio_follows_the_funding_alone() -> None:
    bench = Bench()
    for side, price in (("buy", 80_199.0), ("sell", 80_201.0)):
        bench.place(side, price, 10_000)
    bench.place("buy", 80_201.0, 8_000, account="maker")
    for _ in range(400):  # until the mark stands still
        bench.advance(SECOND)
    client = bench.connect("maker")
    client.listen("user.portfolio.BTC")
    mark = bench.venue.exchange.markets[PERP].mark_ref
    for _ in range(60):
        bench.advance(SECOND)
    assert bench.venue.exchange.markets[PERP].mark_ref == mark
    told = [row["session_rpl"] for row in client.on("user.portfolio.BTC")]
    assert len(set(told)) > 5
    assert told == sorted(told, reverse=True)

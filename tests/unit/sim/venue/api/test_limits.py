"""Buckets, at the limit and one past it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.api import limits
from engine.sim.venue.api.limits import SECOND_NS, Bucket, Credits, PeerPools
from engine.sim.venue.config import FREE, CreditConfig, EngineLimits, RateConfig
from engine.sim.venue.trading.lanes import ANYWHERE, Lane


def test_a_bucket_holds_its_size_and_no_more() -> None:
    bucket = Bucket(size=20, refill_per_s=5, now_ns=0)
    assert all(bucket.take(1, 0) for _ in range(20))
    assert not bucket.take(1, 0)
    assert not bucket.take(1, SECOND_NS // 5 - 1)
    assert bucket.take(1, SECOND_NS // 5)
    assert not bucket.take(1, SECOND_NS // 5)


def test_a_bucket_never_overflows_and_never_runs_backwards() -> None:
    bucket = Bucket(size=3, refill_per_s=1, now_ns=0)
    assert bucket.take(3, 100 * SECOND_NS)
    assert not bucket.take(1, 50 * SECOND_NS)
    assert bucket.left(10**6 * SECOND_NS) == 3


def test_a_bucket_owes_its_size_at_most() -> None:
    bucket = Bucket(size=5, refill_per_s=1, now_ns=0)
    bucket.drain(3, 0)
    assert bucket.left(0) == 2
    bucket.drain(3, 0)
    assert bucket.left(0) == -1
    assert bucket.holds(1, 2 * SECOND_NS)
    assert not bucket.holds(2, 2 * SECOND_NS)
    bucket.drain(100, 0)
    assert bucket.left(2 * SECOND_NS) == -5


@given(
    st.lists(st.tuples(st.integers(0, SECOND_NS), st.integers(1, 5)), max_size=60),
    st.integers(1, 10),
    st.integers(1, 10),
)
def test_never_more_than_burst_plus_rate(
    steps: list[tuple[int, int]], size: int, rate: int
) -> None:
    bucket, now_ns, taken = Bucket(size, rate, 0), 0, 0
    for wait_ns, cost in steps:
        now_ns += wait_ns
        taken += cost if bucket.take(cost, now_ns) else 0
        assert taken * SECOND_NS <= size * SECOND_NS + rate * now_ns


def test_the_pools_are_the_documented_ones() -> None:
    pools = Credits(CreditConfig(), 5, 20, 0)
    for cost_class, burst in (
        ("general", 100),
        ("subscribe", 10),
        ("instruments", 50),
        ("transaction_log", 8),
        ("move_positions", 6),
        ("matching", 20),
        ("cancel_all", 20),
        ("mass_quote", 10),
        ("cancel_quotes", 10),
    ):
        assert sum(pools.take(cost_class, 0) for _ in range(1000)) == burst


@pytest.mark.parametrize(
    ("cost_class", "per_minute"),
    [
        ("general", 1_200),
        ("subscribe", 200),
        ("instruments", 60),
        ("transaction_log", 60),
        ("move_positions", 6),
        ("matching", 300),
    ],
)
def test_the_sustained_rates_are_the_documented_ones(
    cost_class: str, per_minute: int
) -> None:
    pools = Credits(CreditConfig(), 5, 20, 0)
    while pools.take(cost_class, 0):
        pass
    slots = range(1, 60 * 1000 + 1)  # every millisecond of a minute
    taken = sum(pools.take(cost_class, n * SECOND_NS // 1000) for n in slots)
    assert taken == per_minute


def test_spot_and_derivatives_are_counted_apart() -> None:
    limits = EngineLimits(spot=RateConfig(1, 3))
    pools = Credits(CreditConfig(), 5, 20, 0, limits)
    spot, perpetual = Lane(("USDC",), spot=True), Lane(("BTC",), perpetual=True)
    assert sum(pools.take("matching", 0, spot) for _ in range(100)) == 3
    assert sum(pools.take("matching", 0, perpetual) for _ in range(100)) == 20
    assert not pools.take("matching", 0, Lane(("ETH",)))


def test_currencies_may_be_counted_apart_and_perpetuals_further() -> None:
    limits = EngineLimits(
        per_currency=True,
        currencies={"ETH": RateConfig(1, 4)},
        perpetuals={"BTC": RateConfig(1, 7)},
    )
    pools = Credits(CreditConfig(), 5, 20, 0, limits)
    btc, perpetual = Lane(("BTC",)), Lane(("BTC",), perpetual=True)
    assert sum(pools.take("matching", 0, perpetual) for _ in range(100)) == 7
    assert sum(pools.take("matching", 0, btc) for _ in range(100)) == 13
    assert sum(pools.take("matching", 0, Lane(("ETH",))) for _ in range(100)) == 4
    assert sum(pools.take("matching", 0, Lane(("USDC",))) for _ in range(100)) == 20
    assert sum(pools.take("mass_quote", 0, btc) for _ in range(100)) == 10
    assert sum(pools.take("mass_quote", 0, Lane(("ETH",))) for _ in range(100)) == 10


def test_a_refused_perpetual_costs_nothing_of_the_total() -> None:
    limits = EngineLimits(per_currency=True, perpetuals={"BTC": RateConfig(1, 1)})
    pools = Credits(CreditConfig(), 5, 3, 0, limits)
    perpetual = Lane(("BTC",), perpetual=True)
    assert [pools.take("matching", 0, perpetual) for _ in range(3)] == [True, 0, 0]
    assert sum(pools.take("matching", 0, Lane(("BTC",))) for _ in range(10)) == 2


def quotes_in(seconds: int, sides: int) -> int:
    """Return how many messages of so many sides are taken in a time, after a burst."""
    pools = Credits(CreditConfig(), 5, 20, 0)
    taken = 0
    for n in range(1, (seconds + 10) * 1000):
        now_ns = n * SECOND_NS // 1000
        engine = pools.engine.of(ANYWHERE)
        paid = engine.messages.holds(1, now_ns) and engine.take_quotes(sides, now_ns)
        if paid:
            assert pools.take("mass_quote", now_ns)
            taken += n > 10_000
    return taken


@pytest.mark.parametrize(
    ("sides", "per_second"),
    [(1, 10), (50, 10), (100, 5), (200, 2.5), (400, 2), (1_000, 2)],
)
def test_many_small_messages_or_a_few_guaranteed_ones(
    sides: int, per_second: float
) -> None:
    """The larger of what is guaranteed and what the quotes leave, below a ceiling."""
    assert quotes_in(60, sides) / 60 == pytest.approx(per_second, rel=0.02)


def test_limits_row() -> None:
    row = Credits(CreditConfig(), 30, 100, 0).limits()
    tier = {"burst": 100, "rate": 30}
    assert row == {
        "limits_per_currency": False,
        "non_matching_engine": {"burst": 100, "rate": 20},
        "matching_engine": {
            "trading": {"total": tier},
            "maximum_quotes": {"burst": 500, "rate": 500},
            "maximum_mass_quotes": {"burst": 10, "rate": 10},
            "guaranteed_mass_quotes": {"burst": 2, "rate": 2},
            "spot": tier,
            "cancel_all": tier,
        },
    }


def test_limits_row_per_currency() -> None:
    limits = EngineLimits(per_currency=True, perpetuals={"BTC": RateConfig(10, 20)})
    row = Credits(CreditConfig(), 30, 100, 0, limits).limits()
    tier = {"burst": 100, "rate": 30}
    assert row["limits_per_currency"] is True
    engine = row["matching_engine"]
    assert set(engine) == {"btc", "eth", "usdc", "usdt", "spot", "cancel_all"}
    assert engine["btc"]["trading"] == {
        "perpetuals": {"burst": 20, "rate": 10},
        "total": tier,
    }
    assert engine["eth"] == {
        "trading": {"total": tier},
        "maximum_quotes": {"burst": 500, "rate": 500},
        "maximum_mass_quotes": {"burst": 10, "rate": 10},
        "guaranteed_mass_quotes": {"burst": 2, "rate": 2},
    }


def test_the_pools_of_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PEERS_MAX", 2)
    peers = PeerPools(CreditConfig())
    first, second = peers.of("a", 0), peers.of("b", 0)
    assert peers.of("a", 0) is first
    peers.of("c", 0)  # "b" was unseen for longest
    assert peers.of("a", 0) is first
    assert peers.of("b", 0) is not second


def test_free_credits_can_be_told() -> None:
    row = Credits(FREE, 30, 100, 0).limits()
    assert row["non_matching_engine"] == {"burst": 50_000, "rate": 10_000}

"""Buckets, at the limit and one past it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.api import limits
from engine.sim.venue.api.limits import SECOND_NS, Bucket, Credits, PeerPools
from engine.sim.venue.config import FREE, CreditConfig


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
        ("matching", 20),
        ("cancel_all", 250),
    ):
        assert sum(pools.take(cost_class, 0) for _ in range(1000)) == burst


def test_limits_row() -> None:
    row = Credits(CreditConfig(), 30, 100, 0).limits()
    assert row["non_matching_engine"] == {"rate": 20, "burst": 100}
    engine = row["matching_engine"]
    assert isinstance(engine, dict)
    assert engine["trading"] == {"total": {"rate": 30, "burst": 100}}
    assert set(engine) == {
        "trading",
        "spot",
        "maximum_quotes",
        "maximum_mass_quotes",
        "guaranteed_mass_quotes",
        "cancel_all",
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

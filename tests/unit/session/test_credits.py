"""The mirror of the venue's request credits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.session.credits import (
    BESIDE,
    POOL_SIZE,
    REQUEST_COST,
    RESERVE,
    SUBSCRIBE_COST,
    SUBSCRIBE_POOL_SIZE,
    Credits,
    Pool,
)
from tests.unit.session.stand_in import SECOND, idle_for_long


def test_a_pool_gives_its_size_and_not_one_more() -> None:
    pool = Pool(1_000, 10)
    assert pool.take(1_000, 0, 0)
    assert not pool.take(1, 0, 0)


def test_a_pool_refills_exactly() -> None:
    pool = Pool(1_000, 10)
    assert pool.take(1_000, 0, 0)
    pool.answered(1_000, 0)
    assert not pool.take(1, 0, SECOND // 10 - 1)
    assert pool.take(1, 0, SECOND // 10)


def test_what_is_in_flight_is_not_regained_before_its_answer() -> None:
    pool = Pool(1_000, 100)
    assert pool.take(600, 0, 0)
    assert pool.left(60 * SECOND) == 400
    pool.answered(600, 60 * SECOND)
    assert pool.left(60 * SECOND) == 400
    assert pool.left(61 * SECOND) == 500
    assert pool.left(90 * SECOND) == 1_000


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3_000),  # pause before sending, ms
            st.integers(0, 4_000),  # to the venue, ms
            st.integers(0, 1_000),  # and back
        ),
        max_size=60,
    )
)
def test_requests_held_up_on_the_way_never_empty_the_venues_pool(
    plan: list[tuple[int, int, int]],
) -> None:
    pool, ms = Pool(30_000, 10_000), SECOND // 1_000
    events: list[tuple[int, int, str]] = []
    now = number = 0
    venue, seen = 30_000 * ms * 1_000, 0
    for pause, there, back in [*plan, (60_000, 0, 0)]:
        until = now + pause
        while events and min(events)[0] <= until:
            event = min(events)
            events.remove(event)
            now = event[0]
            if event[2] == "answered":
                pool.answered(3_000, now * ms)
                continue
            gained = (now - seen) * ms * 10_000
            venue, seen = min(30_000 * SECOND, venue + gained) - 3_000 * SECOND, now
            assert venue >= 0, "this would have ended the session"
        now = until
        while pool.take(3_000, 0, now * ms):
            number += 1
            events.append((now + there, number, "arrives"))
            events.append((now + there + back, number, "answered"))


def test_a_pool_never_holds_more_than_its_size() -> None:
    pool = Pool(1_000, 10)
    assert pool.left(10_000 * SECOND) == 1_000


def test_a_pool_may_begin_with_little_at_whatever_time() -> None:
    pool = Pool(10, 2, 1)
    late_ns = 3_600 * SECOND
    assert pool.left(late_ns) == 1
    assert pool.ready_ns(2, 0, late_ns) == late_ns + SECOND // 2
    assert pool.left(late_ns + SECOND) == 3


def test_time_that_stands_still_or_goes_back_refills_nothing() -> None:
    pool = Pool(10, 10)
    assert pool.take(10, 0, SECOND)
    assert pool.left(SECOND) == 0
    assert pool.left(SECOND // 2) == 0


@given(st.integers(1, 5_000), st.integers(0, 5_000), st.integers(0, 10**12))
def test_ready_is_the_first_moment_a_request_fits(
    cost: int, reserve: int, t_ns: int
) -> None:
    pool = Pool(10_000, 7)
    pool.drain(t_ns)
    ready_ns = pool.ready_ns(cost, reserve, t_ns)
    assert ready_ns > t_ns
    assert not pool.take(cost, reserve, ready_ns - 1)
    assert pool.take(cost, reserve, ready_ns)


def test_a_run_does_not_count_on_full_pools_when_it_begins() -> None:
    credits = Credits()
    requests = sum(credits.take("public/status", SECOND) for _ in range(100))
    subscribes = sum(credits.take("public/subscribe", SECOND) for _ in range(100))
    assert (requests, subscribes) == (10, 0)
    assert credits.take("public/status", 2 * SECOND)
    assert credits.take("public/subscribe", 2 * SECOND)


def test_ordinary_requests_leave_the_reserve_to_heartbeats() -> None:
    credits = idle_for_long(Credits())
    count = 0
    while credits.take("public/status", 0):
        count += 1
    assert count == (POOL_SIZE - BESIDE - RESERVE) // REQUEST_COST
    assert credits.requests.left(0) == RESERVE
    credits.force("public/test", 0)
    assert credits.requests.left(0) == RESERVE - REQUEST_COST


def test_subscribing_has_a_pool_of_its_own() -> None:
    credits = idle_for_long(Credits())
    for _ in range(SUBSCRIBE_POOL_SIZE // SUBSCRIBE_COST):
        assert credits.take("private/subscribe", 0)
    assert not credits.take("public/subscribe", 0)
    assert credits.take("public/unsubscribe", 0)


def test_the_pools_are_those_of_the_documentation() -> None:
    credits = idle_for_long(Credits())
    subscribes = sum(credits.take("public/subscribe", 0) for _ in range(100))
    requests = sum(credits.take("public/status", 0) for _ in range(1_000))
    # Bursts of 10 and of 100, of which 10 are kept for heartbeats and 10, and two of
    # the 20 a second, for the second road.
    assert (subscribes, requests) == (10, 80)
    assert credits.ready_ns("public/subscribe", 0) == 3 * SECOND // 10
    assert credits.ready_ns("public/status", 0) == -(-SECOND // 18)


def test_matching_requests_are_not_paid_here() -> None:
    credits = Credits()
    credits.drain(0)
    assert credits.take("private/cancel", 0)
    assert not credits.take("private/get_positions", 0)


@pytest.mark.parametrize(
    ("rate", "burst", "size"), [(1, 20, 5_500), (1, 30, 10_000), (9e9, 9e9, 45_000)]
)
def test_a_lower_account_limit_shrinks_the_pool_a_higher_one_does_not(
    rate: float, burst: float, size: int
) -> None:
    credits = idle_for_long(Credits())
    credits.limit(rate, burst)
    assert credits.requests.size == size
    assert credits.requests.left(0) == size


def test_a_limit_that_is_raised_again_is_followed_up_to_the_default() -> None:
    credits, usual = Credits(), Credits().requests
    credits.limit(1, 20)
    credits.limit(10, 60)
    size, refill = credits.requests.size, credits.requests.refill_per_s
    assert (size, refill) < (usual.size, usual.refill_per_s)
    credits.limit(9e9, 9e9)
    assert credits.requests.size == usual.size
    assert credits.requests.refill_per_s == usual.refill_per_s
    assert credits.requests.left(0) < size, "nothing was regained by it"


def test_an_absurd_account_limit_still_lets_a_request_through() -> None:
    credits = Credits()
    credits.limit(0.001, 1)
    assert credits.take("public/status", 0)

"""The mirror of the venue's allowance never says yes where an exact bucket says no."""

from __future__ import annotations

import heapq
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.core import Core
from engine._core.gateway.credits import Credits
from tests.rig import MID, Rig

MS = 1_000_000
LATE_MS = 10_000
"""A request that has not arrived after this never does."""

SLOWER = Fraction(9995, 10_000)
"""The venue's clock against ours: both keep time to half a thousandth."""


class ExactBucket:
    """The venue's bucket in fractions, in either reading of a change of limits."""

    def __init__(self, rate: int, burst: int, left: Fraction, keeps: str) -> None:
        self.rate, self.burst, self.left, self.keeps = rate, burst, left, keeps
        self.now_ms = 0

    def refill(self, now_ms: int) -> None:
        gained = Fraction(self.rate * (now_ms - self.now_ms), 1_000) * SLOWER
        self.left = min(Fraction(self.burst), self.left + gained)
        self.now_ms = now_ms

    def take(self, now_ms: int) -> None:
        self.refill(now_ms)
        assert self.left >= 1, "this would have ended the session"
        self.left -= 1

    def change(self, now_ms: int, rate: int, burst: int) -> None:
        self.refill(now_ms)
        used = self.burst - self.left
        self.rate, self.burst = rate, burst
        if self.keeps == "used":
            self.left = max(Fraction(0), burst - used)
        self.left = min(Fraction(burst), self.left)


class Wire:
    """A core's requests on their way to an exact bucket, and the answers back."""

    def __init__(self, bucket: ExactBucket) -> None:
        self.bucket = bucket
        self.core = Core(1)
        self.now_ms = 0
        self.events: list[tuple[int, int, str, int]] = []
        self.sent = 0
        self.tell()

    def tell(self) -> None:
        rate, burst = float(self.bucket.rate), float(self.bucket.burst)
        self.core.set_credit_limits({"trading": (rate, burst)})

    def advance(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        while self.events and self.events[0][0] <= until_ms:
            self.now_ms, _, kind, sent_ms = heapq.heappop(self.events)
            self.core.handle_timer(self.now_ms * MS)
            if kind == "arrives":
                self.bucket.take(self.now_ms)
            else:
                self.core.credit_answered(sent_ms * MS, "trading")
        self.now_ms = until_ms
        self.core.handle_timer(until_ms * MS)

    def send(self, there_ms: int, back_ms: int | None) -> bool:
        """Send one if the mirror allows it; back None = its answer is lost."""
        if not self.core.take_credit("trading"):
            return False
        self.sent += 1
        arrives_ms = self.now_ms + there_ms
        heapq.heappush(self.events, (arrives_ms, self.sent, "arrives", 0))
        if back_ms is not None:
            event = (arrives_ms + back_ms, self.sent, "answered", self.now_ms)
            heapq.heappush(self.events, event)
        return True


DELAY_MAX_MS = 3_000
DELAY = st.integers(0, DELAY_MAX_MS)
ACTION = st.one_of(
    st.tuples(st.just("advance"), st.integers(0, 5_000)),
    st.tuples(
        st.just("send"),
        st.integers(1, 30),
        DELAY,
        st.one_of(st.none(), DELAY, st.integers(0, 30_000)),
    ),
    st.tuples(st.just("change"), st.integers(1, 50), st.integers(1, 60)),
)


@given(
    rate=st.integers(1, 50),
    burst=st.integers(1, 60),
    left=st.floats(0, 1),
    keeps=st.sampled_from(["left", "used"]),
    actions=st.lists(ACTION, max_size=40),
)
def test_no_interleaving_of_requests_and_answers_empties_the_venues_bucket(
    rate: int, burst: int, left: float, keeps: str, actions: list[Any]
) -> None:
    wire = Wire(ExactBucket(rate, burst, Fraction(left) * burst, keeps))
    for action in actions:
        if action[0] == "advance":
            wire.advance(action[1])
        elif action[0] == "change":
            # What flies while a tier is lowered was sent by the old rules.
            wire.advance(DELAY_MAX_MS)
            wire.bucket.change(wire.now_ms, *action[1:])
            wire.tell()
        else:
            for _ in range(action[1]):
                if not wire.send(action[2], action[3]):
                    break
    wire.advance(60_000)


@given(
    lost=st.lists(st.integers(0, LATE_MS), min_size=1, max_size=20),
    pauses=st.lists(st.integers(0, 4_000), max_size=20),
)
def test_requests_of_a_lost_line_may_arrive_late(
    lost: list[int], pauses: list[int]
) -> None:
    wire = Wire(ExactBucket(5, 20, Fraction(20), "left"))
    wire.advance(10_000)
    for there_ms in lost:
        wire.send(there_ms, None)
    for pause_ms in pauses:
        wire.advance(pause_ms)
        while wire.send(0, 0):
            wire.advance(1)
    wire.advance(60_000)


def test_the_mirror_wastes_no_more_than_its_slack() -> None:
    wire = Wire(ExactBucket(5, 20, Fraction(0), "left"))
    for _ in range(100_000 // 10):
        wire.advance(10)
        wire.send(20, 20)
    assert 0.99 * 5 * 100 - 2 <= wire.sent <= 5 * 100


def test_a_request_without_an_answer_is_counted_after_a_while() -> None:
    wire = Wire(ExactBucket(5, 20, Fraction(20), "left"))
    wire.advance(10_000)
    for _ in range(5):
        assert wire.send(1, None)
    left = wire.core.snapshot()["credits"]["trading"]["left"]
    wire.advance(9_000)
    assert wire.core.snapshot()["credits"]["trading"]["left"] == left
    wire.advance(10_000)
    assert wire.core.snapshot()["credits"]["trading"]["left"] == left
    wire.advance(3_000)
    assert wire.core.snapshot()["credits"]["trading"]["left"] == 20


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing() -> None:
    wire = Wire(ExactBucket(1, 20, Fraction(20), "left"))
    wire.advance(30_000)
    assert wire.send(1, None)
    sent_ns = wire.now_ms * MS
    for _ in range(3):
        wire.advance(15_000)
        assert wire.core.snapshot()["credits"]["trading"]["left"] >= 19
    assert wire.send(1, None)
    wire.core.credit_answered(sent_ns, "trading")
    wire.advance(1)
    assert wire.core.snapshot()["credits"]["trading"]["left"] == 19


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ((5.0, 20.0), (30.0, 100.0), 10.0),
        ((30.0, 100.0), (5.0, 20.0), 0.0),
        ((30.0, 20.0), (5.0, 15.0), 5.0),
    ],
)
def test_a_changed_tier_leaves_what_the_venue_may_have_left(
    before: tuple[float, float], after: tuple[float, float], left: float
) -> None:
    core = Core(1)
    core.set_credit_limits({"trading": before})
    core.handle_timer(60_000 * MS)
    for _ in range(int(before[1]) - 10):
        assert core.take_credit("trading")
        core.credit_answered(60_000 * MS, "trading")
    core.set_credit_limits({"trading": after})
    row = core.snapshot()["credits"]["trading"]
    assert (row["rate"], row["burst"]) == after
    assert row["left"] == left


def test_a_request_pays_from_both_of_its_pools() -> None:
    core = Core(1)
    core.set_credit_limits({"btc": (10.0, 50.0), "btc.perpetuals": (1.0, 5.0)})
    core.handle_timer(60_000 * MS)
    count = 0
    while core.take_credit("btc", "btc.perpetuals"):
        count += 1
    assert count == 4, "one stays unspent"
    seen = core.snapshot()["credits"]
    assert (seen["btc"]["left"], seen["btc.perpetuals"]["left"]) == (46, 1)
    assert core.take_credit("btc")


def test_nothing_may_be_sent_before_limits_and_pools_are_known() -> None:
    assert Credits(4).describe(0) == {}
    core = Core(1)
    with pytest.raises(ValueError, match="no credit pool 'trading': there are none"):
        core.take_credit("trading")
    rig = Rig()
    rig.core.route_credits(rig.index, "cancel_all")
    with pytest.raises(ValueError, match="no credit pool 'btc'"):
        rig.core.route_credits(rig.index, "cancel_all", "btc")


def test_a_new_pool_begins_empty() -> None:
    core = Core(1)
    core.handle_timer(60_000 * MS)
    core.set_credit_limits({"trading": (5.0, 20.0)})
    assert not core.take_credit("trading")
    core.handle_timer(60_399 * MS)
    assert not core.take_credit("trading")
    core.handle_timer(60_401 * MS)
    assert core.take_credit("trading")


def test_the_account_has_a_limited_number_of_pools() -> None:
    core = Core(1)
    core.set_credit_limits({f"pool {n}": (5.0, 20.0) for n in range(32)})
    with pytest.raises(ValueError, match="pool 33: there are 32 already"):
        core.set_credit_limits({"pool 33": (5.0, 20.0)})


def test_quotes_leave_the_reserve_to_cancels() -> None:
    rig = Rig(rate=1, burst=10)
    rig.advance(60_000)
    rig.wisher.bids = [(MID - i, 1) for i in range(8)]
    rig.book([(MID, 1)], [(MID + 1, 1)])
    assert 1 <= len(rig.sent()) <= 5
    assert rig.core.snapshot()["credits"]["trading"]["left"] >= 5
    assert rig.core.snapshot()["counters"]["credit_waits"] == 1
    assert rig.core.next_timer_ns() > rig.t_ns


def test_a_small_burst_still_quotes() -> None:
    rig = Rig(rate=5, burst=4)
    rig.wisher.bids = [(100, 1)]
    rig.book([(100, 1)], [(101, 1)])
    assert [r["method"] for r in rig.sent()] == ["private/buy"]


def test_who_looks_changes_nothing() -> None:
    def left_after(looks: bool) -> float:
        core = Core(1)
        core.connection_made(0, 10**9)
        core.set_credit_limits({"trading": (1.0, 20.0)})
        for step in range(1, 2_002):
            core.handle_timer(10**9 + step * MS)
            if looks:
                core.snapshot()
        return float(core.snapshot()["credits"]["trading"]["left"])

    assert left_after(looks=True) == left_after(looks=False) > 0.0

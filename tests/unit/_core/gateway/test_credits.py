"""The mirror of the venue's allowance never says yes where an exact bucket says no."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine._core.gateway.credits import Credits
from tests.rig import Rig

MS = 1_000_000


def test_nothing_may_be_sent_before_the_limits_are_known() -> None:
    rig = Rig()
    assert Credits(4).left() == 0
    assert rig.core.take_credit()


@given(
    rate=st.integers(1, 50),
    burst=st.integers(1, 60),
    steps=st.lists(st.integers(0, 700), max_size=40),
)
def test_take_credit_stays_inside_an_exact_bucket(
    rate: int, burst: int, steps: list[int]
) -> None:
    rig = Rig(rate=rate, burst=burst)
    # Whatever an earlier run left, at least the reserve and one are there; see Credits.
    reserve = max(0, min(4, burst - 3))
    left = min(Fraction(burst), Fraction(reserve + 1) + Fraction(rate * 2_000, 1_000))
    for ms in steps:
        rig.advance(ms)
        left = min(Fraction(burst), left + Fraction(rate * ms, 1_000))
        while rig.core.take_credit():
            left -= 1
            assert left >= 1


def test_quotes_leave_the_reserve_to_cancels() -> None:
    rig = Rig(rate=1, burst=10)
    rig.wisher.bids = [(100 - i, 1) for i in range(8)]
    rig.book([(100, 1)], [(101, 1)])
    sent = len(rig.sent())
    left = rig.core.snapshot()["credits"]["left"]
    assert sent > 0
    assert 4 <= left < 6
    assert rig.core.snapshot()["counters"]["credit_waits"] == 1
    assert rig.core.next_timer_ns() > rig.t_ns


def test_a_small_burst_still_quotes() -> None:
    rig = Rig(rate=5, burst=4)
    rig.wisher.bids = [(100, 1)]
    rig.book([(100, 1)], [(101, 1)])
    assert [r["method"] for r in rig.sent()] == ["private/buy"]

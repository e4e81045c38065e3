"""Back-off times: seeded, growing, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.session.jitter import Jitter

BASE_NS, CAP_NS = 100_000_000, 5_000_000_000


def test_first_numbers_match_the_published_generator() -> None:
    # The reference implementation seeded with 1234567.
    jitter = Jitter(1234567)
    assert [jitter.next_u64() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_same_seed_same_waits_other_seed_other_waits() -> None:
    def waits(seed: int) -> list[int]:
        jitter = Jitter(seed)
        return [jitter.backoff_ns(n, BASE_NS, CAP_NS) for n in range(8)]

    assert waits(7) == waits(7)
    assert waits(7) != waits(8)


@given(st.integers(0, 2**64 - 1), st.integers(0, 500))
def test_wait_lies_between_half_and_all_of_the_doubled_base(
    seed: int, attempt: int
) -> None:
    full_ns = min(CAP_NS, BASE_NS * 2**attempt)
    wait_ns = Jitter(seed).backoff_ns(attempt, BASE_NS, CAP_NS)
    assert full_ns // 2 <= wait_ns <= full_ns


@pytest.mark.parametrize("full_ns", [1, 2])
def test_tiny_waits_never_become_nothing(full_ns: int) -> None:
    jitter = Jitter(1)
    assert min(jitter.backoff_ns(0, full_ns, CAP_NS) for _ in range(64)) >= 1

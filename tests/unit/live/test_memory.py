"""The cycle collector: off while we quote, bounded, given back."""

import gc
from collections.abc import Iterator

import pytest

from engine.live import memory
from engine.live.memory import CollectorPolicy


@pytest.fixture
def policy() -> Iterator[CollectorPolicy]:
    found = CollectorPolicy()
    yield found
    found.release()
    assert gc.isenabled()


def cycles(number: int) -> None:
    for _ in range(number):
        knot: list[object] = []
        knot.append(knot)


def test_nothing_changes_before_the_warm_up_is_over(policy: CollectorPolicy) -> None:
    policy.tend(idle=True)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_settled_means_frozen_and_off(policy: CollectorPolicy) -> None:
    policy.settle()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    policy.settle()
    policy.release()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_garbage_waits_while_quoting_and_goes_when_idle(
    policy: CollectorPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "DEBT_MAX", 10_000)
    policy.settle()
    cycles(500)
    before = gc.get_count()[0]
    policy.tend(idle=False)
    assert gc.get_count()[0] >= before
    policy.tend(idle=True)
    assert gc.get_count()[0] < before


def test_debt_past_its_limit_is_collected_anyway(
    policy: CollectorPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "DEBT_MAX", 1_000)
    policy.settle()
    cycles(1_500)
    policy.tend(idle=False)
    assert gc.get_count()[0] < 1_000

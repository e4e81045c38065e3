"""The measuring clock runs forward, and only when it was asked for."""

from engine._core.base.probe import monotonic_ns, stage_clock_ns
from tests.rig import Rig


def test_the_clock_never_steps_back() -> None:
    seen = [monotonic_ns() for _ in range(1_000)]
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_the_stage_clock_runs_forward_and_as_fast() -> None:
    seen = [stage_clock_ns() for _ in range(1_000)]
    assert seen == sorted(seen)
    before, start, after = monotonic_ns(), stage_clock_ns(), monotonic_ns()
    while monotonic_ns() - after < 5_000_000:
        pass
    early, end, late = monotonic_ns(), stage_clock_ns(), monotonic_ns()
    # However long somebody else ran in between: the reading lies inside.
    assert 0.99 * (early - after) <= end - start <= 1.01 * (late - before)


def test_stages_are_measured_only_on_request() -> None:
    rig = Rig()
    rig.book([(9_999, 1)], [(10_001, 1)])
    assert rig.core.snapshot()["latency_ns"]["decode"]["count"] == 0
    rig.core.measure(True)
    rig.book([(9_999, 1)], [(10_001, 2)])
    latency = rig.core.snapshot()["latency_ns"]
    for stage in ("decode", "state", "quote", "gateway", "turn"):
        assert latency[stage]["count"] == 1, stage
        assert latency[stage]["max"] > 0, stage

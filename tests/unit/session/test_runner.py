"""Running scripts: resuming, dropping, and who hears of an error."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import ProtocolError
from engine.session.clock import Clock
from engine.session.credits import Credits
from engine.session.flow import Ask, Flow, Script, Sleep
from engine.session.rpc import Rpc
from engine.session.runner import FLOWS_MAX, Runner
from engine.session.verdict import Reconnect, Unusable
from tests.unit.session.stand_in import SECOND, CoreStandIn, idle_for_long


class Bench:
    def __init__(self) -> None:
        self.core = CoreStandIn()
        self.rpc = Rpc(self.core, idle_for_long(Credits()), 5 * SECOND)
        self.failed: list[tuple[str, Exception]] = []
        self.runner = Runner(
            self.rpc,
            Clock(),
            lambda flow, error: self.failed.append((flow.name, error)),
        )
        self.seen: list[Any] = []

    def start(
        self,
        make: Callable[[], Script[None]],
        name: str = "x",
        conns: tuple[int, ...] = (0,),
        then: Callable[[], None] | None = None,
    ) -> None:
        self.runner.start(Flow(name, conns, make(), then))

    def answer(self, number: int, result: Any, conn: int = 0) -> None:
        self.rpc.receive(conn, self.runner.now_ns, {"id": number, "result": result})


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_script_runs_from_answer_to_answer(bench: Bench) -> None:
    def script() -> Script[None]:
        reply = yield Ask(0, "public/a")
        bench.seen.append(reply.result)
        replies = yield (Ask(0, "public/b"), Ask(0, "public/c"))
        bench.seen.append([r.result for r in replies])

    bench.start(script, then=lambda: bench.seen.append("then"))
    bench.answer(1, "a")
    bench.answer(3, "c")
    bench.answer(2, "b")
    assert bench.seen == ["a", ["b", "c"], "then"]
    assert bench.runner.find("x") is None


def test_a_sleeper_wakes_at_its_time(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(10)
        bench.seen.append("awake")

    bench.start(script)
    assert bench.runner.next_ns() == 10
    bench.runner.now_ns = 9
    bench.runner.step()
    assert bench.seen == []
    bench.runner.now_ns = 10
    bench.runner.step()
    assert bench.seen == ["awake"]
    assert bench.runner.next_ns() == 0


def test_a_sleeper_can_be_woken_earlier_but_not_later(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(100)

    bench.start(script)
    bench.runner.wake("x", 40)
    bench.runner.wake("x", 70)
    bench.runner.wake("nobody", 1)
    assert bench.runner.next_ns() == 40


def test_a_sleep_of_nothing_still_lets_time_pass(bench: Bench) -> None:
    def script() -> Script[None]:
        while True:
            yield Sleep(0)

    bench.start(script)
    bench.runner.step()
    assert bench.runner.next_ns() > bench.runner.now_ns


def test_a_lost_connection_ends_what_stands_on_it(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Ask(1, "public/a")
        bench.seen.append("resumed")

    bench.start(script, "one", (1,))
    bench.start(script, "both", (0, 1), lambda: bench.seen.append("then"))
    bench.start(script, "other", (0,))
    bench.runner.drop_conn(1)
    assert [bench.runner.find(n) is None for n in ("one", "both", "other")] == [
        True,
        True,
        False,
    ]
    bench.answer(1, "late", conn=1)
    assert bench.seen == []


@pytest.mark.parametrize(
    "error", [Reconnect(0, "r"), Unusable("u"), ProtocolError("p")], ids=str
)
def test_an_error_of_the_venue_ends_the_script_and_is_told(
    bench: Bench, error: Exception
) -> None:
    def script() -> Script[None]:
        yield Sleep(1)
        raise error

    bench.start(script, then=lambda: bench.seen.append("then"))
    bench.runner.now_ns = 1
    bench.runner.step()
    assert bench.failed == [("x", error)]
    assert bench.seen == []
    assert bench.runner.find("x") is None


def test_an_error_of_ours_passes_through(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(1)
        raise KeyError("bug")

    bench.start(script)
    bench.runner.now_ns = 1
    with pytest.raises(KeyError):
        bench.runner.step()


def test_a_script_may_bring_about_its_own_end(bench: Bench) -> None:
    def script() -> Script[None]:
        bench.runner.drop("x")
        bench.seen.append("runs to its next wait")
        yield Ask(0, "public/a")
        bench.seen.append("never")

    bench.start(script, then=lambda: bench.seen.append("then"))
    assert bench.core.sent == []
    assert bench.seen == ["runs to its next wait"]


def test_a_script_that_ends_after_being_dropped_has_no_sequel(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(1)
        bench.runner.drop("x")
        raise Reconnect(0, "too late to matter")

    bench.start(script)
    bench.runner.now_ns = 1
    bench.runner.step()
    assert bench.failed == []


def test_a_script_that_returns_after_being_dropped_has_no_sequel(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(1)
        bench.runner.drop("x")

    bench.start(script, then=lambda: bench.seen.append("then"))
    bench.runner.now_ns = 1
    bench.runner.step()
    assert bench.seen == []


def test_a_sleeper_dropped_by_another_does_not_wake(bench: Bench) -> None:
    def first() -> Script[None]:
        yield Sleep(1)
        bench.runner.drop("second")

    def second() -> Script[None]:
        yield Sleep(1)
        bench.seen.append("awake")

    bench.start(first, "first")
    bench.start(second, "second")
    bench.runner.now_ns = 1
    bench.runner.step()
    assert bench.seen == []


def test_there_is_room_for_so_many_flows_and_not_one_more(bench: Bench) -> None:
    def script() -> Script[None]:
        yield Sleep(1)

    for number in range(FLOWS_MAX):
        bench.start(script, f"{number}")
    with pytest.raises(RuntimeError, match="one too many"):
        bench.start(script, "one too many")

"""Scripts: asking, asking again, giving up."""

from typing import Any

import pytest

from engine.errors import RequestRejected
from engine.session.flow import (
    ATTEMPTS_MAX,
    PAUSE_MAX_NS,
    PAUSE_NS,
    PAUSE_WAIT_NS,
    WINDOW,
    Ask,
    Flow,
    Reply,
    Script,
    Sleep,
    ask_all,
    ask_one,
)

NOTES: list[tuple[str, str, str]] = []


def say(level: str, kind: str, text: str) -> None:
    NOTES.append((level, kind, text))


def full(attempt: int, base_ns: int, cap_ns: int) -> int:
    return min(cap_ns, base_ns << attempt)


def play(script: Script[Any], *answers: Any) -> tuple[list[Any], Any]:
    """Run a script against given answers; return its steps and its result."""
    steps = [next(script)]
    for answer in answers:
        try:
            steps.append(script.send(answer))
        except StopIteration as end:
            return steps, end.value
    raise AssertionError(f"not finished, waits for {steps[-1]}")


def ok(result: Any = None) -> Reply:
    return Reply("public/x", result)


def error(code: int) -> Reply:
    return Reply("public/x", None, code, "refused")


ASK = Ask(0, "public/x")


def test_one_question_one_answer() -> None:
    steps, result = play(ask_one(ASK, say, full), [ok(7)])
    assert steps == [(ASK,)]
    assert result == 7


def test_a_refusal_that_nothing_mends_is_not_repeated() -> None:
    with pytest.raises(RequestRejected) as caught:
        play(ask_one(ASK, say, full), [error(13020)])
    assert caught.value.code == 13020


@pytest.mark.parametrize("code", [10040, 10047, 13028, 424242])
def test_what_may_pass_is_asked_again_after_a_pause(code: int) -> None:
    NOTES.clear()
    steps, result = play(ask_one(ASK, say, full), [error(code)], None, [ok(1)])
    assert steps == [(ASK,), Sleep(PAUSE_NS), (ASK,)]
    assert result == 1
    (note,) = NOTES
    assert note == ("warning", "again", f"public/x: {code} refused; asking again")


def test_maintenance_is_waited_for_longer() -> None:
    steps, _ = play(ask_one(ASK, say, full), [error(11051)], None, [ok()])
    assert steps[1] == Sleep(PAUSE_WAIT_NS)


def test_the_last_attempt_is_the_last() -> None:
    script = ask_one(ASK, say, full)
    answers: list[Any] = [[error(10040)], None] * (ATTEMPTS_MAX - 1) + [[error(10040)]]
    with pytest.raises(RequestRejected):
        play(script, *answers)


def test_pauses_grow_up_to_a_bound() -> None:
    script = ask_one(ASK, say, full)
    answers: list[Any] = [[error(10040)], None] * (ATTEMPTS_MAX - 1) + [[ok()]]
    steps, _ = play(script, *answers)
    pauses = [step.ns for step in steps if isinstance(step, Sleep)]
    assert pauses == sorted(pauses)
    assert max(pauses) == PAUSE_MAX_NS


def test_only_the_failed_ones_are_repeated_and_answers_keep_their_place() -> None:
    asks = [Ask(0, f"public/{n}") for n in range(3)]
    steps, result = play(
        ask_all(asks, say, full), [ok(0), error(10040), ok(2)], None, [ok(1)]
    )
    assert steps[2] == (asks[1],)
    assert [reply.result for reply in result] == [0, 1, 2]


def test_what_may_be_said_once_is_not_repeated_when_its_outcome_is_unknown() -> None:
    ask = Ask(0, "public/x", once=True)
    with pytest.raises(RequestRejected) as caught:
        play(ask_one(ask, say, full), [error(13028)])
    assert caught.value.code == 13028
    steps, _ = play(ask_one(ask, say, full), [error(10047)], None, [ok()])
    assert steps[2] == (ask,)


def test_too_many_requests_ends_it_at_once() -> None:
    with pytest.raises(RequestRejected) as caught:
        play(ask_all([ASK, ASK], say, full), [ok(), error(10028)])
    assert caught.value.code == 10028


def test_questions_go_out_in_windows() -> None:
    asks = [Ask(0, f"public/{n}") for n in range(WINDOW + 1)]
    steps, _ = play(ask_all(asks, say, full), [ok()] * WINDOW, [ok()])
    assert [len(step) for step in steps] == [WINDOW, 1]


def test_no_question_needs_no_answer() -> None:
    with pytest.raises(StopIteration) as end:
        next(ask_all([], say, full))
    assert end.value.value == []


def test_a_flow_collects_answers_in_the_order_asked() -> None:
    flow = Flow("x", [0], iter_nothing())
    flow.expect((ASK, ASK))
    assert not flow.deliver(1, ok("second"))
    assert not flow.deliver(1, ok("again")), "the same answer twice counts once"
    assert flow.deliver(0, ok("first"))
    assert [reply.result for reply in flow.answers()] == ["first", "second"]


def iter_nothing() -> Script[None]:
    yield Sleep(1)

"""Requests on the wire: ids, deadlines, the bounded table and queue."""

from typing import Any

import pytest

from engine.session.credits import (
    BESIDE,
    POOL_SIZE,
    REQUEST_COST,
    RESERVE,
    Credits,
)
from engine.session.flow import Ask, Reply
from engine.session.rpc import ID_MAX, LATE_NS, PENDING_MAX, WAITING_MAX, Rpc
from engine.session.verdict import Reconnect
from tests.unit.session.stand_in import SECOND, CoreStandIn, idle_for_long

TIMEOUT = 5 * SECOND
AT_ONCE = (POOL_SIZE - BESIDE - RESERVE) // REQUEST_COST


class Bench:
    def __init__(self) -> None:
        self.core = CoreStandIn()
        self.rpc = Rpc(self.core, idle_for_long(Credits()), TIMEOUT)
        self.replies: list[Reply] = []

    def ask(self, method: str = "public/status", conn: int = 0, t_ns: int = 0) -> None:
        self.rpc.ask(Ask(conn, method), self.replies.append, t_ns)

    def ids(self) -> list[int]:
        return [frame["id"] for _, frame in self.core.sent]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_request_is_a_complete_json_rpc_frame(bench: Bench) -> None:
    ask = Ask(1, "private/cancel", {"order_id": "7"})
    bench.rpc.ask(ask, bench.replies.append, 0)
    assert bench.core.sent == [
        (
            1,
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "private/cancel",
                "params": {"order_id": "7"},
            },
        )
    ]


def test_answers_find_their_question_in_any_order(bench: Bench) -> None:
    bench.ask("public/a")
    bench.ask("public/b")
    assert bench.rpc.receive(0, 9, {"id": 2, "result": "b", "usIn": 3, "usOut": 4})
    assert bench.rpc.receive(0, 10, {"id": 1, "error": {"code": 13020, "message": "m"}})
    assert [(r.method, r.result, r.code) for r in bench.replies] == [
        ("public/b", "b", 0),
        ("public/a", None, 13020),
    ]
    assert (bench.replies[0].us_in, bench.replies[0].got_ns) == (3, 9)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        ({"code": 11050, "message": "bad"}, 11050, "bad"),
        (
            {"code": 11050, "message": "bad", "data": {"reason": "r", "param": "p"}},
            11050,
            "bad param=p reason=r",
        ),
        ({}, -1, ""),
        ({"code": 0, "message": "zero"}, -1, "zero"),
        ({"code": "x"}, -1, ""),
        ("text", -1, "'text'"),
    ],
)
def test_an_error_of_any_shape_stays_an_error(
    bench: Bench, error: Any, code: int, text: str
) -> None:
    bench.ask()
    bench.rpc.receive(0, 0, {"id": 1, "error": error})
    assert (bench.replies[0].code, bench.replies[0].message) == (code, text)


def test_an_answer_nobody_waits_for_is_said_to_be_one(bench: Bench) -> None:
    bench.ask()
    assert not bench.rpc.receive(0, 0, {"id": 99, "result": 1})
    assert not bench.rpc.receive(1, 0, {"id": 1, "result": 1}), "other connection"
    assert not bench.rpc.receive(0, 0, {"id": [], "result": 1})
    assert bench.rpc.receive(0, 0, {"id": 1, "result": 1})
    assert not bench.rpc.receive(0, 0, {"id": 1, "result": 1}), "twice"
    assert len(bench.replies) == 1


def test_a_request_is_overdue_at_its_deadline_and_not_before(bench: Bench) -> None:
    bench.ask(t_ns=100)
    assert bench.rpc.next_ns(100) == 100 + TIMEOUT
    assert bench.rpc.overdue(99 + TIMEOUT) == []
    assert [p.method for p in bench.rpc.overdue(100 + TIMEOUT)] == ["public/status"]


def answer_all(bench: Bench) -> None:
    for number in bench.ids():
        bench.rpc.receive(0, 0, {"id": number, "result": 1})


def test_what_a_lost_line_may_still_deliver_takes_up_its_credits(bench: Bench) -> None:
    for _ in range(AT_ONCE):
        bench.ask()
    bench.rpc.drop(0)
    bench.ask(t_ns=LATE_NS - 1)
    assert len(bench.core.sent) == AT_ONCE
    bench.rpc.pump(LATE_NS)
    assert len(bench.core.sent) == AT_ONCE
    bench.rpc.pump(LATE_NS + SECOND)
    assert len(bench.core.sent) == AT_ONCE + 1


def test_a_request_without_credits_waits_its_turn(bench: Bench) -> None:
    for _ in range(AT_ONCE + 2):
        bench.ask()
    assert len(bench.core.sent) == AT_ONCE
    answer_all(bench)
    ready_ns = bench.rpc.next_ns(0)
    bench.rpc.pump(ready_ns - 1)
    assert len(bench.core.sent) == AT_ONCE
    bench.rpc.pump(ready_ns)
    assert len(bench.core.sent) == AT_ONCE + 1


def test_nobody_overtakes_the_queue_except_the_urgent(bench: Bench) -> None:
    for _ in range(12):
        bench.ask("public/subscribe")
    assert len(bench.core.sent) == 10
    bench.ask("public/status")
    assert len(bench.core.sent) == 10, "it could be paid, but others wait"
    bench.rpc.ask(Ask(0, "public/test", urgent=True), bench.replies.append, 0)
    assert bench.core.sent[-1][1]["method"] == "public/test"
    answer_all(bench)
    bench.rpc.pump(SECOND)
    methods = [frame["method"] for _, frame in bench.core.sent[11:]]
    assert methods == ["public/subscribe", "public/subscribe", "public/status"]


def fill_table(bench: Bench) -> None:
    for number in range(PENDING_MAX):
        # Paid elsewhere: nothing here holds them back.
        bench.ask("private/cancel", t_ns=number * SECOND // 10)
    assert len(bench.core.sent) == PENDING_MAX


def test_the_table_takes_its_maximum_and_the_next_one_waits(bench: Bench) -> None:
    fill_table(bench)
    late = 2_000 * SECOND
    bench.ask(t_ns=late)
    assert len(bench.core.sent) == PENDING_MAX
    bench.rpc.receive(0, late, {"id": bench.ids()[5], "result": 1})
    bench.rpc.pump(late)
    assert len(bench.core.sent) == PENDING_MAX + 1


def test_an_urgent_request_is_sent_beyond_the_full_table(bench: Bench) -> None:
    fill_table(bench)
    bench.rpc.ask(Ask(0, "public/test", urgent=True), bench.replies.append, 0)
    assert bench.core.sent[-1][1]["method"] == "public/test"
    assert len(bench.rpc.overdue(10_000 * SECOND)) == PENDING_MAX


def test_one_request_past_the_full_queue_costs_its_connection(bench: Bench) -> None:
    fill_table(bench)
    for _ in range(WAITING_MAX):
        bench.ask(t_ns=2_000 * SECOND)
    with pytest.raises(Reconnect) as caught:
        bench.ask(conn=1, t_ns=2_000 * SECOND)
    assert caught.value.conn == 1


def test_a_lost_connection_takes_its_requests_and_no_others(bench: Bench) -> None:
    bench.ask(conn=0)
    bench.ask(conn=1)
    for conn in (0, 1) * (AT_ONCE // 2 + 1):
        bench.ask(conn=conn)
    bench.rpc.drop(0)
    assert not bench.rpc.receive(0, 0, {"id": 1, "result": 1})
    assert bench.rpc.receive(1, 0, {"id": 2, "result": 1})
    sent = len(bench.core.sent)
    bench.rpc.pump(100 * SECOND)
    assert {conn for conn, _ in bench.core.sent[sent:]} == {1}


def test_ids_stay_below_the_gateways_and_skip_those_in_use(bench: Bench) -> None:
    bench.ask()
    bench.rpc._last_id = ID_MAX - 1
    bench.ask()
    bench.ask()
    assert bench.ids() == [1, ID_MAX, 2]

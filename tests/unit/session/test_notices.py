"""Frames that come by themselves: heartbeats, portfolios, the end, and nonsense."""

from typing import Any

import pytest

from engine.session.context import BALANCES_MAX
from tests.unit.session.stand_in import Desk, Nothing


def test_a_test_request_is_answered_at_once() -> None:
    desk = Desk().go()
    desk.frame(
        {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
    )
    assert desk.methods()[-1] == "public/test"


def test_a_test_request_is_answered_even_without_credits() -> None:
    desk = Desk().go()
    desk.session._ctx.credits.drain(desk.now_ns)
    desk.frame({"method": "heartbeat", "params": {"type": "test_request"}})
    assert desk.methods()[-1] == "public/test"


def test_each_connection_answers_for_itself() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.frame({"method": "heartbeat", "params": {"type": "test_request"}}, conn=1)
    assert desk.requests[-1][:2] == (1, "public/test")


def test_an_ordinary_heartbeat_needs_no_answer() -> None:
    desk = Desk().go()
    sent = len(desk.core.sent)
    desk.frame({"method": "heartbeat", "params": {"type": "heartbeat"}})
    assert len(desk.core.sent) == sent


def test_heartbeats_keep_the_connection_without_a_question_of_ours() -> None:
    desk = Desk().go()
    for _ in range(10):
        desk.until(30)
        desk.frame({"method": "heartbeat", "params": {"type": "heartbeat"}})
    assert "public/test" not in desk.methods()
    assert desk.core.closed == []


def test_a_silent_venue_is_asked_and_then_given_up() -> None:
    desk = Desk().go()
    del desk.venue.answer["public/test"]
    heard_ns = desk.session._ctx.links[0].heard_ns
    desk.venue.answer["public/test"] = lambda p: silent()
    desk.until(60)
    assert desk.methods().count("public/test") == 1
    assert desk.core.closed == [(0, "silent for 35.0 s")]
    assert desk.core.quoting[-1] == (False, "connecting")
    assert heard_ns > 0


def silent() -> Any:
    raise Nothing


@pytest.mark.parametrize("code", [10028, 11051])
def test_an_announcement_of_the_end_without_an_id_costs_the_connection(
    code: int,
) -> None:
    desk = Desk().go()
    desk.frame({"jsonrpc": "2.0", "error": {"code": code, "message": "the end"}})
    assert f"{code}" in desk.core.closed[0][1]
    assert not desk.core.may_quote


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"id":"7","result":1}',
        b'{"id":7}',
        b'{"id":424242,"result":{}}',
        b'{"id":1.5,"error":{}}',
        b'{"method":"heartbeat"}',
        b'{"method":"heartbeat","params":[]}',
        b'{"method":"subscription"}',
        b'{"method":"subscription","params":{"channel":7}}',
        b'{"method":"subscription","params":{"channel":"user.portfolio.btc"}}',
        b'{"method":"subscription","params":{"channel":"platform_state","data":9}}',
        b'{"method":"brand_new","params":{"channel":"x","data":[]}}',
        b'{"error":{"code":123}}',
        b'{"error":"text"}',
        b'\xff\xfe{"id":1}',
    ],
)
def test_nonsense_is_named_once_and_changes_nothing(payload: bytes) -> None:
    desk = Desk().go()
    noted = len(desk.core.noted)
    sent = len(desk.core.sent)
    for _ in range(20):
        desk.frame(payload)
    assert desk.core.may_quote
    assert desk.core.closed == []
    assert len(desk.core.sent) == sent
    said = [note for note in desk.core.noted[noted:] if note[0] != "debug"]
    assert len(said) <= 1


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"currency": 3, "equity": 1.0},
        {"equity": 1.0},
        {"currency": "BTC", "equity": None},
        {"currency": "BTC", "equity": "1"},
    ],
)
def test_a_portfolio_of_unknown_shape_leaves_the_balances(data: Any) -> None:
    desk = Desk().go()
    desk.notify("user.portfolio.btc", data)
    assert desk.session.snapshot()["balances"] == {"BTC": 5.5}


def test_so_many_balances_are_kept_and_not_one_more() -> None:
    desk = Desk().go()
    for number in range(BALANCES_MAX + 10):
        desk.notify("user.portfolio.any", {"currency": f"C{number}", "equity": 1})
    balances = desk.session.snapshot()["balances"]
    assert len(balances) == BALANCES_MAX
    assert balances["BTC"] == 5.5


def test_long_texts_of_the_venue_are_cut_in_notes() -> None:
    desk = Desk().go()
    desk.frame({"error": {"code": 10028, "message": "x" * 100_000}})
    assert max(len(text) for _, _, text in desk.core.noted) <= 240
    assert len(desk.core.closed[0][1]) <= 240

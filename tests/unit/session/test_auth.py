"""Logging in: what is asked, what must be granted, and the refresh."""

from typing import Any

import orjson
import pytest

from tests.unit.session.stand_in import Desk, Nothing, Refusal


def test_client_signature_carries_time_and_nonce_and_only_placeholders() -> None:
    desk = Desk()
    desk.connect()
    (params,) = desk.params("public/auth")
    assert params == {
        "grant_type": "client_signature",
        "client_id": "$CLIENT_ID",
        "timestamp": 1_767_978_368_485,
        "nonce": "n5000000000",
        "data": "",
        "signature": "$SIGNATURE",
        "scope": "session:halfspread account:read_write trade:read_write",
    }


def test_client_credentials_carries_only_placeholders() -> None:
    desk = Desk(grant="client_credentials", scope="")
    desk.connect()
    assert desk.params("public/auth") == [
        {
            "grant_type": "client_credentials",
            "client_id": "$CLIENT_ID",
            "client_secret": "$CLIENT_SECRET",
        }
    ]


def test_the_timestamp_follows_the_wall_clock() -> None:
    desk = Desk()
    desk.entropy()
    desk.now_ns += 1_500_000_000
    desk.session.on_connected(0, desk.now_ns)
    assert desk.params("public/auth")[0]["timestamp"] == 1_767_978_368_485 + 1_500


def test_without_a_nonce_there_is_no_login() -> None:
    desk = Desk()
    desk.session.on_connected(0, desk.now_ns)
    assert desk.core.sent == []
    assert desk.core.closed[0][0] == 0
    assert "nonce" in desk.noted("error")


def test_a_nonce_is_used_once() -> None:
    desk = Desk()
    desk.connect()
    desk.lose()
    desk.session.on_connected(0, desk.now_ns)
    assert len(desk.params("public/auth")) == 1
    assert "nonce" in desk.noted("error")


def test_the_market_data_login_has_a_session_name_of_its_own() -> None:
    desk = Desk(connections=2, market_conn=1)
    desk.connect(0)
    desk.connect(1)
    scopes = [params["scope"].split()[0] for params in desk.params("public/auth")]
    assert scopes == ["session:halfspread", "session:halfspread-md"]


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("trade:read_write connection", "account:read_write"),
        ("account:read_write trade:read", "trade:read_write"),
        ("", "trade:read_write, account:read_write"),
    ],
)
def test_a_narrowed_scope_is_named_and_nothing_is_quoted(
    granted: str, missing: str
) -> None:
    desk = Desk()
    desk.venue.scope = granted
    desk.connect()
    desk.until(5)
    assert f"missing: {missing}" in desk.noted("critical")
    assert [conn for conn, _ in desk.core.closed] == [0]
    assert not desk.core.may_quote
    assert "private/enable_cancel_on_disconnect" not in desk.methods()


def test_the_market_data_connection_needs_no_trading_scope() -> None:
    desk = Desk(connections=2, market_conn=1)
    desk.connect(0)
    desk.talk()
    desk.venue.scope = "connection account:read"
    desk.connect(1)
    desk.until(1)
    assert desk.state == "quoting"


def test_a_nonce_the_venue_may_have_seen_is_not_shown_again() -> None:
    desk = Desk()
    desk.venue.answer["public/auth"] = lambda p: refuse(13028)
    desk.connect()
    desk.until(1)
    assert len(desk.params("public/auth")) == 1
    assert desk.core.halted == ""
    assert desk.core.closed[0][0] == 0


def test_a_login_without_a_nonce_is_repeated() -> None:
    desk = Desk(grant="client_credentials", scope="")
    desk.venue.answer["public/auth"] = lambda p: refuse(13028)
    desk.connect()
    desk.until(1)
    assert len(desk.params("public/auth")) > 1


@pytest.mark.parametrize("code", [13004, 10000, 13009])
def test_a_refused_key_ends_the_run_and_is_not_tried_again(code: int) -> None:
    desk = Desk()
    desk.venue.answer["public/auth"] = lambda p: refuse(code)
    desk.connect()
    desk.until(1)
    assert f"refuses the login: public/auth was rejected: {code}" in desk.core.halted
    assert desk.state == "halted"
    desk.lose()
    desk.connect()
    desk.until(5)
    assert len(desk.params("public/auth")) == 1
    assert desk.core.closed[-1] == (0, "the session is over")


def test_a_door_that_is_closed_for_a_while_says_nothing_of_the_key() -> None:
    desk = Desk()
    desk.venue.answer["public/auth"] = lambda p: refuse(11056)
    desk.connect()
    desk.until(1)
    assert desk.core.halted == ""
    assert desk.state == "connecting"


def test_a_key_that_worked_before_is_tried_again() -> None:
    desk = Desk().go()
    desk.venue.answer["public/auth"] = lambda p: refuse(13009)
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.core.halted == ""
    assert desk.state == "connecting"


@pytest.mark.parametrize("grant", [None, "ok", {}, {"scope": 3}, {"expires_in": 1}])
def test_a_login_answer_of_wrong_shape_costs_the_connection(grant: Any) -> None:
    desk = Desk()
    desk.venue.answer["public/auth"] = lambda p: grant
    desk.connect()
    desk.until(1)
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote


def test_the_token_is_refreshed_at_four_fifths_of_its_life() -> None:
    desk = Desk().go()
    life_s = 900
    desk.until(life_s * 0.8 - 2)
    assert len(desk.params("public/auth")) == 1
    desk.until(2)
    assert desk.params("public/auth")[1:] == [
        {"grant_type": "refresh_token", "refresh_token": "$REFRESH_TOKEN"}
    ]
    assert desk.session.snapshot()["token_expires_in_s"] > 890
    desk.until(life_s * 0.8)
    assert len(desk.params("public/auth")) == 3
    assert desk.state == "quoting"


def test_a_refresh_is_asked_for_once_and_missed_costs_the_connection() -> None:
    def hold_back(params: Any) -> Any:
        raise Nothing

    desk = Desk().go()
    desk.venue.answer["public/auth"] = hold_back
    desk.until(723)
    assert len(desk.params("public/auth")) == 2
    assert desk.core.closed == []
    desk.until(3)
    assert desk.core.closed == [(0, "public/auth unanswered for 5 s")]


def test_each_connection_refreshes_its_own_token() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.until(730)
    refreshes = [
        conn
        for conn, method, params in desk.requests
        if method == "public/auth" and params["grant_type"] == "refresh_token"
    ]
    assert refreshes == [0, 1]


def test_a_refused_refresh_closes_the_connection_and_the_next_one_logs_in() -> None:
    desk = Desk().go()
    login = desk.venue.answer["public/auth"]
    desk.venue.answer["public/auth"] = lambda p: refuse(13009)
    desk.until(721)
    assert "token refresh was refused: 13009" in desk.core.closed[0][1]
    assert not desk.core.may_quote
    desk.venue.answer["public/auth"] = login
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.params("public/auth")[-1]["grant_type"] == "client_signature"


def test_a_refresh_that_narrows_the_scope_ends_quoting() -> None:
    desk = Desk().go()
    desk.venue.scope = "account:read_write trade:read"
    desk.until(721)
    assert not desk.core.may_quote
    assert "missing: trade:read_write" in desk.noted("critical")


def test_a_token_without_a_life_is_used_but_never_refreshed() -> None:
    desk = Desk()
    desk.venue.answer["public/auth"] = lambda p: {"scope": desk.venue.scope}
    desk.go()
    desk.until(100_000)
    assert desk.session.snapshot()["token_expires_in_s"] is None
    assert len(desk.params("public/auth")) == 1
    assert "no expires_in" in desk.noted("warning")


def test_no_frame_of_a_whole_life_carries_anything_secret() -> None:
    desk = Desk().go()
    desk.until(1_000)
    desk.command("stop")
    desk.until(5)
    for _, frame in desk.core.sent:
        text = orjson.dumps(frame)
        assert b"access_token" not in text
        assert b"secret" not in text or b"$CLIENT_SECRET" in text


def refuse(code: int) -> Any:
    raise Refusal(code)

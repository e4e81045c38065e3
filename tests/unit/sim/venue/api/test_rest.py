"""The HTTP door: paths, queries and bodies, the three logins, what is refused."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.api.auth import SESSIONS_MAX, sign
from engine.sim.venue.api.rest import QUERY_FIELDS_MAX, HttpRequest, method_of
from engine.sim.venue.config import CreditConfig
from engine.sim.venue.methods.registry import METHODS
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench

Answer = tuple[int, dict[str, Any]]
BUY = f"/api/v2/private/buy?instrument_name={PERP}&amount=10&price=79000"
POSITIONS = "/api/v2/private/get_positions"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def basic(client_id: str = "maker", secret: str = "maker-secret") -> str:
    pair = f"{client_id}:{secret}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def code(answer: Answer) -> int:
    status, frame = answer
    assert status == 400
    assert "result" not in frame
    number: int = frame["error"]["code"]
    return number


def param_of(answer: Answer) -> str:
    assert code(answer) == -32602
    name: str = answer[1]["error"]["data"]["param"]
    return name


def rpc(method: str, number: int | str | None = 5, **params: Any) -> bytes:
    frame = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return orjson.dumps({k: v for k, v in frame.items() if v is not None})


# Paths.


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/api/v2/public/get_time", "public/get_time"),
        ("/api/v2/private/buy?amount=1", "private/buy"),
        ("/api/v2", ""),
        ("/api/v2/", ""),
        ("/api/v2?x=/api/v2/public/test", ""),
        ("/", None),
        ("/api/v20/public/test", None),
        ("/ws/api/v2", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_path_names_the_method(target: str, name: str | None) -> None:
    assert method_of(target) == name


def test_other_paths_are_not_found_and_say_where_the_api_is(bench: Bench) -> None:
    status, frame = bench.http("GET", "/index.html")
    assert status == 404
    assert "/api/v2" in frame["error"]["data"]["reason"]


def test_an_unknown_method_is_the_venues_error(bench: Bench) -> None:
    assert code(bench.http("GET", "/api/v2/public/nothing")) == -32601
    assert code(bench.http("GET", "/api/v2/nothing?x=1")) == -32601


# Answers.


def test_an_answer_carries_times_and_no_id_when_none_was_given(bench: Bench) -> None:
    status, frame = bench.http("GET", "/api/v2/public/get_time")
    assert status == 200
    assert list(frame) == ["jsonrpc", "result", "usIn", "usOut", "usDiff", "testnet"]
    assert frame["result"] == bench.now_ns // MS
    assert frame["usIn"] == bench.now_ns // 1_000
    assert frame["usOut"] - frame["usIn"] == frame["usDiff"]


def test_a_body_needs_no_id(bench: Bench) -> None:
    body = rpc("public/get_time", None)
    status, frame = bench.http("POST", "/api/v2/public/get_time", body)
    assert status == 200
    assert "id" not in frame


@pytest.mark.parametrize("number", [7, "seven", 0, ""])
def test_a_body_gets_its_id_back(bench: Bench, number: int | str) -> None:
    body = rpc("public/get_time", number)
    status, frame = bench.http("POST", "/api/v2/public/get_time", body)
    assert (status, frame["id"]) == (200, number)


# Queries.


def test_a_query_is_read_as_its_parameters_kinds(bench: Bench) -> None:
    target = f"{BUY}&post_only=true&label=79000&reduce_only=false"
    status, frame = bench.http("GET", target, authorization=basic())
    assert status == 200
    order = frame["result"]["order"]
    assert (order["amount"], order["price"]) == (10.0, 79_000.0)
    assert (order["post_only"], order["label"]) == (True, "79000")


def test_lists_are_json_in_a_query(bench: Bench) -> None:
    bench.http("GET", BUY, authorization=basic())
    path = "/api/v2/private/cancel_all_by_kind_or_type"
    target = f"{path}?currency=%5B%22BTC%22%2C%22ETH%22%5D"
    status, frame = bench.http("GET", target, authorization=basic())
    assert (status, frame["result"]) == (200, 1)
    status, frame = bench.http("GET", f"{path}?currency=BTC", authorization=basic())
    assert (status, frame["result"]) == (200, 0)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("amount=ten", "amount"),
        ("amount=1e999", "amount"),
        ("amount=NaN", "amount"),
        ("amount=", "amount"),
        ("amount=null", "amount"),
        ("amount=10&post_only=yes", "post_only"),
        ("amount=10&post_only=True", "post_only"),
        ("amount=10&post_only=1", "post_only"),
        ("amount=10&amount=10", "amount"),
    ],
)
def test_a_query_with_a_bad_parameter(bench: Bench, query: str, param: str) -> None:
    target = f"/api/v2/private/buy?instrument_name={PERP}&price=79000&{query}"
    assert param_of(bench.http("GET", target, authorization=basic())) == param


def test_a_query_has_only_so_many_fields(bench: Bench) -> None:
    many = "&".join(f"a{n}=1" for n in range(QUERY_FIELDS_MAX))
    assert bench.http("GET", f"/api/v2/public/test?{many}")[0] == 200
    target = f"/api/v2/public/test?{many}&b=1"
    assert param_of(bench.http("GET", target)) == "params"


def test_a_target_above_the_limit(bench: Bench) -> None:
    limit = bench.venue.config.frame_max
    target = "/api/v2/public/test?x="
    fits = target + "y" * (limit - len(target))
    assert bench.http("GET", fits)[0] == 200
    answer = bench.http("GET", fits + "y")
    assert code(answer) == -32600
    assert answer[1]["error"]["message"] == "request entity too large"


# Bodies.


def test_the_types_of_a_body_are_not_converted(bench: Bench) -> None:
    body = rpc("private/buy", instrument_name=PERP, amount="10", price=79_000)
    answer = bench.http("POST", "/api/v2/private/buy", body, basic())
    assert param_of(answer) == "amount"


def test_a_body_may_come_with_get(bench: Bench) -> None:
    body = rpc("public/ticker", instrument_name=PERP)
    status, frame = bench.http("GET", "/api/v2/public/ticker?ignored=1", body)
    assert status == 200
    assert frame["result"]["instrument_name"] == PERP


def test_a_post_without_body_reads_the_query(bench: Bench) -> None:
    status, _ = bench.http("POST", f"/api/v2/public/ticker?instrument_name={PERP}")
    assert status == 200


def test_the_path_fills_in_for_a_body_without_method(bench: Bench) -> None:
    body = orjson.dumps({"id": 1, "params": {"instrument_name": PERP}})
    status, _ = bench.http("POST", "/api/v2/public/ticker", body)
    assert status == 200


def test_a_body_alone_may_name_the_method(bench: Bench) -> None:
    body = rpc("public/ticker", instrument_name=PERP)
    for target in ("/api/v2", "/api/v2/"):
        status, frame = bench.http("POST", target, body)
        assert (status, frame["id"]) == (200, 5)
    nameless = orjson.dumps({"id": 1, "params": {}})
    assert code(bench.http("POST", "/api/v2", nameless)) == -32600
    assert code(bench.http("GET", "/api/v2")) == -32700


def test_path_and_body_must_name_the_same_method(bench: Bench) -> None:
    answer = bench.http("POST", "/api/v2/private/sell", rpc("private/buy"), basic())
    assert code(answer) == -32600
    assert answer[1]["id"] == 5
    assert "private/sell" in answer[1]["error"]["data"]["reason"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (b'{"id":null,"method":"public/test"}', -32600),
        (b'{"id":true,"method":"public/test"}', -32600),
        (b'{"id":1,"method":7}', -32600),
        (b'{"id":1,"method":"public/test","params":[]}', -32602),
    ],
)
def test_a_bad_body(bench: Bench, body: bytes, wanted: int) -> None:
    assert code(bench.http("POST", "/api/v2/public/test", body)) == wanted


def test_a_body_above_the_limit(bench: Bench) -> None:
    limit = bench.venue.config.frame_max
    body = rpc("public/test")
    fits = body + b" " * (limit - len(body))
    assert bench.http("POST", "/api/v2/public/test", fits)[0] == 200
    answer = bench.http("POST", "/api/v2/public/test", fits + b" ")
    assert code(answer) == -32600
    assert answer[1]["error"]["message"] == "request entity too large"


# Logins.


def test_no_login_is_13009(bench: Bench) -> None:
    answer = bench.http("GET", POSITIONS)
    assert code(answer) == 13009
    assert answer[1]["error"]["message"] == "unauthorized"


def test_basic(bench: Bench) -> None:
    for header in (basic(), basic().replace("Basic", "bAsIc"), f"  {basic()}  "):
        assert bench.http("GET", POSITIONS, authorization=header)[0] == 200


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (basic(secret="guess"), 13004),
        (basic("nobody"), 13004),
        (basic("flow", ""), 13004),
        ("Basic", 13004),
        ("Basic !!!", 13004),
        ("Basic /////w==", 13004),
        ("Bearer", 13009),
        ("Bearer nonsense", 13009),
        ("Digest username=maker", 13009),
        ("maker-secret", 13009),
    ],
)
def test_a_bad_login_is_refused_even_by_public_methods(
    bench: Bench, header: str, wanted: int
) -> None:
    bench.place("buy", 79_000.0, 10, account="flow")
    for target in (POSITIONS, "/api/v2/public/test"):
        assert code(bench.http("GET", target, authorization=header)) == wanted


def test_a_bearer_from_either_door_opens_the_other(bench: Bench) -> None:
    target = (
        "/api/v2/public/auth?grant_type=client_credentials"
        "&client_id=maker&client_secret=maker-secret"
    )
    status, frame = bench.http("GET", target)
    assert status == 200
    token = frame["result"]["access_token"]
    assert "connection" in frame["result"]["scope"].split()
    assert bench.http("GET", POSITIONS, authorization=f"bearer  {token}")[0] == 200
    assert bench.http("GET", f"{POSITIONS}?access_token={token}")[0] == 200
    socket = bench.connect()
    assert socket.call("private/get_positions", access_token=token) == []
    named = socket.login("maker", "session:desk")["access_token"]
    assert bench.http("GET", POSITIONS, authorization=f"Bearer {named}")[0] == 200
    tied = bench.connect("maker").frames[-1]["result"]["access_token"]
    assert code(bench.http("GET", POSITIONS, authorization=f"Bearer {tied}")) == 13009


def test_an_http_login_is_a_session_and_renewed_over_http(bench: Bench) -> None:
    target = "/api/v2/public/auth?grant_type="
    login = f"{target}client_credentials&client_id=maker&client_secret=maker-secret"
    rows = [bench.http("GET", login)[1]["result"] for _ in range(SESSIONS_MAX + 1)]
    bearers = [f"Bearer {row['access_token']}" for row in rows]
    assert code(bench.http("GET", POSITIONS, authorization=bearers[0])) == 13009
    assert bench.http("GET", POSITIONS, authorization=bearers[1])[0] == 200
    renew = f"{target}refresh_token&refresh_token={rows[1]['refresh_token']}"
    status, frame = bench.http("GET", renew)
    assert status == 200
    assert code(bench.http("GET", POSITIONS, authorization=bearers[1])) == 13009
    renewed = f"Bearer {frame['result']['access_token']}"
    assert bench.http("GET", POSITIONS, authorization=renewed)[0] == 200
    assert bench.http("GET", POSITIONS, authorization=bearers[-1])[0] == 200
    bench.advance(900 * SECOND)
    assert code(bench.http("GET", POSITIONS, authorization=renewed)) == 13009


def signed(
    bench: Bench,
    method: str,
    target: str,
    body: bytes = b"",
    nonce: str = "n1",
    off_ms: int = 0,
    form: str = "deri-hmac-sha256 id=maker,ts={ts},nonce={nonce},sig={sig}",
) -> str:
    ts = bench.now_ns // MS + off_ms
    text = f"{method}\n{target}\n{body.decode()}\n"
    return form.format(ts=ts, nonce=nonce, sig=sign("maker-secret", ts, nonce, text))


def test_the_published_signature_of_a_request() -> None:
    text = "GET\n/api/v2/private/get_account_summary?currency=BTC\n\n"
    assert sign("AMANDASECRECT", 1_576_074_319_000, "1iqt2wls", text) == (
        "9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab"
    )


@pytest.mark.parametrize(
    "form",
    [
        "deri-hmac-sha256 id=maker,ts={ts},nonce={nonce},sig={sig}",
        "deri-hmac-sha256 id=maker, ts={ts}, sig={sig}, nonce={nonce}",
        "DERI-HMAC-SHA256  id = maker , ts = {ts} ,nonce = {nonce},sig= {sig} ",
    ],
)
def test_a_signed_query_and_a_signed_body(bench: Bench, form: str) -> None:
    target = "/api/v2/private/get_account_summary?currency=BTC"
    header = signed(bench, "GET", target, form=form)
    assert bench.http("GET", target, authorization=header)[0] == 200
    body = rpc("private/get_account_summary", currency="BTC")
    header = signed(bench, "POST", "/api/v2", body, "n2", form=form)
    assert bench.http("POST", "/api/v2", body, header)[0] == 200


def test_a_signature_covers_method_target_and_body(bench: Bench) -> None:
    body = rpc("private/get_positions")
    header = signed(bench, "POST", POSITIONS, body)
    assert code(bench.http("GET", POSITIONS, body, header)) == 13004
    assert code(bench.http("POST", f"{POSITIONS}?", body, header)) == 13004
    assert code(bench.http("POST", POSITIONS, body + b" ", header)) == 13004
    assert bench.http("POST", POSITIONS, body, header)[0] == 200
    replayed = bench.http("POST", POSITIONS, body, header)
    assert code(replayed) == 13004
    assert replayed[1]["error"]["data"] == {"reason": "bad_nonce"}


@pytest.mark.parametrize(("off_ms", "good"), [(-60_000, True), (-60_001, False)])
def test_a_signature_lives_a_minute(bench: Bench, off_ms: int, good: bool) -> None:
    header = signed(bench, "GET", POSITIONS, off_ms=off_ms)
    status, _ = bench.http("GET", POSITIONS, authorization=header)
    assert (status == 200) is good


@pytest.mark.parametrize(
    "rest", ["", "id=maker", "id=maker,ts=x,nonce=n,sig=s", "ts=1", ",,,", "=", "ts=²"]
)
def test_a_signature_with_something_missing(bench: Bench, rest: str) -> None:
    header = f"deri-hmac-sha256 {rest}"
    assert code(bench.http("GET", POSITIONS, authorization=header)) == 13004


def test_scopes_are_enforced(bench: Bench) -> None:
    config = bench.venue.config
    narrow = replace(config.accounts[0], scopes=("trade:read", "account:read"))
    bench = Bench(replace(config, accounts=(narrow,)))
    assert bench.http("GET", POSITIONS, authorization=basic())[0] == 200
    assert code(bench.http("GET", BUY, authorization=basic())) == 13021


# What HTTP cannot do.


def test_what_needs_a_socket_says_so(bench: Bench) -> None:
    names = [name for name, method in METHODS.items() if method.socket_only]
    assert "public/subscribe" in names
    assert "private/enable_cancel_on_disconnect" in names
    for name in names:
        answer = bench.http("GET", f"/api/v2/{name}", authorization=basic())
        assert code(answer) == 10030, name
    assert bench.closing() == []


def test_orders_outlive_the_request_even_with_cod_by_default(bench: Bench) -> None:
    socket = bench.connect("maker")
    socket.call("private/enable_cancel_on_disconnect", scope="account")
    token = socket.login("maker", "session:desk")["access_token"]
    bench.http("GET", BUY, authorization=basic())
    bench.http("GET", BUY, authorization=f"Bearer {token}")
    bench.http("GET", f"{BUY}&access_token={token}")
    assert len(socket.call("private/get_open_orders")) == 3


# Credits and the end of a connection.


def poor(requests: int) -> Bench:
    credits = CreditConfig(pool=500 * requests)
    return Bench(VenueConfig(credits=credits))


def test_strangers_of_one_address_share_a_pool() -> None:
    bench = poor(2)
    for _ in range(2):
        assert bench.http("GET", "/api/v2/public/test")[0] == 200
    assert bench.closing() == []
    assert code(bench.http("GET", "/api/v2/public/test")) == 10028
    assert [reason for _, _, reason in bench.closing()] == ["too_many_requests"]
    assert bench.http("GET", "/api/v2/public/test", peer="192.0.2.2")[0] == 200
    known = bench.http("GET", "/api/v2/public/test", authorization=basic())
    assert known[0] == 200, "an account pays from its own pool"
    bench.advance(SECOND)
    assert bench.http("GET", "/api/v2/public/test")[0] == 200


def test_guessing_costs_credits() -> None:
    bench = poor(2)
    wrong = basic(secret="guess")
    codes = [code(bench.http("GET", POSITIONS, authorization=wrong)) for _ in range(3)]
    assert codes == [13004, 13004, 10028]


def test_an_account_pays_over_both_doors() -> None:
    bench = poor(3)
    socket = bench.connect("maker")
    for _ in range(3):
        assert bench.http("GET", POSITIONS, authorization=basic())[0] == 200
    assert socket.code("private/get_positions") == 10028


# Answers that come later.

DATED = "BTC-25DEC26"
BUMPED = f"/api/v2/private/buy?instrument_name={DATED}&amount=10&price=80100"


@pytest.fixture
def offered(bench: Bench) -> Bench:
    """Return a bench where BUMPED takes, and so waits for the speed bump."""
    bench.place("sell", 80_100.0, 50, instrument=DATED)
    return bench


def ask(bench: Bench, conn: int, target: str) -> list[tuple[int, int, bytes]]:
    http = HttpRequest("GET", target, {"authorization": basic()})
    bench.venue.request_made(conn, bench.now_ns, http, "192.0.2.1")
    return bench.venue.responses()


def test_an_answer_may_come_later(offered: Bench) -> None:
    assert ask(offered, 70, BUMPED) == []
    ((conn, status, _),) = ask(offered, 71, POSITIONS)
    assert (conn, status) == (71, 200), "others need not wait"
    offered.advance(10 * MS)
    ((conn, status, body),) = offered.venue.responses()
    assert (conn, status) == (70, 200)
    frame = orjson.loads(body)
    assert frame["result"]["order"]["order_state"] == "filled"
    assert frame["usDiff"] >= 10_000
    assert offered.venue.responses() == []


def test_who_leaves_gets_no_answer_but_what_was_asked(offered: Bench) -> None:
    assert ask(offered, 70, BUMPED) == []
    offered.venue.connection_lost(70, offered.now_ns)
    offered.venue.connection_lost(70, offered.now_ns)
    offered.advance(10 * MS)
    assert offered.venue.responses() == []
    target = f"/api/v2/private/get_position?instrument_name={DATED}"
    _, frame = offered.http("GET", target, authorization=basic())
    assert frame["result"]["size"] == 10


def test_a_number_used_again_gets_the_new_answer_only(offered: Bench) -> None:
    assert ask(offered, 70, BUMPED) == []
    assert len(ask(offered, 70, POSITIONS)) == 1
    offered.advance(10 * MS)
    assert offered.venue.responses() == []


def test_matching_requests_over_http_wait_for_their_turn() -> None:
    accounts = default_accounts(1_000_000, 1_000_000)
    bench = Bench(replace(VenueConfig(accounts=accounts), matching_us=1_000))
    for conn in (70, 71):
        assert ask(bench, conn, BUY) == []
    bench.advance(MS)
    assert [conn for conn, _, _ in bench.venue.responses()] == [70]
    bench.advance(MS)
    assert [conn for conn, _, _ in bench.venue.responses()] == [71]

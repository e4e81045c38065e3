"""The envelope, what is no request, and parameters."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sim.venue import VenueConfig
from engine.sim.venue.api.rpc import Param
from engine.sim.venue.config import FREE
from engine.sim.venue.errors import Reject
from engine.sim.venue.methods.registry import METHODS
from tests.unit.sim.venue.client import PERP, START_NS, Bench, Client, Refused

PUBLIC = {name for name in METHODS if name.startswith("public/")}


@pytest.fixture
def client() -> Client:
    return Bench().connect()


def error(client: Client, payload: bytes) -> dict[str, Any]:
    frames = client.send(payload)
    assert len(frames) == 1
    found: dict[str, Any] = frames[0]["error"]
    return found


def test_answers_carry_the_clock(client: Client) -> None:
    frame = client.send(b'{"jsonrpc":"2.0","id":"a","method":"public/get_time"}')[0]
    assert list(frame) == [
        "jsonrpc",
        "id",
        "result",
        "usIn",
        "usOut",
        "usDiff",
        "testnet",
    ]
    assert frame["id"] == "a"
    assert frame["result"] == START_NS // 1_000_000
    assert frame["usIn"] == START_NS // 1_000
    assert frame["usOut"] - frame["usIn"] == frame["usDiff"]
    assert frame["testnet"] is False


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", -32700),
        (b"hello", -32700),
        (b'{"id":1,"method":"public/test"', -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 10_000, -32700),
        (b"[]", -32600),
        (b'"text"', -32600),
        (b'{"method":"public/test"}', -32600),
        (b'{"id":null,"method":"public/test"}', -32600),
        (b'{"id":true,"method":"public/test"}', -32600),
        (b'{"id":1}', -32600),
        (b'{"id":1,"method":["public/test"]}', -32600),
        (b'{"id":1,"method":"public/test","params":[1]}', -32602),
        (b'{"id":1,"method":"public/nonsense"}', -32601),
    ],
)
def test_what_is_no_request(client: Client, payload: bytes, code: int) -> None:
    assert error(client, payload)["code"] == code
    assert client.call("public/test") == {"version": "1.2.26"}


def test_a_frame_at_the_limit_and_one_past_it(client: Client) -> None:
    frame = b'{"id":1,"method":"public/test","params":{}}'
    assert "result" in client.send(frame.ljust(32 * 1024))[0]
    assert error(client, frame.ljust(32 * 1024 + 1)) == {
        "message": "request entity too large",
        "code": -32600,
    }


@pytest.mark.parametrize(
    ("method", "params", "param"),
    [
        ("public/ticker", {}, "instrument_name"),
        ("public/ticker", {"instrument_name": 5}, "instrument_name"),
        ("public/ticker", {"instrument_name": "x" * 1001}, "instrument_name"),
        ("public/get_order_book", {"instrument_name": PERP, "depth": 0}, "depth"),
        ("public/get_order_book", {"instrument_name": PERP, "depth": True}, "depth"),
        ("public/get_order_book", {"instrument_name": PERP, "depth": 1.5}, "depth"),
        ("public/get_instruments", {"currency": "DOGE"}, "currency"),
        ("public/get_instruments", {"currency": None}, "currency"),
        ("public/get_instruments", {"expired": "no"}, "expired"),
        ("public/set_heartbeat", {"interval": 9.99}, "interval"),
        ("public/subscribe", {"channels": "book"}, "channels"),
        ("public/subscribe", {"channels": [1]}, "channels"),
        ("public/subscribe", {"channels": ["x"] * 501}, "channels"),
        ("public/auth", {"grant_type": "magic"}, "grant_type"),
        ("public/auth", {"grant_type": "refresh_token"}, "refresh_token"),
        ("public/get_index_price", {"index_name": "x_y"}, "index_name"),
    ],
)
def test_bad_parameters_are_named(
    client: Client, method: str, params: dict[str, Any], param: str
) -> None:
    with pytest.raises(Refused) as refused:
        client.call(method, **params)
    assert refused.value.code == -32602
    assert refused.value.message == "Invalid params"
    assert refused.value.data["param"] == param
    assert refused.value.data["reason"]


def test_a_flag_may_be_a_text() -> None:
    flag = Param("flag")
    assert [flag.check("x", one) for one in (True, "true", "false")] == [
        True,
        True,
        False,
    ]
    for wrong in ("yes", 1, None):
        with pytest.raises(Reject):
            flag.check("x", wrong)


def test_a_list_of_objects_is_checked_through() -> None:
    fields = {"a": Param("integer", required=True), "b": Param("text")}
    objects = Param("objects", size_max=2, fields=fields)
    assert objects.check("x", [{"a": 1, "c": 2}]) == [{"a": 1}]
    for wrong in ({}, "a", [1], [{}], [{"a": "1"}], [{"a": 1}] * 3):
        with pytest.raises(Reject) as caught:
            objects.check("x", wrong)
        assert caught.value.code == -32602


def test_what_a_method_does_not_know_is_passed_over(client: Client) -> None:
    row = client.call("public/ticker", instrument_name=PERP, include_old=True)
    assert row["instrument_name"] == PERP
    payload = b'{"id":"a","method":"/public/test","params":{},"more":1}'
    (frame,) = client.send(payload)
    assert (frame["id"], frame["result"]) == ("a", {"version": "1.2.26"})


def test_private_methods_need_a_login(client: Client) -> None:
    for name in METHODS:
        if name not in PUBLIC:
            payload = {"id": 1, "method": name, "params": {}}
            assert error(client, orjson.dumps(payload))["code"] == 13009, name


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
    | st.sampled_from((PERP, "BTC", "any", "any.any", "book.BTC-PERPETUAL.raw")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FUZZED = sorted(METHODS.keys() - {"private/logout", "public/auth"})


def request_of(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Return requests of a method: its own parameters, some sensible, some not."""
    sensible = {
        "instrument_name": st.just(PERP),
        "price": st.integers(-1, 3).map(lambda n: 79_999.5 + n * 0.5),
        "amount": st.integers(0, 5).map(lambda n: n * 10),
        "label": st.sampled_from(("a", "b")),
        "currency": st.sampled_from(("BTC", "any")),
    }
    one = {p: sensible.get(p, JSON) | JSON for p in METHODS[name].params}
    required = {p: s for p, s in one.items() if METHODS[name].params[p].required}
    optional = {p: s for p, s in one.items() if p not in required}
    params = st.fixed_dictionaries(required, optional=optional)
    return params.map(lambda made: (name, made))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(FUZZED).flatmap(request_of), max_size=10))
def test_any_parameters_get_an_answer(
    requests: list[tuple[str, dict[str, Any]]],
) -> None:
    bench = Bench(VenueConfig(credits=FREE))
    client = bench.connect("maker")
    bench.place("sell", 80_000.0, 100)
    for method, params in requests:
        payload = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        frames = [f for f in client.send(orjson.dumps(payload)) if f.get("id") == 7]
        assert len(frames) == 1
        assert ("result" in frames[0]) != ("error" in frames[0])


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(payload: bytes) -> None:
    client = Bench().connect()
    assert len(client.send(payload)) == 1

"""The second road against servers of all sorts."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from engine.errors import ProtocolError, RequestRejected, VenueError
from engine.live import rest as rest_module
from engine.live.rest import CANCELS_BURST, READS_BURST, Rest
from engine.live.secrets import Credentials, Signer, sign
from tests.unit.live.http_server import error, result, serving

pytestmark = pytest.mark.loopback

SECRET = "my-own-secret"
NOBODY = "http://127.0.0.1:1/api/v2"


@contextmanager
def road(*urls: str, timeout_s: float = 5.0) -> Iterator[Rest]:
    rest = Rest(urls, Signer(Credentials("me", SECRET)), timeout_s=timeout_s)
    try:
        yield rest
    finally:
        rest.close()


def test_a_call_is_signed_and_its_result_comes_back() -> None:
    with (
        serving(lambda method, params: result([method, params])) as server,
        road(server.url) as rest,
    ):
        found = rest.call("private/get_positions", {"currency": "BTC"})
    assert found == ["private/get_positions", {"currency": "BTC"}]
    assert server.paths == ["/api/v2/private/get_positions"]
    scheme, _, rest_of_it = server.headers[0]["Authorization"].partition(" ")
    fields = dict(one.split("=", 1) for one in rest_of_it.split(","))
    text = f"POST\n/api/v2/private/get_positions\n{server.bodies[0].decode()}\n"
    assert scheme == "deri-hmac-sha256"
    assert fields["id"] == "me"
    assert fields["sig"] == sign(SECRET, int(fields["ts"]), fields["nonce"], text)
    assert SECRET not in str(server.headers)
    assert SECRET.encode() not in server.bodies[0]


def test_public_calls_carry_no_key() -> None:
    with (
        serving(lambda method, params: result(1)) as server,
        road(server.url) as rest,
    ):
        assert rest.call("public/get_time") == 1
    assert "Authorization" not in server.headers[0]


def test_a_connection_is_used_again() -> None:
    with (
        serving(lambda method, params: result(1)) as server,
        road(server.url) as rest,
    ):
        for _ in range(3):
            rest.call("public/get_time")
    assert len(server.sockets) == 1


def test_nonces_and_ids_are_never_used_twice() -> None:
    with (
        serving(lambda method, params: result([])) as server,
        road(server.url) as rest,
    ):
        for _ in range(3):
            rest.rows("private/get_open_orders")
    assert len({orjson.loads(body)["id"] for body in server.bodies}) == 3
    assert len({head["Authorization"] for head in server.headers}) == 3


def test_a_refusal_has_code_and_words_and_never_the_secret() -> None:
    with (
        serving(lambda method, params: error(13004, f"no {SECRET}")) as server,
        road(server.url) as rest,
        pytest.raises(RequestRejected, match="13004") as caught,
    ):
        rest.call("private/cancel_all")
    assert caught.value.code == 13004
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "payload", [b"", b"<html>502</html>", b"[]", b'{"jsonrpc": "2.0"}', b"\xff"]
)
def test_what_is_no_answer_is_a_protocol_error(payload: bytes) -> None:
    with (
        serving(lambda method, params: (502, payload)) as server,
        road(server.url) as rest,
        pytest.raises(ProtocolError, match="HTTP 502 without a JSON-RPC answer"),
    ):
        rest.call("public/test")


@pytest.mark.parametrize("found", [{}, None, [1], "text"])
def test_rows_are_objects_or_an_error(found: Any) -> None:
    with (
        serving(lambda method, params: result(found)) as server,
        road(server.url) as rest,
        pytest.raises(ProtocolError, match="rows were expected"),
    ):
        rest.rows("private/get_open_orders")


def test_after_a_failure_the_next_endpoint_is_used() -> None:
    with (
        serving(lambda method, params: result(7)) as server,
        road(NOBODY, server.url) as rest,
    ):
        with pytest.raises(
            VenueError,
            match=r"127\.0\.0\.1:1/api/v2 cannot be reached: Connection refused",
        ):
            rest.call("public/test")
        assert rest.call("public/test") == 7
        assert rest.call("public/test") == 7


def test_silence_ends_with_the_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        road(f"http://127.0.0.1:{deaf.getsockname()[1]}/api/v2", timeout_s=0.2) as rest,
        pytest.raises(ProtocolError, match=r"no answer .* within 0\.2 s"),
    ):
        rest.call("private/cancel_all")


def test_an_answer_that_dribbles_ends_with_the_time() -> None:
    """Each byte comes in time, and the answer never ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble() -> None:
            near, _ = server.accept()
            with near:
                near.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not over.wait(0.02):
                    near.sendall(b"1\r\n \r\n")

        thread = threading.Thread(target=dribble)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api/v2"
        with (
            road(url, timeout_s=0.3) as rest,
            pytest.raises(ProtocolError, match="did not end in time"),
        ):
            rest.call("public/test")
        over.set()
        thread.join()


def test_an_answer_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    body = result("x" * 1000)
    with serving(lambda method, params: body) as server, road(server.url) as rest:
        monkeypatch.setattr(rest_module, "ANSWER_BYTES_MAX", len(body))
        assert rest.call("public/test") == "x" * 1000
        monkeypatch.setattr(rest_module, "ANSWER_BYTES_MAX", len(body) - 1)
        with pytest.raises(ProtocolError, match=f"over {len(body) - 1} bytes"):
            rest.call("public/test")


def test_a_redirection_is_not_followed() -> None:
    with (
        serving(lambda method, params: (302, b"gone")) as server,
        road(server.url) as rest,
        pytest.raises(ProtocolError, match="HTTP 302"),
    ):
        rest.call("private/cancel_all")
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    ("method", "burst"),
    [("private/get_positions", READS_BURST), ("private/cancel_all", CANCELS_BURST)],
)
def test_the_allowance_holds_back_what_is_over_it(method: str, burst: int) -> None:
    with serving(lambda method, params: result([])) as server:
        with road(server.url) as rest:
            for _ in range(burst):
                rest.call(method)
            with pytest.raises(VenueError, match="too many HTTP requests of ours"):
                rest.call(method, timeout_s=0.05)
            assert len(server.paths) == burst
            rest.call(method)
        assert len(server.paths) == burst + 1


def test_reading_never_uses_up_what_cancels_need() -> None:
    with (
        serving(lambda method, params: result([])) as server,
        road(server.url) as rest,
    ):
        for _ in range(READS_BURST):
            rest.call("private/get_open_orders")
        rest.call("private/cancel_all", timeout_s=0.5)
        rest.call("private/cancel_quotes", {"cancel_type": "all"}, timeout_s=0.5)
    assert server.paths[-1] == "/api/v2/private/cancel_quotes"

"""A line that speaks HTTP: requests whole, in pieces, ahead, too big, and none."""

from __future__ import annotations

import pytest

from engine.sim.shell import limits
from engine.sim.shell.line import Line
from engine.sim.venue.api.rest import HttpRequest
from tests.unit.sim.shell.stand_in import (
    FakeWorld,
    HttpAnswer,
    Port,
    handshake,
    request,
    served,
    until,
)


def later(http: HttpRequest) -> HttpAnswer:
    return None


def test_a_request_reaches_the_world_as_it_came() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        target = "/api/v2/private/buy?a=%5B1%5D&b=+"
        raw = await port.raw(request(target, "POST", b"{}", Authorization="Basic abc"))
        status, headers, body = await raw.answer()
        assert (status, body) == (200, f"POST {target} {{}}".encode())
        assert headers["content-type"] == "application/json"
        assert "date" in headers
        assert "connection" not in headers

    served(world, scenario)
    ((_, http, _),) = world.asked
    assert http.headers == {
        "host": "test",
        "content-length": "2",
        "authorization": "Basic abc",
    }


def test_the_worlds_status_is_the_answers() -> None:
    async def scenario(port: Port) -> None:
        for _ in range(2):
            raw = await port.raw(request())
            status, _, body = await raw.answer()
            assert (status, body) == (400, b"no")

    served(FakeWorld(http=lambda _: (400, b"no")), scenario)


def test_a_line_carries_many_requests() -> None:
    async def scenario(port: Port) -> None:
        raw = await port.raw()
        for number in range(3):
            raw.writer.write(request(f"/{number}", "POST", b"x"))
            assert (await raw.answer())[2] == f"POST /{number} x".encode()
        raw.writer.write(request("/last", Connection="close"))
        _, headers, body = await raw.answer()
        assert (headers["connection"], body) == ("close", b"GET /last ")
        assert await raw.rest() == b""

    served(FakeWorld(), scenario)


def test_requests_ahead_of_an_answer_are_served_in_order() -> None:
    world = FakeWorld(http=later)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/1") + request("/2", "POST", b"ab"))
        await until(lambda: world.asked)
        raw.writer.write(request("/3")[:7])
        await port.turn()
        assert len(world.asked) == 1, "one at a time"
        for number in (1, 2):
            world.replies.append((1, 200, b"%d" % number))
            await port.turn()
            assert (await raw.answer())[2] == b"%d" % number
        raw.writer.write(request("/3")[7:])
        await until(lambda: len(world.asked) == 3)

    served(world, scenario)
    assert [http.target for _, http, _ in world.asked] == ["/1", "/2", "/3"]


def test_more_ahead_than_the_limit_waits_in_the_socket() -> None:
    world = FakeWorld(http=later)
    body = b"x" * (limits.FRAME_MAX - 1)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/1"))
        await until(lambda: world.asked)
        for number in range(4):
            raw.writer.write(request(f"/{number + 2}", "POST", body))
        for number in range(5):
            await until(lambda wanted=number + 1: len(world.asked) == wanted)
            world.replies.append((1, 200, b"ok"))
            await port.turn()
            assert (await raw.answer())[2] == b"ok"

    served(world, scenario)
    assert [len(http.body) for _, http, _ in world.asked] == [0] + [len(body)] * 4


def test_many_small_requests_at_once() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/", "OPTIONS") * 1_500 + request("/last"))
        for _ in range(1_500):
            assert (await raw.answer())[0] == 200
        assert (await raw.answer())[2] == b"GET /last "

    served(world, scenario)
    assert len(world.asked) == 1


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_request_in_pieces(size: int) -> None:
    whole = request("/slow", "POST", b"body") + (
        b"POST /chunks HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
    )

    async def scenario(port: Port) -> None:
        raw = await port.raw()
        for at in range(0, len(whole), size):
            raw.writer.write(whole[at : at + size])
            await raw.writer.drain()
        assert (await raw.answer())[2] == b"POST /slow body"
        assert (await raw.answer())[2] == b"POST /chunks body"

    served(FakeWorld(), scenario)


def test_a_client_that_waits_to_be_told_to_go_on() -> None:
    async def scenario(port: Port) -> None:
        whole = request("/", "POST", b"body", Expect="100-continue")
        raw = await port.raw(whole[:-4])
        go_on = await raw.reader.readuntil(b"\r\n\r\n")
        assert go_on == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.writer.write(whole[-4:])
        assert (await raw.answer())[2] == b"POST / body"

    served(FakeWorld(), scenario)


def test_head_is_get_without_the_body() -> None:
    async def scenario(port: Port) -> None:
        got = await port.exchange(request("/x", "HEAD", Connection="close"))
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Content-Length: 8\r\n" in got
        assert got.endswith(b"\r\n\r\n")

    served(FakeWorld(), scenario)


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("PUT", 405), ("DELETE", 405), ("get", 405), ("CONNECT", 405)],
)
def test_other_methods_learn_what_is_allowed(method: str, status: int) -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/x", method) + request("/y"))
        got, headers, _ = await raw.answer()
        assert (got, headers["allow"]) == (status, "GET, HEAD, POST, OPTIONS")
        assert (await raw.answer())[2] == b"GET /y ", "and the line goes on"

    served(world, scenario)
    assert len(world.asked) == 1


def test_a_target_may_name_the_host() -> None:
    async def scenario(port: Port) -> None:
        raw = await port.raw(request("http://test:1/a/b?c=/d"))
        assert (await raw.answer())[2] == b"GET /a/b?c=/d "
        raw.writer.write(handshake("http://test/ws/api/v2"))
        assert (await raw.answer())[0] == 101

    served(FakeWorld(), scenario)


def test_an_old_client_gets_its_answer_and_the_end() -> None:
    async def scenario(port: Port) -> None:
        got = await port.exchange(b"GET /old HTTP/1.0\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Connection: close\r\n" in got
        assert got.endswith(b"GET /old ")

    served(FakeWorld(), scenario)


def test_a_client_that_has_closed_its_half_still_gets_its_answers() -> None:
    world = FakeWorld(http=later)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/1") + request("/2"))
        raw.writer.write_eof()
        for number in (1, 2):
            await until(lambda wanted=number: len(world.asked) == wanted)
            world.replies.append((1, 200, b"ok"))
            await port.turn()
            assert (await raw.answer())[2] == b"ok"
        assert await raw.rest() == b""

    served(world, scenario)


def test_the_world_ends_a_line_after_its_answer() -> None:
    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/close") + request("/never"))
        _, headers, body = await raw.answer()
        assert (headers["connection"], body) == ("close", b"GET /close ")
        assert await raw.rest() == b""

    world = FakeWorld()
    served(world, scenario)
    assert len(world.asked) == 1


def test_the_world_ends_a_line_between_answers() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await port.raw(request())
        await raw.answer()
        world.to_close.append((1, 1008, "enough"))
        await port.turn()
        assert await raw.rest() == b""

    served(world, scenario)


# What is no request.


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS says hello
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (b"GET / HTTP/1.1\r\nHost: t\r\nbad header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"\x00" * 100, 400),
        (request(Long="x" * limits.HEAD_MAX)[:-4], 431),
        (b"GET /" + b"x" * limits.HEAD_MAX, 431),
    ],
)
def test_garbage_is_refused_and_ends_the_line(data: bytes, status: int) -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        got = await port.exchange(data)
        assert got.startswith(b"HTTP/1.1 %d " % status)
        assert b"Connection: close\r\n" in got

    served(world, scenario)
    assert world.asked == []


def test_half_a_request_is_no_request() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        for data in (b"GET / HTTP/1.1\r\nHo", request("/", "POST", b"body")[:-1]):
            raw = await port.raw(data)
            raw.writer.write_eof()
            assert (await raw.rest()).startswith(b"HTTP/1.1 400 ")
        silent = await port.raw()
        silent.writer.write_eof()
        assert await silent.rest() == b""

    served(world, scenario)
    assert world.asked == []


def test_a_body_at_the_limit_and_one_past_it() -> None:
    world = FakeWorld(http=lambda http: (400, b"%d" % len(http.body)))
    fits = b"x" * limits.FRAME_MAX

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/", "POST", fits))
        _, headers, body = await raw.answer()
        assert (body, "connection" in headers) == (b"%d" % len(fits), False)
        raw = await port.raw(request("/", "POST", fits + b"x" * limits.FRAME_MAX))
        _, headers, body = await raw.answer()
        assert int(body) > limits.FRAME_MAX, "the world refuses it"
        assert headers["connection"] == "close"
        assert await raw.rest() == b""

    served(world, scenario)


# Patience.


@pytest.mark.parametrize("data", [b"GET / HT", request("/", "POST", b"body")[:-1]])
def test_a_request_must_be_whole_in_time(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    async def first(port: Port) -> None:
        raw = await port.raw()
        await until(lambda: port.driver._lines)
        monkeypatch.setattr(limits, "REQUEST_TIMEOUT_S", 0.01)
        raw.writer.write(data)
        assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")

    async def second(port: Port) -> None:
        raw = await port.raw(request("/1"))
        await raw.answer()
        monkeypatch.setattr(limits, "REQUEST_TIMEOUT_S", 0.01)
        raw.writer.write(data)
        assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")

    async def ahead(port: Port) -> None:
        raw = await port.raw(request("/1") + data)
        await until(lambda: world.asked)
        monkeypatch.setattr(limits, "REQUEST_TIMEOUT_S", 0.01)
        world.replies.append((1, 200, b"ok"))
        await port.turn()
        assert (await raw.answer())[2] == b"ok"
        assert (await raw.rest()).startswith(b"HTTP/1.1 408 ")

    for scenario in (first, second):
        monkeypatch.undo()
        served(FakeWorld(), scenario)
    monkeypatch.undo()
    world = FakeWorld(http=later)
    served(world, ahead)


def test_who_says_nothing_is_just_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_TIMEOUT_S", 0.01)

    async def scenario(port: Port) -> None:
        assert await port.exchange(b"") == b""

    served(FakeWorld(), scenario)


def test_an_old_line_ends_when_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_LIFETIME_S", 0.01)
    monkeypatch.setattr(Line, "is_old", lambda self: False)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/1"))
        assert "connection" not in (await raw.answer())[1]
        assert await raw.rest() == b""

    served(FakeWorld(), scenario)


def test_an_old_line_ends_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_LIFETIME_S", 0.0)
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/1") + request("/2"))
        assert (await raw.answer())[1]["connection"] == "close"
        assert await raw.rest() == b""

    served(world, scenario)
    assert len(world.asked) == 1


# The way to the WebSocket.


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("/ws/api/v2"), 426),
        (request("/ws/api/v2", "POST", b"{}"), 426),
        (handshake(Sec_WebSocket_Version="12"), 400),
        (handshake(Sec_WebSocket_Version=""), 400),
        (handshake(Sec_WebSocket_Key="short"), 400),
        (handshake(Sec_WebSocket_Key=""), 400),
        (handshake(Upgrade="h2c"), 426),
        (handshake(Connection="keep-alive"), 426),
        (handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
        (handshake().replace(b"GET", b"PUT"), 405),
        (handshake().replace(b"\r\n", b"\n"), 400),
        (handshake(Long="x" * 9_000), 431),
        (b"GET /ws/api/v2?" + b"x" * 9_000 + handshake()[14:], 414),
    ],
)
def test_a_bad_handshake(data: bytes, status: int) -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        got = await port.exchange(data)
        assert got.startswith(b"HTTP/1.1 %d " % status)

    served(world, scenario)
    assert (world.made, world.asked) == ([], [])


def test_a_handshake_after_requests_and_with_frames_behind_it() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        frame = b"\x81\x82\x00\x00\x00\x00hi"
        raw = await port.raw(request("/1") + handshake("/ws/api/v2?x=1") + frame)
        assert (await raw.answer())[0] == 200
        assert (await raw.answer())[0] == 101
        assert await raw.reader.readexactly(4) == b"\x81\x02hi"

    served(world, scenario)
    assert (world.made, world.got) == ([(1, "127.0.0.1")], [b"hi"])


def test_an_upgrade_elsewhere_is_a_request_like_any_other() -> None:
    async def scenario(port: Port) -> None:
        raw = await port.raw(handshake("/api/v2/public/test"))
        assert (await raw.answer())[2] == b"GET /api/v2/public/test "
        h2c = request("/x", Upgrade="h2c", Connection="Upgrade, HTTP2-Settings")
        raw.writer.write(h2c + request("/y"))
        assert (await raw.answer())[2] == b"GET /x "
        assert (await raw.answer())[2] == b"GET /y "

    served(FakeWorld(), scenario)

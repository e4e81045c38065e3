"""The HTTP side of a scrape: what is answered, and that a client cannot stay."""

import socket
from urllib.request import Request, urlopen

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_open,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from engine.errors import ConfigError
from engine.metrics import server
from engine.metrics.reading import Reading
from engine.metrics.server import Pages, Process, serve

OPEN = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"


def reading() -> Reading:
    names = {f"I{n}": {"position": n} for n in range(300)}
    return Reading({"counters": {"frames": 1000}, "instruments": names})


def parts(answer: bytes) -> tuple[str, dict[str, str], str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["Content-Length"] == str(len(body))
    assert headers["Connection"] == "close"
    return status, headers, body.decode()


def test_a_plain_scrape() -> None:
    status, headers, body = parts(Pages(reading).answer(GET + b"\r\n"))
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    names = {family.name for family in parse_plain(body)}
    assert {"halfspread_frames", "halfspread_process_cpu_seconds"} <= names


@pytest.mark.parametrize("name", [b"Accept", b"accept", b"ACCEPT"])
def test_open_metrics_for_who_takes_it(name: bytes) -> None:
    head = GET + name + b": " + OPEN.encode() + b"\r\n\r\n"
    status, headers, body = parts(Pages(reading).answer(head))
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert "halfspread_frames" in {family.name for family in parse_open(body)}
    assert body.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
        (b"GET /metrics\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    ],
)
def test_other_requests_are_refused(head: bytes, status: str) -> None:
    found, _, _ = parts(Pages(reading).answer(head))
    assert found == status


def test_an_engine_that_does_not_answer_is_said_so() -> None:
    def late() -> Reading:
        raise TimeoutError

    status, _, body = parts(Pages(late).answer(GET + b"\r\n"))
    assert status == "HTTP/1.1 503 Service Unavailable"
    assert "does not answer" in body


def test_a_reading_is_let_go() -> None:
    taken = reading()
    Pages(lambda: taken).answer(GET + b"\r\n")
    assert taken.snapshot["instruments"] == {}


def test_the_process_is_shown_under_our_name() -> None:
    names = {family.name for family, _ in Process().rows()}
    assert "halfspread_process_resident_memory_bytes" in names


@pytest.mark.loopback
def test_scrape_over_http() -> None:
    exporter = serve(reading, "127.0.0.1", 0, "test.toml")
    try:
        assert exporter.host == "127.0.0.1"
        for accept in ("*/*", OPEN):
            asked = Request(exporter.url, headers={"Accept": accept})
            with urlopen(asked, timeout=5) as answer:
                assert b"halfspread_frames_total 1000\n" in answer.read()
    finally:
        exporter.close()


@pytest.mark.loopback
def test_who_says_nothing_or_too_much_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "TALK_MAX_S", 0.05)
    exporter = serve(reading, "127.0.0.1", 0, "test.toml")
    address = (exporter.host, exporter.port)
    try:
        with socket.create_connection(address, timeout=5) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection(address, timeout=5) as endless:
            endless.sendall(b"x" * server.REQUEST_MAX)
            assert endless.recv(20).startswith(b"HTTP/1.1 400 ")
        with urlopen(exporter.url, timeout=5) as answer:
            assert answer.status == 200
    finally:
        exporter.close()


@pytest.mark.loopback
def test_port_in_use_is_a_config_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=r"test.toml: metrics.port = .*free"):
            serve(lambda: Reading({}), "127.0.0.1", port, "test.toml")

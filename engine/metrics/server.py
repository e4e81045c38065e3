"""``/metrics`` over HTTP: one thread, one request at a time, each with an end.

A scrape must not stop the thread that quotes. So a request is read with a look at its
first line and one header, and the page is written by `Exposition`; prometheus-client
says which format the other side takes, and reads what the system knows of the process.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder

from engine.errors import ConfigError
from engine.metrics.exposition import REST_S, Exposition
from engine.metrics.family import PREFIX, Family, Row, alone
from engine.metrics.reading import Reading

REQUEST_MAX = 16_384
READ_MAX = 4_096
TALK_MAX_S = 2.0
"""A client that is slower to ask, or to take its answer, is left."""

POLL_S = 0.5
FREED_AT_ONCE = 64
"""Instruments of a reading: a twentieth of a millisecond."""

_HEAD_END = b"\r\n\r\n"
_WRONG = {
    400: "400 Bad Request",
    405: "405 Method Not Allowed",
    503: "503 Service Unavailable",
}
_OPEN_METRICS = "application/openmetrics-text"


class Process:
    """What the system knows of this process, as prometheus-client reads it."""

    def __init__(self) -> None:
        self._collector = ProcessCollector(namespace=PREFIX.rstrip("_"), registry=None)
        self._families: dict[str, Family] = {}

    def rows(self) -> Iterator[Row]:
        """Yield its families. Empty: nothing, where the system does not say."""
        for metric in self._collector.collect():
            family = self._families.get(metric.name)
            if family is None:
                family = Family(metric.name, metric.type, metric.documentation)
                self._families[metric.name] = family
            yield alone(family, metric.samples[0].value)


class Pages:
    """Answers requests: a request's head goes in, the answer's bytes come out."""

    def __init__(
        self,
        read: Callable[[], Reading],
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        self._read, self._rest = read, rest
        self._process = Process()
        self._by_format = {each: Exposition(each, rest) for each in (False, True)}

    def answer(self, head: bytes) -> bytes:
        """Return the whole answer to one request."""
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/"):
            return _answer(_WRONG[400], b"not HTTP\n")
        if words[0] != b"GET":
            return _answer(_WRONG[405], b"use GET\n", "Allow: GET\r\n")
        _, kind = choose_encoder(_accept(head))
        try:
            reading = self._read()
        except TimeoutError:
            return _answer(_WRONG[503], b"the engine does not answer\n")
        writer = self._by_format[kind.startswith(_OPEN_METRICS)]
        text = writer.written(reading, self._process.rows())
        self._let_go(reading)
        return _answer("200 OK", text, kind=kind)

    def _let_go(self, reading: Reading) -> None:
        """Free a reading piece by piece: all at once would hold the interpreter."""
        found = reading.snapshot.get("instruments", {})
        while found:
            for _ in range(min(FREED_AT_ONCE, len(found))):
                found.popitem()
            self._rest(REST_S)


def _accept(head: bytes) -> str:
    """Return what a request's ``Accept`` says. Empty: it has none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"accept":
            return value.strip().decode("latin-1")
    return ""


def _answer(
    status: str, body: bytes, more: str = "", kind: str = "text/plain; charset=utf-8"
) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body


class _Server(socketserver.TCPServer):
    allow_reuse_address = True

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        self.address_family = found[0][0]
        self.pages = pages
        super().__init__((host, port), _Talk)


class _Talk(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Read one request, answer it, close."""
        deadline_s = time.monotonic() + TALK_MAX_S
        line, head = self.request, b""
        try:
            while _HEAD_END not in head and len(head) < REQUEST_MAX:
                line.settimeout(max(0.001, deadline_s - time.monotonic()))
                got = line.recv(READ_MAX)
                if not got:
                    return
                head += got
            line.settimeout(TALK_MAX_S)
            line.sendall(self.server.pages.answer(head))
        except OSError:
            return


class Exporter:
    """The HTTP server behind ``/metrics``; one thread, closed by `close`."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.host, self.port = str(server.server_address[0]), server.server_address[1]
        self._thread = threading.Thread(
            target=server.serve_forever, args=(POLL_S,), name="metrics", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to scrape."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/metrics"

    def close(self) -> None:
        """Stop to listen and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(read: Callable[[], Reading], host: str, port: int, file: str) -> Exporter:
    """Serve ``/metrics``; port 0 takes any free one.

    Raises: ConfigError when the address cannot be listened on; ``file`` is named.
    """
    try:
        server = _Server(host, port, Pages(read))
    except OSError as error:
        raise ConfigError(
            file,
            "metrics.port",
            port,
            f"a free port of {host} ({error.strerror or error}); 0 takes any free one",
        ) from None
    return Exporter(server)

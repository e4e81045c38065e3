"""A plain HTTP server on loopback that answers as a test tells it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Answer = Callable[[str, dict[str, Any]], bytes | tuple[int, bytes]]


@dataclass
class Seen:
    """What has been asked so far."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sockets: set[tuple[str, int]] = field(default_factory=set)


def result(value: Any) -> bytes:
    """Return a JSON-RPC answer."""
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "result": value})


def error(code: int, message: str) -> tuple[int, bytes]:
    """Return a JSON-RPC refusal, as the venue sends one."""
    return 400, orjson.dumps({"error": {"code": code, "message": message}})


@contextmanager
def serving(answer: Answer) -> Iterator[Seen]:
    """Serve ``answer(method, params)``; gives the address and what was asked."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.paths.append(self.path)
            seen.bodies.append(body)
            seen.headers.append(dict(self.headers.items()))
            seen.sockets.add(self.client_address)
            request = orjson.loads(body)
            said = answer(request["method"], request["params"])
            status, payload = said if isinstance(said, tuple) else (200, said)
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/api/v2"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The venue, the engine and the demo as processes, for loopback tests."""

import asyncio
import contextlib
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import orjson
from prometheus_client.parser import text_string_to_metric_families

from engine.live.dialogue import Dialogue
from engine.live.secrets import Credentials, Signer

MAKER = ("maker", "maker-secret")
ENV = {"HALFSPREAD_CLIENT_ID": MAKER[0], "HALFSPREAD_CLIENT_SECRET": MAKER[1]}
TIMEOUT_S = 120.0
"""How long to wait for what must come true: patience, not a bound of the product."""

POLL_S = 0.05

PORTS = (20_000, 30_000)

CONFIG = """
environment = "simulation"
[venue]
urls = ["ws://127.0.0.1:8765/ws/api/v2"]
[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "strategies.join_touch:JoinTouch"
params = { qty_lots = 2, skew_ticks = 0.1 }
requote_ticks = 2
[quote.limits]
position_max = 1000
order_max = 50
collar_bps = 100
stale_ms = 5000
"""

INGRESS = os.environ.get("HALFSPREAD_TEST_INGRESS", "fast")
"""What an engine of `write_config` splits frames with; see `on_each_ingress`."""

T = TypeVar("T")


def command(*arguments: str) -> list[str]:
    """Return the command line of one of our commands."""
    return [sys.executable, "-m", "engine.cli", *arguments]


@contextmanager
def running(
    *arguments: str, env: dict[str, str] | None = None, stdin: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the background; killed at the latest at the end."""
    process = subprocess.Popen(
        command(*arguments),
        env={**os.environ, **(env or {})},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def running_venue(*arguments: str) -> Iterator[str]:
    """Serve a simulated venue; gives its WebSocket URL."""
    with running("sim", "--listen", "127.0.0.1:0", *arguments) as process:
        assert process.stdout is not None
        yield orjson.loads(process.stdout.readline())["ws"]


def write_config(folder: Path) -> Path:
    """Write a configuration that needs no compiled strategy."""
    path = folder / "test.toml"
    path.write_text(CONFIG.replace("[venue]", f'[venue]\ningress = "{INGRESS}"'))
    return path


def free_port() -> int:
    """Return a port nobody listens on now.

    It is none of those the system gives out by itself: a test that runs beside this
    one would be given it for a connection before the process under test has begun.
    """
    while True:  # ends: few of ten thousand are taken
        port = SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def scrape(port: int) -> dict[str, float]:
    """Return the metrics of an engine by ``name{label=value}``; empty: not there."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (URLError, ConnectionError):
        return {}
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def until(what: str, found: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
    """Wait until something holds; a failure names it."""
    deadline_s = time.monotonic() + timeout_s
    while not found():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)


def is_quoting(port: int) -> bool:
    """Say whether an engine quotes, by its metrics."""
    return scrape(port).get("halfspread_session_state{state=quoting}") == 1


def ask(url: str, talk: Callable[[Dialogue], Awaitable[T]]) -> T:
    """Talk to a venue as the maker."""

    async def session() -> T:
        async with Dialogue(url, Signer(Credentials(*MAKER))) as venue:
            return await talk(venue)

    return asyncio.run(session())


async def open_orders(venue: Dialogue) -> list[dict[str, Any]]:
    """Return the maker's open orders."""
    rows: list[dict[str, Any]] = await venue.call("private/get_open_orders")
    return rows


async def venue_ms(venue: Dialogue) -> int:
    """Return the venue's time."""
    return int(await venue.call("public/get_time"))


async def endings(venue: Dialogue) -> dict[str, dict[str, Any]]:
    """Return the maker's BTC orders of late, open or not, by label."""
    rows = await venue.call(
        "private/get_order_history_by_currency",
        {"currency": "BTC", "count": 1_000, "include_unfilled": True},
    )
    return {row["label"]: row for row in rows}


def labels_open(url: str) -> set[str]:
    """Return the labels of the maker's open orders."""
    return {order["label"] for order in ask(url, open_orders)}


def reasons_of_end(
    url: str, labels: set[str], since_ms: int, bound_s: float
) -> set[str]:
    """Wait until orders have ended; return why, but for those that were filled.

    That it was in time is judged by the venue's clock: how long it takes to start a
    connection and look is no matter of the venue.
    """
    until("no order left", lambda: not labels & labels_open(url))
    known = ask(url, endings)
    rows = [known[label] for label in labels]
    late_ms = max(row["last_update_timestamp"] for row in rows) - since_ms
    assert late_ms <= bound_s * 1_000
    return {row["cancel_reason"] for row in rows if row["order_state"] != "filled"}


async def place(venue: Dialogue, instrument: str, number: int = 1) -> None:
    """Place resting buy orders far below the market."""
    ticker = await venue.call("public/ticker", {"instrument_name": instrument})
    price = round(ticker["mark_price"] * 0.9)
    for offset in range(number):
        order = {"instrument_name": instrument, "amount": 10, "post_only": True}
        await venue.call("private/buy", {**order, "price": price - offset})


class Wire:
    """A TCP proxy whose connections a test can cut, openly or in silence."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname, parts.port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._made = 0
        self._dead = 0.0
        """Connections with a lower number carry nothing, not even their end."""
        port = self._server.getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}{parts.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut every connection, both halves, without a closing handshake."""
        taken, self._sockets = self._sockets, []
        for each in taken:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def freeze(self) -> None:
        """Carry nothing any more, and tell nobody: every connection stands."""
        self._flows.clear()

    def swallow(self) -> None:
        """Cut the cable: what is sent is lost, new connections lead nowhere.

        Both halves of every connection stand, and neither hears of the other's end.
        """
        self._dead = math.inf

    def mend(self) -> None:
        """Carry new connections again; those that were swallowed stay dead."""
        self._dead = self._made

    def refuse(self) -> None:
        """Take no new connection; those that stand are left alone."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self.refuse()
        self._flows.set()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
                far = socket.create_connection(self._to)
            except OSError:
                return
            self._sockets += [near, far]
            for pair in ((near, far), (far, near)):
                ends = (self._made, *pair)
                threading.Thread(target=self._carry, args=ends, daemon=True).start()
            self._made += 1

    def _carry(self, number: int, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                if number >= self._dead:
                    sink.sendall(data)
            if number >= self._dead:
                sink.shutdown(socket.SHUT_RDWR)

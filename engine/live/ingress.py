"""The ingress: one venue connection, kept open; and its plain link, `websockets`.

`Ingress` keeps a link open: it dials, tells its `Handler`, and dials again with
jittered back-off, the next address after a failure. What it dials is a `Line`: complete
messages of one TCP chunk come out together, frames of one turn go in together and leave
in one write. `Link` is the plain one, over ``websockets`` alone; the fast one stands in
`fastlink`.

Never here: permessage-deflate, a second opinion on liveness (the session's heartbeat
is the only one, because it is journalled), a decision about what to send.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import random
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from engine._core.wire.frames import encode_turn
from engine.config import is_loopback

MESSAGE_SIZE_MAX = 16 * 2**20
"""Largest message taken, bytes; a longer one ends the connection with code 1009."""

BACKLOG_MAX = 64
"""Messages that may arrive between handshake and `Link.attach`."""

WRITE_BUFFER_MAX = 2**20
"""Unsent bytes at which a connection counts as dead: the venue stopped reading."""

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0

DELAY_MIN_S = 0.5
DELAY_MAX_S = 30.0
HEALTHY_S = 60.0
"""A connection that lived this long starts the back-off anew."""

C = TypeVar("C", bound=ClientConnection)

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_SILENT = logging.getLogger("halfspread.ingress.websockets")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL)


class Handler(Protocol):
    """What an ingress tells the shell. Each call comes from the event loop."""

    def line_up(self, conn: int, link: Line) -> None:
        """The connection is open; exactly one `line_down` will follow."""

    def payloads(self, conn: int, payloads: list[bytes]) -> None:
        """All complete messages of one TCP chunk, in order; see `Line.received_ns`."""

    def line_down(self, conn: int, reason: str) -> None:
        """The connection is gone for good."""

    def wants_line(self, conn: int) -> bool:
        """Say whether to dial again now; asked anew after a while when not."""

    def redialling(self, conn: int, url: str, reason: str, delay_s: float) -> None:
        """There is no line, because of ``reason``; ``url`` is next, in ``delay_s``."""


class Line(Protocol):
    """One open WebSocket connection, synchronous in both directions."""

    @property
    def received_ns(self) -> int:
        """Monotonic time at which the last TCP chunk came, before it was parsed."""

    def attach(
        self,
        on_payloads: Callable[[list[bytes]], None],
        on_lost: Callable[[str], None],
    ) -> None:
        """Start the delivery, first of what has arrived since the handshake.

        The caller must attach in the same step in which the handshake returned.
        """

    def write_turn(self, frames: bytes) -> bool:
        r"""Write all frames of one turn, each ended by ``\n``, in one write.

        Returns: False when the line is closing or the venue has stopped reading; the
        frames are dropped then, and `Handler.line_down` follows.
        """

    def hang_up(self, reason: str) -> None:
        """Close with a closing handshake, at most `CLOSE_TIMEOUT_S` long."""

    def cut(self, reason: str) -> None:
        """Drop the connection at once."""

    async def wait_closed(self) -> None:
        """Return once the connection is gone."""


Dial = Callable[[str, ssl.SSLContext | None], Awaitable[Line]]
"""How an ingress opens a line to a URL; see `open_link`."""


class Link(ClientConnection):
    """The plain `Line`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._payloads: list[bytes] = []
        self._fragments: list[bytes] = []
        self.received_ns = 0
        self._on_payloads: Callable[[list[bytes]], None] | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._reason = ""

    def attach(
        self,
        on_payloads: Callable[[list[bytes]], None],
        on_lost: Callable[[str], None],
    ) -> None:
        """See `Line`."""
        self._on_payloads, self._on_lost = on_payloads, on_lost
        self._deliver()
        if self.protocol.state is State.CLOSED:
            self._tell_lost(None)

    def write_turn(self, frames: bytes) -> bool:
        """See `Line`."""
        if self.protocol.state is not State.OPEN:
            return False
        if self.transport.get_write_buffer_size() > WRITE_BUFFER_MAX:
            self.cut("the venue stopped reading")
            return False
        self.transport.write(encode_turn(frames, secrets.randbits(64)))
        return True

    def hang_up(self, reason: str) -> None:
        """See `Line`."""
        self._reason = self._reason or reason
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(1000, "")
            self.send_data()
        self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    def cut(self, reason: str) -> None:
        """See `Line`."""
        self._reason = self._reason or reason
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take one TCP chunk; hand over every message it completed."""
        self.received_ns = time.monotonic_ns()
        super().data_received(data)
        self._deliver()

    def process_event(self, event: Any) -> None:
        """Collect messages here instead of in the queue of ``websockets``."""
        if not isinstance(event, Frame) or event.opcode not in _DATA:
            super().process_event(event)
        elif event.fin and not self._fragments:
            self._payloads.append(bytes(event.data))
        else:
            self._fragments.append(bytes(event.data))
            if event.fin:
                self._payloads.append(b"".join(self._fragments))
                self._fragments.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the books; tells the owner exactly once."""
        super().connection_lost(exc)
        self._tell_lost(exc)

    def _deliver(self) -> None:
        if not self._payloads:
            return
        if self._on_payloads is None:
            if len(self._payloads) > BACKLOG_MAX:
                self.cut("too many messages before the first request")
            return
        payloads, self._payloads = self._payloads, []
        self._on_payloads(payloads)

    def _tell_lost(self, exc: Exception | None) -> None:
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is None:
            return
        close = self.protocol.close_rcvd
        if self._reason:
            on_lost(self._reason)
        elif close is not None:
            on_lost(f"closed by the venue: {close.code} {close.reason}".rstrip())
        else:
            on_lost(f"connection lost: {exc}" if exc else "connection lost")


async def open_link(url: str, tls: ssl.SSLContext | None = None) -> Link:
    """Connect to one WebSocket address, without compression, certificate verified.

    Raises: OSError, TimeoutError or WebSocketException.
    """
    return await handshake(url, tls, Link)


async def handshake(url: str, tls: ssl.SSLContext | None, kind: type[C]) -> C:
    """Open a connection of ``websockets``, of a kind; see `open_link`."""
    options: dict[str, Any] = {}
    if "proxy" in inspect.signature(connect).parameters and is_loopback(
        urlsplit(url).hostname or ""
    ):
        options["proxy"] = None
    if url.startswith("wss:"):
        options["ssl"] = tls or ssl.create_default_context()
    connection = await connect(
        url,
        compression=None,
        open_timeout=OPEN_TIMEOUT_S,
        close_timeout=CLOSE_TIMEOUT_S,
        ping_interval=None,
        max_size=MESSAGE_SIZE_MAX,
        logger=_SILENT,
        create_connection=kind,
        **options,
    )
    return cast(C, connection)


class Backoff:
    """How long to wait before the next attempt: doubling, with full jitter.

    Units: seconds. The first wait lies in 0.5..1, the longest in 0.5..30: the jitter
    keeps clients apart that were all cut off by the same maintenance.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 0

    def next_delay_s(self, lived_s: float) -> float:
        """Return the wait after a connection that lived ``lived_s``; 0: never up."""
        if lived_s >= HEALTHY_S:
            self._failures = 0
        self._failures = min(self._failures + 1, 16)
        top_s = min(DELAY_MAX_S, DELAY_MIN_S * 2.0**self._failures)
        return self._rng.uniform(DELAY_MIN_S, top_s)


class Ingress:
    """Keeps one connection to the venue open until told to stop."""

    def __init__(
        self,
        conn: int,
        urls: Sequence[str],
        handler: Handler,
        *,
        rng: random.Random,
        tls: ssl.SSLContext | None = None,
        dial: Dial = open_link,
    ) -> None:
        self.conn = conn
        self.attempts = 0
        self.times_up = 0
        self._urls = tuple(urls)
        self._handler = handler
        self._backoff = Backoff(rng)
        self._tls = tls
        self._dial = dial
        self._task: asyncio.Task[None] | None = None
        self._link: Line | None = None
        self._stopping = False

    def start(self) -> asyncio.Task[None]:
        """Begin to dial; the returned task ends only by `stop` or by our own bug."""
        self._task = asyncio.get_running_loop().create_task(self._keep_open())
        return self._task

    async def stop(self, reason: str) -> None:
        """Hang up, wait until the line is down, and dial no more."""
        if self._task is None:
            return
        self._stopping = True
        if self._link is not None:
            self._link.hang_up(reason)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    asyncio.shield(self._link.wait_closed()), 2 * CLOSE_TIMEOUT_S
                )
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def cut(self, reason: str) -> None:
        """Drop the line at once and dial no more."""
        self._stopping = True
        if self._link is not None:
            self._link.cut(reason)
        if self._task is not None:
            self._task.cancel()

    async def _keep_open(self) -> None:
        index = 0
        while not self._stopping:
            url = self._urls[index % len(self._urls)]
            self.attempts += 1
            lived_s = 0.0
            try:
                link = await self._dial(url, self._tls)
            except (OSError, EOFError, ValueError, WebSocketException) as error:
                reason = str(error) or type(error).__name__
            else:
                since_s = time.monotonic()
                reason = await self._serve(link)
                lived_s = time.monotonic() - since_s
                if self._stopping:
                    return
            # A line that worked for long is worth a second try at the same address.
            index += lived_s < HEALTHY_S
            delay_s = self._backoff.next_delay_s(lived_s)
            next_url = self._urls[index % len(self._urls)]
            self._handler.redialling(self.conn, next_url, reason, delay_s)
            await asyncio.sleep(delay_s)
            while not self._handler.wants_line(self.conn):
                await asyncio.sleep(DELAY_MIN_S)

    async def _serve(self, link: Line) -> str:
        """Join link and handler until the line is down. Returns: why it went down."""
        down: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def on_lost(reason: str) -> None:
            self._link = None
            if not down.done():
                down.set_result(reason)
            self._handler.line_down(self.conn, reason)

        self._link = link
        self.times_up += 1
        self._handler.line_up(self.conn, link)
        link.attach(lambda found: self._handler.payloads(self.conn, found), on_lost)
        return await down

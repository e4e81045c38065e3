"""The fast link: `websockets` shakes hands, compiled code takes over from there.

`FastLink` is a `Line` over the transport of a finished handshake. What happens for each
message is compiled (`fast.FastLine`); here stands what happens once a connection: the
take-over and the end. Addresses, certificates, proxies and redirects stay with
``websockets``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from engine.live import ingress
from engine.live.fast import FastLine

_HEAD_END = b"\r\n\r\n"


class FastLink(FastLine, asyncio.BufferedProtocol):
    """One open WebSocket connection whose frames are split in the socket's buffer.

    Joined with a `Turn` it gives messages to the core where they lie, otherwise to its
    owner as a list, like the plain link.
    """

    def __init__(self, message_size_max: int, unsent_max: int) -> None:
        super().__init__(message_size_max, unsent_max)
        self.on_payloads: Callable[[list[bytes]], None] | None = None
        self._on_lost: Callable[[str], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._reason = ""
        self._goodbye = ""
        self._error: Exception | None = None
        self._abort_timer: asyncio.TimerHandle | None = None

    def take_over(self, transport: asyncio.Transport, rest: bytes) -> None:
        """Become the protocol of a transport; ``rest`` came behind the handshake."""
        is_tls = transport.get_extra_info("ssl_object") is not None
        fd = -1 if is_tls else transport.get_extra_info("socket").fileno()
        self.start(transport, fd, rest)
        transport.set_protocol(self)
        transport.resume_reading()

    def attach(
        self,
        on_payloads: Callable[[list[bytes]], None],
        on_lost: Callable[[str], None],
    ) -> None:
        """See `ingress.Line`."""
        self.on_payloads, self._on_lost = on_payloads, on_lost
        self.deliver()
        if self._lost.done():
            self._tell_lost()

    def hang_up(self, reason: str) -> None:
        """See `ingress.Line`."""
        self._reason = self._reason or reason
        self.write_close(1000)
        self._abort_later()

    def cut(self, reason: str) -> None:
        """See `ingress.Line`."""
        self._reason = self._reason or reason
        self.shut()
        if self.transport is not None:
            self.transport.abort()

    async def wait_closed(self) -> None:
        """See `ingress.Line`."""
        await asyncio.shield(self._lost)

    def on_close(self, code: int, reason: str) -> None:
        """Answer the venue's close frame; it is the venue that ends the connection."""
        self._goodbye = f"closed by the venue: {code} {reason}".rstrip()
        self.write_close(code)
        self._abort_later()

    def on_broken(self, code: int, why: str) -> None:
        """Fail the connection: what came is no WebSocket (RFC 6455, section 7.1.7)."""
        self._reason = self._reason or f"the venue sent no valid frame: {why}"
        self.write_close(code)
        self._abort_later()
        if self.transport is not None:
            self.transport.close()

    def eof_received(self) -> None:
        """Let the transport close itself: the venue has ended the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the books; tells the owner exactly once."""
        if self._lost.done():
            return
        self._error = exc
        self._lost.set_result(None)
        self.drop()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._tell_lost()

    def _abort_later(self) -> None:
        if self._abort_timer is None and self.transport is not None:
            self._abort_timer = self._loop.call_later(
                ingress.CLOSE_TIMEOUT_S, self.transport.abort
            )

    def _tell_lost(self) -> None:
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is None:
            return
        lost = f"connection lost: {self._error}" if self._error else "connection lost"
        on_lost(self._reason or self._goodbye or lost)


class Handshake(ClientConnection):
    """A connection of ``websockets`` up to the last byte of its handshake.

    It takes no frame: what comes behind the handshake is kept, and reading pauses,
    until the link takes over.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = bytearray()
        self.rest = b""
        self.heir: FastLink | None = None

    def data_received(self, data: bytes) -> None:
        """Give the handshake to ``websockets`` and keep the rest."""
        if self._is_open():
            self.rest += data
            return
        before = len(self._head)
        self._head += data
        end = self._head.find(_HEAD_END)
        cut = len(data) if end < 0 else max(0, end + len(_HEAD_END) - before)
        super().data_received(data[:cut])
        if self._is_open():
            self.transport.pause_reading()
            self.rest = data[cut:]
        elif data[cut:]:
            super().data_received(data[cut:])  # the body of a refusal

    def _is_open(self) -> bool:
        return self.protocol.state is State.OPEN

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the heir too: the loss may have been on its way at the take-over."""
        super().connection_lost(exc)
        if self.heir is not None:
            self.heir.connection_lost(exc)


async def open_fast(url: str, tls: ssl.SSLContext | None = None) -> FastLink:
    """Connect to one WebSocket address; see `ingress.open_link`.

    Raises: OSError, TimeoutError or WebSocketException.
    """
    connection = await ingress.handshake(url, tls, Handshake)
    link = FastLink(ingress.MESSAGE_SIZE_MAX, ingress.WRITE_BUFFER_MAX)
    if connection.connection_lost_waiter.done():
        raise ConnectionResetError("connection lost behind the handshake")
    connection.heir = link
    link.take_over(connection.transport, connection.rest)
    return link

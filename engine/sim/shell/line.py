"""One TCP connection: it speaks HTTP until a handshake turns it into a WebSocket.

A line ends in one of three ways: the peer goes; we are done, half-close and wait for
the peer to go, so that what we said last is not lost to a reset; or the wait is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from engine.sim.shell import limits
from engine.sim.shell.http import HttpSide
from engine.sim.venue.api.connection import NO_HANDSHAKE

if TYPE_CHECKING:
    from engine.sim.shell.driver import Driver


class Side(Protocol):
    """What speaks on a line."""

    def receive(self, data: bytes) -> None:
        """Take bytes of the peer."""

    def receive_eof(self) -> None:
        """Take note that the peer has nothing more to say; it may still listen."""

    def end(self, code: int, reason: str) -> None:
        """Part from the peer in a friendly way; codes are those of WebSocket."""

    def lost(self) -> None:
        """Take note that the line is gone."""


class Line(asyncio.BufferedProtocol):
    """A transport, who speaks on it, and how long it may still take.

    It reads little at a time, so that no line keeps the others waiting for long.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.conn = 0
        self.peer = ""
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(limits.READ_MAX)
        self._opened_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._peer_is_done = self._finished = False

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the driver number the line, or refuse it."""
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self.peer = address[0] if address else ""
        self._side: Side = HttpSide(self, self.driver.line_opened(self))

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand bytes to who speaks."""
        self._side.receive(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        """Keep the other half open: the peer may wait for its answer."""
        self._peer_is_done = True
        if self._finished:
            self._transport.close()
        else:
            self._side.receive_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody that the line is gone."""
        self.expect_nothing()
        self._side.lost()
        self.driver.line_closed(self)

    # Called by who speaks.

    def become(self, side: Side) -> None:
        """Let another speak from now on."""
        self.expect_nothing()
        self._side = side

    def write(self, data: bytes) -> bool:
        """Send bytes; False when the peer has left too many of them unread."""
        if self._finished or self._transport.is_closing():
            return True
        self._transport.write(data)
        return self._transport.get_write_buffer_size() <= limits.SEND_QUEUE_MAX

    def listen(self, yes: bool) -> None:
        """Go on reading, or stop."""
        if self._transport.is_closing():
            return
        if yes:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def is_old(self) -> bool:
        """Say whether the line has lived as long as HTTP may."""
        return self._loop.time() - self._opened_s >= limits.HTTP_LIFETIME_S

    def end_when_old(self, otherwise: Callable[[], None]) -> None:
        """Call ``otherwise`` when the line has lived as long as HTTP may."""
        self._expect(self._opened_s + limits.HTTP_LIFETIME_S, otherwise)

    def expect_within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        """Call ``otherwise`` unless something else is expected by then."""
        self._expect(self._loop.time() + seconds, otherwise)

    def expect_nothing(self) -> None:
        """Wait for ever."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def finish(self) -> None:
        """Say that we have nothing more to say, and wait for the peer to go."""
        if self._finished:
            return
        self._finished = True
        self.expect_within(limits.CLOSE_TIMEOUT_S, self.abort)
        if self._peer_is_done:
            self._transport.close()
        elif not self._transport.is_closing():
            try:
                self._transport.write_eof()
            except OSError:  # the peer has gone before we could say so
                self._transport.abort()

    def close(self) -> None:
        """Go when everything is written."""
        self._transport.close()
        self.expect_within(limits.CLOSE_TIMEOUT_S, self.abort)

    def abort(self) -> None:
        """Cut the line; what is still to be written is dropped."""
        self._transport.abort()

    # Called by the driver.

    def end(self, code: int, reason: str) -> None:
        """Part from the peer in a friendly way, or cut the line."""
        if code == NO_HANDSHAKE:
            self.abort()
        else:
            self._side.end(code, reason)

    def _expect(self, at_s: float, otherwise: Callable[[], None]) -> None:
        self.expect_nothing()
        self._timer = self._loop.call_at(at_s, otherwise)

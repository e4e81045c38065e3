"""A line that speaks WebSocket.

What the server sends is not masked, so a payload looks the same to everybody: it is
framed once per turn, whoever gets it, and the frames of a turn leave in one write.
Never compressed: the venue does not, and it would be done once per connection.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from engine.sim.shell import limits

if TYPE_CHECKING:
    from engine.sim.shell.line import Line

GOING_AWAY = (1001, "")
TOO_SLOW = (1008, "connection_too_slow")
REASON_MAX = 123  # bytes a closing frame has for it
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

log = logging.getLogger("halfspread.sim")
# What strangers send instead of a handshake is no news, and no traceback.
handshakes = log.getChild("websocket")
handshakes.addHandler(logging.NullHandler())
handshakes.propagate = False


class SocketSide:
    """The server's side of a WebSocket on one line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._protocol = ServerProtocol(max_size=limits.FRAME_MAX, logger=handshakes)
        self._message = bytearray()  # what has come of a message in several frames

    def open(self, head: bytes) -> bool:
        """Answer a handshake, yes or no; False when it cannot be read as one."""
        self._protocol.receive_data(head)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
        writes = self._protocol.data_to_send()
        if not any(writes):
            return False
        self._write(writes)
        if self._protocol.state is State.OPEN:
            self._line.driver.socket_opened(self._line, self)
        return True

    def receive(self, data: bytes) -> None:
        """Take bytes of the peer."""
        was_open = self._protocol.state is State.OPEN
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        self._write(self._protocol.data_to_send())
        for event in events if was_open else ():
            if isinstance(event, Frame) and event.opcode in DATA:
                self._message += event.data
                if event.fin:
                    payload = bytes(self._message)
                    self._message.clear()
                    self._line.driver.received(self._line, payload)

    def receive_eof(self) -> None:
        """End: a WebSocket does not live on one half."""
        self._protocol.receive_eof()
        self._line.finish()

    def send(self, payloads: list[bytes], frames: dict[bytes, bytes]) -> None:
        """Send the payloads of a turn; ``frames`` keeps what the turn has framed."""
        if self._protocol.state is not State.OPEN:
            return
        parts = []
        for payload in payloads:
            frame = frames.get(payload)
            if frame is None:
                frame = Frame(Opcode.TEXT, payload).serialize(mask=False)
                frames[payload] = frame
            parts.append(frame)
        if not self._line.write(b"".join(parts)):
            self.end(*TOO_SLOW)

    def end(self, code: int, reason: str) -> None:
        """Close without waiting for the reader."""
        if self._protocol.state is not State.OPEN:
            return
        log.info("closing connection %d: %s", self._line.conn, reason)
        fitting = reason.encode()[:REASON_MAX].decode(errors="ignore")
        self._protocol.send_close(code, fitting)
        self._line.expect_within(limits.CLOSE_TIMEOUT_S, self._line.abort)
        self._write(self._protocol.data_to_send())

    def lost(self) -> None:
        """Let the world know."""
        self._line.driver.socket_lost(self._line)

    def _write(self, writes: list[bytes]) -> None:
        """Write; nothing to write in a part means the end of the stream."""
        data = b"".join(writes)
        if data:
            self._line.write(data)
        if not all(writes):
            self._line.finish()

"""The ``websockets`` library, sans-IO, as the reference for reading frames.

It knows no messages: fragments are joined here, and a text is decoded when it is whole.
"""

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

_NAMES = {Opcode.PING: "ping", Opcode.PONG: "pong", Opcode.CLOSE: "close"}


class Reference:
    """A client's receiving half; takes bytes, gives what they say, in order."""

    def __init__(self, size_max: int) -> None:
        self.code = 0
        self.close_code = 0
        """Of a close frame that was one; 1005 when it had none; else 0."""
        self.is_over = False
        self._is_text = False
        self._joined = bytearray()
        self._protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=size_max)

    def receive(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return names and payloads of what these bytes completed; "broken" is last."""
        if self.is_over:
            return []
        self._protocol.receive_data(data)
        found: list[tuple[str, bytes]] = []
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            found += self._read(event)
            if self.is_over:
                return found
        error = self._protocol.parser_exc
        if error is not None:
            # There is one when the close was refused for where it stood.
            self._note_close()
            if isinstance(error, PayloadTooBig):
                return found + self._break(1009)
            if isinstance(error, UnicodeDecodeError):
                return found + self._break(1007)
            assert isinstance(error, ProtocolError), error
            return found + self._break(1002)
        return found

    def _read(self, frame: Frame) -> list[tuple[str, bytes]]:
        if frame.opcode in _NAMES:
            payload = bytes(frame.data)
            if frame.opcode is Opcode.CLOSE:
                self.is_over = True
                self._note_close()
                self.code = self.close_code
                payload = payload[2:]
            return [(_NAMES[frame.opcode], payload)]
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._joined.clear()
        self._joined += frame.data
        if not frame.fin:
            return []
        if self._is_text:
            try:
                self._joined.decode()
            except UnicodeDecodeError:
                return self._break(1007)
        return [("message", bytes(self._joined))]

    def _note_close(self) -> None:
        close = self._protocol.close_rcvd
        if close is not None:
            self.close_code = int(close.code)

    def _break(self, code: int) -> list[tuple[str, bytes]]:
        self.is_over = True
        self.code = code
        return [("broken", b"")]

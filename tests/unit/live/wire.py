"""The other end of a line, for tests: a transport that remembers, frames both ways."""

from typing import Any

from websockets.frames import Frame, Opcode

from engine.live.fast import FastLine

ALL = 2**20


class FakeTransport:
    """Remembers what was written; ``held`` is what it says it could not send yet."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.held = 0
        self.calls: list[str] = []
        self.protocol: Any = None
        self.extra: dict[str, Any] = {"ssl_object": "there is one"}

    def write(self, data: bytes) -> None:
        """Remember."""
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        """Return what the test says."""
        return self.held

    def get_extra_info(self, name: str) -> Any:
        """Return what the test says."""
        return self.extra.get(name)

    def set_protocol(self, protocol: Any) -> None:
        """Remember."""
        self.protocol = protocol

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        """Take them."""

    def abort(self) -> None:
        """Remember."""
        self.calls.append("abort")

    def close(self) -> None:
        """Remember."""
        self.calls.append("close")

    def pause_reading(self) -> None:
        """Remember."""
        self.calls.append("pause")

    def resume_reading(self) -> None:
        """Remember."""
        self.calls.append("resume")


class Line(FastLine):
    """The half above, for a test."""

    def __init__(self, unsent_max: int = ALL) -> None:
        super().__init__(ALL, unsent_max)
        self.lists: list[list[bytes]] = []
        self.said: list[tuple[Any, ...]] = []

    def on_payloads(self, payloads: list[bytes]) -> None:
        """Remember."""
        self.lists.append(payloads)

    def on_close(self, code: int, reason: str) -> None:
        """Remember."""
        self.said.append(("close", code, reason))

    def on_broken(self, code: int, why: str) -> None:
        """Remember."""
        self.said.append(("broken", code))

    def cut(self, reason: str) -> None:
        """Remember."""
        self.said.append(("cut", reason))


def frame(payload: bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    """Return a frame as a server sends it."""
    return Frame(opcode, payload, fin).serialize(mask=False)


def arrive(line: FastLine, data: bytes) -> None:
    """Have bytes arrive as the event loop brings them."""
    room = memoryview(line.get_buffer(-1))
    room[: len(data)] = data
    line.buffer_updated(len(data))


def frames_in(data: bytes) -> list[tuple[Opcode, bytes, bytes]]:
    """Return opcode, payload and masking key of each client frame in some bytes."""
    found = []
    while data:
        assert data[1] & 0x80, "a client masks every frame"
        n, at = data[1] & 0x7F, 2
        if n >= 126:
            at = 4 if n == 126 else 10
            n = int.from_bytes(data[2:at], "big")
        key, body = data[at : at + 4], data[at + 4 : at + 4 + n]
        text = bytes(each ^ key[i % 4] for i, each in enumerate(body))
        found.append((Opcode(data[0] & 0x0F), text, key))
        data = data[at + 4 + n :]
    return found

"""A tiny deterministic core with the verbs of the real one, for journal tests."""

from __future__ import annotations

import zlib
from typing import Any


class StandInCore:
    """Answers every payload with a frame that depends on all it was told before."""

    def __init__(self, seed: int = 0) -> None:
        self.told = seed
        self.out: dict[int, bytes] = {}
        self.closing: list[tuple[int, str]] = []
        self.wanted: list[str] = []
        self.calls: list[tuple[Any, ...]] = []

    def _tell(self, *call: Any) -> None:
        self.calls.append(call)
        self.told = zlib.crc32(repr(call).encode(), self.told)

    def _say(self, conn: int) -> None:
        frame = b'{"id":%d}\n' % self.told
        self.out[conn] = self.out.get(conn, b"") + frame

    def connection_made(self, conn: int, t_ns: int) -> None:
        self._tell("made", conn, t_ns)
        self._say(conn)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        self._tell("data", conn, t_ns, data, more_coming)
        if not more_coming:
            self._say(self.told % 2)
        if data == b"close":
            self.closing.append((conn, "asked for"))
            self.wanted.append("cancel_all")

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self._tell("lost", conn, t_ns)
        self.out.pop(conn, None)

    def handle_timer(self, t_ns: int) -> None:
        self._tell("timer", t_ns)

    def command(self, t_ns: int, cmd: bytes) -> None:
        self._tell("command", t_ns, cmd)
        self._say(0)

    def data_to_send(self, conn: int) -> bytes:
        return self.out.pop(conn, b"")

    def connections_to_close(self) -> list[tuple[int, str]]:
        taken, self.closing = self.closing, []
        return taken

    def errands(self) -> list[str]:
        taken, self.wanted = self.wanted, []
        return taken

    def next_timer_ns(self) -> int:
        return self.told

    def notes(self) -> list[tuple[int, str, str, str]]:
        return [(0, "info", "stand-in", "hello")]

    def snapshot(self) -> dict[str, Any]:
        return {"told": self.told}

    def checkpoint(self) -> dict[str, Any]:
        return {}

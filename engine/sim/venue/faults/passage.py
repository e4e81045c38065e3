"""One frame or request on its way through a door, and what is to become of it.

Faults write on it; the door then does what it says. A frame is taken apart at most
once, and only when a fault wants to look inside or change it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from engine.sim.venue.api.wire import dumps, scientific

if TYPE_CHECKING:
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.errors import Reject

REQUEST, REPLY, NOTIFICATION, HEARTBEAT = (
    "request", "reply", "notification", "heartbeat",
)  # fmt: skip


@dataclass(slots=True)
class Passage:
    """What passes: a request, or a frame the venue sends.

    ``name`` is the method of a request or reply, the channel of a notification.
    Units: ``delay_ns`` and ``wait_ns`` in ns; ``copies`` counts what arrives.
    Empty: ``end`` None = the connection goes on; ``keep_bytes`` None = all of the
    frame; ``refusal`` None = it stays what it is.
    """

    of: str
    connection: Connection
    name: str
    text: bytes = b""
    copies: int = 1
    delay_ns: int = 0
    behind: int = 0
    wait_ns: int = 0
    keep_bytes: int | None = None
    end: tuple[int, str] | None = None
    silence: bool = False
    refusal: Reject | None = None
    scientific: bool = False
    following: list[bytes] = field(default_factory=list)
    _frame: dict[str, Any] | None = None

    @property
    def frame(self) -> dict[str, Any]:
        """Return the frame taken apart, to look at."""
        if self._frame is None:
            self._frame = orjson.loads(self.text)
        return self._frame

    def say(self, frame: dict[str, Any]) -> None:
        """Send another frame instead; it is taken over."""
        self.text, self._frame = dumps(frame), None

    def texts(self) -> list[bytes]:
        """Return what is to be sent, in order."""
        texts = [self.text] * self.copies + self.following
        if self.scientific:
            texts = [scientific(text) for text in texts]
        return [text[: self.keep_bytes] for text in texts]

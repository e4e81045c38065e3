"""One client connection: who it is, what it owes, what waits to be sent.

Heartbeat: every interval the venue sends ``heartbeat`` and ``test_request``; a client
that has not called ``public/test`` when the next interval ends is closed. The venue's
real cadence and grace are not published; this is the strictest reading of "should
respond ... the server will close the connection".
Source: docs.deribit.com, public/set_heartbeat, connection management, 2026-08-22.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from engine.sim.venue.api.wire import heartbeat

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.auth import Token
    from engine.sim.venue.api.limits import Credits
    from engine.sim.venue.api.rpc import Request
    from engine.sim.venue.feeds.feed import Feed

SECOND_NS = 1_000_000_000
OUT_FRAMES_MAX = 100_000
NO_HANDSHAKE = 1006  # the close code of a connection that is cut, no frame says it


class Door(Protocol):
    """What frames pass on their way out while faults may concern them."""

    def answer(
        self, connection: Connection, frame: bytes, request: Request, failed: bool
    ) -> None:
        """Let the answer to a request out."""

    def notify(self, connection: Connection, frame: bytes) -> None:
        """Let out what the venue says unasked."""


@dataclass(eq=False, slots=True)
class Connection:
    """One socket. ``number`` is the shell's name for it, ``serial`` is never reused.

    An ``http`` one lasts for one request: it has no feeds, no heartbeat and no COD. A
    ``silent`` one is half-open: its client is not heard and not told of its end.
    Empty: interval_ns 0 = no heartbeat; door None = no fault concerns what it is sent;
    peer "" = it comes from inside.
    """

    number: int
    serial: int
    credits: Credits
    seen_ns: int
    http: bool = False
    peer: str = ""
    account: Account | None = None
    token: Token | None = None
    cancel_on_disconnect: bool = False
    closing: tuple[int, str] | None = None
    interval_ns: int = 0
    beat_ns: int = 0
    answered: bool = True
    too_slow: bool = False
    silent: bool = False
    door: Door | None = None
    out: list[bytes] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)

    def send(self, frame: bytes) -> None:
        """Send one frame, through the door of the faults if there is one."""
        if self.door is None:
            self.push(frame)
        else:
            self.door.notify(self, frame)

    def push(self, frame: bytes) -> None:
        """Queue one frame; a reader that never takes them is cut off."""
        if len(self.out) < OUT_FRAMES_MAX:
            self.out.append(frame)
        else:
            self.too_slow = True

    def set_heartbeat(self, interval_s: float, now_ns: int) -> None:
        """Start, change or stop (0) the heartbeat."""
        self.interval_ns = int(interval_s * SECOND_NS)
        self.beat_ns = now_ns + self.interval_ns if interval_s else 0
        self.answered = True

    def beat(self) -> bool:
        """Send what the heartbeat owes now; False when the client has not answered."""
        if not self.answered:
            return False
        self.answered = False
        self.beat_ns += self.interval_ns
        self.send(heartbeat("heartbeat"))
        self.send(heartbeat("test_request"))
        return True

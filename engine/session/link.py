"""One connection as the session knows it, and the watch on its silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from engine.session.flow import Ask


class Stage(Enum):
    """How far a connection has come."""

    DOWN = "down"
    UP = "up"
    LOGGED_IN = "logged in"
    READY = "ready"
    """Heartbeat set and, on the orders connection, cancel-on-disconnect verified."""
    CLOSING = "closing"


@dataclass(slots=True)
class Link:
    """One connection.

    Units: times in nanoseconds on the core's clock, 0 = none.
    """

    conn: int
    stage: Stage = Stage.DOWN
    connected_ns: int = 0
    heard_ns: int = 0
    probed_ns: int = 0
    connections: int = 0
    refresh_ns: int = 0
    expires_ns: int = 0
    confirmed: dict[str, None] = field(default_factory=dict)
    """Channels the venue says it sends here, in the order they were confirmed."""

    @property
    def is_up(self) -> bool:
        """Whether frames may be sent here."""
        return self.stage not in (Stage.DOWN, Stage.CLOSING)

    @property
    def is_logged_in(self) -> bool:
        """Whether the venue knows who we are."""
        return self.stage in (Stage.LOGGED_IN, Stage.READY)

    def connected(self, t_ns: int) -> None:
        """Begin anew on a fresh socket."""
        self.stage = Stage.UP
        self.connections += 1
        self.connected_ns = t_ns
        self.hear(t_ns)
        self.refresh_ns = self.expires_ns = 0
        self.confirmed = {}

    def gone(self, stage: Stage) -> None:
        """Forget what dies with the socket: it is DOWN, or CLOSING at our wish."""
        self.stage = stage
        self.refresh_ns = self.expires_ns = 0
        self.confirmed = {}

    def hear(self, t_ns: int) -> None:
        """Note that the venue said something."""
        self.heard_ns = t_ns
        self.probed_ns = 0


class Silence:
    """Watches connections on which the venue has stopped talking.

    The venue sends a heartbeat every interval. When one is late by half the grace we
    ask ``public/test`` ourselves; without an answer in the other half the connection is
    given up.

    Units: nanoseconds.
    """

    def __init__(self, interval_ns: int, grace_ns: int) -> None:
        self.interval_ns = interval_ns
        self.grace_ns = grace_ns

    def next_ns(self, link: Link) -> int:
        """Return when to look next. Empty: 0, the connection is not up."""
        if not link.is_up:
            return 0
        if link.probed_ns:
            return link.probed_ns + self.grace_ns // 2
        return link.heard_ns + self.interval_ns + self.grace_ns // 2

    def probe(self, link: Link, t_ns: int) -> Ask | None:
        """Return a question to a venue whose heartbeat is late. Empty: None."""
        due_ns = link.heard_ns + self.interval_ns + self.grace_ns // 2
        if link.probed_ns or not link.is_up or t_ns < due_ns:
            return None
        link.probed_ns = t_ns
        return Ask(link.conn, "public/test", urgent=True)

    def is_dead(self, link: Link, t_ns: int) -> bool:
        """Return whether the venue did not answer our question either.

        Counted from the question, not from the last word: after a stall of our own
        process its answers may still lie unread in the socket.
        """
        asked = link.is_up and link.probed_ns > 0
        return asked and t_ns >= link.probed_ns + self.grace_ns // 2

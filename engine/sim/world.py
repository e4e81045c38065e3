"""The venue and its background market under one clock, with the verbs of the venue.

Every verb first lets the world catch up: venue timers and market events due at or
before ``t_ns`` run in order of time, each at its own time, so that what a client meets
depends on when it speaks and never on how often somebody calls ``handle_timer``.
"""

from __future__ import annotations

from typing import Any

from engine.errors import InvariantError
from engine.sim.flow import Flow
from engine.sim.flow.playback import Playback
from engine.sim.ports import FlowVerbs
from engine.sim.settings import WorldConfig
from engine.sim.venue.api.rest import HttpRequest
from engine.sim.venue.venue import Venue

TURNS_MAX = 10_000  # venue timers due at one instant; more is a timer that never moves


class World:
    """A venue whose market moves and trades by itself, from a seed.

    Units: t_ns is the venue's wall clock, ns since the epoch; it must not go back.
    Empty: ``flow`` None = the market of the configuration.
    Raises: ConfigError when the venue lists nothing of a capture.
    """

    def __init__(
        self, seed: int, config: WorldConfig, t_ns: int, flow: FlowVerbs | None = None
    ) -> None:
        self.venue = Venue(config.venue, t_ns)
        if flow is None:
            capture = config.capture
            flow = Flow(seed, config.flow) if capture is None else Playback(capture)
        self.flow = flow
        self.flow.start(self.venue, t_ns)
        self.now_ns = t_ns

    def connection_made(self, conn: int, t_ns: int, peer: str = "") -> None:
        """Take note of a new connection from an address, where one is known."""
        self._catch_up(t_ns)
        self.venue.connection_made(conn, t_ns, peer)

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Take one JSON-RPC text."""
        self._catch_up(t_ns)
        self.venue.receive_data(conn, t_ns, payload)

    def request_made(
        self, conn: int, t_ns: int, http: HttpRequest, peer: str = ""
    ) -> None:
        """Take one HTTP request; its answer comes, now or later, by ``responses``."""
        self._catch_up(t_ns)
        self.venue.request_made(conn, t_ns, http, peer)

    def responses(self) -> list[tuple[int, int, bytes]]:
        """Return (connection, HTTP status, body) of every answer, each once."""
        return self.venue.responses()

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Take note that a connection is gone; its orders may go with it."""
        self._catch_up(t_ns)
        self.venue.connection_lost(conn, t_ns)

    def handle_timer(self, t_ns: int) -> None:
        """Do everything due at or before ``t_ns``."""
        self._catch_up(t_ns)

    def next_timer_ns(self) -> int:
        """Return when something is due next, 0 for never."""
        flow_ns, venue_ns = self.flow.next_timer_ns(), self.venue.next_timer_ns()
        return min(flow_ns, venue_ns) if flow_ns and venue_ns else flow_ns or venue_ns

    def data_to_send(self, conn: int) -> list[bytes]:
        """Return the payloads waiting for one connection and forget them."""
        return self.venue.data_to_send(conn)

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        """Return (connection, close code, reason) and forget them."""
        return self.venue.connections_to_close()

    def snapshot(self) -> dict[str, Any]:
        """Return what the venue says about itself."""
        return self.venue.snapshot()

    def skip_to(self, t_ns: int) -> None:
        """Move the clock without the market having moved, as after a host's sleep.

        The venue's own timers (heartbeats, settlements) still run, but for what it does
        every second: of that only the last minute is made up for.
        """
        self.flow.pause_until(self.now_ns, t_ns)
        self.venue.handle_timer(t_ns)
        self.now_ns = max(self.now_ns, t_ns)

    def _catch_up(self, t_ns: int) -> None:
        turns_left = TURNS_MAX
        while True:
            flow_ns, venue_ns = self.flow.next_timer_ns(), self.venue.next_timer_ns()
            if 0 < venue_ns <= t_ns and (not flow_ns or venue_ns <= flow_ns):
                turns_left = turns_left - 1 if venue_ns <= self.now_ns else TURNS_MAX
                if not turns_left:
                    raise InvariantError(f"a venue timer stays due at {venue_ns} ns")
                self.now_ns = max(self.now_ns, venue_ns)
                self.venue.handle_timer(self.now_ns)
            elif 0 < flow_ns <= t_ns:
                self.now_ns = max(self.now_ns, flow_ns)
                self.flow.step(self.now_ns)
            else:
                break
        self.now_ns = max(self.now_ns, t_ns)

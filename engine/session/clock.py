"""The venue's wall clock, reckoned from ours and from what its answers say."""

from __future__ import annotations

from engine.session.flow import Reply

_NS_PER_MS = 1_000_000

SAMPLE_LIFE_NS = 300_000_000_000
"""After this long a fresh sample replaces a better but older one."""


class Clock:
    """Our wall clock and its distance from the venue's.

    A reply carries when the venue received and answered the request; half way between
    lies half way between our sending and receiving. The sample with the shortest round
    trip is the best one.
    """

    def __init__(self) -> None:
        self._wall_ms: int | None = None
        self._wall_at_ns = 0
        self._offset_ms: float | None = None
        self._round_trip_ns = 0
        self._sampled_ns = 0

    @property
    def offset_ms(self) -> float | None:
        """How far the venue's clock is ahead of ours. Empty: None, not known yet."""
        return self._offset_ms

    def set_wall(self, t_ns: int, wall_ms: int) -> None:
        """Take the shell's wall clock."""
        self._wall_ms, self._wall_at_ns = wall_ms, t_ns

    def wall_ms(self, t_ns: int) -> int | None:
        """Return our wall clock, ms since epoch. Empty: None, never told."""
        if self._wall_ms is None:
            return None
        return self._wall_ms + (t_ns - self._wall_at_ns) // _NS_PER_MS

    def venue_ms(self, t_ns: int) -> int | None:
        """Return the venue's clock, ms since epoch. Empty: None, not known."""
        wall_ms = self.wall_ms(t_ns)
        if wall_ms is None:
            return None
        return wall_ms + round(self._offset_ms or 0.0)

    def sample(self, reply: Reply) -> None:
        """Learn from one answer; an answer without times teaches nothing."""
        middle_ns = (reply.sent_ns + reply.got_ns) // 2
        wall_ms = self.wall_ms(middle_ns)
        if wall_ms is None or reply.us_in <= 0 or reply.us_out < reply.us_in:
            return
        server_ns = (reply.us_out - reply.us_in) * 1_000
        round_trip_ns = max(0, reply.got_ns - reply.sent_ns - server_ns)
        old = reply.got_ns - self._sampled_ns > SAMPLE_LIFE_NS
        if self._offset_ms is None or old or round_trip_ns <= self._round_trip_ns:
            self._offset_ms = (reply.us_in + reply.us_out) / 2_000 - wall_ms
            self._round_trip_ns = round_trip_ns
            self._sampled_ns = reply.got_ns

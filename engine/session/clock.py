"""The venue's wall clock, reckoned from what its answers say.

A reply carries when the venue received and answered the request; half way between lies
half way between our sending and receiving. From there the core's clock, which is
monotonic, carries it on: our own wall clock has no part in it, so that one that is
wrong, or is set while we run, delays and fakes nothing. It serves until the first
answer, for signing in, and to say how far it is off.
"""

from __future__ import annotations

from engine.session.flow import Reply

_NS_PER_MS = 1_000_000

SAMPLE_LIFE_NS = 300_000_000_000
"""After this long a fresh sample replaces a better but older one."""

DRIFT_NS = 20_000_000
"""Two samples that are apart by more than their round trips and this contradict each
other: a clock was set, or the host slept. The newer one is believed."""


class Clock:
    """The venue's clock against the core's, and our wall clock beside it.

    The sample with the shortest round trip is the best one: half of that is what it can
    be wrong by.
    """

    def __init__(self) -> None:
        self._wall_ms: int | None = None
        self._wall_at_ns = 0
        self._offset_ns: int | None = None
        self._round_trip_ns = 0
        self._sampled_ns = 0
        self._is_doubted = False

    @property
    def offset_ns(self) -> int | None:
        """How far the venue's clock is ahead of the core's. Empty: None, not known."""
        return self._offset_ns

    @property
    def offset_ms(self) -> float | None:
        """How far the venue's clock is ahead of our wall clock. Empty: None."""
        if self._offset_ns is None or self._wall_ms is None:
            return None
        return (self._offset_ns + self._wall_at_ns) / _NS_PER_MS - self._wall_ms

    def set_wall(self, t_ns: int, wall_ms: int) -> None:
        """Take the shell's wall clock."""
        self._wall_ms, self._wall_at_ns = wall_ms, t_ns

    def wall_ms(self, t_ns: int) -> int | None:
        """Return our wall clock, ms since epoch. Empty: None, never told."""
        if self._wall_ms is None:
            return None
        return self._wall_ms + (t_ns - self._wall_at_ns) // _NS_PER_MS

    def venue_ms(self, t_ns: int) -> int | None:
        """Return the venue's clock, ms since epoch; our own before it was heard.

        Empty: None, neither is known.
        """
        if self._offset_ns is None:
            return self.wall_ms(t_ns)
        return (t_ns + self._offset_ns) // _NS_PER_MS

    def doubt(self) -> None:
        """Let the next sample count whatever its round trip."""
        self._is_doubted = True

    def sample(self, reply: Reply) -> None:
        """Learn from one answer; an answer without times teaches nothing."""
        if reply.us_in <= 0 or reply.us_out < reply.us_in:
            return
        server_ns = (reply.us_out - reply.us_in) * 1_000
        round_trip_ns = max(0, reply.got_ns - reply.sent_ns - server_ns)
        middle_ns = (reply.sent_ns + reply.got_ns) // 2
        offset_ns = (reply.us_in + reply.us_out) * 500 - middle_ns
        if self._offset_ns is not None and not self._is_doubted:
            is_old = reply.got_ns - self._sampled_ns > SAMPLE_LIFE_NS
            apart_ns = abs(offset_ns - self._offset_ns)
            agrees = apart_ns <= (round_trip_ns + self._round_trip_ns) // 2 + DRIFT_NS
            if agrees and not is_old and round_trip_ns > self._round_trip_ns:
                return
        self._offset_ns, self._round_trip_ns = offset_ns, round_trip_ns
        self._sampled_ns, self._is_doubted = reply.got_ns, False

"""A core and a simulated world joined by links with latency, on a virtual clock.

Nothing here sleeps, reads a clock or opens a socket: ``run_for`` moves virtual time
from event to event. The harness does what a live shell does (entropy before a
connection, signer on the way out, timers, notes, reconnect with back-off) and can
misbehave on command: drop a connection, let it fall silent, delay one direction,
refuse connections.

A connection's life: CONNECTING → UP → (DOWN → CONNECTING …). Each life has its own
number at the venue, as each socket has at a real server; frames of a dead life are
lost. Each direction of a connection is first in, first out, whatever is drawn.

Everything random comes from one seed, so the same seed, core and world give the same
bytes at the same times; ``fingerprint`` is the digest of all of them.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Protocol

import orjson

from engine._core.verbs import Verbs
from engine.errors import InvariantError
from engine.sim.ports import SignerVerbs, VenueVerbs
from engine.sim.second_road import SecondRoad

MILLISECOND_NS = 1_000_000
CORE_EPOCH_NS = 1_000_000_000  # core time at virtual 0: monotonic, unlike venue time
ENTROPY_INTERVAL_NS = 60_000_000_000
BACKOFF_FIRST_NS = 100 * MILLISECOND_NS
BACKOFF_LAST_NS = 10_000 * MILLISECOND_NS
STABLE_NS = 5_000 * MILLISECOND_NS  # a life this long resets the back-off
NOTES_MAX = 10_000
EVENTS_AT_ONCE_MAX = 100_000  # at one virtual instant; more is a timer that stays due


class Latency(Protocol):
    """Draws one one-way delay in ns."""

    def draw_ns(self, dice: random.Random) -> int:
        """Return one delay."""


@dataclass(frozen=True)
class Uniform:
    """A delay between two bounds, both included."""

    low_ns: int
    high_ns: int

    def draw_ns(self, dice: random.Random) -> int:
        """Return one delay."""
        return dice.randint(self.low_ns, self.high_ns)


@dataclass(frozen=True)
class LogNormal:
    """A delay with a long tail, cut at ``cap_ns``.

    Units: median_ns and cap_ns in ns; spread is the deviation of the logarithm.
    """

    median_ns: int
    spread: float
    cap_ns: int

    def draw_ns(self, dice: random.Random) -> int:
        """Return one delay."""
        drawn = self.median_ns * dice.lognormvariate(0.0, self.spread)
        return min(self.cap_ns, round(drawn))


class LinkState(Enum):
    """Where a connection is in its life."""

    DOWN = "down"
    CONNECTING = "connecting"
    UP = "up"


@dataclass
class Link:
    """One connection of the core and its present life at the venue.

    Units: extra delays and times in ns; ``life`` is the venue's number for this life.
    """

    conn: int
    state: LinkState = LinkState.DOWN
    life: int = -1
    extra_up_ns: int = 0
    extra_down_ns: int = 0
    free_up_ns: int = 0  # nothing may arrive before this: first in, first out
    free_down_ns: int = 0
    up_since_ns: int = 0
    failures: int = 0
    is_orphan: bool = False  # its process is gone


@dataclass
class LinkCounters:
    """What passed and what happened, for assertions in scenarios."""

    frames_up: int = 0
    frames_down: int = 0
    frames_lost: int = 0
    connects: int = 0
    drops: int = 0
    crashes: int = 0
    closes: dict[str, int] = field(default_factory=dict)


@dataclass
class Crash:
    """A crash that waits for the core's next frames: so many still get out."""

    frames_kept: int
    action: Callable[[], None]


class Links:
    """Joins a core and a venue under a virtual clock.

    ``now_ns`` is virtual time, 0 at the start; the venue sees ``venue_epoch_ns + now``,
    the core ``CORE_EPOCH_NS + now``. The core's wall clock is the venue's plus
    ``wall_offset_ms``.

    ``on_event`` is called after every event; ``on_frame`` with (direction, connection,
    frame) when the core writes a frame ("up"), before it reads one ("down"), and with
    an empty frame before it hears of a lost line ("lost").
    """

    def __init__(
        self,
        core: Verbs,
        venue: VenueVerbs,
        signer: SignerVerbs,
        *,
        seed: int,
        venue_epoch_ns: int,
        connections: int = 1,
        up: Latency = Uniform(200_000, 400_000),
        down: Latency = Uniform(200_000, 400_000),
        wall_offset_ms: int = 0,
    ) -> None:
        self.core, self.venue, self.signer = core, venue, signer
        self.now_ns = 0
        self.links = [Link(conn) for conn in range(connections)]
        self.reconnects = True
        self.refuses_connections = False
        self.notes: deque[tuple[int, str, str, str]] = deque(maxlen=NOTES_MAX)
        self.counters = LinkCounters()
        self.on_event: Callable[[], None] | None = None
        self.on_frame: Callable[[str, int, bytes], None] | None = None
        self.wall_offset_ms = wall_offset_ms
        self._venue_epoch_ns = venue_epoch_ns
        self._up, self._down = up, down
        self._dice = random.Random(f"{seed}/links")
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self._lives = 0
        self._open: dict[int, Link] = {}  # life at the venue -> link
        self._silent_lives: set[int] = set()
        self._stalled_until_ns = 0
        self._burst: list[tuple[Link, int, bytes]] = []  # what a stalled core must read
        self._crash: Crash | None = None
        self._is_venues = False  # the next event, as next_ns found it
        self._digest = hashlib.sha256()
        self.second_road = SecondRoad(
            venue,
            signer,
            random.Random(f"{seed}/second road"),
            up.draw_ns,
            lambda wait_ns, action: self.at(self.now_ns + wait_ns, action),
            self._both_clocks_ns,
            lambda fields: self.command("errand_done", **fields),
        )

    # Driving.

    def start(self) -> None:
        """Open every connection and keep the core's wall clock fresh."""
        self._refresh_entropy()
        self._open_all()

    def _open_all(self) -> None:
        for link in self.links:
            if link.state is LinkState.DOWN:
                self._connect(link)

    def run_for(self, duration_ns: int) -> None:
        """Run until virtual time has moved by ``duration_ns``."""
        self.run_until(self.now_ns + duration_ns)

    def run_until(self, t_ns: int) -> None:
        """Run every event up to and including virtual time ``t_ns``."""
        events_left = EVENTS_AT_ONCE_MAX
        while True:
            due_ns = self.next_ns()
            if due_ns is None or due_ns > t_ns:
                break
            events_left = (
                events_left - 1 if due_ns <= self.now_ns else EVENTS_AT_ONCE_MAX
            )
            if not events_left:
                raise InvariantError(f"a timer stays due at {due_ns} ns, virtual time")
            self.now_ns = max(self.now_ns, due_ns)
            self.run_due()
            if self.on_event is not None:
                self.on_event()
        self.now_ns = max(self.now_ns, t_ns)

    def at(self, t_ns: int, action: Callable[[], None]) -> None:
        """Run ``action`` at virtual time ``t_ns``; equal times keep their order."""
        self._sequence += 1
        heapq.heappush(self._heap, (t_ns, self._sequence, action))

    def command(self, name: str, **values: Any) -> None:
        """Give the core an operator command now, or when it is awake again."""
        if self._is_stalled():
            self.at(self._stalled_until_ns, lambda: self.command(name, **values))
            return
        self.core.command(self._core_ns(), orjson.dumps({"cmd": name, **values}))
        self.pump()

    def awake_ns(self) -> int:
        """Return from when on the core reads what it is told."""
        return max(self.now_ns, self._stalled_until_ns)

    # Misbehaving.

    def drop(self, conn: int, *, venue_notices_ns: int = 0) -> None:
        """Cut a connection now: frames in flight are lost, the core sees it at once.

        The venue sees it ``venue_notices_ns`` later; between, it believes in it.
        """
        link = self.links[conn]
        if link.state is not LinkState.UP:
            return
        self.counters.drops += 1
        life = link.life
        self.at(self.now_ns + venue_notices_ns, lambda: self._venue_lost(life))
        self._core_lost(link)

    def silence(self, conn: int) -> None:
        """Let nothing pass in either direction, without telling anybody.

        It ends with this life: when either side gives up, the next one is sound.
        """
        self._silent_lives.add(self.links[conn].life)

    def delay(self, conn: int, *, up_ns: int = 0, down_ns: int = 0) -> None:
        """Add to the delay of everything sent from now on; zeros end it."""
        link = self.links[conn]
        link.extra_up_ns, link.extra_down_ns = up_ns, down_ns

    def step_wall(self, offset_ms: int) -> None:
        """Let the host's wall clock jump; the core hears of it at once."""
        self.wall_offset_ms = offset_ms
        self._send_entropy()

    def stall(self, duration_ns: int) -> None:
        """Let the core do nothing for a while, as when a strategy takes too long.

        What arrives meanwhile it reads afterwards as one burst; its timers are late.
        """
        if self._is_stalled():
            return
        self._stalled_until_ns = self.now_ns + duration_ns
        self.at(self._stalled_until_ns, self._resume)

    def crash(
        self,
        core: Verbs,
        signer: SignerVerbs,
        *,
        venue_notices_ns: int = 0,
        restarts_ns: int = 0,
    ) -> None:
        """Kill the core's process now; another one begins after ``restarts_ns``.

        Nothing is closed in order: what the core had not written is lost, what it had
        written still arrives while the venue believes in the line.
        """
        self.counters.crashes += 1
        for link in self.links:
            link.is_orphan = True
            if link.state is LinkState.UP:
                life, link.life = link.life, -1
                due_ns = self.now_ns + venue_notices_ns
                self.at(due_ns, partial(self._venue_lost, life))
        self.core, self.signer, self._crash = core, signer, None
        self.second_road.forget(signer)
        self._burst.clear()
        self._stalled_until_ns = 0
        self.links = [Link(link.conn) for link in self.links]
        self.at(self.now_ns + restarts_ns, self._open_all)

    def crash_at_next_write(self, frames_kept: int, action: Callable[[], None]) -> None:
        """Run ``action`` in the middle of the core's next write.

        It is to :meth:`crash`; only the first ``frames_kept`` frames get out before.
        """
        self._crash = Crash(frames_kept, action)

    def fingerprint(self) -> str:
        """Return the digest of every frame, its direction and its arrival time."""
        return self._digest.hexdigest()

    # Clocks.

    def _core_ns(self) -> int:
        return CORE_EPOCH_NS + self.now_ns

    def _venue_ns(self) -> int:
        return self._venue_epoch_ns + self.now_ns

    def _both_clocks_ns(self) -> tuple[int, int]:
        """Return the venue's time and the engine's wall clock."""
        venue_ns = self._venue_ns()
        return venue_ns, venue_ns + self.wall_offset_ms * MILLISECOND_NS

    def next_ns(self) -> int | None:
        """Return when the next event is due; remembers whether it is the venue's."""
        venue_ns, heap = self.venue.next_timer_ns(), self._heap
        first_ns = venue_ns - self._venue_epoch_ns if venue_ns else None
        if heap and (first_ns is None or heap[0][0] < first_ns):
            first_ns = heap[0][0]
        if core_ns := self.core.next_timer_ns():
            core_ns = max(core_ns - CORE_EPOCH_NS, self._stalled_until_ns)
            if first_ns is None or core_ns < first_ns:
                first_ns = core_ns
        self._is_venues = bool(venue_ns) and first_ns == venue_ns - self._venue_epoch_ns
        return first_ns

    def run_due(self) -> None:
        """Run one event: venue timer first, then frames and actions, then the core."""
        if self._is_venues:
            self.venue.handle_timer(self._venue_ns())
        elif self._heap and self._heap[0][0] <= self.now_ns:
            heapq.heappop(self._heap)[2]()
        else:
            self.core.handle_timer(self._core_ns())
        self.pump()

    def _is_stalled(self) -> bool:
        return self.now_ns < self._stalled_until_ns

    def _resume(self) -> None:
        """Let the core read what has come while it was stalled."""
        burst, self._burst = self._burst, []
        for number, (link, life, payload) in enumerate(burst, 1):
            if link.life == life:
                self._read(link, payload, number < len(burst))

    # Connections.

    def _refresh_entropy(self) -> None:
        self._send_entropy()
        self.at(self.now_ns + ENTROPY_INTERVAL_NS, self._refresh_entropy)

    def _send_entropy(self) -> None:
        wall_ms = self._venue_ns() // MILLISECOND_NS + self.wall_offset_ms
        nonce = f"{self._dice.getrandbits(64):016x}"
        self.command("entropy", wall_ms=wall_ms, nonce=nonce)

    def _connect(self, link: Link) -> None:
        link.state = LinkState.CONNECTING
        arrives_ns = self.now_ns + self._up.draw_ns(self._dice)
        self.at(arrives_ns, lambda: self._accept(link))

    def _accept(self, link: Link) -> None:
        if link.is_orphan:
            return
        if self.refuses_connections:
            link.state = LinkState.DOWN
            self._back_off(link)
            return
        self._lives += 1
        life = link.life = self._lives
        link.free_up_ns = link.free_down_ns = self.now_ns
        self._open[life] = link
        self.venue.connection_made(life, self._venue_ns())
        link.free_down_ns += self._down.draw_ns(self._dice)
        self.at(link.free_down_ns, lambda: self._made(link, life))

    def _made(self, link: Link, life: int) -> None:
        if link.is_orphan:
            self._venue_lost(life)
            return
        if link.life != life:
            return
        if self._is_stalled():
            self.at(self._stalled_until_ns, lambda: self._made(link, life))
            return
        self.counters.connects += 1
        link.state = LinkState.UP
        link.up_since_ns = self.now_ns
        self._send_entropy()
        self.core.connection_made(link.conn, self._core_ns())

    def _core_lost(self, link: Link) -> None:
        if link.state is LinkState.UP:
            if self._is_stalled():
                life = link.life
                later_ns = self._stalled_until_ns
                self.at(later_ns, lambda: self._core_lost_life(link, life))
                return
            link.state, link.life = LinkState.DOWN, -1
            self.signer.forget(link.conn)
            if self.on_frame is not None:
                self.on_frame("lost", link.conn, b"")
            self.core.connection_lost(link.conn, self._core_ns())
            if self.now_ns - link.up_since_ns >= STABLE_NS:
                link.failures = 0
            self._back_off(link)

    def _venue_lost(self, life: int) -> None:
        if self._open.pop(life, None) is not None:
            self.venue.connection_lost(life, self._venue_ns())

    def _back_off(self, link: Link) -> None:
        link.failures += 1
        limit_ns = min(BACKOFF_LAST_NS, BACKOFF_FIRST_NS << min(link.failures - 1, 16))
        wait_ns = round(limit_ns * self._dice.uniform(0.5, 1.0))
        self.at(self.now_ns + wait_ns, lambda: self._reconnect(link))

    def _reconnect(self, link: Link) -> None:
        if link.is_orphan:
            return
        if not self.core.snapshot()["session"].get("wants_lines", True):
            self._back_off(link)
        elif self.reconnects:
            self._connect(link)

    # Frames.

    def pump(self) -> None:
        """Carry away what either side has to say, until neither has more."""
        for link in self.links:
            if data := self.core.data_to_send(link.conn):
                self._send_up(link, data)
        for conn, reason in self.core.connections_to_close():
            self._core_closes(self.links[conn], reason)
        self.second_road.take(self.core.errands())
        self.second_road.collect()
        for life, link in list(self._open.items()):
            if payloads := self.venue.data_to_send(life):
                self._send_down(link, life, payloads)
        for life, _code, reason in self.venue.connections_to_close():
            self._venue_closes(life, reason)
        self.notes.extend(self.core.notes())

    def _send_up(self, link: Link, data: bytes) -> None:
        plain = data.split(b"\n")[:-1]
        crash, self._crash = self._crash, None
        if crash is not None:
            del plain[crash.frames_kept :]
        self._carry_up(link, plain)
        if crash is not None:
            crash.action()

    def _carry_up(self, link: Link, plain: list[bytes]) -> None:
        if self.on_frame is not None:
            for frame in plain:
                self.on_frame("up", link.conn, frame)
        if link.state is not LinkState.UP or self._is_silent(link.life):
            self.counters.frames_lost += len(plain)
            return
        frames = [self.signer.outbound(link.conn, frame) for frame in plain]
        delay_ns = self._up.draw_ns(self._dice) + link.extra_up_ns
        link.free_up_ns = max(link.free_up_ns, self.now_ns + delay_ns)
        life = link.life
        self.at(link.free_up_ns, lambda: self._arrive_up(link, life, frames))

    def _arrive_up(self, link: Link, life: int, frames: list[bytes]) -> None:
        if life not in self._open or self._is_silent(life):
            self.counters.frames_lost += len(frames)
            return
        for frame in frames:
            self._record(b"up", link, frame)
            self.counters.frames_up += 1
            self.venue.receive_data(life, self._venue_ns(), frame)

    def _send_down(self, link: Link, life: int, payloads: list[bytes]) -> None:
        if link.life != life or self._is_silent(life):
            self.counters.frames_lost += len(payloads)
            return
        delay_ns = self._down.draw_ns(self._dice) + link.extra_down_ns
        link.free_down_ns = max(link.free_down_ns, self.now_ns + delay_ns)
        self.at(link.free_down_ns, lambda: self._arrive_down(link, life, payloads))

    def _arrive_down(self, link: Link, life: int, payloads: list[bytes]) -> None:
        if link.life != life or self._is_silent(life):
            self.counters.frames_lost += len(payloads)
            return
        if self._is_stalled():
            self._burst += [(link, life, payload) for payload in payloads]
            return
        for number, payload in enumerate(payloads, 1):
            self._read(link, payload, number < len(payloads))

    def _read(self, link: Link, payload: bytes, more_coming: bool) -> None:
        payload = self.signer.inbound(link.conn, payload)
        self._record(b"down", link, payload)
        self.counters.frames_down += 1
        if self.on_frame is not None:
            self.on_frame("down", link.conn, payload)
        self.core.receive_data(link.conn, self._core_ns(), payload, more_coming)

    def _core_closes(self, link: Link, reason: str) -> None:
        """Close from the core's side: what it sent before still arrives."""
        if link.state is not LinkState.UP:
            return
        self._count_close(f"core: {reason}")
        life = link.life
        leaves_ns = self.now_ns + self._up.draw_ns(self._dice)
        link.free_up_ns = max(link.free_up_ns, leaves_ns)
        if self._is_silent(life):
            # The close frame is lost too: the venue has to find out by itself.
            self._core_lost(link)
            return
        self.at(link.free_up_ns, lambda: self._venue_lost(life))
        self._core_lost(link)

    def _venue_closes(self, life: int, reason: str) -> None:
        """Close from the venue's side: what it sent before still arrives."""
        self._count_close(f"venue: {reason}")
        link = self._open.get(life)
        self._venue_lost(life)
        if link is None or link.life != life or self._is_silent(life):
            return
        leaves_ns = self.now_ns + self._down.draw_ns(self._dice)
        link.free_down_ns = max(link.free_down_ns, leaves_ns)
        self.at(link.free_down_ns, lambda: self._core_lost_life(link, life))

    def _core_lost_life(self, link: Link, life: int) -> None:
        if link.life == life:
            self._core_lost(link)

    def _is_silent(self, life: int) -> bool:
        return life in self._silent_lives

    def _count_close(self, reason: str) -> None:
        self.counters.closes[reason] = self.counters.closes.get(reason, 0) + 1

    def _record(self, direction: bytes, link: Link, frame: bytes) -> None:
        head = b"%d %s %d %d " % (self.now_ns, direction, link.conn, len(frame))
        self._digest.update(head + frame)

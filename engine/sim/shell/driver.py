"""Turns the world: lines on one side, the world's verbs on the other.

A turn begins with what has come in or fallen due and ends, once everything that was
read is in, with what the world has to say. All of it happens at one time, the world's
when the turn began: a host that is too slow does not have to catch up with every
message, and a turn that takes long makes the next one no longer. The world then falls
behind, and what it has not made up is passed over as if the host had slept.
An error of the world ends the command: a venue with a bug must not go on as if it had
none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator

from engine.sim.ports import ShellVerbs
from engine.sim.shell import limits
from engine.sim.shell.http import HttpSide
from engine.sim.shell.line import Line
from engine.sim.shell.websocket import GOING_AWAY, SocketSide
from engine.sim.venue.api.rest import HttpRequest

log = logging.getLogger("halfspread.sim")


class Driver:
    """Drives one world from lines and timers on the running loop.

    A line has one number for its whole life, which the world knows it by.
    """

    def __init__(
        self,
        world: ShellVerbs,
        clock: Callable[[], int],
        per_address: int = limits.PER_ADDRESS,
    ) -> None:
        self._world, self._clock, self._per_address = world, clock, per_address
        self._loop = asyncio.get_running_loop()
        self._lines: dict[int, Line] = {}
        self._sockets: dict[int, SocketSide] = {}
        self._askers: dict[int, HttpSide] = {}
        self._by_address: Counter[str] = Counter()
        self._refused: set[int] = set()
        self._last_conn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._turn_is_due = False
        self._turn_ns = 0  # 0: no turn has begun
        self._stopped = False
        self._empty: asyncio.Future[None] | None = None
        self.failure: asyncio.Future[None] = self._loop.create_future()

    def start(self) -> None:
        """Let the world run by itself."""
        self._end_turn()

    async def stop(self) -> None:
        """Stop the world and close every line."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for conn, line in list(self._lines.items()):
            if conn in self._sockets:
                line.end(*GOING_AWAY)
            else:
                line.close()
        if not await self._is_empty_within(limits.CLOSE_TIMEOUT_S):
            for line in list(self._lines.values()):
                line.abort()
            await self._is_empty_within(limits.CLOSE_TIMEOUT_S)

    async def _is_empty_within(self, seconds: float) -> bool:
        if self._lines:
            self._empty = self._loop.create_future()
            await asyncio.wait((self._empty,), timeout=seconds)
        return not self._lines

    # Lines come and go.

    def line_opened(self, line: Line) -> int:
        """Number a line; return the HTTP status that refuses it, 0 to let it in."""
        self._last_conn += 1
        line.conn = self._last_conn
        admitted = len(self._lines) - len(self._refused)
        self._lines[line.conn] = line
        if admitted >= limits.CONNECTIONS_MAX:
            return self._turn_away(line, 503)
        if self._by_address[line.peer] >= self._per_address:
            return self._turn_away(line, 429)
        self._by_address[line.peer] += 1
        return 0

    def _turn_away(self, line: Line, status: int) -> int:
        self._refused.add(line.conn)
        if len(self._refused) > limits.REFUSED_MAX:
            line.abort()
        return status

    def line_closed(self, line: Line) -> None:
        """Forget a line."""
        del self._lines[line.conn]
        if line.conn in self._refused:
            self._refused.remove(line.conn)
        else:
            self._by_address[line.peer] -= 1
            if not self._by_address[line.peer]:
                del self._by_address[line.peer]
        if not self._lines and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    # What lines bring.

    def socket_opened(self, line: Line, side: SocketSide) -> None:
        """Let the world know of a new WebSocket."""
        self._sockets[line.conn] = side
        with self._turning():
            self._world.connection_made(line.conn, self._turn_ns, line.peer)

    def received(self, line: Line, payload: bytes) -> None:
        """Bring a WebSocket's message before the world."""
        with self._turning():
            self._world.receive_data(line.conn, self._turn_ns, payload)

    def socket_lost(self, line: Line) -> None:
        """Let the world know that a WebSocket is gone."""
        if self._sockets.pop(line.conn, None) is not None:
            self._lost(line)

    def asked(self, line: Line, side: HttpSide, http: HttpRequest) -> None:
        """Bring an HTTP request before the world."""
        self._askers[line.conn] = side
        with self._turning():
            self._world.request_made(line.conn, self._turn_ns, http, line.peer)

    def asker_lost(self, line: Line) -> None:
        """Let the world know that nobody waits for an answer any more."""
        if self._askers.pop(line.conn, None) is not None:
            self._lost(line)

    def _lost(self, line: Line) -> None:
        with self._turning():
            self._world.connection_lost(line.conn, self._turn_ns)

    # Turns.

    def _begin_turn(self) -> None:
        """Set the time of the turn; time the host slept is not market time."""
        now_ns = self._clock()
        behind_ns = now_ns - self._world.now_ns
        if behind_ns > limits.ASLEEP_NS:
            log.warning("%.1f s have passed without the market", behind_ns / 1e9)
            self._world.skip_to(now_ns)
        due_ns = self._world.next_timer_ns() or now_ns
        self._turn_ns = min(now_ns, due_ns + limits.CATCH_UP_NS)

    @contextlib.contextmanager
    def _turning(self) -> Iterator[None]:
        """Do something to the world; it speaks once everything read so far is in."""
        with self._failing():
            if not self._turn_ns:
                self._begin_turn()
            yield
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Write, close and arm the timer: the end of every turn."""
        self._turn_is_due, self._turn_ns = False, 0
        with self._failing():
            frames: dict[bytes, bytes] = {}
            for conn, side in self._sockets.items():
                payloads = self._world.data_to_send(conn)
                if payloads:
                    side.send(payloads, frames)
            for conn, code, reason in self._world.connections_to_close():
                if conn in self._lines:
                    self._lines[conn].end(code, reason)
            for conn, status, body in self._world.responses():
                asker = self._askers.pop(conn, None)
                if asker is not None:
                    asker.respond(status, body)
            self._arm_timer()

    def _arm_timer(self) -> None:
        next_ns = self._world.next_timer_ns()
        if self._timer is not None:
            if next_ns == self._timer_ns:
                return
            self._timer.cancel()
        self._timer, self._timer_ns = None, next_ns
        if next_ns and not self._stopped:
            delay_s = max(0.0, (next_ns - self._clock()) / 1e9)
            self._timer = self._loop.call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        with self._turning():
            self._world.handle_timer(self._turn_ns)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Let an error of the world end the command; the loop would only log it."""
        try:
            yield
        except Exception as error:
            if not self.failure.done():
                self.failure.set_exception(error)

"""The live shell: joins one core with its sockets, its clock, its timer and its log.

Every verb ends in `_end_turn`: what the core wants to send leaves in one write per
connection, then the connections it wants closed, its notes and its next timer. Nothing
here decides anything; a decision would be missing in replay.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

import orjson

from engine._core.base.hist import Histogram
from engine._core.core import Core
from engine._core.verbs import Verbs
from engine.journal import Recorder
from engine.live.errands import Errands
from engine.live.fast import Turn
from engine.live.fastlink import FastLink
from engine.live.ingress import Line
from engine.live.log import Log
from engine.live.pace import Pace
from engine.live.rest import Rest
from engine.live.secrets import Signer

TIMER_FLOOR_S = 0.001
ENTROPY_EVERY_S = 60.0
_ORDER_METHODS = (b'"private/edit"', b'"private/buy"', b'"private/sell"')
_RATE_LIMIT_WORDS = ("too_many_requests", "10028")


class Shell:
    """Turns socket events and time into verbs of the core, and back."""

    def __init__(
        self,
        core: Verbs,
        signer: Signer,
        log: Log,
        connections: int,
        rest: Rest | None = None,
        pace: Pace | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Join them; without ``rest`` the core's errands are noted and left undone.

        ``pace`` is told of the fast lines that come up; ``recorder`` keeps the core's
        journal.
        """
        self._pace = pace
        self._core = core
        self._recorder = recorder
        self._signer = signer
        self._log = log
        self._conns = range(connections)
        self._links: dict[int, Line] = {}
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._tick_to_order = Histogram()
        self._write = Histogram()
        self._turn: Turn | None = None
        if isinstance(core, Core):
            scribe = recorder.writer.scribe if recorder is not None else None
            self._turn = Turn(core, self, self._tick_to_order, self._write, scribe)
        self._refusals: list[str] = []
        self.is_ending = False
        """Set before the lines are closed on purpose: that is no disconnect."""
        self.connects = 0
        self.disconnects = 0
        self._bytes_written = 0
        self.rate_limit_closes = 0
        self.failure: asyncio.Future[None] = self._loop.create_future()
        self._entropy_timer = self._loop.call_later(ENTROPY_EVERY_S, self._on_entropy)
        self.errands = Errands(rest, self._report) if rest is not None else None

    @property
    def connected(self) -> int:
        """Number of connections open now."""
        return len(self._links)

    @property
    def bytes_written(self) -> int:
        """Bytes of requests handed to the sockets, frame headers not counted."""
        turn = self._turn
        return self._bytes_written + (turn.bytes_written if turn else 0)

    def histograms(self) -> dict[str, Histogram]:
        """Return the stages only the shell can time.

        ``tick_to_order``: from the arrival of a TCP chunk until the order requests it
        caused were handed to the socket; ``write``: the hand-over alone.
        """
        return {"tick_to_order": self._tick_to_order, "write": self._write}

    def line_up(self, conn: int, link: Line) -> None:
        """See `ingress.Handler`."""
        self._links[conn] = link
        if isinstance(link, FastLink):
            if self._turn is not None:
                link.join(self._turn, conn)
            if self._pace is not None:
                self._pace.watch(link)
        self.connects += 1
        self._log.note("info", "line", f"connection {conn} is up")
        self._verb(self._entropy, conn, self._core.connection_made)

    def line_down(self, conn: int, reason: str) -> None:
        """See `ingress.Handler`."""
        self._links.pop(conn, None)
        self._signer.forget(conn)
        self._watch_auth()
        self.disconnects += not self.is_ending
        if any(word in reason for word in _RATE_LIMIT_WORDS):
            self.rate_limit_closes += 1
        level = "info" if self.is_ending else "warning"
        self._log.note(level, "line", f"connection {conn} is down: {reason}")
        self._verb(None, conn, self._core.connection_lost)

    def wants_line(self, conn: int) -> bool:
        """See `ingress.Handler`. The kill ladder's last step keeps us away."""
        session = self._core.snapshot().get("session", {})
        return self.is_ending or bool(session.get("wants_lines", True))

    def redialling(self, conn: int, url: str, reason: str, delay_s: float) -> None:
        """See `ingress.Handler`."""
        if not self.is_ending:
            text = f"connection {conn}: {reason}; {url} in {delay_s:.1f} s"
            self._log.note("info", "line", text)

    def payloads(self, conn: int, payloads: list[bytes]) -> None:
        """See `ingress.Handler`. One turn of the core, one write at its end."""
        core, signer = self._core, self._signer
        received_ns = self._links[conn].received_ns
        last = len(payloads) - 1
        try:
            for index, payload in enumerate(payloads):
                clean = signer.inbound(conn, payload)
                core.receive_data(conn, received_ns, clean, index < last)
            self._end_turn(received_ns)
            self._watch_auth()
        except Exception as error:
            self.fail(error)

    def command(self, **cmd: Any) -> list[str]:
        """Give the core a command; return why it refuses. Empty: it does not."""
        self._refusals = []
        try:
            self._core.command(time.monotonic_ns(), orjson.dumps(cmd))
            self._end_turn(0)
        except Exception as error:
            self.fail(error)
        return self._refusals

    def session_state(self) -> str:
        """Return the session's state, by the name in its snapshot."""
        return str(self._core.snapshot().get("session", {}).get("state", ""))

    def flush(self) -> None:
        """Write out the journal's buffer, if there is a journal and it is due."""
        if self._recorder is not None:
            now_ns = time.monotonic_ns()
            if self._recorder.flush_due(now_ns):
                self._recorder.flush(now_ns)

    def close(self) -> None:
        """Stop timers and errands and end the journal. No verb may follow."""
        if self.errands is not None:
            self.errands.close()
        for timer in (self._timer, self._entropy_timer):
            if timer is not None:
                timer.cancel()
        if self._recorder is not None:
            self._recorder.close(time.monotonic_ns())
        self._take_notes()

    def _verb(
        self,
        before: Callable[[], None] | None,
        conn: int,
        verb: Callable[[int, int], None],
    ) -> None:
        try:
            if before is not None:
                before()
            verb(conn, time.monotonic_ns())
            self._end_turn(0)
        except Exception as error:
            self.fail(error)

    def _end_turn(self, received_ns: int) -> None:
        """Carry out what the core wants. ``received_ns`` 0: no payload caused it."""
        core = self._core
        for conn in self._conns:
            frames = core.data_to_send(conn)
            if frames:
                self._send(conn, frames, received_ns)
        self.after_turn()

    def send_signed(self, conn: int) -> None:
        """Send what the core wants to, through the signer; `Turn` asks for it."""
        self._send(conn, self._core.data_to_send(conn), 0)

    def after_turn(self) -> None:
        """Do what a turn left over; `Turn` asks for it when there is something."""
        core = self._core
        for conn, reason in core.connections_to_close():
            link = self._links.get(conn)
            if link is not None:
                link.hang_up(reason)
        errands = core.errands()
        if errands:
            self._run(errands)
        self._take_notes()
        self._arm()
        self.flush()

    def _run(self, errands: list[str]) -> None:
        if self.errands is None:
            self._log.note("error", "errand", f"no second road for {errands}")
        else:
            self.errands.take(errands)

    def _report(self, fields: dict[str, Any]) -> None:
        """Tell the core what became of an errand."""
        self.command(**fields)

    def _send(self, conn: int, frames: bytes, received_ns: int) -> None:
        link = self._links.get(conn)
        if link is None:
            return
        if b"$" in frames:
            # Only an auth frame has placeholders, and only it is looked into.
            signed = [self._signer.outbound(conn, one) for one in frames.split(b"\n")]
            frames = b"\n".join(signed)
            self._watch_auth()
        start_ns = time.monotonic_ns()
        if not link.write_turn(frames):
            return
        end_ns = time.monotonic_ns()
        self._bytes_written += len(frames)
        self._write.observe(end_ns - start_ns)
        if received_ns and any(method in frames for method in _ORDER_METHODS):
            self._tick_to_order.observe(end_ns - received_ns)

    def _watch_auth(self) -> None:
        """Have payloads pass the signer while an auth answer is outstanding."""
        if self._turn is not None:
            self._turn.watches_auth = self._signer.is_waiting()

    def _take_notes(self) -> None:
        notes = self._core.notes()
        if self._recorder is not None:
            notes += self._recorder.notes()
        for _, level, kind, text in notes:
            self._log.note(level, kind, text)
            if kind == "command" and level == "error":
                self._refusals.append(text)

    def _arm(self) -> None:
        """Arm the one timer. A later time than armed waits for the earlier wake-up."""
        next_ns = self._core.next_timer_ns()
        if self._turn is not None:
            self._turn.armed_ns = next_ns
        if next_ns == 0 or (self._timer is not None and self._timer_ns <= next_ns):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = next_ns
        at_s = max(next_ns / 1e9, self._loop.time() + TIMER_FLOOR_S)
        self._timer = self._loop.call_at(at_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now_ns = time.monotonic_ns()
        try:
            next_ns = self._core.next_timer_ns()
            if next_ns == 0 or next_ns > now_ns:
                self._arm()
                return
            self._core.handle_timer(now_ns)
            self._end_turn(0)
        except Exception as error:
            self.fail(error)

    def _entropy(self) -> None:
        """Give the core what it cannot make: the wall clock and a nonce."""
        cmd = {
            "cmd": "entropy",
            "wall_ms": time.time_ns() // 1_000_000,
            "nonce": secrets.token_hex(12),
        }
        self._core.command(time.monotonic_ns(), orjson.dumps(cmd))

    def _on_entropy(self) -> None:
        self._entropy_timer = self._loop.call_later(ENTROPY_EVERY_S, self._on_entropy)
        try:
            self._entropy()
            self._end_turn(0)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Note a bug of ours that came out of the core; the run ends by it."""
        text = f"{type(error).__name__}: {error}"
        self._log.note("critical", "bug", text)
        if not self.failure.done():
            self.failure.set_exception(error)

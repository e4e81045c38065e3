"""Requests on the wire: their ids, their deadlines, and the ones that must wait.

The table of pending requests and the queue of waiting ones are bounded; a request that
finds both full is an error of ours, and the connection it was for is given up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from engine.session.credits import Credits
from engine.session.flow import Ask, Reply
from engine.session.port import CorePort
from engine.session.verdict import TOO_MANY_REQUESTS, Reconnect

ID_MAX = 999_999
"""Request ids of the session end here; the gateway's are above."""

PENDING_MAX = 256
WAITING_MAX = 256

LATE_NS = 10_000_000_000
"""So long after it was sent a request of a lost line may still reach the venue."""

OnReply: TypeAlias = Callable[[Reply], None]


@dataclass(frozen=True, slots=True)
class Pending:
    """One request without an answer yet."""

    conn: int
    method: str
    sent_ns: int
    deadline_ns: int
    on_reply: OnReply


class Rpc:
    """Requests and answers of all connections."""

    def __init__(self, core: CorePort, credits: Credits, timeout_ns: int) -> None:
        self.credits = credits
        self._core = core
        self._timeout_ns = timeout_ns
        self._last_id = 0
        self._pending: dict[int, Pending] = {}
        self._waiting: deque[tuple[Ask, OnReply]] = deque()
        self._lost: deque[Pending] = deque()

    def ask(self, ask: Ask, on_reply: OnReply, t_ns: int) -> None:
        """Send a request, or let it wait its turn.

        Raises: Reconnect when neither the table nor the queue has room.
        """
        if ask.urgent:
            self.credits.force(ask.method, t_ns)
            self._send(ask, on_reply, t_ns)
            return
        if not self._waiting and self._may_send(ask, t_ns):
            self._send(ask, on_reply, t_ns)
        elif len(self._waiting) < WAITING_MAX:
            self._waiting.append((ask, on_reply))
        else:
            raise Reconnect(ask.conn, f"{WAITING_MAX} requests wait, no room for more")

    def pump(self, t_ns: int) -> None:
        """Send waiting requests, first come first served, as far as credits go."""
        while self._lost and self._lost[0].sent_ns + LATE_NS <= t_ns:
            self.credits.answered(self._lost.popleft().method, t_ns)
        while self._waiting and self._may_send(self._waiting[0][0], t_ns):
            ask, on_reply = self._waiting.popleft()
            self._send(ask, on_reply, t_ns)

    def receive(self, conn: int, t_ns: int, message: dict[str, Any]) -> bool:
        """Hand an answer to whoever asked; False: nobody waits for it."""
        number = message.get("id")
        pending = self._pending.get(number) if isinstance(number, int) else None
        if number is None or pending is None or pending.conn != conn:
            return False
        del self._pending[number]
        self.credits.answered(pending.method, t_ns)
        code, text = _error_of(message)
        if code == TOO_MANY_REQUESTS:
            self.credits.drain(t_ns)
        reply = Reply(
            pending.method,
            message.get("result"),
            code,
            text,
            pending.sent_ns,
            t_ns,
            _count(message.get("usIn")),
            _count(message.get("usOut")),
        )
        pending.on_reply(reply)
        return True

    def overdue(self, t_ns: int) -> list[Pending]:
        """Return the requests whose deadline has passed, oldest first."""
        return [p for p in self._pending.values() if p.deadline_ns <= t_ns]

    def drop(self, conn: int) -> None:
        """Forget every request of a connection that is gone.

        For `LATE_NS` it may still arrive: so long it takes up its credit. Bounded: what
        is lost has been paid.
        """
        self._lost.extend(p for p in self._pending.values() if p.conn == conn)
        self._pending = {i: p for i, p in self._pending.items() if p.conn != conn}
        kept = [entry for entry in self._waiting if entry[0].conn != conn]
        self._waiting = deque(kept)

    def next_ns(self, t_ns: int) -> int:
        """Return when there is something to do. Empty: 0, nothing."""
        times = [p.deadline_ns for p in self._pending.values()]
        if self._waiting and len(self._pending) < PENDING_MAX:
            times.append(self.credits.ready_ns(self._waiting[0][0].method, t_ns))
        return min(times, default=0)

    def _may_send(self, ask: Ask, t_ns: int) -> bool:
        return len(self._pending) < PENDING_MAX and self.credits.take(ask.method, t_ns)

    def _send(self, ask: Ask, on_reply: OnReply, t_ns: int) -> None:
        number = self._next_id()
        # An urgent request beyond the table is sent all the same: its answer matters
        # to nobody, the venue only wants to hear from us.
        if len(self._pending) >= PENDING_MAX:
            self.credits.answered(ask.method, t_ns)
        else:
            deadline_ns = t_ns + self._timeout_ns
            self._pending[number] = Pending(
                ask.conn, ask.method, t_ns, deadline_ns, on_reply
            )
        frame = {
            "jsonrpc": "2.0",
            "id": number,
            "method": ask.method,
            "params": dict(ask.params),
        }
        self._core.send(ask.conn, orjson.dumps(frame))

    def _next_id(self) -> int:
        while True:  # ends: the table is far smaller than the range of ids
            self._last_id = self._last_id % ID_MAX + 1
            if self._last_id not in self._pending:
                return self._last_id


def _error_of(message: dict[str, Any]) -> tuple[int, str]:
    """Return code and text of an error answer. Empty: ``(0, "")``, it is none."""
    error = message.get("error")
    if error is None:
        return 0, ""
    if not isinstance(error, dict):
        return -1, repr(error)
    code = error.get("code")
    text = str(error.get("message", ""))
    detail = error.get("data")
    if isinstance(detail, dict):
        text += "".join(f" {key}={value}" for key, value in sorted(detail.items()))
    return (code if isinstance(code, int) and code else -1), text


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0

"""The other way to live with a rate limit: a queue of requests and a token bucket.

A core that believes its credits endless plans and sends as ever; this stands between
it and the line. Each order request waits in a queue, in order of creation, until there
is a token. Two kinds:

- ``fifo`` sends whatever was queued, as the throttles of client libraries do. An order
  has one request in the queue at most, because the core waits for its answer, so the
  queue is never longer than there are orders (but for quotes that step away).
- ``fifo-newest`` keeps a queued edit up to date: whenever the wish moves on, the newer
  request takes the older one's place in the queue. The core is told at once that an
  edit has been done, so that it goes on wishing. New orders go first: their price
  cannot be brought up to date while they wait.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from engine._core.core import Core

GATEWAY_ID_MIN = 1_000_000
SECOND_NS = 1_000_000_000
QUEUE_MAX = 100_000
ENDLESS = {"rate": 1e6, "burst": 1e6}
SPARE = 1
"""Tokens not spent, as our own mirror does."""

SLACK = 0.999
"""Share of the rate that is used, as our own mirror does."""

_VALID_UNTIL = re.compile(rb',"valid_until":\d+')


@dataclass
class Queued:
    """One request that waits for a token."""

    frame: bytes
    number: int
    method: str
    order_id: str
    amount: float
    price: float


class Throttled:
    """A core behind a queue, with the verbs of a core.

    Args:
        core: plans and sends as if nothing were limited.
        rate, burst: of the token bucket, requests a second and requests.
        drops: whether a newer request for an order replaces a queued edit of it.
    """

    def __init__(self, core: Core, rate: float, burst: float, *, drops: bool) -> None:
        self.core, self.drops = core, drops
        self.rate, self.burst = rate * SLACK, burst - SPARE
        self.tokens, self.now_ns, self.refilled_ns = self.burst, 0, 0
        self.queue: list[Queued] = []
        self.out: dict[int, list[bytes]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.answered: dict[int, None] = {}
        self.sent = self.dropped = self.longest = 0

    # Verbs.

    def connection_made(self, conn: int, t_ns: int) -> None:
        """Pass on."""
        self._pass_time(t_ns)
        self.core.connection_made(conn, t_ns)
        self._collect(conn)

    def connection_lost(self, conn: int, t_ns: int) -> None:
        """Pass on; what waits is lost with the line."""
        self._pass_time(t_ns)
        self.queue.clear()
        self.core.connection_lost(conn, t_ns)

    def receive_data(
        self, conn: int, t_ns: int, data: bytes, more_coming: bool = False
    ) -> None:
        """Pass on; remember orders, and hide the limits of the account."""
        self._pass_time(t_ns)
        if b'"id"' in data or b'"order_id"' in data:
            data = self._read(data)
        if data:
            self.core.receive_data(conn, t_ns, data, more_coming)
        self._collect(conn)

    def handle_timer(self, t_ns: int) -> None:
        """Pass on."""
        self._pass_time(t_ns)
        self.core.handle_timer(t_ns)
        self._collect(0)

    def command(self, t_ns: int, cmd: bytes) -> None:
        """Pass on."""
        self._pass_time(t_ns)
        self.core.command(t_ns, cmd)
        self._collect(0)

    def data_to_send(self, conn: int) -> bytes:
        """Return what has its token."""
        self._collect(conn)
        return b"".join(self.out.pop(conn, []))

    def next_timer_ns(self) -> int:
        """Return the core's next moment, or the next token's if something waits."""
        due_ns = self.core.next_timer_ns()
        if self.queue:
            missing = max(0.0, 1.0 - self.tokens)
            token_ns = self.refilled_ns + 1_000 + int(missing / self.rate * SECOND_NS)
            due_ns = min(due_ns, token_ns) if due_ns else token_ns
        return due_ns

    def __getattr__(self, name: str) -> Any:
        """Leave every other verb to the core."""
        return getattr(self.core, name)

    # The queue.

    def _pass_time(self, t_ns: int) -> None:
        self.now_ns = max(self.now_ns, t_ns)

    def _collect(self, conn: int) -> None:
        """Queue what the core wrote, send what has a token."""
        while written := self.core.data_to_send(conn):
            for line in written.splitlines(keepends=True):
                frame = orjson.loads(line)
                if frame.get("id", 0) < GATEWAY_ID_MIN:
                    self.out.setdefault(conn, []).append(line)
                else:
                    self._enqueue(conn, line, frame)
        gained = (self.now_ns - self.refilled_ns) * self.rate / SECOND_NS
        self.tokens = min(self.burst, self.tokens + gained)
        self.refilled_ns = self.now_ns
        while self.queue and self.tokens >= 1.0:
            self.tokens -= 1.0
            self.sent += 1
            self.out.setdefault(conn, []).append(self.queue.pop(0).frame)

    def _enqueue(self, conn: int, line: bytes, frame: dict[str, Any]) -> None:
        params = frame["params"]
        entry = Queued(
            # A request that waits here for long must not be refused for being old.
            _VALID_UNTIL.sub(b"", line),
            frame["id"],
            frame["method"],
            params.get("order_id", ""),
            params.get("amount", 0.0),
            params.get("price", 0.0),
        )
        if self.drops and entry.method == "private/edit":
            self._answer(conn, entry)
        if self.drops and entry.order_id:
            for at, older in enumerate(self.queue):
                if older.order_id == entry.order_id:
                    self.queue[at] = entry
                    self.dropped += 1
                    return
        if len(self.queue) >= QUEUE_MAX:
            raise RuntimeError(f"{QUEUE_MAX} requests wait")
        if self.drops and not entry.order_id:
            self.queue.insert(0, entry)
        else:
            self.queue.append(entry)
        self.longest = max(self.longest, len(self.queue))

    def _answer(self, conn: int, edit: Queued) -> None:
        """Tell the core that an edit is done; the venue's answer is for nobody."""
        row = {**self.rows[edit.order_id], "price": edit.price, "amount": edit.amount}
        self.answered[edit.number] = None
        result = {"order": row, "trades": []}
        answer = {"jsonrpc": "2.0", "id": edit.number, "result": result}
        self.core.receive_data(conn, self.now_ns, orjson.dumps(answer), True)

    def _read(self, data: bytes) -> bytes:
        frame = orjson.loads(data)
        result = frame.get("result")
        if isinstance(result, dict) and "limits" in result:
            result["limits"] = {
                "limits_per_currency": False,
                "non_matching_engine": result["limits"]["non_matching_engine"],
                "matching_engine": {"trading": {"total": ENDLESS}},
            }
            return orjson.dumps(frame)
        if isinstance(result, dict) and "order" in result:
            self._keep(result["order"])
        if frame.get("id") in self.answered:
            del self.answered[frame["id"]]
            return b""
        changed = frame.get("params", {}).get("data")
        if isinstance(changed, dict):
            for row in changed.get("orders", ()):
                self._keep(row)
        return data

    def _keep(self, row: dict[str, Any]) -> None:
        if row["order_state"] == "open":
            self.rows[row["order_id"]] = row
        else:
            self.rows.pop(row["order_id"], None)

"""What the complete engine does for each order, in plain Python, for the stacks.

Limits, order table, credits, journal and metrics, each the leanest way we know that
still does the job: nothing is formatted before somebody asks, counters are numbers, a
histogram is a list, a record is joined when it is written. The venue's answers and the
way to the disk are not timed, as in ours.
"""

from __future__ import annotations

import struct
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

from benchmarks.pipeline.ours import FLUSH_FRAMES, LIMITS, QTY_LOTS, STEP_NS
from benchmarks.versus.orjson_stack import AMOUNT, ORDER_IDS, Stack
from benchmarks.versus.rival import Follower, Touch
from engine._core.core import SPLIT_EVERY_TURNS

RATE, BURST = 1e6, 1e6
"""Credits a second, and at once."""

HEAD = struct.Struct("<QBBI")
FRAME, REQUEST = 1, 2
STAGES = ("decode", "quote", "gateway", "turn")
EDGES_NS = [1_000 * 2**power for power in range(20)]
STALE_NS = LIMITS["stale_ns"]


class RefusedError(RuntimeError):
    """A request would break a limit."""


@dataclass(slots=True)
class Order:
    """One order: what the venue has, and what is on its way."""

    side: int
    price: float
    lots: int
    pending_id: int = 0
    pending_price: float = 0.0
    sent_ns: int = 0


class Journal:
    """Records of what came and went: a head, a checksum, the bytes."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes, int]] = []

    def put(self, kind: int, now_ns: int, payload: bytes) -> None:
        """Keep one record."""
        head = HEAD.pack(now_ns, kind, 0, len(payload))
        self.records.append((head, payload, crc32(payload, crc32(head))))

    def flush(self) -> bytes:
        """Return all as bytes, and forget them."""
        records, self.records = self.records, []
        return b"".join(
            head + payload + crc.to_bytes(4, "little") for head, payload, crc in records
        )


class Metrics:
    """Counters, and a histogram of each stage."""

    def __init__(self) -> None:
        self.frames = self.requests = 0
        self.counts = {name: [0] * (len(EDGES_NS) + 1) for name in STAGES}
        self.sums_ns = dict.fromkeys(STAGES, 0)

    def stage(self, name: str, spent_ns: int) -> None:
        """Count how long a stage took."""
        self.counts[name][bisect_left(EDGES_NS, spent_ns)] += 1
        self.sums_ns[name] += spent_ns


class Guard:
    """Limits, order table and credits."""

    def __init__(self) -> None:
        self.orders = {
            order_id: Order(side, 0.0, QTY_LOTS)
            for order_id, side in zip(ORDER_IDS, (1, -1), strict=True)
        }
        self.by_request: dict[int, Order] = {}
        self.position_lots = 0
        self.credits = BURST
        self.refilled_ns = 0

    def send(self, request_id: int, order_id: str, price: float, now_ns: int) -> None:
        """Check an edit against every limit, and keep it. Raises: RefusedError."""
        order = self.orders[order_id]
        if LIMITS["order_max_lots"] < QTY_LOTS:
            raise RefusedError("order_max")
        worst = self.position_lots * order.side
        for other in self.orders.values():
            if other.side == order.side:
                worst += max(other.lots, QTY_LOTS)
            else:
                against = other.pending_price or other.price
                if against and (price - against) * order.side >= 0.0:
                    raise RefusedError("crosses itself")
        if worst > LIMITS["position_max_lots"]:
            raise RefusedError("position_max")
        self.credits = min(
            BURST, self.credits + (now_ns - self.refilled_ns) * 1e-9 * RATE
        )
        self.refilled_ns = now_ns
        if self.credits < 1.0:
            raise RefusedError("credits")
        self.credits -= 1.0
        order.pending_id, order.pending_price = request_id, price
        order.sent_ns = now_ns
        self.by_request[request_id] = order

    def answered(self) -> None:
        """All requests were carried out."""
        for order in self.by_request.values():
            order.price, order.pending_id, order.pending_price = (
                order.pending_price,
                0,
                0.0,
            )
        self.by_request.clear()


class CompleteStack(Stack):
    """A stack with all of it."""

    def __init__(self, follower: Follower, dumps: Callable[[object], bytes]) -> None:
        self.guard, self.journal, self.metrics = Guard(), Journal(), Metrics()
        self.now_ns = self.heard_ns = 0
        self._frames = 0
        super().__init__(follower, dumps)
        self.after()

    def one(self, frame: bytes) -> list[bytes]:
        """Take a frame; return the requests, of orders that are elsewhere now."""
        clock, stage = time.perf_counter_ns, self.metrics.stage
        is_split = self.metrics.frames % SPLIT_EVERY_TURNS == 0
        began_ns = read_ns = clock()
        self.now_ns += STEP_NS
        self.journal.put(FRAME, self.now_ns, frame)
        self.client.frame(frame)
        self.heard_ns = self.now_ns
        self.metrics.frames += 1
        if is_split:
            read_ns = clock()
            stage("decode", read_ns - began_ns)
        requests = self._quote(read_ns, is_split)
        stage("turn", clock() - began_ns)
        return requests

    def quote(self) -> list[bytes]:
        """Return the requests for the book as it is."""
        return self._quote(0, is_split=False)

    def _quote(self, read_ns: int, is_split: bool) -> list[bytes]:
        clock, stage, now_ns = time.perf_counter_ns, self.metrics.stage, self.now_ns
        if now_ns - self.heard_ns > STALE_NS:
            return []
        book = self.client.book
        touch = book.best()
        prices = self.model.quotes(touch, book.sizes())
        quoted_ns = read_ns
        if is_split:
            quoted_ns = clock()
            stage("quote", quoted_ns - read_ns)
        requests = [self._edit(*one) for one in self._moved(prices, touch)]
        self.metrics.requests += len(requests)
        if is_split:
            stage("gateway", clock() - quoted_ns)
        return requests

    def _moved(self, prices: Touch, touch: Touch) -> Iterator[tuple[str, float]]:
        """Yield the orders to move, the one that makes room first."""
        mid = 0.5 * (touch[0] + touch[1])
        reach = mid * LIMITS["collar_bps"] * 1e-4
        pairs = list(zip(ORDER_IDS, prices, strict=True))
        if prices[0] > self.guard.orders[ORDER_IDS[0]].price:
            pairs.reverse()
        for order_id, price in pairs:
            if abs(price - mid) > reach:
                raise RefusedError("collar")
            if price != self.guard.orders[order_id].price:
                yield order_id, price

    def _edit(self, order_id: str, price: float) -> bytes:
        request_id = next(self.numbers)
        self.guard.send(request_id, order_id, price, self.now_ns)
        request = self.dumps(
            {
                "jsonrpc": "2.0",
                "id": request_id,
                "method": "private/edit",
                "params": {
                    "order_id": order_id,
                    "amount": AMOUNT,
                    "price": price,
                    "post_only": True,
                },
            }
        )
        self.journal.put(REQUEST, self.now_ns, request)
        return request

    def after(self) -> None:
        """Let the venue answer, and the journal be written."""
        self.guard.answered()
        self._frames += 1
        if self._frames % FLUSH_FRAMES == 0:
            self.journal.flush()


def completed(make: Callable[[bytes], Stack]) -> Callable[[bytes], CompleteStack]:
    """Return what makes a stack with all of it, out of what makes one without."""

    def made(snapshot: bytes) -> CompleteStack:
        bare = make(snapshot)
        return CompleteStack(bare.client, bare.dumps)

    return made

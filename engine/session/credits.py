"""The venue's credits for requests that are no orders, mirrored on our side.

Running out of them does not delay a request, it ends the session, so a request that
does not fit waits here. The matching engine's credits are the core's own business.

Source: docs.deribit.com, rate limits article, seen 2026-08-22: 500 of a pool of 50,000
per request, refilled with 10,000 a second; a subscribe call takes 3,000 of 30,000, a
request for the transaction log 10,000 of 80,000.
"""

from __future__ import annotations

REQUEST_COST = 500
POOL_SIZE = 50_000
SUBSCRIBE_COST = 3_000
SUBSCRIBE_POOL_SIZE = 30_000
REFILL_PER_S = 10_000

LOG_METHOD = "private/get_transaction_log"
LOG_COST = 10_000
LOG_BURST = 6
"""Requests for the transaction log at once: two fewer than the venue grants. A run
begins with one, because who ran before us on this account, or we ourselves before a
crash, may have taken as many a moment ago."""

RESERVE = 5_000
"""Credits only a heartbeat answer may use: without it the venue hangs up."""

BESIDE, BESIDE_PER_S = 5_000, 1_000
"""Credits left to the second road, which the venue counts together with ours."""

AT_FIRST = RESERVE + 10 * REQUEST_COST
"""What a run counts on when it begins: who restarts again and again must not take the
venue's pools for full each time."""

SUBSCRIBE_METHODS = ("public/subscribe", "private/subscribe")

MATCHING_METHODS = (
    "private/cancel",
    "private/cancel_all_by_instrument",
    "private/buy",
    "private/sell",
    "private/close_position",
)
"""Matching-engine requests the session sends; paid with `CorePort.take_credit`."""

_NS = 1_000_000_000


class Pool:
    """One leaky pool in whole numbers: credits times nanoseconds, nothing rounded.

    It is full at the start, or holds as much ``at_first`` and refills from the time it
    is asked. What is taken is regained from the answer on: the venue counts a request
    when it arrives, and a line may hold many up and let them go at once.
    """

    def __init__(
        self, size: int, refill_per_s: int, at_first: int | None = None
    ) -> None:
        self.size = size
        self.refill_per_s = refill_per_s
        self._largest = (size, refill_per_s)
        self._flying = 0
        self._level = (size if at_first is None else at_first) * _NS
        self._at_ns: int | None = 0 if at_first is None else None

    def resize(self, size: int, refill_per_s: int) -> None:
        """Take over what the account has, up to what the pool began with."""
        self.size = min(self._largest[0], size)
        self.refill_per_s = min(self._largest[1], refill_per_s)
        self._level = min(self._level, self.size * _NS)

    def drain(self, t_ns: int) -> None:
        """Count the pool as empty: the venue said that it is."""
        self._refill(t_ns)
        self._level = 0

    def left(self, t_ns: int) -> int:
        """Return the credits there are."""
        self._refill(t_ns)
        return self._level // _NS

    def take(self, cost: int, reserve: int, t_ns: int) -> bool:
        """Take credits, unless fewer than ``reserve`` would be left."""
        self._refill(t_ns)
        if self._level < (cost + reserve) * _NS:
            return False
        self._level -= cost * _NS
        self._flying += cost
        return True

    def force(self, cost: int, t_ns: int) -> None:
        """Take credits for what must be sent anyhow."""
        self._refill(t_ns)
        self._level = max(0, self._level - cost * _NS)
        self._flying += cost

    def answered(self, cost: int, t_ns: int) -> None:
        """Say that credits taken are not in flight any more."""
        self._refill(t_ns)
        self._flying -= cost

    def ready_ns(self, cost: int, reserve: int, t_ns: int) -> int:
        """Return the first time at which `take` succeeds."""
        self._refill(t_ns)
        missing = (cost + reserve) * _NS - self._level
        return t_ns + max(0, -(-missing // self.refill_per_s))

    def _refill(self, t_ns: int) -> None:
        since_ns = t_ns if self._at_ns is None else self._at_ns
        gained = max(0, t_ns - since_ns) * self.refill_per_s
        room = max(0, self.size - self._flying) * _NS
        self._level = min(room, self._level + gained)
        self._at_ns = max(since_ns, t_ns)


class Credits:
    """The pools, shared by all connections of the account."""

    def __init__(self) -> None:
        size, refill_per_s = POOL_SIZE - BESIDE, REFILL_PER_S - BESIDE_PER_S
        self.requests = Pool(size, refill_per_s, AT_FIRST)
        self.subscribes = Pool(SUBSCRIBE_POOL_SIZE, REFILL_PER_S, 0)
        self.log = Pool(LOG_BURST * LOG_COST, REFILL_PER_S, LOG_COST)

    def take(self, method: str, t_ns: int) -> bool:
        """Pay for one request; False: it must wait."""
        pool, cost, reserve = self._price(method)
        return pool.take(cost, reserve, t_ns)

    def force(self, method: str, t_ns: int) -> None:
        """Pay for a request that is sent whatever is left."""
        pool, cost, _ = self._price(method)
        pool.force(cost, t_ns)

    def answered(self, method: str, t_ns: int) -> None:
        """Say that a request was answered, or never will be."""
        pool, cost, _ = self._price(method)
        pool.answered(cost, t_ns)

    def ready_ns(self, method: str, t_ns: int, count: int = 1) -> int:
        """Return the first time at which so many requests can be paid."""
        pool, cost, reserve = self._price(method)
        return pool.ready_ns(cost * count, reserve, t_ns)

    def drain(self, t_ns: int) -> None:
        """Count all pools as empty."""
        self.requests.drain(t_ns)
        self.subscribes.drain(t_ns)
        self.log.drain(t_ns)

    def limit(self, rate_per_s: float, burst: float) -> None:
        """Respect an account whose limits are lower than the default, or were.

        Units: requests per second, requests.
        """
        if rate_per_s > 0 and burst > 0:
            size, refill = int(burst * REQUEST_COST), int(rate_per_s * REQUEST_COST)
            self.requests.resize(
                max(size - BESIDE, REQUEST_COST + RESERVE),
                max(refill - BESIDE_PER_S, refill // 2, 1),
            )

    def _price(self, method: str) -> tuple[Pool, int, int]:
        if method in SUBSCRIBE_METHODS:
            return self.subscribes, SUBSCRIBE_COST, 0
        if method == LOG_METHOD:
            return self.log, LOG_COST, 0
        if method in MATCHING_METHODS:
            return self.requests, 0, 0
        return self.requests, REQUEST_COST, RESERVE

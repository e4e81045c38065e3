"""Credits and token buckets: what one account may ask per second.

Source: rate-limits article, 2026-08-22: credits refill continuously; a request that
cannot be paid is answered with 10028 and the session is terminated.
"""

from __future__ import annotations

from engine.sim.venue.config import CreditConfig

SECOND_NS = 1_000_000_000
PEERS_MAX = 10_000


class Bucket:
    """A pool that refills continuously.

    Units: size and cost in credits, refill in credits per second; the level is held in
    credit-nanoseconds, so no fraction is lost.
    Cost: O(1), no allocation beyond integers.
    """

    __slots__ = ("_level", "_now_ns", "refill_per_s", "size")

    def __init__(self, size: int, refill_per_s: int, now_ns: int) -> None:
        self.size, self.refill_per_s = size, refill_per_s
        self._level = size * SECOND_NS
        self._now_ns = now_ns

    def take(self, cost: int, now_ns: int) -> bool:
        """Pay a request; False when the pool does not hold its cost."""
        self._refill(now_ns)
        if self._level < cost * SECOND_NS:
            return False
        self._level -= cost * SECOND_NS
        return True

    def left(self, now_ns: int) -> float:
        """Return the credits in the pool."""
        self._refill(now_ns)
        return self._level / SECOND_NS

    def _refill(self, now_ns: int) -> None:
        gained = max(now_ns - self._now_ns, 0) * self.refill_per_s
        self._level = min(self._level + gained, self.size * SECOND_NS)
        self._now_ns = max(now_ns, self._now_ns)


class Credits:
    """Every pool of one account, or of one connection before login."""

    def __init__(
        self, config: CreditConfig, matching_rate: int, matching_burst: int, now_ns: int
    ) -> None:
        self.config = config
        refill = config.refill_per_s
        self.general = Bucket(config.pool, refill, now_ns)
        self.subscribe = Bucket(config.subscribe_pool, refill, now_ns)
        self.instruments = Bucket(config.instruments_pool, refill, now_ns)
        self.matching = Bucket(matching_burst, matching_rate, now_ns)
        self.cancel_all = Bucket(
            config.cancel_all_burst, config.cancel_all_rate, now_ns
        )

    def take(self, cost_class: str, now_ns: int) -> bool:
        """Pay one request of a cost class; False ends the session."""
        config = self.config
        match cost_class:
            case "matching":
                return self.matching.take(1, now_ns)
            case "cancel_all":
                return self.cancel_all.take(1, now_ns)
            case "subscribe":
                return self.subscribe.take(config.subscribe_cost, now_ns)
            case "instruments":
                return self.instruments.take(config.instruments_cost, now_ns)
        return self.general.take(config.cost, now_ns)

    def limits(self) -> dict[str, object]:
        """Return the ``limits`` object of the extended account summary."""
        config = self.config
        trading = {"rate": self.matching.refill_per_s, "burst": self.matching.size}
        return {
            "limits_per_currency": False,
            "non_matching_engine": {
                "rate": config.refill_per_s // config.cost,
                "burst": config.pool // config.cost,
            },
            "matching_engine": {
                "trading": {"total": trading},
                "spot": {"rate": 200, "burst": 250},
                "maximum_quotes": {"rate": 500, "burst": 500},
                "maximum_mass_quotes": {"rate": 10, "burst": 10},
                "guaranteed_mass_quotes": {"rate": 2, "burst": 2},
                "cancel_all": {
                    "rate": config.cancel_all_rate,
                    "burst": config.cancel_all_burst,
                },
            },
        }


class PeerPools:
    """The pools of those who have not logged in, one per address.

    Bounded: of more than ``PEERS_MAX`` the one unseen for longest starts afresh.
    Source: rate-limits article, 2026-08-22: public requests are limited per IP.
    """

    def __init__(self, config: CreditConfig) -> None:
        self._config = config
        self._pools: dict[str, Credits] = {}

    def of(self, peer: str, now_ns: int) -> Credits:
        """Return the pools of an address."""
        pools = self._pools.pop(peer, None)
        if pools is None:
            pools = Credits(self._config, 0, 0, now_ns)
            if len(self._pools) >= PEERS_MAX:
                del self._pools[next(iter(self._pools))]
        self._pools[peer] = pools
        return pools

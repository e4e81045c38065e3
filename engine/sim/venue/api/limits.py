"""Credits and token buckets: what one account may ask per second.

Requests that do not reach the matching engine cost credits, most from a common pool,
some from a pool of their own. Those that do are counted one by one, by the rate of the
account's tier: in one bucket for all derivatives or one per settlement currency, and in
further ones for spot and for cancels of everything. Mass quotes have three: a number of
messages is always taken, more are taken up to a ceiling while there is room for the
quotes they carry; their cancels have one.
Source: rate-limits article, mass quotes, 2026-08-22: credits refill continuously; a
request that cannot be paid is answered with 10028 and the session is terminated; too
many quotes are answered with 13903, position moves with 13780 and the seconds to wait.
The rate of quote cancels is not published.
"""

from __future__ import annotations

from typing import Any

from engine.sim.venue.config import CreditConfig, EngineLimits, RateConfig
from engine.sim.venue.errors import Reject
from engine.sim.venue.trading.lanes import ANYWHERE, Lane

SECOND_NS = 1_000_000_000
PEERS_MAX = 10_000
CURRENCIES = ("BTC", "ETH", "USDC", "USDT")
ENGINE_COSTS = ("matching", "cancel_all", "mass_quote", "cancel_quotes")
NO_RATE = RateConfig(0, 0)
PLAIN_LIMITS = EngineLimits()


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
        if not self.holds(cost, now_ns):
            return False
        self._level -= cost * SECOND_NS
        return True

    def drain(self, cost: int, now_ns: int) -> None:
        """Take a cost even of an empty pool, which then owes it, up to its size."""
        self._refill(now_ns)
        self._level = max(self._level - cost * SECOND_NS, -self.size * SECOND_NS)

    def holds(self, cost: int, now_ns: int) -> bool:
        """Say whether a request could be paid."""
        self._refill(now_ns)
        return self._level >= cost * SECOND_NS

    def wait_s(self, cost: int, now_ns: int) -> int:
        """Return after how many whole seconds a request could be paid."""
        self._refill(now_ns)
        missing = max(cost * SECOND_NS - self._level, 0)
        return -(-missing // (self.refill_per_s * SECOND_NS))

    def left(self, now_ns: int) -> float:
        """Return the credits in the pool."""
        self._refill(now_ns)
        return self._level / SECOND_NS

    def _refill(self, now_ns: int) -> None:
        gained = max(now_ns - self._now_ns, 0) * self.refill_per_s
        self._level = min(self._level + gained, self.size * SECOND_NS)
        self._now_ns = max(now_ns, self._now_ns)

    def row(self) -> dict[str, int]:
        """Return how the account summary shows it."""
        return {"burst": self.size, "rate": self.refill_per_s}


def _bucket(rate: RateConfig, now_ns: int) -> Bucket:
    return Bucket(rate.burst, rate.rate, now_ns)


class CurrencyPools:
    """What is counted apart in every currency, or once for all of them."""

    def __init__(
        self,
        limits: EngineLimits,
        trading: RateConfig,
        perpetuals: RateConfig | None,
        now_ns: int,
    ) -> None:
        self.total = _bucket(trading, now_ns)
        self.perpetuals = _bucket(perpetuals, now_ns) if perpetuals else None
        self.guaranteed = _bucket(limits.guaranteed_mass_quotes, now_ns)
        self.messages = _bucket(limits.maximum_mass_quotes, now_ns)
        self.quotes = _bucket(limits.maximum_quotes, now_ns)
        self.cancels = _bucket(limits.cancel_quotes, now_ns)

    def take_order(self, lane: Lane, now_ns: int) -> bool:
        """Pay one order, edit or cancel."""
        special = self.perpetuals if lane.perpetual else None
        if special is not None and not special.holds(1, now_ns):
            return False
        if not self.total.take(1, now_ns):
            return False
        return special is None or special.take(1, now_ns)

    def take_quotes(self, sides: int, now_ns: int) -> bool:
        """Pay the sides of one mass quote; a guaranteed message is always taken."""
        if self.guaranteed.take(1, now_ns):
            self.quotes.drain(sides, now_ns)
            return True
        return self.quotes.take(sides, now_ns)

    def row(self) -> dict[str, Any]:
        """Return how the account summary shows them."""
        trading = {"total": self.total.row()}
        if self.perpetuals is not None:
            trading = {"perpetuals": self.perpetuals.row(), **trading}
        return {
            "trading": trading,
            "maximum_quotes": self.quotes.row(),
            "maximum_mass_quotes": self.messages.row(),
            "guaranteed_mass_quotes": self.guaranteed.row(),
        }


class EnginePools:
    """The matching-engine limits of one account."""

    def __init__(self, limits: EngineLimits, tier: RateConfig, now_ns: int) -> None:
        self.limits, self.tier = limits, tier
        self._all = CurrencyPools(limits, tier, None, now_ns)
        self._by_currency = {
            currency: CurrencyPools(
                limits,
                limits.currencies.get(currency, tier),
                limits.perpetuals.get(currency),
                now_ns,
            )
            for currency in (CURRENCIES if limits.per_currency else ())
        }
        self._spot = _bucket(limits.spot or tier, now_ns)
        self._cancel_all = _bucket(limits.cancel_all or tier, now_ns)

    def take(self, cost_class: str, lane: Lane, now_ns: int) -> bool:
        """Pay one request of a cost class."""
        if cost_class == "cancel_all":
            return self._cancel_all.take(1, now_ns)
        pools = self.of(lane)
        if cost_class == "mass_quote":
            return pools.messages.take(1, now_ns)
        if cost_class == "cancel_quotes":
            return pools.cancels.take(1, now_ns)
        if lane.spot:
            return self._spot.take(1, now_ns)
        return pools.take_order(lane, now_ns)

    def of(self, lane: Lane) -> CurrencyPools:
        """Return the pools of a lane's currency."""
        return self._by_currency.get(lane.currency, self._all)

    def row(self) -> dict[str, Any]:
        """Return how the account summary shows them."""
        whole = {"spot": self._spot.row(), "cancel_all": self._cancel_all.row()}
        if not self._by_currency:
            return self._all.row() | whole
        apart = {name.lower(): p.row() for name, p in self._by_currency.items()}
        return apart | whole


class Credits:
    """Every pool of one account, or of one connection before login.

    Empty: a connection has a tier of 0 requests; it never reaches the engine.
    """

    def __init__(
        self,
        config: CreditConfig,
        matching_rate: int,
        matching_burst: int,
        now_ns: int,
        limits: EngineLimits = PLAIN_LIMITS,
    ) -> None:
        self.config = config
        refill = config.refill_per_s
        self.engine = EnginePools(
            limits, RateConfig(matching_rate, matching_burst), now_ns
        )
        self._general = (Bucket(config.pool, refill, now_ns), config.cost)
        self._special = {
            name: (Bucket(pool, refill, now_ns), cost)
            for name, pool, cost in (
                ("subscribe", config.subscribe_pool, config.subscribe_cost),
                ("instruments", config.instruments_pool, config.instruments_cost),
                ("transaction_log", config.log_pool, config.log_cost),
                ("move_positions", config.moves_pool, config.moves_cost),
            )
        }

    def take(self, cost_class: str, now_ns: int, lane: Lane = ANYWHERE) -> bool:
        """Pay one request of a cost class; False: it cannot be paid."""
        if cost_class in ENGINE_COSTS:
            return self.engine.take(cost_class, lane, now_ns)
        bucket, cost = self._special.get(cost_class, self._general)
        return bucket.take(cost, now_ns)

    def refusal(self, cost_class: str, now_ns: int) -> Reject:
        """Return with what a request is answered that could not be paid."""
        if cost_class == "mass_quote":
            return Reject("too_many_quotes")
        if cost_class == "move_positions":
            bucket, cost = self._special[cost_class]
            wait = bucket.wait_s(cost, now_ns)
            return Reject("move_positions_over_limit", data={"wait": wait})
        return Reject("too_many_requests")

    def limits(self) -> dict[str, Any]:
        """Return the ``limits`` object of the extended account summary."""
        config = self.config
        return {
            "limits_per_currency": self.engine.limits.per_currency,
            "non_matching_engine": {
                "burst": config.pool // config.cost,
                "rate": config.refill_per_s // config.cost,
            },
            "matching_engine": self.engine.row(),
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

"""A rig for strategies of several legs: what the legs hold is checked at the venue.

After every event the positions at the venue must be those of whole packages but for one
clip of the leading leg, and less than a smallest order of each other leg.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.sim.settings import SimConfig
from tests.simulation.rig import EPOCH_NS, Rig, engine_config

INVERSE = SimConfig.model_validate(
    {
        "venue": {"matching_rate": 60, "matching_burst": 200},
        "listing": {"families": ["BTC"], "options": False, "combos": False},
    }
)


def leg(
    strategy: str, instrument: str, params: Mapping[str, Any], position_max: float
) -> dict[str, Any]:
    """Return the ``[[quote]]`` of one leg."""
    return {
        "instrument": instrument,
        "strategy": strategy,
        "params": dict(params),
        "limits": {
            "position_max": position_max,
            "order_max": position_max,
            "collar_bps": 500.0,
            "stale_ms": 5_000,
        },
    }


class PackageRig(Rig):
    """A rig whose legs are followed: ``weights`` by instrument, the leading one first.

    Units: weights as amounts for an amount of 1 of the leading leg; clip in amount
    units of the leading leg; rounding as a fraction of a following leg's lot.
    """

    def __init__(
        self,
        seed: int,
        quotes: list[dict[str, Any]],
        weights: dict[str, float],
        clip: float,
        *,
        sim: SimConfig = INVERSE,
        risk: Mapping[str, Any] | None = None,
        rounding: float = 0.0,
        epoch_ns: int = EPOCH_NS,
    ) -> None:
        self.weights, self.clip, self.rounding = weights, clip, rounding
        self.worst_leg = 0.0
        self.largest = 0.0
        changes = {"quote": quotes} | ({"risk": dict(risk)} if risk else {})
        super().__init__(
            seed, config=engine_config(**changes), sim=sim, epoch_ns=epoch_ns
        )

    def held(self) -> dict[str, float]:
        """Return what the account holds of each leg at the venue, in amount units."""
        found = {}
        for name in self.weights:
            position = self.account().positions.get(name)
            found[name] = position.instrument.amount(position.size) if position else 0.0
        return found

    def unfollowed(self) -> float:
        """Return how much of the leading leg some other leg does not follow.

        What of the leading leg is averaged already, before delivery, is at no risk.
        """
        held = self.held()
        first, *others = self.weights
        leading = held[first] * self.open_share(first)
        apart = []
        for name in others:
            follows = held[name] / self.weights[name]
            # What is less than half a lot of the follower cannot be followed.
            lot = abs(self.lot(name) / self.weights[name])
            apart.append(max(0.0, abs(leading - follows) - self.rounding * lot))
        return max(apart)

    def lot(self, name: str) -> float:
        """Return one lot of a leg, in amount units."""
        return float(self.world.venue.exchange.market(name).instrument.amount(1))

    def open_share(self, name: str) -> float:
        """Return how much of a leg still moves with the index, as the venue has it."""
        exchange = self.world.venue.exchange
        contract = exchange.market(name).instrument.contract
        index = exchange.indices[contract.price_index]
        share = index.delivery.open_share(contract.expiration_timestamp)
        assert isinstance(share, float)
        return share

    def check(self) -> None:
        """Check that no more than one clip stands without its other legs."""
        apart = self.unfollowed()
        self.worst_leg = max(self.worst_leg, apart)
        self.largest = max(self.largest, *(abs(size) for size in self.held().values()))
        assert apart <= self.clip * (1 + 1e-9), (
            f"{apart} of {self.held()}: {self.last_notes()}; seed {self.seed}"
        )

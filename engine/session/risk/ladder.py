"""The kill ladder: which rules have tripped, and how far the desk withdraws for them.

A *trip* is one rule that holds the desk back, in one scope: the account, everything
settled in one currency, or one instrument. The worst trip that concerns an instrument
decides its stance. A trip ends when its cause is over or, when it is *latched*, only
when the operator arms the rule again; a latched trip outlives the process (`dump`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

TRIPS_MAX = 4096
"""Trips kept at the same time; beyond it the account itself takes the stance."""

ACCOUNT = ""
"""The scope that is everything. Others: a currency, a budget, an instrument's name."""


class Stance(IntEnum):
    """Steps of the ladder; of two the larger counts."""

    NORMAL = 0
    WIDEN = 1
    """Quotes stand farther from the middle."""
    REDUCE = 2
    """Nothing that grows exposure."""
    PULL = 3
    """No orders."""
    FLATTEN = 4
    """No orders but those that close the position."""
    DISCONNECT = 5
    """No orders and, when the venue shows none, no connection."""

    @property
    def text(self) -> str:
        """The name as the core, the view and the operator spell it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Trip:
    """One rule that holds the desk back.

    Units: since_ms is venue time, ms since epoch. Empty: None, no clock was told yet.
    """

    rule: str
    scope: str
    stance: Stance
    reason: str
    latched: bool
    since_ms: int | None

    def as_row(self) -> dict[str, Any]:
        """Return the trip as snapshots and the checkpoint show it."""
        return {
            "rule": self.rule,
            "scope": self.scope,
            "stance": self.stance.text,
            "reason": self.reason,
            "latched": self.latched,
            "since_ms": self.since_ms,
        }


class Ladder:
    """The trips, by rule and scope."""

    def __init__(self) -> None:
        self._trips: dict[tuple[str, str], Trip] = {}

    @property
    def trips(self) -> list[Trip]:
        """Every trip, oldest first."""
        return list(self._trips.values())

    def find(self, rule: str, scope: str) -> Trip | None:
        """Return the trip of a rule in a scope. Empty: None."""
        return self._trips.get((rule, scope))

    def add(self, trip: Trip) -> bool:
        """Take a trip, in the place of an older one of the same rule and scope.

        A latched trip is not replaced by one that is not, nor by a lesser one of its
        rule. Returns: whether anything changed.
        """
        key = (trip.rule, trip.scope)
        old = self._trips.get(key)
        if old is None and len(self._trips) >= TRIPS_MAX:
            key = ("too_many_trips", ACCOUNT)
            old = self._trips.get(key)
            trip = Trip(*key, Stance.PULL, trip.reason, True, trip.since_ms)
        if old is not None:
            holds = old.latched and (not trip.latched or trip.stance < old.stance)
            if holds or (old.stance, old.latched) == (trip.stance, trip.latched):
                return False
        self._trips[key] = trip
        return True

    def end(self, rule: str, scope: str) -> Trip | None:
        """The cause is over: drop the trip unless it is latched. Empty: None."""
        trip = self._trips.get((rule, scope))
        if trip is None or trip.latched:
            return None
        return self._trips.pop((rule, scope))

    def rearm(self, rule: str | None, scope: str | None) -> list[Trip]:
        """Drop latched trips: of one rule, in one scope, or all. Returns: those."""
        gone = [
            trip
            for trip in self._trips.values()
            if trip.latched
            and rule in (None, trip.rule)
            and scope in (None, trip.scope)
        ]
        for trip in gone:
            del self._trips[(trip.rule, trip.scope)]
        return gone

    def worst(self, *scopes: str) -> Trip | None:
        """Return the worst trip of the scopes, the oldest of equals. Empty: None."""
        found = [trip for trip in self._trips.values() if trip.scope in scopes]
        return max(found, key=lambda trip: trip.stance, default=None)

    def dump(self) -> dict[str, Any]:
        """Return what outlives the process: the latched trips."""
        return {"trips": [trip.as_row() for trip in self.trips if trip.latched]}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take the latched trips of an earlier run.

        Raises: ValueError or KeyError when it is no dump.
        """
        for row in state["trips"]:
            self.add(
                Trip(
                    str(row["rule"]),
                    str(row["scope"]),
                    Stance[str(row["stance"]).upper()],
                    str(row["reason"]),
                    True,
                    row["since_ms"],
                )
            )

"""The background market: what moves and trades on a venue without any client.

Actors share one event heap on virtual time, and each draws from its own stream seeded
by (seed, its name), so what a client does never changes another actor's dice: same seed
and same times, same market.

* **indices**: correlated random walks of the coins with a common vol regime and jumps;
* **makers** of futures and spot: ladders around a fair price, re-quoted by edit when
  the fair price has left a slot's tolerance, after the maker's own reaction time;
* **takers**: clustered uninformed orders of heavy-tailed size, and informed ones that
  lift what a move of the fair price left behind, a client's quote included;
* **surfaces**: the vol surface of each coin, with its own slow moves;
* **option makers**: two per index around the surface, where they choose to quote;
* **option takers**: mostly near the money and near expiry; a few move the surface.

What is realistic and what is not: docs/background-market.md.
"""

from __future__ import annotations

from engine.sim.flow.background import Flow

__all__ = ["Flow"]

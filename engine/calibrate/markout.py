"""What passive fills at the touch were worth a while later.

Each taker order fills, in thought, one quote of ours at the touch it met. The adverse
move at a horizon is how far the mid has gone against us since just before; the markout
is what is left of the half-spread: fill price against the mid then, above 0 a gain.
Fees are in neither.

Moves of fills less than a horizon apart share most of their time. The error comes from
averages over blocks of time several horizons long, which share little.

Not in it: a quote of ours may stand at the end of the line and be filled only by the
orders that clear the level, and those are followed by worse moves than the average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.calibrate.measure import Session
from engine.calibrate.stats import BLOCKS_MAX, Estimate, block_average

HORIZONS_S = (1.0, 10.0, 60.0)
BLOCK_HORIZONS = 4
"""How many horizons long a block is at least."""
SIDES = {"bid": -1, "ask": 1, "both": 0}


@dataclass(frozen=True, slots=True)
class Markout:
    """Fills of one side at one horizon.

    Units: ticks a fill; adverse above 0: the mid went against us.
    """

    side: str
    horizon_s: float
    fills: int
    markout_ticks: Estimate
    adverse_ticks: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return the result for a program."""
        return {
            "side": self.side,
            "horizon_s": self.horizon_s,
            "fills": self.fills,
            "markout_ticks": self.markout_ticks.as_json(),
            "adverse_ticks": self.adverse_ticks.as_json(),
        }


def markouts(
    session: Session, horizons_s: tuple[float, ...] = HORIZONS_S
) -> list[Markout]:
    """Return the markouts of both sides, and of each, at each horizon with fills."""
    found = []
    for horizon_s in horizons_s:
        rows = moves(session, horizon_s)
        for name, side in SIDES.items():
            chosen = [row for row in rows if not side or row[1] == side]
            if chosen:
                found.append(averaged(session, name, horizon_s, chosen))
    return found


Move = tuple[float, int, float, float]
"""Covered time in s, side of the taker, half-spread and adverse move in ticks."""


def moves(session: Session, horizon_s: float) -> list[Move]:
    """Return each fill with what the mid did until the horizon."""
    found: list[Move] = []
    tape, horizon_ms = session.tape, round(horizon_s * 1000)
    for take in session.takes:
        later = session.mid_after(take.place, take.ms + horizon_ms)
        if later is None:
            continue
        before = tape.bids[take.place] + tape.asks[take.place]
        adverse = take.side * (later - before) / 2
        found.append((take.covered_s, take.side, take.spread / 2, adverse))
    return found


def averaged(
    session: Session, name: str, horizon_s: float, rows: list[Move]
) -> Markout:
    """Return the averages of some fills, with errors from blocks of time."""
    blocks = int(session.seconds / (BLOCK_HORIZONS * horizon_s))
    blocks = max(1, min(BLOCKS_MAX, blocks))
    counts, gains, losses = ([0.0] * blocks for _ in range(3))
    for covered_s, _, half_spread, adverse in rows:
        block = session.block(covered_s, blocks)
        counts[block] += 1
        gains[block] += half_spread - adverse
        losses[block] += adverse
    return Markout(
        name,
        horizon_s,
        len(rows),
        block_average(gains, counts),
        block_average(losses, counts),
    )

"""The micro-price's table of a session, each entry with its interval.

The fit is `micro_price`'s. Its error is that of a jackknife: the table is fitted again
without each of the blocks of time in turn, and how far the entries go apart tells how
far the whole one may be off.

Source: B. Efron and C. Stein, The jackknife estimate of variance, Annals of Statistics
9, 1981, 586-596.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from engine.calibrate.measure import Session
from engine.calibrate.micro_price import Chain, MicroPriceFit, changes_of
from engine.calibrate.stats import BLOCKS_MIN, COVERAGE, Estimate, student_quantile

BLOCKS = 20
CHANGES_MIN = 100
"""Changes out of a state, mirror included, before its entry is told."""
MOVES_MIN = 200
"""Moves of the mid in all; below it there is no table."""


@dataclass(frozen=True, slots=True)
class MicroTable:
    """The table, or why there is none.

    ``table`` has a row for each spread, 1 tick first, the last for all wider; in it one
    entry for each bucket of qb/(qb + qa), None where too little was seen.
    Units: ticks to add to the mid; changes and moves of the touch and of the mid.
    """

    changes: int
    moves: int
    table: list[list[Estimate | None]] = field(default_factory=list)
    why_not: str = ""

    @property
    def table_ticks(self) -> list[list[float]]:
        """The entries alone, 0 where none is known: a `MicroPrice` signal's table."""
        return [[entry.value if entry else 0.0 for entry in row] for row in self.table]

    def as_json(self) -> dict[str, Any]:
        """Return the result for a program."""
        return {
            "changes": self.changes,
            "moves": self.moves,
            "why_not": self.why_not,
            "table_ticks": [
                [entry and entry.as_json() for entry in row] for row in self.table
            ],
        }


def micro_table(session: Session) -> MicroTable:
    """Fit the table of one session."""
    blocks = counted(session)
    whole = Chain()
    for block in blocks:
        whole.add(block)
    # Each change was counted with its mirror.
    moves = sum(map(sum, whole.land)) // 2
    changes = sum(map(sum, whole.stay)) // 2 + moves
    if moves < MOVES_MIN:
        why_not = f"{moves} moves of the mid, a fit wants {MOVES_MIN}"
        return MicroTable(changes, moves, why_not=why_not)
    best = whole.fit(CHANGES_MIN)
    others = []
    for block in blocks:
        if any(map(any, block.stay)) or any(map(any, block.land)):
            whole.add(block, -1)
            others.append(whole.fit(1).table)
            whole.add(block)
    return MicroTable(changes, moves, entries(best, others))


def entries(
    best: MicroPriceFit, others: list[list[list[float]]]
) -> list[list[Estimate | None]]:
    """Return each entry with its jackknife interval."""
    n = len(others)
    reach = student_quantile(0.5 + COVERAGE / 2, n - 1) if n >= BLOCKS_MIN else None
    table: list[list[Estimate | None]] = []
    for spread, row in enumerate(best.table):
        table.append([])
        for bucket, value in enumerate(row):
            if best.changes[spread][bucket] < CHANGES_MIN:
                table[-1].append(None)
            elif reach is None:
                table[-1].append(Estimate(value))
            else:
                left_out = [other[spread][bucket] for other in others]
                mean = math.fsum(left_out) / n
                spread_of = math.fsum((each - mean) ** 2 for each in left_out)
                error = math.sqrt((n - 1) / n * spread_of)
                low, high = value - reach * error, value + reach * error
                table[-1].append(Estimate(value, low, high, error))
    return table


def counted(session: Session) -> list[Chain]:
    """Return how touches follow each other, by blocks of readable time."""
    tape = session.tape
    blocks = [Chain() for _ in range(BLOCKS)]
    touches = zip(tape.bids, tape.asks, tape.bid_lots, tape.ask_lots, strict=True)
    for place, before, after, move_ticks in changes_of(blocks[0], touches):
        at = session.block(session.covered_s[place], BLOCKS)
        blocks[at].count(before, after, move_ticks)
    return blocks

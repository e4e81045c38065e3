"""The micro-price table: by how much the price moves on, by imbalance and spread.

The touch is a Markov chain on states (bucket of the imbalance, spread). From one touch
to the next the mid stays (Q), or moves by some ticks (r the mean of them) and lands in
another state (T). The price expected after the next move is

    G1 = (I - Q)^-1 r,      B = (I - Q)^-1 T,

and after all that follow G* = G1 + B G1 + B^2 G1 + ... Every change is counted once
more with the sides exchanged: no drift is fitted, G* is the opposite of itself with the
sides exchanged, and the sum converges unless the market falls into two halves between
which it never goes. It is taken in half steps, g <- (g + B g) / 2: the same sum, also
where the chain alternates.

Source: S. Stoikov, The micro-price: a high-frequency estimator of future prices,
Quantitative Finance 18(12), 2018, 1959-1966 (SSRN 2970694), sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine._core.signals.micro_price import imbalance_bucket

STATES_MAX = 256
"""States of the chain: buckets times spreads. Time and memory grow with their cube."""
ROUNDS_MAX = 4_000
SETTLED_TICKS = 1e-9
"""The sum has converged once its next term is below this everywhere."""

Touch = tuple[int, int, float, float]
Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class MicroPriceFit:
    """A table for `MicroPrice`, and what it stands on.

    Units: table in ticks; changes counts touch changes out of a state, by spread, then
    bucket, the mirrored ones included; moves those of them that moved the mid. Empty: a
    state with fewer changes than asked for has 0 in the table, and all have when the
    sum did not settle, as with too little data it may not.
    """

    table: list[list[float]]
    changes: list[list[int]]
    moves: list[list[int]]

    @property
    def is_empty(self) -> bool:
        """Whether no state had enough data."""
        return not any(any(row) for row in self.table)


class Chain:
    """Counts of how touches follow each other; chains of several times can be added."""

    def __init__(self, buckets: int = 9, spreads: int = 3) -> None:
        """Make an empty one; see `fit_micro_price` for the arguments and errors."""
        _demand(buckets, spreads)
        self.buckets, self.spreads = buckets, spreads
        size = buckets * spreads
        self.stay = [[0] * size for _ in range(size)]
        self.land = [[0] * size for _ in range(size)]
        self.moved = [0.0] * size

    def state(self, touch: Touch) -> int | None:
        """Return the state of a touch, None for one that is a break."""
        bid, ask, bid_lots, ask_lots = touch
        if bid >= ask or bid_lots <= 0 or ask_lots <= 0:
            return None
        row = (min(ask - bid, self.spreads) - 1) * self.buckets
        return row + imbalance_bucket(bid_lots, ask_lots, self.buckets)

    def count(self, before: int, after: int, move_ticks: float) -> None:
        """Count a change, and the same with the sides exchanged."""
        for one, other, by in (
            (before, after, move_ticks),
            (
                _mirror(before, self.buckets),
                _mirror(after, self.buckets),
                -move_ticks,
            ),
        ):
            (self.land if by else self.stay)[one][other] += 1
            self.moved[one] += by

    def add(self, other: Chain, sign: int = 1) -> None:
        """Add the counts of another, or with sign -1 take them away."""
        for mine, theirs in (
            *zip(self.stay, other.stay, strict=True),
            *zip(self.land, other.land, strict=True),
        ):
            for at, n in enumerate(theirs):
                mine[at] += sign * n
        for at, by in enumerate(other.moved):
            self.moved[at] += sign * by

    def fit(self, changes_min: int = 50) -> MicroPriceFit:
        """Return the table; see `fit_micro_price`.

        Raises: ValueError for changes_min below 1.
        """
        if changes_min < 1:
            raise ValueError(f"changes_min must be above 0, not {changes_min}")
        size = self.buckets * self.spreads
        adjust = _settle(self.stay, self.land, self.moved, changes_min)
        moves = [sum(row) for row in self.land]
        changes = [sum(row) + n for row, n in zip(self.stay, moves, strict=True)]
        rows = [slice(at, at + self.buckets) for at in range(0, size, self.buckets)]
        return MicroPriceFit(
            table=[_odd(adjust[row]) for row in rows],
            changes=[changes[row] for row in rows],
            moves=[moves[row] for row in rows],
        )


def fit_micro_price(
    touches: Iterable[Touch],
    *,
    buckets: int = 9,
    spreads: int = 3,
    changes_min: int = 50,
) -> MicroPriceFit:
    """Fit the table of one instrument.

    Args:
        touches: (bid ticks, ask ticks, bid lots, ask lots) after each change of the
            touch, in order; one with bid >= ask, or without size, is a break: what
            comes after it is no move from what was before.
        buckets: of the imbalance, an odd number.
        spreads: told apart, in ticks; all wider ones count as the last.
        changes_min: changes out of a state, below which it has no adjustment.

    Raises: ValueError naming the argument that is out of range.
    """
    chain = Chain(buckets, spreads)
    for _, before, after, move_ticks in changes_of(chain, touches):
        chain.count(before, after, move_ticks)
    return chain.fit(changes_min)


def changes_of(
    chain: Chain, touches: Iterable[Touch]
) -> Iterator[tuple[int, int, int, float]]:
    """Yield the place of the later touch, both states, and the move in ticks."""
    before: tuple[int, int] | None = None
    for place, touch in enumerate(touches):
        state = chain.state(touch)
        if state is None:
            before = None
            continue
        twice_mid = touch[0] + touch[1]
        if before is not None:
            yield place, before[0], state, (twice_mid - before[1]) / 2
        before = state, twice_mid


def _demand(buckets: int, spreads: int) -> None:
    if buckets < 1 or not buckets % 2:
        raise ValueError(f"buckets must be an odd number above 0, not {buckets}")
    if spreads < 1 or buckets * spreads > STATES_MAX:
        raise ValueError(
            f"spreads must be above 0, and times buckets ({buckets}) at most "
            f"{STATES_MAX}, not {spreads}"
        )


def _mirror(state: int, buckets: int) -> int:
    """Return the state with the sides exchanged: the spread stays."""
    spread, bucket = divmod(state, buckets)
    return spread * buckets + buckets - 1 - bucket


def _settle(
    stay: list[list[int]], land: list[list[int]], moved: list[float], least: int
) -> list[float]:
    """Return G* of every state; 0 where there is too little to say."""
    known = _known(stay, land, least)
    counts = [sum(stay[i]) + sum(land[i]) for i in known]
    pairs = list(zip(known, counts, strict=True))
    left = [[(i == j) - stay[i][j] / n for j in known] for i, n in pairs]
    right = [[moved[i] / n, *(land[i][j] / n for j in known)] for i, n in pairs]
    solved = _solve(left, right)
    adjust = [0.0] * len(stay)
    term = [row[0] / 2 for row in solved]
    total = [0.0] * len(term)
    for _ in range(ROUNDS_MAX):
        total = [a + b for a, b in zip(total, term, strict=True)]
        if all(abs(one) < SETTLED_TICKS for one in term):
            for i, value in zip(known, total, strict=True):
                adjust[i] = value
            break
        term = [
            (g + sum(b * h for b, h in zip(row[1:], term, strict=True))) / 2
            for row, g in zip(solved, term, strict=True)
        ]
    return adjust


def _known(stay: list[list[int]], land: list[list[int]], least: int) -> list[int]:
    """Return the states with enough changes, from which a move can be reached.

    A change into one that is not among them ends the path there: its adjustment is 0.
    """
    enough = [i for i in range(len(stay)) if sum(stay[i]) + sum(land[i]) >= least]
    reaching = {i for i in enough if sum(land[i])}
    while True:  # ends: grows by one state at least, of which there are STATES_MAX
        more = {
            i for i in enough if i not in reaching and any(stay[i][j] for j in reaching)
        }
        if not more:
            return sorted(reaching)
        reaching |= more


def _solve(left: Matrix, right: Matrix) -> Matrix:
    """Return X of left X = right, by elimination with pivots."""
    size = len(left)
    rows = [[*a, *b] for a, b in zip(left, right, strict=True)]
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        pivot = rows[k]
        for i in range(size):
            if i != k and rows[i][k]:
                share = rows[i][k] / pivot[k]
                rows[i] = [a - share * b for a, b in zip(rows[i], pivot, strict=True)]
    return [[value / rows[k][k] for value in rows[k][size:]] for k in range(size)]


def _odd(row: Sequence[float]) -> list[float]:
    """Take the rounding error out of a row that is the opposite of its mirror."""
    return [(a - b) / 2 for a, b in zip(row, reversed(row), strict=True)]

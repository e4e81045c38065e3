"""States that faults impose on books, one on top of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market

FINAL = ("delivered", "archivized")


@dataclass(slots=True)
class Stack:
    """What a book was before any fault, and what faults made of it, oldest first."""

    before: str
    imposed: dict[int, str] = field(default_factory=dict)

    def top(self) -> str:
        """Return the state the book should be in."""
        return list(self.imposed.values())[-1] if self.imposed else self.before


class States:
    """Books are in the state that was imposed last and not lifted yet.

    What the venue or somebody else has made of a book meanwhile is left alone.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._stacks: dict[str, Stack] = {}
        self._count = 0

    def impose(self, pattern: str, state: str, only: tuple[str, ...] = ()) -> int:
        """Impose a state on the books of a pattern; return the number that lifts it.

        Empty: only () = whatever state they are in.
        """
        self._count += 1
        for name, market in self._exchange.markets.items():
            fits = market.state not in FINAL and (not only or market.state in only)
            if fits and fnmatchcase(name, pattern):
                stack = self._stacks.setdefault(name, Stack(market.state))
                stack.imposed[self._count] = state
                self._set(market, state)
        return self._count

    def lift(self, number: int) -> None:
        """Take back what was imposed under a number."""
        for name, stack in list(self._stacks.items()):
            if number not in stack.imposed:
                continue
            was = stack.top()
            del stack.imposed[number]
            market = self._exchange.markets.get(name)
            if market is not None:
                settled = self._exchange.settlement.reopens_as(name, stack.top())
                if market.state == was and not settled:
                    self._set(market, stack.top())
            if not stack.imposed:
                del self._stacks[name]

    def _set(self, market: Market, state: str) -> None:
        if market.state != state:
            self._exchange.put_into(market.instrument.name, state)

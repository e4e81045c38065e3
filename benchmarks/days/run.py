"""One simulated day: an engine, a venue with its market, and what came of it.

Everything is virtual time from one seed, so a day is the same on every machine. What
the account is worth is read at the venue, not in the engine: the change of every
currency's equity at its price in dollars at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.days.case import Case
from benchmarks.days.market import day_world
from engine._core.core import Core
from engine.assemble import assemble
from engine.config import from_mapping
from engine.live.secrets import Credentials, Signer
from engine.session.attribution import ACCOUNT, PARTS
from engine.sim.links import Links, Uniform
from engine.sim.venue.units import REF
from engine.sim.world import World

SECOND_NS = 1_000_000_000
HOUR_S = 3_600
EPOCH_NS = 1_790_000_000 * SECOND_NS
WARM_S = 120
"""Before the day begins: the market has filled its books, volatility is known."""

UP = DOWN = Uniform(500_000, 1_500_000)
"""One way between us and the venue: about a millisecond, as beside its data centre."""

ATTO = 10**18
DOLLARS = ("USDC", "USDT")


KEPT = ("markouts", "levels", "presence", "held", "requests", "fills")


@dataclass
class Day:
    """What came of one day.

    Units: dollars; hourly is the profit of each hour at the venue, the costs of that
    hour in it; parts is the engine's split of it (docs/attribution.md), fees above 0;
    largest is the most that was held of each instrument, in dollars either way.
    """

    case: str
    seed: int
    hours: float
    hourly: list[float] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)
    instruments: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def profit(self) -> float:
        """Return the profit of the day, fees paid."""
        return sum(self.hourly)


class Desk:
    """The account at the venue, and the engine that trades on it."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case = case
        self.world = World(seed, day_world(case.sim, case.flow, seed), EPOCH_NS)
        self.core: Core = assemble(from_mapping(case.engine), run_id=seed + 1)
        self.links = Links(
            self.core,
            self.world,
            Signer(Credentials("maker", "maker-secret")),
            seed=seed,
            venue_epoch_ns=EPOCH_NS,
            up=UP,
            down=DOWN,
        )
        self.links.start()

    def run(self, seconds: float) -> None:
        """Run virtual time."""
        self.links.run_for(round(seconds * SECOND_NS))

    def equities(self) -> dict[str, float]:
        """Return what the account has, coins by currency, open profit included."""
        account = self.world.venue.exchange.accounts["maker"]
        currencies = [*account.cash, *account.fees]
        return {name: account.equity(name) / ATTO for name in dict.fromkeys(currencies)}

    def dollars(self, amounts: dict[str, float]) -> float:
        """Return what amounts of currencies are worth now."""
        return sum(
            amount * self._price(name) for name, amount in amounts.items() if amount
        )

    def _price(self, currency: str) -> float:
        if currency in DOLLARS:
            return 1.0
        indices = self.world.venue.exchange.indices
        for name in (f"{currency.lower()}_usd", f"{currency.lower()}_usdc"):
            if name in indices:
                return indices[name].ref / REF
        raise ValueError(f"no price of {currency} in dollars")

    def notional(self, name: str, amount: float) -> float:
        """Return the dollars an amount of an instrument stands for."""
        found = self.world.venue.exchange.markets[name].instrument.contract
        if found.kind == "future" and found.instrument_type == "reversed":
            return amount
        return amount * self._price(found.base_currency)

    def parts(self) -> dict[str, float]:
        """Return the engine's own split of its profit so far, dollars."""
        found = self.core.snapshot()["session"]["attribution"]["budgets"][ACCOUNT]
        return {name: found["usd"][name] for name in PARTS}


def less(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Return what came in between."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def run_day(case: Case, seed: int, hours: float) -> Day:
    """Return what came of a day.

    Cost: four to twenty-five minutes of processor time for 24 hours.
    """
    desk = Desk(case, seed)
    desk.run(WARM_S)
    day = Day(case.name, seed, hours)
    parts = desk.parts()
    left_s = round(hours * HOUR_S)
    while left_s > 0:
        had = desk.equities()
        desk.run(min(HOUR_S, left_s))
        left_s -= HOUR_S
        day.hourly.append(desk.dollars(less(desk.equities(), had)))
    day.parts = less(desk.parts(), parts)
    found = desk.core.snapshot()
    day.state = found["session"]["state"]
    for name in case.instruments:
        one = found["instruments"][name]
        day.instruments[name] = {key: one[key] for key in KEPT}
        day.largest[name] = desk.notional(name, one["max_abs_position"])
    day.problems = [
        f"{kind}: {text}"
        for _, level, kind, text in desk.links.notes
        if level in ("error", "critical")
    ]
    return day

"""The faults that are set: when they begin and end, and whether they act this time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.sim.venue.faults.dice import Dice
from engine.sim.venue.faults.fault import FAULTS_MAX, Fault, FaultError
from engine.sim.venue.faults.outage import Condition
from engine.sim.venue.faults.passage import REQUEST, Passage
from engine.sim.venue.faults.traffic import TrafficFault

if TYPE_CHECKING:
    from engine.sim.venue.agenda import Entry
    from engine.sim.venue.venue import Venue

MILLISECOND_NS = 1_000_000
SET, ON, OVER = "set", "on", "over"


@dataclass(eq=False, slots=True)
class Standing:
    """One fault that was set, until it is cleared.

    ``seen`` counts what it concerned, ``done`` how often it acted. ``passed`` counts,
    by connection, what ``skip`` let pass; all HTTP requests are one connection here.
    """

    number: int
    fault: Fault
    dice: Dice
    state: str = SET
    seen: int = 0
    done: int = 0
    passed: dict[int, int] = field(default_factory=dict)
    timer: Entry | None = None
    undo: Callable[[], None] | None = None

    def acts(self, passage: Passage, fault: TrafficFault) -> bool:
        """Say whether a traffic fault acts this time, and count it."""
        if not fault.concerns(passage):
            return False
        self.seen += 1
        if fault.skip:
            line = 0 if passage.connection.http else passage.connection.serial
            passed = self.passed.get(line, 0)
            if passed < fault.skip:
                self.passed[line] = passed + 1
                return False
        if fault.probability < 1.0 and not self.dice.happens(fault.probability):
            return False
        self.done += 1
        return True

    def row(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        counts = {"state": self.state, "seen": self.seen, "done": self.done}
        return {"fault": self.number, **self.fault.row(), **counts}


class Board:
    """Every fault that was set and not cleared.

    Each has its own dice, from the venue's seed and its number, so that what one does
    does not depend on the others. ``requests`` and ``frames`` hold the faults of the
    traffic that may act now.
    """

    def __init__(self, venue: Venue, changed: Callable[[], None]) -> None:
        self._venue, self._changed = venue, changed
        self._faults: dict[int, Standing] = {}
        self._count = 0
        self.requests: list[Standing] = []
        self.frames: list[Standing] = []

    def inject(self, fault: Fault) -> int:
        """Set a fault and return its number.

        Raises:
            FaultError: ``FAULTS_MAX`` are set already, and none is over.
        """
        if len(self._faults) >= FAULTS_MAX:
            self._make_room()
        self._count += 1
        seed = self._venue.config.seed * 1_000_003 + self._count
        standing = Standing(self._count, fault, Dice(seed))
        self._faults[self._count] = standing
        if fault.start_ms:
            begins_ns = fault.start_ms * MILLISECOND_NS
            standing.timer = self._at(begins_ns, lambda: self._begin(standing))
        else:
            self._begin(standing)
        return self._count

    def _make_room(self) -> None:
        """Forget the oldest fault that is over."""
        for number, standing in self._faults.items():
            if standing.state == OVER:
                del self._faults[number]
                return
        raise FaultError("kind", f"at most {FAULTS_MAX} faults can be set")

    def clear(self, number: int) -> bool:
        """End a fault, whatever its state, and forget it; False when unknown."""
        standing = self._faults.pop(number, None)
        if standing is None:
            return False
        self._end(standing)
        return True

    def clear_all(self) -> int:
        """End and forget every fault; return how many there were."""
        return sum(self.clear(number) for number in list(self._faults))

    def rows(self) -> list[dict[str, Any]]:
        """Return the faults as the control API shows them."""
        return [standing.row() for standing in self._faults.values()]

    def judge(self, passage: Passage) -> None:
        """Let every fault that acts write on the passage."""
        door = self.requests if passage.of == REQUEST else self.frames
        for standing in list(door):
            fault = standing.fault
            assert isinstance(fault, TrafficFault), "only these stand at the doors"
            if standing.acts(passage, fault):
                fault.act(passage, standing.dice)
                if standing.done == fault.count:
                    self._end(standing)

    def forget(self, serial: int) -> None:
        """Drop the counts of a connection that is gone."""
        for standing in self._faults.values():
            standing.passed.pop(serial, None)

    def _at(self, in_ns: int, action: Callable[[], None]) -> Entry:
        exchange = self._venue.exchange
        return exchange.agenda.at(exchange.now_ns + in_ns, action)

    def _begin(self, standing: Standing) -> None:
        fault = standing.fault
        standing.state, standing.timer = ON, None
        if isinstance(fault, Condition):
            standing.undo = fault.begin(self._venue)
            self._venue.publish()
        elif isinstance(fault, TrafficFault):
            door = self.requests if REQUEST in fault.wanted else self.frames
            door.append(standing)
        if fault.duration_ms:
            ends_ns = fault.duration_ms * MILLISECOND_NS
            standing.timer = self._at(ends_ns, lambda: self._end(standing))
        self._changed()

    def _end(self, standing: Standing) -> None:
        standing.state = OVER
        for door in (self.requests, self.frames):
            if standing in door:
                door.remove(standing)
        if standing.timer is not None:
            standing.timer.cancel()
            standing.timer = None
        undo, standing.undo = standing.undo, None
        if undo is not None:
            undo()
            self._venue.publish()
        self._changed()

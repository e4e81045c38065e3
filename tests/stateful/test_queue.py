"""Queue sense against the true line, whatever order the venue's three streams come in.

Two things are checked: what holds always (the estimate lies between nothing and all of
others), and that it is exact once everything has been told, while nobody cancels,
nobody joins with a size that could be ours, and no frame is missed: an estimate has
nothing to guess then, however answers, frames and trades have raced.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.oracles.line import LOT, Lines
from tests.rig import MID, NAME, Rig

pytestmark = pytest.mark.stateful

EXAMPLES = int(os.environ.get("HALFSPREAD_STATEFUL_EXAMPLES") or "60")
sides = st.sampled_from(["bid", "ask"])
ranks = st.integers(1, 3)
theirs = st.integers(1, 4)


class QueueMachine(RuleBasedStateMachine):
    """One engine, the true lines, three streams between them."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig({"position_max_lots": 10_000})
        self.lines = Lines(NAME)
        self.cancels = False

    @initialize()
    def first_book(self) -> None:
        for rank in (1, 2, 3, 9):
            self.lines.join("bid", MID - rank, 20)
            self.lines.join("ask", MID + rank, 20)
        self.rig.deliver(self.lines.snapshot())

    def price(self, side: str, rank: int) -> int:
        return MID - rank if side == "bid" else MID + rank

    @rule(side=sides, rank=ranks, lots=theirs)
    def somebody_joins(self, side: str, rank: int, lots: int) -> None:
        self.lines.join(side, self.price(side, rank), lots)

    @rule(side=sides, lots=st.integers(1, 30))
    def somebody_trades(self, side: str, lots: int) -> None:
        self.lines.hit(side, lots)

    @rule(side=sides, rank=ranks, which=st.integers(0, 9))
    @precondition(lambda self: self.cancels)
    def somebody_cancels(self, side: str, rank: int, which: int) -> None:
        self.lines.leave(side, self.price(side, rank), which)

    @rule(
        bids=st.lists(
            st.tuples(ranks, st.integers(5, 9)), max_size=2, unique_by=lambda w: w[0]
        )
    )
    def we_wish(self, bids: list[tuple[int, int]]) -> None:
        if not self.cancels:
            # A smaller size in place is a shrinking of its own, told apart by a guess.
            bids = [(rank, 5) for rank, _ in bids]
        self.rig.wisher.bids = [(MID - rank, lots) for rank, lots in bids]
        self.rig.advance(300)
        self.take_requests()

    @rule()
    @precondition(lambda self: self.lines.venue.requests)
    def the_venue_works(self) -> None:
        self.lines.work()

    @rule(stream=st.sampled_from(["orders", "book", "trades"]))
    def something_is_told(self, stream: str) -> None:
        waiting = {
            "orders": self.lines.venue.frames,
            "book": self.lines.book,
            "trades": self.lines.prints,
        }[stream]
        if waiting:
            self.rig.deliver(waiting.pop(0))
            self.take_requests()

    @rule()
    @precondition(lambda self: self.cancels)
    def the_line_breaks_for_the_book(self) -> None:
        self.rig.core.expect_snapshot(self.rig.index)
        self.rig.deliver(self.lines.snapshot())
        self.take_requests()

    def take_requests(self) -> None:
        self.lines.venue.receive(self.rig.core.data_to_send(0))

    @rule()
    def everything_is_told(self) -> None:
        for _ in range(200):
            streams = (self.lines.venue.frames, self.lines.book, self.lines.prints)
            for waiting in streams:
                if waiting:
                    self.rig.deliver(waiting.pop(0))
            self.take_requests()
            if self.lines.venue.requests:
                self.lines.work()
            elif not any(streams):
                break
        else:
            raise AssertionError("never came to rest")
        # One more frame, later than everything: nothing is in doubt after it.
        self.lines.join("bid", MID - 9, 1)
        self.rig.deliver(self.lines.book.pop(0))
        self.take_requests()
        if not self.cancels and not self.lines.venue.requests:
            self.must_be_exact()

    def must_be_exact(self) -> None:
        places = self.rig.snapshot()["queue"]["bid"]
        truth = []
        for order_id, (level, _) in self.lines.known.items():
            others = sum(n for who, n in self.lines.lines[level] if who == "others")
            truth.append((level[1], self.lines.ahead(order_id), others))
        seen = [
            (int(price * 2), round(ahead / LOT, 6), others / LOT)
            for price, _, ahead, others in places
        ]
        assert seen == sorted(truth, reverse=True)

    @invariant()
    def holds_always(self) -> None:
        for side in ("bid", "ask"):
            for _, amount, ahead, others in self.rig.snapshot()["queue"][side]:
                assert amount >= 0
                assert 0 <= ahead <= others
        assert self.rig.halted() == ""


class CancellingMachine(QueueMachine):
    """The same with others that cancel, anywhere in the line, and missed frames."""

    def __init__(self) -> None:
        super().__init__()
        self.cancels = True


SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestQueueExact = QueueMachine.TestCase
TestQueueExact.settings = SETTINGS
TestQueueCancelling = CancellingMachine.TestCase
TestQueueCancelling.settings = SETTINGS

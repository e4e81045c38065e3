"""Orders, position and credits against a slow venue that answers when it likes.

The venue delays, reorders across the answer and the channel, refuses, loses answers,
fills at any moment; the line breaks and comes back. After every step the worst the
venue could make of everything sent stays inside the limit; after everything has been
said, both sides agree.
"""

from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.oracles.venue import SlowVenue
from tests.rig import NAME, Rig

LIMIT_LOTS = 30
MID = 130_000
RATE, BURST, RESERVE = 20, 40, 4
levels = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 25)), min_size=0, max_size=4
)


class OrdersMachine(RuleBasedStateMachine):
    """One core against one slow venue."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig({"position_max_lots": LIMIT_LOTS}, rate=RATE, burst=BURST)
        self.venue = SlowVenue(NAME)
        # The venue's bucket, exactly; it starts at what an earlier run never spends.
        self.bucket = Fraction(RESERVE + 1) + Fraction(RATE * 2_000, 1000)
        self.bucket = min(self.bucket, Fraction(BURST))
        self.asked: list[int] = []
        self.rig.book([(MID - 1, 100)], [(MID + 1, 100)])
        self.collect()

    def collect(self) -> None:
        """Carry the requests over and pay for them."""
        text = self.rig.core.data_to_send(0)
        self.bucket -= len(text.splitlines())
        self.venue.receive(text)
        self.asked += self.rig.session.told("unknown")
        self.rig.session.calls.clear()

    @rule(bids=levels, asks=levels)
    def wish(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
        """The strategy changes its mind."""
        self.rig.wisher.bids = [(MID - p, q) for p, q in bids]
        self.rig.wisher.asks = [(MID + p, q) for p, q in asks]
        self.advance(1)
        self.rig.book([(MID - 1, 100)], [(MID + 1, 101)])
        self.collect()

    @rule(ms=st.integers(1, 400))
    def advance(self, ms: int) -> None:
        """Time passes."""
        self.bucket = min(Fraction(BURST), self.bucket + Fraction(RATE * ms, 1000))
        self.rig.advance(ms)
        self.collect()

    @precondition(lambda self: self.venue.requests)
    @rule(error=st.sampled_from([0, 0, 0, 0, 10009, 10040, 10005, 10001, 13028]))
    def work(self, error: int) -> None:
        """The venue executes or refuses one request.

        With an unclear error it may have executed it all the same.
        """
        if error in (10001, 13028):
            executed = self.venue.clock_ms % 2 == 0
            request = self.venue.requests[0]
            if executed:
                before = len(self.venue.frames)
                self.venue.work()
                answers = f'"id": {request["id"]}'.encode()
                self.venue.frames[before:] = [
                    f for f in self.venue.frames[before:] if answers not in f
                ]
                self.venue._answer(request["id"], error=error)
            else:
                self.venue.work(error)
        else:
            self.venue.work(error)

    @precondition(lambda self: self.venue.frames)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """One frame arrives; answers and the channel may overtake each other."""
        at = data.draw(st.integers(0, min(1, len(self.venue.frames) - 1)))
        self.rig.deliver(self.venue.frames.pop(at))
        self.collect()

    @precondition(lambda self: self.venue.open_orders())
    @rule(data=st.data(), apart=st.booleans())
    def fill(self, data: st.DataObject, apart: bool) -> None:
        """Somebody trades with us."""
        row = data.draw(st.sampled_from(self.venue.open_orders()))
        rest = int((row["amount"] - row["filled_amount"]) // 10)
        lots = data.draw(st.integers(1, rest))
        self.venue.trade(row["order_id"], lots * 10.0, apart)

    @precondition(lambda self: self.venue.open_orders())
    @rule(data=st.data())
    def pull(self, data: st.DataObject) -> None:
        """The venue cancels an order by itself."""
        row = data.draw(st.sampled_from(self.venue.open_orders()))
        self.venue.pull(row["order_id"])

    @precondition(lambda self: self.asked and not self.venue.requests)
    @rule()
    def answer_question(self) -> None:
        """The session asked about an order; the venue's word is passed on."""
        self.resolve(self.asked.pop(0))

    @rule(cod=st.booleans())
    def break_the_line(self, cod: bool) -> None:
        """The line breaks and comes back; recovery asks the venue about everything.

        What was on its way in either direction is lost. With `cod` the venue cancels.
        """
        self.venue.requests.clear()
        self.rig.core.connection_lost(0, self.rig.t_ns)
        if cod:
            for row in self.venue.open_orders():
                self.venue.pull(row["order_id"])
        self.venue.frames.clear()
        self.asked.clear()
        self.rig.core.connection_made(0, self.rig.t_ns)
        self.rig.core.set_quoting(False, "recovering")
        for slot in self.rig.core.open_slots():
            row = self.venue.find(slot["label"])
            self.rig.core.resolve(slot["slot"], row, slot["label"])
        for trade in self.venue.trades:
            self.rig.core.trade(trade)
        assert self.rig.snapshot()["position"] == float(self.venue.position)
        self.rig.book([(MID - 1, 100)], [(MID + 1, 100)])
        self.collect()
        self.rig.core.set_quoting(True, "recovered")

    def resolve(self, slot: int) -> None:
        """Say what the venue knows of the order in a slot, as of now."""
        while self.venue.frames:
            self.rig.deliver(self.venue.frames.pop(0))
        for known in self.rig.core.open_slots():
            if known["slot"] == slot and known["state"] == "unknown":
                row = self.venue.find(known["label"])
                self.rig.core.resolve(slot, row, known["label"])
        self.collect()

    @invariant()
    def nothing_broke(self) -> None:
        """The core has not halted."""
        assert self.rig.halted() == ""

    @invariant()
    def credits_are_never_exhausted(self) -> None:
        """The venue's own bucket still has something in it."""
        assert self.bucket >= 0

    @invariant()
    def exposure_is_bounded(self) -> None:
        """Whatever the venue makes of everything sent, the limit holds."""
        for direction, sign in (("buy", 1), ("sell", -1)):
            worst = 0
            edits: dict[str, float] = {}
            for request in self.venue.requests:
                params = request["params"]
                if request["method"] == f"private/{direction}":
                    worst += int(params["amount"])
                elif request["method"] == "private/edit":
                    edits[params["order_id"]] = params["amount"]
            for row in self.venue.open_orders():
                if row["direction"] == direction:
                    total = max(row["amount"], edits.get(row["order_id"], 0))
                    worst += int(total - row["filled_amount"])
            assert sign * int(self.venue.position) + worst <= LIMIT_LOTS * 10

    @invariant()
    def no_timer_stays_due(self) -> None:
        """Time passes: after a turn the next timer lies ahead."""
        self.rig.core.handle_timer(self.rig.t_ns)
        self.collect()
        assert self.rig.core.next_timer_ns() > self.rig.t_ns

    @invariant()
    def one_order_a_slot(self) -> None:
        """No slot has two open orders at the venue."""
        slots = [row["label"].split("-")[2] for row in self.venue.open_orders()]
        assert len(slots) == len(set(slots))

    def teardown(self) -> None:
        """Let everything be said, then compare."""
        for _ in range(60):
            while self.venue.requests:
                self.venue.work()
            while self.venue.frames:
                self.rig.deliver(self.venue.frames.pop(0))
            self.advance(500)
            for slot in list(self.asked):
                self.asked.remove(slot)
                self.resolve(slot)
            if not (self.venue.requests or self.venue.frames):
                break
        for _ in range(20):
            self.settle_once()
        self.compare()

    def settle_once(self) -> None:
        """One quiet second with a venue that answers at once."""
        self.advance(1000)
        while self.venue.requests:
            self.venue.work()
        while self.venue.frames:
            self.rig.deliver(self.venue.frames.pop(0))
        for slot in list(self.asked):
            self.asked.remove(slot)
            self.resolve(slot)

    def compare(self) -> None:
        """Both sides tell the same story."""
        assert self.rig.halted() == ""
        ours: dict[str, Any] = {
            s["label"]: (s["price_ticks"] * 0.5, s["amount_lots"] * 10.0)
            for s in self.rig.core.open_slots()
        }
        theirs = {
            r["label"]: (r["price"], r["amount"]) for r in self.venue.open_orders()
        }
        assert ours == theirs
        assert self.rig.snapshot()["position"] == float(self.venue.position)
        assert self.rig.core.fills_booked() == len(self.venue.trades)


OrdersMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None
)
TestOrders = OrdersMachine.TestCase

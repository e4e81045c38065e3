"""Orders, position and credits against a slow venue that answers when it likes.

The venue delays, reorders across the answer and the channel, refuses, loses answers,
drops edits for newer ones, moves post-only prices, holds cancels, fills at any moment;
the line breaks and comes back, and what was sent before may still be carried out until
its last chance has passed. After every step the worst the venue could make of all that
was sent stays inside the limit; after everything has been said, both sides agree.
"""

from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.oracles.venue import SlowVenue
from tests.rig import MS, NAME, Rig

LIMIT_LOTS = 30
MID = 130_000
RATE, BURST, RESERVE = 20, 40, 4
VALID_MS, ACK_MS = 700, 1_000
UNCLEAR = (10001, 13028)
REFUSALS = [0] * 8 + [10009, 10040, 10005, 10041, 11054, 14999, *UNCLEAR]
levels = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 25)), min_size=0, max_size=4
)


class OrdersMachine(RuleBasedStateMachine):
    """One core against one slow venue."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(
            {"position_max_lots": LIMIT_LOTS},
            rate=RATE,
            burst=BURST,
            valid_for_ns=VALID_MS * MS,
            ack_timeout_ns=ACK_MS * MS,
        )
        self.rig.core.set_venue_clock(0)
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
        self.venue.clock_ms = max(self.venue.clock_ms, self.rig.t_ns // MS)
        self.collect()

    @precondition(lambda self: self.venue.requests)
    @rule(
        error=st.sampled_from(REFUSALS),
        moved=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
        holds=st.booleans(),
    )
    def work(self, error: int, moved: float, holds: bool) -> None:
        """The venue executes or refuses one request.

        With an unclear error it may have executed it all the same.
        """
        request = self.venue.requests[0]
        if error not in UNCLEAR or self.venue.clock_ms % 2:
            self.venue.work(error, moved, holds)
            return
        before = len(self.venue.frames)
        self.venue.work()
        answers = f'"id": {request["id"]}'.encode()
        self.venue.frames[before:] = [
            f for f in self.venue.frames[before:] if answers not in f
        ]
        self.venue._answer(request["id"], error=error)

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

    @precondition(lambda self: self.asked)
    @rule()
    def answer_question(self) -> None:
        """The session asked about an order; the venue's word is passed on."""
        self.resolve(self.asked.pop(0))

    @rule(cod=st.booleans(), late=st.integers(0, 4))
    def break_the_line(self, cod: bool, late: int) -> None:
        """The line breaks and comes back; recovery asks the venue about everything.

        What was on its way in either direction is lost, but for a few requests that
        already lie in the venue's queue. With `cod` the venue cancels, before those.
        """
        queued, self.venue.requests = self.venue.requests[:late], []
        self.rig.core.connection_lost(0, self.rig.t_ns)
        if cod:
            for row in self.venue.open_orders():
                self.venue.pull(row["order_id"])
        self.rig.core.connection_made(0, self.rig.t_ns)
        self.rig.core.set_quoting(False, "recovering")
        self.venue.requests = queued
        while self.venue.requests:
            self.advance(200)
            self.venue.work()
        self.advance(2 * VALID_MS)
        self.venue.frames.clear()
        self.asked.clear()
        for slot in self.rig.core.open_slots():
            assert self.resolve_final(slot), "nothing can be on its way any more"
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
                self.resolve_final(known)
        self.collect()

    def resolve_final(self, known: dict[str, Any]) -> bool:
        """Pass the venue's word on if it is final: an end, or no chance is left."""
        row = self.venue.find(known["label"])
        is_over = row is not None and row["order_state"] != "open"
        is_final = is_over or self.venue.clock_ms > known["valid_until_ms"]
        if is_final:
            self.rig.core.resolve(known["slot"], row, known["label"])
        return is_final

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
            edits: dict[str, list[float]] = {}
            for request in self.venue.requests:
                params = request["params"]
                if params.get("valid_until", self.venue.clock_ms) < self.venue.clock_ms:
                    continue  # it will be refused
                if request["method"] == f"private/{direction}":
                    worst += int(params["amount"])
                elif request["method"] == "private/edit":
                    edits.setdefault(params["order_id"], []).append(params["amount"])
            for row in self.venue.open_orders():
                if row["direction"] == direction:
                    total = max(row["amount"], *edits.get(row["order_id"], [0]))
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

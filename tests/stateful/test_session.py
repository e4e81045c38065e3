"""The session under any order of events: what must never happen, never does.

The venue here answers late, out of order, wrongly or not at all; connections come and
go; the operator interferes. After every step a slow, independent account is compared:
who may quote, what cancel-on-disconnect said on this very connection, and the credits
the venue would have counted.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.unit.session.stand_in import (
    SECOND,
    Desk,
    order,
    unknown_slot,
)

CODES = [10028, 10040, 10047, 10049, 11051, 13009, 13028, 13778, 10004, 424242]
SHAPES: list[Any] = [None, [], {}, "ok", 7, [None], {"trades": 3}]
NOT_PAID = ("private/cancel", "private/cancel_all_by_instrument")


class VenueCredits:
    """What the venue counts, in fractions: pool sizes and costs as documented."""

    def __init__(self) -> None:
        self.requests = Fraction(50_000)
        self.subscribes = Fraction(30_000)
        self.at_ns = 0

    def pass_time(self, t_ns: int) -> None:
        gained = Fraction(max(0, t_ns - self.at_ns), SECOND) * 10_000
        self.requests = min(Fraction(50_000), self.requests + gained)
        self.subscribes = min(Fraction(30_000), self.subscribes + gained)
        self.at_ns = max(self.at_ns, t_ns)

    def pay(self, method: str) -> None:
        if method in NOT_PAID:
            return
        if method.endswith("/subscribe"):
            self.subscribes -= 3_000
        else:
            self.requests -= 500


class SessionMachine(RuleBasedStateMachine):
    """One session, one or two connections, and everything that can befall it."""

    @initialize(connections=st.sampled_from([1, 2]), on_start=st.booleans())
    def begin(self, connections: int, on_start: bool) -> None:
        self.desk = Desk(
            "BTC-PERPETUAL",
            "ETH-PERPETUAL",
            connections=connections,
            market_conn=connections - 1,
            on_start="adopt" if on_start else "cancel",
        )
        self.desk.now_ns = SECOND
        self.up = [False] * connections
        self.verified = False
        self.waiting: list[tuple[int, dict[str, Any]]] = []
        self.credits = VenueCredits()
        self.counted = 0
        self.is_over = False
        self.is_halted = False
        self.is_paused = False

    def conn(self, number: int) -> int:
        return number % len(self.up)

    def collect(self) -> None:
        """Take what was sent to the venue, and count its price."""
        self.credits.pass_time(self.desk.now_ns)
        for conn, frame in self.desk.unread():
            self.credits.pay(frame["method"])
            self.waiting.append((conn, frame))
        for conn, _ in self.desk.core.closed[self.counted :]:
            self.forget(conn)
        self.counted = len(self.desk.core.closed)

    def forget(self, conn: int) -> None:
        self.waiting = [(c, f) for c, f in self.waiting if c != conn]
        if conn == 0:
            self.verified = False

    # -- connections

    @rule(number=st.integers(0, 1))
    def connect(self, number: int) -> None:
        conn = self.conn(number)
        if not self.up[conn]:
            self.up[conn] = True
            self.forget(conn)
            self.desk.connect(conn)
            self.collect()

    @rule(number=st.integers(0, 1))
    def lose(self, number: int) -> None:
        conn = self.conn(number)
        if self.up[conn]:
            self.up[conn] = False
            self.forget(conn)
            self.desk.lose(conn)
            self.collect()

    # -- answers

    def answer(self, at: int) -> tuple[int, dict[str, Any]] | None:
        if not self.waiting:
            return None
        conn, frame = self.waiting.pop(at % len(self.waiting))
        return (conn, frame) if self.up[conn] else None

    @rule(at=st.integers(0, 50))
    def answer_one(self, at: int) -> None:
        found = self.answer(at)
        if found:
            conn, frame = found
            cod = self.desk.venue.cod
            if frame["method"] == "private/get_cancel_on_disconnect":
                self.verified = cod["enabled"] is True
            self.desk.respond(conn, frame)
            self.collect()

    @rule()
    def answer_everything(self) -> None:
        for _ in range(80):
            if not self.waiting:
                return
            self.answer_one(0)

    @rule(at=st.integers(0, 50), code=st.sampled_from(CODES))
    def answer_with_an_error(self, at: int, code: int) -> None:
        found = self.answer(at)
        if found:
            conn, frame = found
            error = {"code": code, "message": "refused"}
            self.desk.frame({"id": frame["id"], "error": error}, conn)
            self.collect()

    @rule(at=st.integers(0, 50), shape=st.sampled_from(SHAPES))
    def answer_with_nonsense(self, at: int, shape: Any) -> None:
        found = self.answer(at)
        if found:
            conn, frame = found
            if frame["method"] == "private/get_cancel_on_disconnect":
                self.verified = False
            self.desk.frame({"id": frame["id"], "result": shape}, conn)
            self.collect()

    @rule(at=st.integers(0, 50))
    def swallow(self, at: int) -> None:
        self.answer(at)

    @rule()
    def be_left_alone(self) -> None:
        """Nothing goes wrong for a while: the way to quoting is walked to its end."""
        for conn in range(len(self.up)):
            self.connect(conn)
        for _ in range(20):
            self.answer_everything()
            self.pass_time(0.05)

    @rule(enabled=st.booleans())
    def change_cod(self, enabled: bool) -> None:
        self.desk.venue.cod = {"scope": "connection", "enabled": enabled}

    # -- time

    @rule(seconds=st.sampled_from([0.001, 0.05, 1.0, 6.0, 40.0]))
    def pass_time(self, seconds: float) -> None:
        end_ns = self.desk.now_ns + int(seconds * SECOND)
        for _ in range(10_000):
            due_ns = self.desk.session.next_timer_ns()
            if not due_ns or due_ns > end_ns:
                break
            self.desk.now_ns = max(self.desk.now_ns, due_ns)
            self.desk.session.on_timer(self.desk.now_ns)
            self.collect()
            after_ns = self.desk.session.next_timer_ns()
            assert after_ns == 0 or after_ns > self.desk.now_ns
        else:
            raise AssertionError("the session never lets time pass")
        self.desk.now_ns = end_ns

    # -- what the core and the venue tell

    @rule(index=st.integers(0, 2))
    def gap(self, index: int) -> None:
        if index in self.desk.core.book_states:
            self.desk.core.book_states[index] = "gapped"
        self.desk.session.on_gap(index, self.desk.now_ns)
        self.collect()

    @rule(slot=st.integers(0, 3))
    def doubt(self, slot: int) -> None:
        if self.desk.core.bound:
            label = f"hs-abcd1234-{slot}-{self.desk.now_ns}"
            self.desk.core.slots[slot] = unknown_slot(slot, label)
            self.desk.session.on_unknown(slot, self.desk.now_ns)
            self.collect()

    @rule(number=st.integers(0, 5), ours=st.booleans())
    def leave_an_order(self, number: int, ours: bool) -> None:
        label = f"hs-00000001-{number}-1" if ours else "manual"
        self.desk.venue.orders.append(order(f"{number}", label))

    @rule(maintenance=st.booleans())
    def maintain(self, maintenance: bool) -> None:
        conn = self.desk.settings.market_conn
        if self.up[conn]:
            self.desk.notify("platform_state", {"maintenance": maintenance}, conn)
            self.collect()

    @rule(state=st.sampled_from(["open", "settlement", "locked"]))
    def change_state(self, state: str) -> None:
        conn = self.desk.settings.market_conn
        if self.up[conn]:
            data = {"instrument_name": "BTC-PERPETUAL", "state": state}
            self.desk.notify("instrument.state.any.any", data, conn)
            self.collect()

    @rule(number=st.integers(0, 1))
    def test_request(self, number: int) -> None:
        conn = self.conn(number)
        if self.up[conn]:
            self.desk.frame(
                {"method": "heartbeat", "params": {"type": "test_request"}}, conn
            )
            self.collect()

    # -- the operator

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.is_paused = paused
        self.desk.command("pause" if paused else "resume")
        self.collect()

    @precondition(lambda self: self.desk.now_ns > 60 * SECOND)
    @rule()
    def stop(self) -> None:
        self.is_over = True
        self.desk.command("stop")
        self.collect()

    @precondition(lambda self: self.desk.now_ns > 60 * SECOND)
    @rule()
    def halt(self) -> None:
        self.is_halted = True
        self.desk.session.on_halt(self.desk.now_ns, "a fault")
        self.collect()

    # -- what must hold

    @invariant()
    def quoting_is_allowed_only_when_everything_is_in_order(self) -> None:
        if not self.desk.core.may_quote:
            return
        assert self.desk.state == "quoting"
        assert all(self.up), "a connection is missing"
        assert self.verified, "cancel-on-disconnect did not read back as on"
        assert not self.is_over
        assert not self.is_halted
        assert not self.is_paused
        assert not self.desk.core.halted
        assert self.desk.session.snapshot()["cod"]["verified"]
        assert self.desk.session.snapshot()["holds"] == []

    @invariant()
    def the_venues_credits_are_never_exhausted(self) -> None:
        assert self.credits.requests >= 0
        assert self.credits.subscribes >= 0

    @invariant()
    def tables_stay_inside_their_bounds(self) -> None:
        session = self.desk.session
        assert len(session._rpc._pending) <= 256
        assert len(session._rpc._waiting) <= 256
        assert len(session._runner._flows) <= 16
        assert all(len(text) <= 240 for _, _, text in self.desk.core.noted)

    @invariant()
    def nothing_is_said_on_a_closed_line(self) -> None:
        for link, up in zip(self.desk.session._ctx.links, self.up, strict=True):
            assert up or not link.is_up

    def teardown(self) -> None:
        """However it went: left alone with a sound venue, it comes back or is over."""
        if not hasattr(self, "desk"):
            return
        desk = self.desk
        desk.venue.cod = {"scope": "connection", "enabled": True}
        desk.venue.orders = []
        desk.core.slots = {}
        desk.command("resume")
        for conn in range(len(self.up)):
            desk.lose(conn)
        desk.read = len(desk.core.sent)
        for conn in range(len(self.up)):
            desk.connect(conn)
        desk.until(30)
        if self.is_over:
            assert desk.state == "stopped"
        elif self.is_halted or desk.core.halted:
            assert desk.state == "halted"
        else:
            assert desk.state == "quoting", desk.core.noted[-20:]


TestSession = pytest.mark.stateful(SessionMachine.TestCase)
TestSession.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)

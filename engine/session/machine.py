"""The session: everything between "connected" and "may quote", and the way back out.

The session talks to the venue about everything that is neither market data nor an
order: login, heartbeats, cancel-on-disconnect, instruments, account, subscriptions,
recovery, the end. It is sans-IO: bytes and times come in through the hooks the core
calls, frames go out through ``core.send``, and the core carries both. It owns no clock,
no random source and no socket, so a replayed journal makes it say the same again.

How it is built. What has a beginning and an end is a *script* (`flow.py`): a generator
that reads top to bottom, asks the venue, sleeps, and says by an exception that a
connection cannot go on (`Reconnect`) or that nothing will help (`Unusable`). The
scripts: ``bring_up`` per connection, one ``recover`` for start and reconnect alike,
``recheck`` and ``cod.keep_on`` once a minute, ``refresh`` of a token, ``resync`` of
unreadable books, ``reopen`` when the venue opens an instrument, ``resolve_doubted`` for
orders of unknown fate, ``stop`` and ``hold_down`` at the end. What has neither, the
watch on silence and deadlines, is looked at in `on_timer`. This file is where they
meet: which state we are in, which script may run, and whether the core may quote.

The states and the table of what leads from one to another: `states.py`.

What always holds: quoting is allowed in QUOTING alone, and QUOTING is reached only
through a complete recovery on connections none of which has been lost since; on the
orders connection cancel-on-disconnect was switched on and read back. A request has a
deadline, a script ends with the connections it stands on, tables and queues are
bounded (`rpc.py`).

Elsewhere: orders and their states (the core), sockets and back-off between connections
(the shell), secrets (the shell's signer).

Source: docs.deribit.com, connection management and public/auth, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.errors import RequestRejected
from engine.session import checkpoint, cod, windup
from engine.session.account import watch_account
from engine.session.attribution import LastingAttribution
from engine.session.attribution import snapshot as attributed
from engine.session.auth import Nonce, refresh
from engine.session.bringup import bring_up
from engine.session.context import Context
from engine.session.drift import DriftWatch
from engine.session.flow import Flow, Script
from engine.session.lateness import TIMED_OUT, Lateness, measure_clock
from engine.session.ledger.poll import keep_tied
from engine.session.link import Link, Silence, Stage
from engine.session.notices import ignore, read_frame
from engine.session.orders import resolve_doubted
from engine.session.plan import QuotePlan, SessionSettings
from engine.session.port import CorePort
from engine.session.recheck import Timetable, recheck
from engine.session.recover import recover, unreadable
from engine.session.resync import Resync, reopen
from engine.session.risk.officer import RiskOfficer
from engine.session.rpc import Rpc
from engine.session.runner import Runner
from engine.session.signals import LastingSignals
from engine.session.states import ENDING, GOING, Event, State, next_state
from engine.session.strays import Strays, cancel_strays
from engine.session.tickets import tickets as ticketing
from engine.session.verdict import (
    LoginRefused,
    Reconnect,
    Unusable,
    Verdict,
    short,
    verdict_of,
)

__all__ = ["QuotePlan", "Session", "SessionSettings"]

STOP_NS = 10_000_000_000
"""A stop takes no longer than this; then what is still open is counted as such."""

WORK = ("account", "recover", "recheck", "resync", "reopen", "resolve", "tickets")
"""Scripts that lead to quoting or repair it."""

_NS = 1_000_000_000


class Session:
    """The hooks the core calls, in any order the world brings them."""

    def __init__(
        self, core: CorePort, settings: SessionSettings, plans: Sequence[QuotePlan]
    ) -> None:
        self._core = core
        self._ctx = Context(core, settings, plans)
        self._rpc = Rpc(core, self._ctx.credits, settings.request_timeout_ns)
        self._runner = Runner(self._rpc, self._ctx.clock, self._fail)
        self._silence = Silence(settings.heartbeat_s * _NS, settings.request_timeout_ns)
        self._resync = Resync()
        self._timetable = Timetable(settings.recheck_ns)
        self._risk = self._ctx.lasting["risk"] = RiskOfficer(self._ctx)
        self._ctx.lasting["attribution"] = LastingAttribution(core)
        self._ctx.lasting["signals"] = LastingSignals(self._ctx)
        self._nonce = Nonce()
        self._lateness = Lateness()
        self._strays = Strays()
        self._drift = DriftWatch(plans)
        self._tickets = ticketing.Tickets()
        self._doubted: dict[int, None] = {}
        self._state = State.CONNECTING
        self._said: tuple[bool, str] | None = None
        self._next_ns = 0
        self._stop_by_ns = 0
        self._is_refused = False
        self._is_cleared = False
        self._may_read_back = True
        self._open_at_exit: int | None = None

    # -- hooks

    def on_connected(self, conn: int, t_ns: int) -> None:
        """Begin with a fresh connection; the entropy command came before."""
        self._begin(t_ns)
        link = self._ctx.links[conn]
        if link.is_up:
            self._line_broke(link)
        if not self.wants_lines or self._state is State.STOPPED or self._is_refused:
            link.gone(Stage.CLOSING)
            self._core.close(conn, "the session is over")
        else:
            link.connected(t_ns)
            self._is_cleared = False
            self._may_read_back = True
            script = bring_up(self._ctx, link, self._nonce.take(), self._progress)
            self._runner.start(Flow(f"bring up {conn}", [conn], script))
        self._end()

    def on_lost(self, conn: int, t_ns: int) -> None:
        """A connection is gone, whoever ended it."""
        self._begin(t_ns)
        link = self._ctx.links[conn]
        if link.is_up:
            self._ctx.note("warning", "lost", f"connection {conn} is lost")
            self._line_broke(link)
        link.gone(Stage.DOWN)
        self._end()

    def on_control(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Read a frame no other room knows."""
        self._begin(t_ns)
        link = self._ctx.links[conn]
        if link.is_up:
            link.hear(t_ns)
            try:
                read_frame(self._ctx, self._rpc, link, payload)
            except Reconnect as decision:
                self._close(decision.conn, decision.reason, decision.level)
        self._end()

    def on_command(self, t_ns: int, cmd: dict[str, Any]) -> None:
        """Obey the shell or the operator."""
        self._begin(t_ns)
        name = cmd.get("cmd")
        if name == "entropy":
            self._take_entropy(cmd)
        elif name == "stop":
            self._stop()
        elif name == "pause":
            self._ctx.holds["operator"] = "paused by the operator"
        elif name == "resume":
            self._ctx.holds.pop("operator", None)
        elif name == "restore":
            was_there = any(link.connections for link in self._ctx.links)
            checkpoint.restore(self._ctx, cmd.get("checkpoint"), was_there)
        elif name == "kept":
            checkpoint.kept(self._ctx)
        elif name == "cancel_all":
            self._ctx.holds["operator"] = "everything cancelled by the operator"
            self._ctx.kill.start("operator", t_ns)
        elif name == "errand_done":
            self._on_errand(cmd)
        elif name in ticketing.COMMANDS:
            self._ticket(cmd)
        elif not self._risk.obey(cmd) and name != "halt":  # the core's own
            self._ctx.note("error", "command", f"unknown command {short(name, 40)}")
        self._end()

    def on_timer(self, t_ns: int) -> None:
        """Do what is due."""
        self._begin(t_ns)
        for link in self._ctx.links:
            self._watch(link)
        for pending in self._rpc.overdue(t_ns):
            seconds = self._ctx.settings.request_timeout_ns / _NS
            text = f"{pending.method} unanswered for {seconds:g} s"
            self._close(pending.conn, text, "error")
        self._lateness.pass_time(self._ctx)
        self._strays.pass_time(self._ctx)
        if self._state is State.STOPPING and t_ns >= self._stop_by_ns:
            self._finish_stop(self._ctx.open_ours)
        if self._state in GOING and self._timetable.is_due(self._ctx):
            self._look_at_everything()
        self._risk.watch()
        self._drift.watch(self._ctx)
        self._runner.step()
        self._end()

    def next_timer_ns(self) -> int:
        """Return when `on_timer` wants to be called. Empty: 0, never."""
        due_ns = self._risk.due_ns
        if due_ns and self._next_ns:
            return min(due_ns, self._next_ns)
        return due_ns or self._next_ns

    @property
    def wants_lines(self) -> bool:
        """Whether the shell should connect; after a disconnect by the ladder, no."""
        return self._state is not State.DISCONNECTED

    def on_gap(self, index: int, t_ns: int) -> None:
        """A book cannot be read: subscribe it anew."""
        self._begin(t_ns)
        self._repair((index,))
        self._runner.step()
        self._end()

    def on_unknown(self, slot: int, t_ns: int) -> None:
        """Nobody knows what became of an order: ask. Else recovery or the end does."""
        self._begin(t_ns)
        if self._state in GOING:
            self._doubted[slot] = None
            self._start_once(
                "resolve", lambda: resolve_doubted(self._ctx, self._doubted)
            )
        self._end()

    def on_refused(self, index: int, code: int, t_ns: int) -> None:
        """An order request was answered by an error; the core has dealt with it."""
        self._begin(t_ns)
        if code == TIMED_OUT:
            self._lateness.note(self._ctx)
            self._start_once("clock", lambda: measure_clock(self._ctx))
        self._end()

    def on_stray(self, order: dict[str, Any]) -> None:
        """An open order is in no slot of the core."""
        self._begin(order["now_ns"])
        self._strays.note(self._ctx, order)
        ready = self._ctx.orders_link.stage is Stage.READY
        if ready and self._strays.doomed:
            self._start_once("strays", lambda: cancel_strays(self._ctx, self._strays))
        self._end()

    def on_fill(self, fill: dict[str, Any]) -> None:
        """Book it; another hook may be running, so nothing else is done."""
        now_ms = self._ctx.clock.venue_ms(fill["now_ns"]) or 0
        self._ctx.booked.note(fill, now_ms)
        self._ctx.ledger.on_fill(fill)
        self._risk.hurry()
        self._tickets.on_fill(self._ctx, fill)

    def on_halt(self, t_ns: int, reason: str) -> None:
        """The core has cancelled everything; see that the venue did, too."""
        self._begin(t_ns)
        if self._state is not State.HALTED:
            self._ctx.last_error = short(reason)
            self._drop_work()
            self._move(Event.HALT)
        self._ctx.kill.note_asked(reason, t_ns)
        self._end()

    def snapshot(self) -> dict[str, Any]:
        """Return what metrics, view and report show of the session."""
        ctx = self._ctx
        expires_ns = ctx.orders_link.expires_ns
        return {
            "state": self._state.value,
            "wants_lines": self.wants_lines,
            "risk": self._risk.snapshot(),
            "cod": ctx.cod.snapshot(ctx.now_ns),
            "reconnects": sum(max(0, link.connections - 1) for link in ctx.links),
            "open_orders_at_exit": self._open_at_exit,
            "token_expires_in_s": (
                max(0, expires_ns - ctx.now_ns) / _NS if expires_ns else None
            ),
            "clock_offset_ms": ctx.clock.offset_ms,
            "foreign_orders": ctx.foreign_orders,
            "last_error": ctx.last_error,
            "balances": dict(ctx.balances),
            "holds": list(ctx.holds.values()),
            "kill": ctx.kill.snapshot(),
            "ledger": ctx.ledger.snapshot(),
            "attribution": attributed(ctx),
            "tickets": self._tickets.rows(),
            "drift": self._drift.snapshot(),
            "differences": {
                "fills_fetched": ctx.booked.fetched,
                **vars(ctx.differences),
            },
        }

    def checkpoint(self) -> dict[str, Any]:
        """Return what a later run has to know. Empty: {}, nothing is certain yet."""
        return checkpoint.collect(self._ctx)

    # -- around every hook

    def _begin(self, t_ns: int) -> None:
        self._ctx.now_ns = self._runner.now_ns = t_ns

    def _end(self) -> None:
        """Send what may be sent, start what may start, say whether we quote."""
        self._rpc.pump(self._ctx.now_ns)
        self._risk.apply()
        offset_ns = self._ctx.clock.offset_ns
        if offset_ns is not None:
            self._core.set_venue_clock(offset_ns)
        self._progress()
        if self._state in GOING and self._ctx.has_delivery:
            self._ctx.has_delivery = False
            self._timetable.hasten(self._ctx)
        if self._state in GOING and self._ctx.has_opened:
            self._start_once("reopen", lambda: reopen(self._ctx), self._reopened)
        if self._state in GOING and self._tickets.has_work:
            self._start_once("tickets", lambda: self._tickets.work(self._ctx))
        if self._state is State.QUOTING and self._ctx.holds:
            self._move(Event.HELD)
        elif self._state is State.PAUSED and not self._ctx.holds:
            self._move(Event.RELEASED)
        self._say_quoting()
        self._set_timer()

    def _set_timer(self) -> None:
        ctx = self._ctx
        times = [self._rpc.next_ns(ctx.now_ns), self._runner.next_ns()]
        times += [self._lateness.until_ns, self._strays.until_ns, self._drift.due_ns]
        for link in ctx.links:
            times += [self._silence.next_ns(link), link.refresh_ns]
        if self._state is State.STOPPING:
            times.append(self._stop_by_ns)
        elif self._state in GOING:
            times.append(self._timetable.next_ns)
        self._next_ns = min((time for time in times if time), default=0)

    def _move(self, event: Event) -> None:
        before, self._state = self._state, next_state(self._state, event)
        if before is not self._state:
            text = f"{before.value} -> {self._state.value}: {event.value}"
            self._ctx.note("info", "state", text)

    def _say_quoting(self) -> None:
        allowed = self._state is State.QUOTING
        reason = self._state.value
        if self._state is State.PAUSED:
            reason = "; ".join(self._ctx.holds.values()) or reason
        if self._said != (allowed, reason):
            self._said = (allowed, reason)
            self._core.set_quoting(allowed, short(reason))

    def _progress(self) -> None:
        """Go on as far as the connections allow."""
        ctx, links = self._ctx, self._ctx.links
        if self._state is State.CONNECTING and all(link.is_up for link in links):
            self._move(Event.CONNECTED)
        is_in = all(link.is_logged_in for link in links)
        if self._state is State.AUTHENTICATING and is_in:
            self._move(Event.LOGGED_IN)
        if self._state is State.DISCONNECTED and not self._risk.wants_out:
            self._move(Event.REARMED)
        ready = all(link.stage is Stage.READY for link in links)
        if self._risk.wants_out and self._state not in ENDING:
            if ctx.orders_link.stage is Stage.READY:
                self._drop_work()
                self._start_once("leave", lambda: windup.stop(ctx), self._leave)
            return
        self._runner.drop("leave")
        if self._state is State.PREPARING and ready:
            self._recover()
        if self._state in GOING:
            self._start_once("account", lambda: watch_account(ctx))
            self._start_once("cod", lambda: cod.keep_on(ctx))
        if ctx.orders_link.stage is not Stage.READY:
            return
        if self._state is State.STOPPING:
            self._start_once(
                "stop", lambda: windup.stop(ctx), lambda: self._finish_stop(0)
            )
        elif self._state is State.HALTED and not self._is_cleared:
            self._start_once(
                "hold down", lambda: windup.hold_down(ctx), self._held_down
            )
        elif ctx.kill.is_pending and self._may_read_back:
            self._start_once("read back", lambda: windup.read_back(ctx))

    # -- scripts

    def _start_once(
        self,
        name: str,
        make: Callable[[], Script[None]],
        then: Callable[[], None] | None = None,
    ) -> None:
        """Start a script on the orders connection, unless it runs already."""
        if self._runner.find(name) is None:
            conn = self._ctx.settings.orders_conn
            self._runner.start(Flow(name, [conn], make(), then))

    def _recover(self) -> None:
        """Start recovery, which stands on every connection, unless it runs already."""
        if self._runner.find("recover") is None:
            script = recover(self._ctx, lambda: self._move(Event.PREPARED))
            conns = [link.conn for link in self._ctx.links]
            self._runner.start(Flow("recover", conns, script, self._recovered))

    def _repair(self, indices: Iterable[int]) -> None:
        """Subscribe books anew that cannot be read."""
        ctx, link = self._ctx, self._ctx.market_link
        if link.stage is not Stage.READY or self._state in ENDING:
            return
        for index in indices:
            one = ctx.by_index(index)
            if one is not None and not one.is_retired:
                self._resync.gap(ctx, index)
        if self._resync.next_ns() and self._runner.find("resync") is None:
            script = self._resync.run(ctx)
            self._runner.start(Flow("resync", [link.conn], script))
        self._runner.wake("resync", self._resync.next_ns())

    def _reopened(self) -> None:
        open_ones = [one for one in self._ctx.subscribed() if not one.hold]
        self._repair(one.index for one in unreadable(self._ctx, open_ones))

    def _recovered(self) -> None:
        self._timetable.begin(self._ctx)
        self._move(Event.RECOVERED)
        if self._ctx.settings.tie_out_ns:
            self._start_once("ledger", lambda: keep_tied(self._ctx))

    def _look_at_everything(self) -> None:
        """Compare with the venue now, or right after the look that is under way."""
        if self._runner.find("recheck"):
            self._timetable.hasten(self._ctx)
            return
        self._timetable.begin(self._ctx)
        self._start_once("recheck", lambda: recheck(self._ctx))

    def _ticket(self, cmd: dict[str, Any]) -> None:
        """Take an order outside the quotes, unless nothing may be sent now."""
        if self._state in GOING:
            self._tickets.obey(self._ctx, cmd)
        else:
            text = f"{cmd['cmd']}: not while the session is {self._state.value}"
            self._ctx.note("error", "ticket", text)

    def _leave(self) -> None:
        """The venue shows none of ours: close the lines and stay away."""
        self._move(Event.LEFT)
        for link in self._ctx.links:
            self._close(link.conn, "disconnected by the kill ladder", "warning")

    def _held_down(self) -> None:
        self._is_cleared = True
        self._open_at_exit = 0
        self._ctx.note("info", "halt", "the venue shows no open order of ours")

    def _drop_work(self) -> None:
        """End what leads to quoting or repairs it; a look is taken anew."""
        if self._runner.find("recheck"):
            self._timetable.hasten(self._ctx)
        for name in WORK:
            self._runner.drop(name)
        self._resync.forget()
        self._doubted.clear()

    def _fail(self, flow: Flow, error: Exception) -> None:
        """Decide what the error that ended a script means for the session."""
        if isinstance(error, Reconnect):
            self._close(error.conn, error.reason, error.level)
            return
        code = error.code if isinstance(error, RequestRejected) else 0
        if isinstance(error, LoginRefused):
            self._is_refused = True
        if isinstance(error, Unusable) or verdict_of(code) is Verdict.REFUSED:
            self._give_up(str(error))
            return
        for conn in flow.conns:
            self._close(conn, f"{flow.name}: {error}", "error")

    # -- the way down

    def _close(self, conn: int, reason: str, level: str) -> None:
        """Give a connection up; the shell makes a new one."""
        link = self._ctx.links[conn]
        if not link.is_up:
            return
        self._ctx.note(level, "close", f"connection {conn}: {reason}")
        link.gone(Stage.CLOSING)
        self._line_broke(link)
        self._core.close(conn, short(reason))

    def _line_broke(self, link: Link) -> None:
        """Undo what a connection stood for."""
        ctx = self._ctx
        self._move(Event.LOST)
        self._runner.drop_conn(link.conn)
        self._runner.drop("recheck")
        self._runner.drop("reopen")
        if link is ctx.orders_link:
            self._tickets.lost(ctx)
            ctx.cod.forget()
            ctx.holds.pop(cod.HOLD, None)
            self._doubted.clear()
        if link is ctx.market_link:
            self._resync.forget()
            for one in ctx.listings.values():
                if one.index >= 0:
                    self._core.expect_snapshot(one.index)

    def _give_up(self, reason: str) -> None:
        """Stop for good: no new connection would help."""
        self._ctx.note("critical", "halt", reason)
        self._may_read_back = False
        if self._state is State.STOPPING:
            self._finish_stop(self._ctx.open_ours)
        elif self._state is State.HALTED:
            self._is_cleared = True
        elif self._state is not State.STOPPED:
            self._drop_work()
            self._move(Event.HALT)
            self._core.halt(short(reason))

    def _stop(self) -> None:
        if self._state in (State.STOPPING, State.STOPPED):
            return
        was_away = self._state is State.DISCONNECTED
        self._drop_work()
        self._runner.drop("hold down")
        self._runner.drop("leave")
        self._stop_by_ns = self._ctx.now_ns + STOP_NS
        self._is_cleared = False
        self._ctx.open_ours = None
        self._move(Event.STOP)
        was_there = any(link.connections for link in self._ctx.links)
        if was_away:
            self._finish_stop(0)
        elif self._is_refused or not was_there:
            self._finish_stop(None)
        elif self._ctx.orders_link.stage is not Stage.READY:
            self._core.errand("cancel_ours")

    def _finish_stop(self, open_orders: int | None) -> None:
        """Say how many of our orders are left, and hang up."""
        self._open_at_exit = open_orders
        self._move(Event.CLEARED)
        if open_orders == 0:
            self._ctx.note("info", "stop", "stopped, no order of ours is open")
        else:
            left = "an unknown number" if open_orders is None else str(open_orders)
            self._ctx.note("error", "stop", f"stopped, {left} of our orders open")
        for link in self._ctx.links:
            if link.is_up:
                self._runner.drop_conn(link.conn)
                link.gone(Stage.CLOSING)
                self._core.close(link.conn, "stopped")

    # -- what comes in

    def _watch(self, link: Link) -> None:
        """Look after one connection: its silence and its token."""
        t_ns = self._ctx.now_ns
        if self._silence.is_dead(link, t_ns):
            seconds = (t_ns - link.heard_ns) / _NS
            self._close(link.conn, f"silent for {seconds:.1f} s", "error")
            return
        probe = self._silence.probe(link, t_ns)
        if probe is not None:
            self._rpc.ask(probe, ignore, t_ns)
        if 0 < link.refresh_ns <= t_ns:
            link.refresh_ns = 0
            script = refresh(self._ctx, link)
            self._runner.start(Flow(f"refresh {link.conn}", [link.conn], script))

    def _on_errand(self, cmd: dict[str, Any]) -> None:
        """The other road has an answer; it is enough where this one is down."""
        if self._ctx.kill.on_errand(cmd) != 0:
            return
        is_down = self._ctx.orders_link.stage is not Stage.READY
        if self._state is State.STOPPING and is_down:
            self._finish_stop(0)
        elif self._state is State.HALTED and is_down and not self._is_cleared:
            self._held_down()

    def _take_entropy(self, cmd: dict[str, Any]) -> None:
        wall_ms, nonce = cmd.get("wall_ms"), cmd.get("nonce")
        if not isinstance(wall_ms, int) or not isinstance(nonce, str):
            self._ctx.note("error", "command", "entropy needs wall_ms and nonce")
            return
        self._ctx.clock.set_wall(self._ctx.now_ns, wall_ms)
        self._nonce.put(nonce)

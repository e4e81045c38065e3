"""Runs the scripts: sends what they ask, resumes them with what came."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.errors import VenueError
from engine.session.clock import Clock
from engine.session.flow import Ask, Flow, Reply, Sleep, Step
from engine.session.rpc import Rpc
from engine.session.verdict import Reconnect, Unusable

FLOWS_MAX = 16
"""Dialogues at the same time; the session has fewer kinds than that."""


class Runner:
    """The running scripts.

    ``fail`` is called with a flow and the error that ended it; errors that are neither
    the venue's nor a decision of a script are bugs and pass through.
    """

    def __init__(
        self, rpc: Rpc, clock: Clock, fail: Callable[[Flow, Exception], None]
    ) -> None:
        self.now_ns = 0
        self._rpc = rpc
        self._clock = clock
        self._fail = fail
        self._flows: list[Flow] = []

    def start(self, flow: Flow) -> None:
        """Run a script up to its first wait.

        Raises: RuntimeError beyond FLOWS_MAX, which would be a bug.
        """
        if len(self._flows) >= FLOWS_MAX:
            raise RuntimeError(f"more than {FLOWS_MAX} dialogues: {flow.name}")
        self._flows.append(flow)
        self._advance(flow, None)

    def find(self, name: str) -> Flow | None:
        """Return the running flow of a name. Empty: None."""
        for flow in self._flows:
            if flow.name == name:
                return flow
        return None

    def drop(self, name: str) -> None:
        """End the flow of a name, if it runs."""
        flow = self.find(name)
        if flow is not None:
            self._remove(flow)

    def drop_conn(self, conn: int) -> None:
        """End every flow that stands on a connection, and its requests."""
        for flow in [one for one in self._flows if conn in one.conns]:
            self._remove(flow)
        self._rpc.drop(conn)

    def wake(self, name: str, t_ns: int) -> None:
        """Let a sleeping flow go on at this time, if it would sleep longer."""
        flow = self.find(name)
        if flow is not None and flow.wake_ns > t_ns:
            flow.wake_ns = max(1, t_ns)

    def step(self) -> None:
        """Resume every flow whose sleep is over."""
        for flow in list(self._flows):
            if 0 < flow.wake_ns <= self.now_ns:
                flow.wake_ns = 0
                self._advance(flow, None)

    def next_ns(self) -> int:
        """Return when a flow wakes up. Empty: 0, none sleeps."""
        return min((one.wake_ns for one in self._flows if one.wake_ns), default=0)

    def _remove(self, flow: Flow) -> None:
        flow.drop()
        self._flows = [one for one in self._flows if one is not flow]

    def _advance(self, flow: Flow, value: Any) -> None:
        """Resume a script and do what it wants next."""
        while flow.alive:
            try:
                step = self._resume(flow, value)
                if not flow.alive:
                    # Something it did ended it while it was running.
                    flow.script.close()
                    return
                if isinstance(step, Sleep):
                    flow.wake_ns = self.now_ns + max(1, step.ns)
                    return
                asks = flow.expect(step)
                if asks:
                    self._send(flow, asks)
                    return
                value = []
            except StopIteration:
                was_alive = flow.alive
                self._remove(flow)
                if was_alive and flow.then is not None:
                    flow.then()
                return
            except (Reconnect, Unusable, VenueError) as error:
                was_alive = flow.alive
                self._remove(flow)
                if was_alive:
                    self._fail(flow, error)
                return

    def _resume(self, flow: Flow, value: Any) -> Step:
        flow.is_running = True
        try:
            return flow.script.send(value)
        finally:
            flow.is_running = False

    def _send(self, flow: Flow, asks: tuple[Ask, ...]) -> None:
        for at, ask in enumerate(asks):
            self._rpc.ask(ask, partial(self._deliver, flow, at), self.now_ns)

    def _deliver(self, flow: Flow, at: int, reply: Reply) -> None:
        """Take one answer; the last one a script waits for resumes it."""
        self._clock.sample(reply)
        if flow.alive and flow.deliver(at, reply):
            self._advance(flow, flow.answers())

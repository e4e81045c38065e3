"""Market-maker protection the slow way: everything is told again from the beginning.

A history is a list of what happened to one group; ``SlowGroup.state`` walks through all
of it whenever it is asked. Sizes are Decimal coins. The rules are written down once
more, from the venue's pages: a window starts with a trade and is over an interval
later, a limit that is met freezes the group when the taker is done, a reset cannot
thaw within the first second, nothing is counted while frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Config:
    """Limits in coins, times in seconds. Empty: None = no limit."""

    interval_s: int
    frozen_s: int
    quantity: Decimal | None
    delta: Decimal | None


@dataclass(frozen=True)
class Event:
    """What happened: new limits, a reset, or the fills of one taker (signed coins)."""

    t_ns: int
    config: Config | None = None
    fills: tuple[Decimal, ...] = ()


@dataclass
class State:
    """Where a group stands. Empty: frozen_until 0 = for ever, None = not frozen."""

    window_from: int | None = None
    quantity: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)
    frozen_until: int | None = None
    frozen_at: int = 0


@dataclass
class SlowGroup:
    """One group and its whole history."""

    events: list[Event] = field(default_factory=list)

    def state(self, now_ns: int) -> State:
        """Return where the group stands now."""
        state, config = State(), None
        for event in self.events:
            self._thaw(state, event.t_ns)
            if event.config is not None:
                config = event.config
            elif event.fills:
                assert config is not None
                self._fill(state, config, event)
            else:
                self._reset(state, event.t_ns)
        self._thaw(state, now_ns)
        return state

    def _thaw(self, state: State, t_ns: int) -> None:
        if state.frozen_until and state.frozen_until <= t_ns:
            self._clear(state)

    def _clear(self, state: State) -> None:
        state.window_from, state.frozen_until = None, None
        state.quantity = state.delta = Decimal(0)

    def _reset(self, state: State, t_ns: int) -> None:
        if state.frozen_until is not None and t_ns < state.frozen_at + SECOND:
            state.frozen_until = state.frozen_at + SECOND
        else:
            self._clear(state)

    def _fill(self, state: State, config: Config, event: Event) -> None:
        if state.frozen_until is not None:
            return
        met = False
        for fill in event.fills:
            ends = (state.window_from or 0) + config.interval_s * SECOND
            if state.window_from is None or event.t_ns >= ends:
                state.window_from = event.t_ns
                state.quantity = state.delta = Decimal(0)
            state.quantity += abs(fill)
            state.delta += fill
            met |= config.quantity is not None and state.quantity >= config.quantity
            met |= config.delta is not None and abs(state.delta) >= config.delta
        if met:
            state.frozen_at = event.t_ns
            until = event.t_ns + max(config.frozen_s, 1) * SECOND
            state.frozen_until = until if config.frozen_s else 0

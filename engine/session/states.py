"""Where the session stands, what moves it, and the one table of both.

States, and what is true in them:

- CONNECTING      a connection is missing
- AUTHENTICATING  all sockets are there, not all are logged in
- PREPARING       logged in; heartbeat, cancel-on-disconnect, instruments, limits
- RECOVERING      subscriptions, orders, fills, positions, books
- QUOTING         the only state in which the core may quote
- PAUSED          all is well here, but the operator or the venue holds us back
- STOPPING        quoting is over; our orders go, as read back from the venue
- STOPPED         `open_orders_at_exit` is known, or known to be unknown; final
- HALTED          the core cancelled everything; we read back until none is open
- DISCONNECTED    the kill ladder's last step: none of ours is open, the lines are
                  closed, and stay so until the operator arms the rule again
"""

from __future__ import annotations

from enum import Enum

from engine.errors import InvariantError


class State(Enum):
    """Where the session stands; see the top of the file."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    PREPARING = "preparing"
    RECOVERING = "recovering"
    QUOTING = "quoting"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    HALTED = "halted"
    DISCONNECTED = "disconnected"


class Event(Enum):
    """What moves the session from one state to another."""

    CONNECTED = "every connection is there"
    LOGGED_IN = "every connection is logged in"
    PREPARED = "instruments and limits are known"
    RECOVERED = "the core and the venue agree, every book is readable"
    HELD = "operator or venue hold us back"
    RELEASED = "nothing holds us back any more"
    LOST = "a connection is lost or was given up"
    STOP = "the operator ends the run"
    CLEARED = "none of ours is open, or the time to wait for it is over"
    HALT = "the core has halted"
    LEFT = "none of ours is open, and the ladder wants the lines closed"
    REARMED = "the operator armed the rule again that closed the lines"


# (state, event) -> state; anything missing is a bug and halts the core.
# In STOPPING and HALTED connections come and go without leading back to quoting.
_LIVE: tuple[tuple[State, Event, State], ...] = (
    (State.CONNECTING, Event.CONNECTED, State.AUTHENTICATING),
    (State.AUTHENTICATING, Event.LOGGED_IN, State.PREPARING),
    (State.PREPARING, Event.PREPARED, State.RECOVERING),
    (State.RECOVERING, Event.RECOVERED, State.QUOTING),
    (State.QUOTING, Event.HELD, State.PAUSED),
    (State.PAUSED, Event.RELEASED, State.QUOTING),
)
_TRANSITIONS: dict[tuple[State, Event], State] = {
    **{(state, event): after for state, event, after in _LIVE},
    **{(state, Event.LOST): State.CONNECTING for state, _, _ in _LIVE},
    **{(state, Event.STOP): State.STOPPING for state, _, _ in _LIVE},
    **{(state, Event.HALT): State.HALTED for state, _, _ in _LIVE},
    **{(state, Event.LEFT): State.DISCONNECTED for state, _, _ in _LIVE},
    (State.DISCONNECTED, Event.LOST): State.DISCONNECTED,
    (State.DISCONNECTED, Event.REARMED): State.CONNECTING,
    (State.DISCONNECTED, Event.STOP): State.STOPPING,
    (State.DISCONNECTED, Event.HALT): State.HALTED,
    (State.HALTED, Event.LOST): State.HALTED,
    (State.HALTED, Event.HALT): State.HALTED,
    (State.HALTED, Event.STOP): State.STOPPING,
    (State.STOPPING, Event.LOST): State.STOPPING,
    (State.STOPPING, Event.HALT): State.STOPPING,
    (State.STOPPING, Event.STOP): State.STOPPING,
    (State.STOPPING, Event.CLEARED): State.STOPPED,
    (State.STOPPED, Event.LOST): State.STOPPED,
    (State.STOPPED, Event.HALT): State.STOPPED,
    (State.STOPPED, Event.STOP): State.STOPPED,
}

GOING = (State.QUOTING, State.PAUSED)
ENDING = (State.STOPPING, State.STOPPED, State.HALTED, State.DISCONNECTED)


def next_state(state: State, event: Event) -> State:
    """Return the state an event leads to.

    Raises: InvariantError when the table has no such transition.
    """
    after = _TRANSITIONS.get((state, event))
    if after is None:
        raise InvariantError(f"session: {event.name} cannot happen in {state.name}")
    return after

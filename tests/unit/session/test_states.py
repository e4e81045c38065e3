"""The table of states: every pair leads where it says, or is a bug."""

import itertools

import pytest

from engine.errors import InvariantError
from engine.session.states import ENDING, GOING, Event, State, next_state

LIVE = [
    State.CONNECTING,
    State.AUTHENTICATING,
    State.PREPARING,
    State.RECOVERING,
    State.QUOTING,
    State.PAUSED,
]

TABLE = {
    (State.CONNECTING, Event.CONNECTED): State.AUTHENTICATING,
    (State.AUTHENTICATING, Event.LOGGED_IN): State.PREPARING,
    (State.PREPARING, Event.PREPARED): State.RECOVERING,
    (State.RECOVERING, Event.RECOVERED): State.QUOTING,
    (State.QUOTING, Event.HELD): State.PAUSED,
    (State.PAUSED, Event.RELEASED): State.QUOTING,
    **{(state, Event.LOST): State.CONNECTING for state in LIVE},
    **{(state, Event.STOP): State.STOPPING for state in LIVE},
    **{(state, Event.HALT): State.HALTED for state in LIVE},
    **{(state, Event.LEFT): State.DISCONNECTED for state in LIVE},
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


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_pair_leads_where_the_table_says_or_is_a_bug(
    state: State, event: Event
) -> None:
    if (state, event) in TABLE:
        assert next_state(state, event) is TABLE[state, event]
    else:
        with pytest.raises(InvariantError, match=f"{event.name} cannot happen"):
            next_state(state, event)


def test_quoting_is_reached_only_from_recovery_or_pause() -> None:
    leading = {s for s, e in TABLE if TABLE[s, e] is State.QUOTING}
    assert leading == {State.RECOVERING, State.PAUSED}


def test_quoting_may_go_on_only_where_nothing_has_ended() -> None:
    assert set(GOING) == {State.QUOTING, State.PAUSED}
    assert not set(GOING) & set(ENDING)
    assert set(State) == {*LIVE, *ENDING}

"""A rehearsal goes as it is written, for as long as it is asked, and harms nobody."""

import socket
import sys

import pytest

from engine._core.core import Core
from engine.live.rehearsal import Rehearsal

PLAYS = 5_000
OPENED = 2
"""Requests by which the orders came to stand there."""


@pytest.fixture
def rehearsal() -> Rehearsal:
    return Rehearsal(Core(7))


def test_each_play_moves_both_orders(rehearsal: Rehearsal) -> None:
    rehearsal.rehearse(PLAYS)
    assert (rehearsal.plays, rehearsal.stopped) == (PLAYS, "")
    assert rehearsal.requests == OPENED + 2 * PLAYS
    rehearsal.close()


def test_what_is_sent_arrives_at_the_far_end_and_is_thrown_away(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.rehearse(PLAYS)
    rehearsal.far_end.setblocking(False)
    with pytest.raises(BlockingIOError):
        rehearsal.far_end.recv(1)
    rehearsal.close()


def test_plays_leave_no_objects(rehearsal: Rehearsal) -> None:
    rehearsal.rehearse(PLAYS)
    before = sys.getallocatedblocks()
    rehearsal.rehearse(PLAYS)
    # The requests and plays as numbers, and the like; nothing a play.
    assert sys.getallocatedblocks() - before < 20
    rehearsal.close()


def test_a_far_end_that_is_down_ends_the_plays_and_says_so(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.rehearse(10)
    rehearsal.far_end.shutdown(socket.SHUT_RDWR)
    rehearsal.rehearse(10)
    assert "Error" in rehearsal.stopped
    done = rehearsal.plays
    assert 10 <= done < 20
    rehearsal.rehearse(10)
    assert rehearsal.plays == done
    rehearsal.close()
    assert rehearsal.stopped != "closed"


def test_nothing_is_played_behind_the_end(rehearsal: Rehearsal) -> None:
    rehearsal.close()
    rehearsal.rehearse(10)
    assert (rehearsal.plays, rehearsal.stopped) == (0, "closed")

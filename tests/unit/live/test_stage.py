"""The stage by itself: what stands on it, and what ends a play."""

import contextlib
import os
import resource
import socket

import pytest

from engine.live.stage import (
    BEST_ASK,
    BEST_BID,
    BETTER_BID,
    FIRST_ID,
    NAME,
    STRANGERS_MAX,
    Keeper,
    StageError,
    accepted,
    built,
    connected,
)


def test_a_stage_quotes_both_sides_of_a_readable_book() -> None:
    core, play = built()
    one = core.snapshot()["instruments"][NAME]
    assert (one["book_state"], one["change_id"]) == ("readable", FIRST_ID)
    assert (one["bids"][0][0], one["asks"][0][0]) == (BEST_BID, BEST_ASK)
    assert [row[2] for side in ("bid", "ask") for row in one["quotes"][side]] == [
        "live",
        "live",
    ]
    assert len(play.orders) == 2
    assert core.data_to_send(0) == b""
    assert core.notes() == []


def test_a_tick_says_where_its_change_ids_are() -> None:
    _, play = built()
    text = str(FIRST_ID).encode()
    for tick, level in zip(play.ticks, (b'["new",', b'["delete",'), strict=True):
        assert level + str(BETTER_BID).encode() in tick.frame
        assert int.from_bytes(tick.frame[2:4]) == len(tick.frame) - 4
        for at in (tick.id_at, tick.before_at):
            assert tick.frame[at : at + len(text)] == text
        assert tick.id_at < tick.before_at


def test_the_keeper_forgets_notes_and_raises_what_goes_wrong() -> None:
    core, _ = built()
    core.command(1, b"not JSON")
    keeper = Keeper(core)
    keeper.after_turn()
    assert core.notes() == []
    with pytest.raises(ZeroDivisionError):
        keeper.fail(ZeroDivisionError())
    with pytest.raises(StageError, match="3 bytes"):
        keeper.write(b"abc")


def test_both_ends_are_connected() -> None:
    near_end, far_end = connected()
    with near_end, far_end:
        near_end.sendall(b"an order")
        assert far_end.recv(100) == b"an order"


@pytest.mark.parametrize(
    ("strangers", "is_let_in"), [(3, True), (STRANGERS_MAX, False)]
)
def test_who_else_connects_is_hung_up_on(strangers: int, is_let_in: bool) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server.settimeout(10.0)
        *others, mine = (
            stack.enter_context(socket.create_connection(server.getsockname(), 10.0))
            for _ in range(strangers + 1)
        )
        if not is_let_in:
            with pytest.raises(OSError, match="strangers"):
                accepted(server, mine.getsockname())
        else:
            far_end = stack.enter_context(accepted(server, mine.getsockname()))
            mine.sendall(b"an order")
            assert far_end.recv(100) == b"an order"
        assert [each.recv(1) for each in others] == [b""] * strangers


def test_no_socket_is_an_os_error_and_leaves_none_behind() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = [os.dup(0), os.dup(0)]
    for each in lowest:
        os.close(each)
    # Room for the server and the near end, none for the far one.
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(lowest) + 1, before[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            connected()
        assert [os.dup(0), os.dup(0)] == lowest
        for each in lowest:
            os.close(each)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

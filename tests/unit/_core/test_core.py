"""The corridor: bursts, sessions, commands, connections; and never a crash."""

import pytest

from engine import QuoteSheet, Strategy, View
from engine._core.core import Core
from tests.oracles.venue import SlowVenue
from tests.rig import MID, MS, NAME, ROW, Rig, change, quoting_rig, settle


def test_a_burst_is_absorbed_and_quoted_once() -> None:
    rig = quoting_rig()
    rig.sent()
    before = rig.core.snapshot()["counters"]["quotes"]
    for i in range(5):
        frame = change(rig, 10 + i, 11 + i, [["new", 4999.5, 100.0 + 10 * i]])
        rig.deliver(frame, more_coming=i < 4)
    assert rig.core.snapshot()["counters"]["quotes"] == before + 1
    assert rig.snapshot()["change_id"] == 15


def test_of_a_burst_the_last_message_is_measured() -> None:
    rig = quoting_rig()
    rig.core.measure(True)
    before = {name: each.count for name, each in rig.core.histograms().items()}
    for i in range(5):
        frame = change(rig, 10 + i, 11 + i, [["new", 4999.5, 100.0 + 10 * i]])
        rig.deliver(frame, more_coming=i < 4)
    after = {name: each.count for name, each in rig.core.histograms().items()}
    for name in ("decode", "state", "turn"):
        assert after[name] == before[name] + 1


def test_one_turn_a_millisecond_is_measured() -> None:
    rig = quoting_rig()
    rig.core.measure(True)
    turns = rig.core.histograms()["turn"]
    rig.deliver(change(rig, 10, 11, [["new", 4999.5, 100.0]]))
    before = turns.count
    for i in range(1, 21):
        rig.t_ns += 100_000
        rig.deliver(change(rig, 10 + i, 11 + i, [["new", 4999.5, 100.0 + 10 * i]]))
    assert turns.count == before + 2


def test_the_stages_of_one_timed_turn_in_five_are_measured() -> None:
    rig = quoting_rig()
    rig.core.measure(True)
    stages = rig.core.histograms()
    before = {name: each.count for name, each in stages.items()}
    for i in range(11):
        rig.t_ns += 1_000_000
        rig.deliver(change(rig, 10 + i, 11 + i, [["new", 4999.5, 100.0 + 10 * i]]))
    counted = {name: each.count - before[name] for name, each in stages.items()}
    assert counted["turn"] == 11
    assert counted["decode"] == counted["state"] == counted["quote"] == 3


class Broken(Strategy):
    """Fails after a while."""

    def __init__(self) -> None:
        self.fails = False

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        sheet.bid(view.best_bid_ticks, 5)
        if self.fails:
            raise ZeroDivisionError("no depth")


def test_a_strategy_that_raises_loses_its_quotes_not_the_engine() -> None:
    strategy = Broken()
    rig, venue = Rig(strategy=strategy), SlowVenue(NAME)
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    settle(rig, venue)
    assert len(venue.open_orders()) == 1
    strategy.fails = True
    rig.book([(MID - 1, 8)], [(MID + 1, 9)])
    settle(rig, venue)
    assert venue.open_orders() == []
    assert rig.halted() == ""
    assert rig.snapshot()["strategy_errors"] >= 1
    rig.core.notes()
    rig.advance(300)
    rig.advance(300)
    notes = [text for _, _, kind, text in rig.core.notes() if kind == "strategy"]
    assert notes == [
        "BTC-PERPETUAL: ZeroDivisionError: no depth; no quotes there while it fails"
    ]


def test_no_timer_stays_due_when_credits_are_awaited_and_the_line_breaks() -> None:
    rig = Rig(rate=1, burst=10)
    rig.wisher.bids = [(MID - 1 - i, 1) for i in range(8)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert rig.core.next_timer_ns() > rig.t_ns, "a timer for the next credit"
    rig.core.connection_lost(0, rig.t_ns)
    for _ in range(20):
        due_ns = rig.core.next_timer_ns()
        assert due_ns > rig.t_ns
        rig.t_ns = due_ns
        rig.core.handle_timer(due_ns)


def test_frames_for_the_session_reach_it_whole() -> None:
    rig = Rig()
    frame = b'{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}'
    rig.deliver(frame)
    assert rig.session.told("control") == [frame]


def test_the_session_timer_is_called_when_due() -> None:
    rig = Rig()
    rig.session.timer_ns = rig.t_ns + 50 * MS
    assert rig.core.next_timer_ns() == rig.session.timer_ns
    rig.advance(49)
    assert rig.session.told("timer") == []
    rig.advance(1)
    assert rig.session.told("timer") == [rig.t_ns]


@pytest.mark.parametrize("cmd", [b"", b"[]", b"nonsense", b'{"x":1}', b'{"cmd":'])
def test_a_bad_command_is_noted_and_changes_nothing(cmd: bytes) -> None:
    rig = Rig()
    rig.core.notes()
    rig.core.command(rig.t_ns, cmd)
    assert [note[2] for note in rig.core.notes()] == ["command"]
    assert rig.session.told("command") == []


def test_closing_is_asked_once_a_connection() -> None:
    core = Core(1, connections=2)
    core.close(1, "first")
    core.close(1, "second")
    core.close(0, "other")
    assert core.connections_to_close() == [(1, "first"), (0, "other")]
    assert core.connections_to_close() == []


def test_notes_are_bounded_and_say_how_many_were_dropped() -> None:
    core = Core(1)
    for i in range(1_005):
        core.note("info", "test", str(i))
    notes = core.notes()
    assert len(notes) == 1_001
    assert notes[-1][3] == "5 notes were dropped"
    assert core.notes() == []


@pytest.mark.parametrize("connections", [0, 3])
def test_the_number_of_connections_is_checked(connections: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.2"):
        Core(1, connections=connections)


def test_a_connection_that_is_not_there_is_an_error() -> None:
    core = Core(1)
    for call in (
        lambda: core.connection_made(1, 1),
        lambda: core.receive_data(-1, 1, b"{}"),
        lambda: core.data_to_send(2),
    ):
        with pytest.raises(IndexError):
            call()


def test_limits_must_be_complete_and_positive() -> None:
    core = Core(1)
    index = core.add_instrument(ROW)
    with pytest.raises(ValueError, match="position_max_lots"):
        core.bind(index, Broken(), {"order_max_lots": 5})
    limits = {
        "position_max_lots": 0,
        "order_max_lots": 5,
        "collar_bps": 1.0,
        "stale_ns": 1,
        "requote_ticks": 0,
        "requote_qty_pct": 0.0,
    }
    with pytest.raises(ValueError, match="position_max_lots = 0"):
        core.bind(index, Broken(), limits)


def test_the_same_calls_give_the_same_bytes() -> None:
    def play() -> bytes:
        rig, venue, out = quoting_rig(), SlowVenue(NAME), b""
        for i in range(30):
            text = rig.core.data_to_send(0)
            out += text
            venue.receive(text)
            while venue.requests:
                venue.work()
            frames, venue.frames = venue.frames, []
            for frame in frames:
                rig.deliver(frame)
            rig.wisher.bids = [(MID - 1 - i % 3, 5 + i % 4)]
            rig.book([(MID - 1, 9 + i)], [(MID + 1, 9)])
        return out

    assert play() == play()

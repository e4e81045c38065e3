"""The corridor: odd input, bursts, gaps, faults, commands; and never a crash."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import QuoteSheet, Strategy, View
from engine._core.core import Core
from tests.oracles.venue import SlowVenue
from tests.rig import MS, NAME, ROW, Rig

MID = 10_000


def quoting_rig(**arguments: Any) -> Rig:
    rig = Rig(**arguments)
    rig.wisher.bids, rig.wisher.asks = [(MID - 1, 5)], [(MID + 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    return rig


def change(rig: Rig, prev: int, change_id: int, bids: list[Any]) -> bytes:
    data = {
        "type": "change",
        "timestamp": 2,
        "instrument_name": NAME,
        "prev_change_id": prev,
        "change_id": change_id,
        "bids": bids,
        "asks": [],
    }
    params = {"channel": f"book.{NAME}.raw", "data": data}
    frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
    return json.dumps(frame).encode()


ODD = [
    (b"", "malformed"),
    (b"not json", "malformed"),
    (b'{"jsonrpc":"2.0","method":"subscr', "malformed"),
    (b"[1,2,3]", "malformed"),
    (b'{"a":1}', "unknown"),
    (b'{"jsonrpc":"2.0","method":"subscription","params":{}}', "unknown"),
]


@pytest.mark.parametrize(("frame", "kind"), ODD)
def test_odd_frames_are_counted_and_noted_once_a_kind(frame: bytes, kind: str) -> None:
    rig = quoting_rig()
    rig.core.notes()
    for _ in range(3):
        rig.deliver(frame)
    assert rig.core.snapshot()["counters"][kind] == 3
    assert [note[2] for note in rig.core.notes()] == [kind]
    assert rig.halted() == ""
    assert rig.snapshot()["book_state"] == "readable"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_payload_crashes_the_core(frame: bytes) -> None:
    rig = Rig()
    rig.deliver(frame)
    assert rig.halted() == ""


def test_a_frame_about_an_unknown_instrument_is_counted() -> None:
    rig = quoting_rig()
    frame = change(rig, 10, 20, []).replace(NAME.encode(), b"DOGE-PERPETUAL")
    rig.deliver(frame)
    assert rig.core.snapshot()["counters"]["unknown_instrument"] == 1


def test_an_off_tick_price_gives_the_book_up_and_pulls_the_quotes() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.deliver(change(rig, 10, 20, [["new", 4999.3, 10.0]]))
    assert rig.snapshot()["book_state"] == "gapped"
    assert rig.session.told("gap") == [rig.index]
    assert {r["method"] for r in rig.sent()} == {"private/cancel"}


def test_a_book_frame_of_unknown_shape_gives_the_book_up() -> None:
    rig = quoting_rig()
    rig.deliver(change(rig, 10, 20, []).replace(b'"asks": []', b'"asks": 5'))
    assert rig.core.snapshot()["counters"]["unknown"] == 1
    assert rig.snapshot()["book_state"] == "gapped"
    assert rig.session.told("gap") == [rig.index]


@pytest.mark.parametrize("amount", ["x", 7.3])
def test_an_unreadable_word_about_our_orders_closes_the_line(amount: object) -> None:
    rig = quoting_rig()
    order = {
        "order_id": "1",
        "instrument_name": NAME,
        "label": "hs-00000007-0-1",
        "amount": amount,
        "order_state": "open",
        "direction": "buy",
        "price": 1.0,
    }
    rig.push("user.orders.any.any.raw", order)
    (closing,) = rig.core.connections_to_close()
    assert closing == (0, "a private message could not be read")


def settle(rig: Rig, venue: SlowVenue) -> None:
    venue.receive(rig.core.data_to_send(0))
    while venue.requests:
        venue.work()
    frames, venue.frames = venue.frames, []
    for frame in frames:
        rig.deliver(frame)


def test_a_gap_makes_the_book_unreadable_until_a_snapshot() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.deliver(change(rig, 15, 20, [["new", 5000.0, 10.0]]))
    assert rig.snapshot()["book_state"] == "gapped"
    assert rig.snapshot()["why_blank"] == "book is not readable"
    assert len(rig.sent()) == 2
    rig.deliver(change(rig, 20, 30, []))
    assert rig.core.snapshot()["counters"]["gaps"] == 1
    assert rig.session.told("gap") == [rig.index]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    assert rig.snapshot()["book_state"] == "readable"


def test_a_book_crossed_for_long_is_given_up() -> None:
    rig = quoting_rig()
    rig.deliver(change(rig, 10, 20, [["new", 5001.0, 10.0]]))
    assert rig.snapshot()["book_state"] == "crossed"
    assert rig.core.snapshot()["counters"]["crossed"] == 1
    assert rig.session.told("gap") == []
    rig.advance(1_900)
    assert rig.session.told("gap") == []
    rig.advance(400)
    assert rig.session.told("gap") == [rig.index]


def test_a_burst_is_absorbed_and_quoted_once() -> None:
    rig = quoting_rig()
    rig.sent()
    before = rig.core.snapshot()["counters"]["quotes"]
    for i in range(5):
        frame = change(rig, 10 + i, 11 + i, [["new", 4999.5, 100.0 + 10 * i]])
        rig.deliver(frame, more_coming=i < 4)
    assert rig.core.snapshot()["counters"]["quotes"] == before + 1
    assert rig.snapshot()["change_id"] == 15


class Broken(Strategy):
    """Fails after a while."""

    def __init__(self) -> None:
        self.fails = False

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        sheet.bid(view.best_bid_ticks, 5)
        if self.fails:
            raise ZeroDivisionError("no depth")


def test_what_the_venue_refuses_is_asked_again_ever_more_slowly() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(MID - 1, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    asked_ns = []
    for _ in range(400):
        venue.receive(rig.core.data_to_send(0))
        while venue.requests:
            asked_ns.append(rig.t_ns)
            venue.work(10009)
            rig.deliver(venue.frames.pop(0))
        rig.advance(250)
        rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    waits_s = [(b - a) / 1e9 for a, b in pairwise(asked_ns)]
    assert waits_s == [0.5, 1, 2, 4, 8, 16, 32, 32]
    rig.core.notes()
    rig.advance(32_000)
    settle(rig, venue)
    assert len(venue.open_orders()) == 1, "accepted at last"
    rig.wisher.bids = [(MID - 2, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 8)])
    venue.receive(rig.core.data_to_send(0))
    venue.work(10040)
    rig.deliver(venue.frames.pop(0))
    (note,) = rig.core.notes()
    assert note[3] == (
        "BTC-PERPETUAL: error 10040, 1 in a row; no new orders or edits for 0.5 s"
    )


def test_a_pause_after_a_refusal_does_not_keep_cancels_back() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.wisher.bids = [(MID - 2, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 8)])
    venue.receive(rig.core.data_to_send(0))
    venue.work(10040)
    rig.deliver(venue.frames.pop(0))
    rig.core.set_quoting(False, "pause")
    rig.advance(1)
    settle(rig, venue)
    assert venue.open_orders() == []


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


def test_a_session_that_raises_halts_and_cancels_everything() -> None:
    rig = quoting_rig()
    rig.sent()

    def fail(*_: object) -> None:
        raise RuntimeError("lost my mind")

    rig.session.on_control = fail  # type: ignore[method-assign]
    rig.deliver(b'{"jsonrpc":"2.0","id":5,"result":"ok"}')
    assert "lost my mind" in rig.halted()
    assert [r["method"] for r in rig.sent()] == ["private/cancel_all"]
    assert rig.session.told("halt") == [rig.halted()]
    rig.core.set_quoting(True, "please")
    assert not rig.core.snapshot()["quoting"], "a halt lasts until restart"


def test_a_halt_repeats_cancel_all_until_nothing_is_left() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.core.command(rig.t_ns, b'{"cmd":"halt","reason":"operator"}')
    assert rig.halted() == "operator"
    first = [r["method"] for r in rig.sent()]
    assert first.count("private/cancel_all") == 1
    rig.advance(1_300)
    again = rig.core.data_to_send(0)
    assert b"cancel_all" in again
    venue.receive(b'{"id":1,"method":"private/cancel_all","params":{}}')
    venue.work()
    for frame in venue.frames:
        rig.deliver(frame)
    rig.sent()
    rig.advance(1_300)
    assert rig.sent() == []


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


def test_while_the_line_is_down_nothing_is_sent_whatever_the_mode() -> None:
    rig = quoting_rig()
    rig.core.connection_lost(0, rig.t_ns)
    rig.core.set_quoting(True, "too early")
    before = rig.core.snapshot()["requests"]
    rig.book([(MID - 2, 9)], [(MID + 2, 9)])
    rig.advance(1_000)
    assert rig.core.snapshot()["requests"] == before


def test_losing_the_line_makes_orders_unknown_and_drops_unsent_bytes() -> None:
    rig = quoting_rig()
    rig.core.connection_lost(0, rig.t_ns)
    assert rig.core.data_to_send(0) == b""
    assert {s["state"] for s in rig.core.open_slots()} == {"unknown"}
    assert rig.snapshot()["book_state"] == "gapped"
    assert rig.core.snapshot()["mode"] == "hold"
    rig.core.send(0, b"{}")
    assert rig.core.data_to_send(0) == b"", "nobody is there to read it"


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

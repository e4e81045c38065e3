"""What comes in: odd frames, gaps, crossed books, words that cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.venue import SlowVenue
from tests.rig import MID, NAME, Rig, change, quoting_rig, settle

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

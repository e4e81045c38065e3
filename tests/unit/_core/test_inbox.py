"""What comes in: odd frames, gaps, crossed books, words that cannot be read."""

from typing import Any

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


def order_word(label: str, **changes: Any) -> dict[str, Any]:
    """Return the channel's word about an open bid of five lots."""
    row = {
        "order_id": "Z-1",
        "order_state": "open",
        "instrument_name": NAME,
        "direction": "buy",
        "price": (MID - 1) * 0.5,
        "amount": 50.0,
        "filled_amount": 0.0,
        "label": label,
        "last_update_timestamp": 5,
        "order_type": "limit",
    }
    return {**row, **changes}


@pytest.mark.parametrize(
    ("label", "run"),
    [("manual", -1), ("", -1), ("hs-000000aa-0-1", 0xAA), ("hs-000000aa-t-1", 0xAA)],
)
def test_an_open_order_in_no_slot_is_told(label: str, run: int) -> None:
    rig = quoting_rig()
    rig.push("user.orders.any.any.raw", order_word(label))
    (order,) = rig.session.told("stray")
    assert (order["order_id"], order["name"], order["run"]) == ("Z-1", NAME, run)
    assert order["label"] == (label if run >= 0 else "")
    assert rig.core.snapshot()["counters"]["foreign_orders"] == 1


def test_an_ended_order_in_no_slot_is_no_stray() -> None:
    rig = quoting_rig()
    rig.push("user.orders.any.any.raw", order_word("manual", order_state="cancelled"))
    assert rig.session.told("stray") == []


def test_a_ticket_of_this_run_is_ours_and_in_no_slot() -> None:
    rig = quoting_rig()
    rig.push("user.orders.any.any.raw", order_word("hs-00000007-t-1"))
    assert rig.session.told("stray") == []
    assert rig.core.snapshot()["counters"]["foreign_orders"] == 0


@pytest.mark.parametrize(("age_ms", "strays"), [(-1, 0), (1, 1)])
def test_an_earlier_order_of_a_slot_strays_when_its_word_is_news(
    age_ms: int, strays: int
) -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    venue.pull("X-1")
    settle(rig, venue)
    rig.advance(1)
    settle(rig, venue)
    (bid, _) = rig.core.open_slots()
    assert bid["label"] == "hs-00000007-0-3", "the slot's second order"
    word = order_word("hs-00000007-0-1", last_update_timestamp=venue.clock_ms + age_ms)
    rig.push("user.orders.any.any.raw", word)
    assert len(rig.session.told("stray")) == strays

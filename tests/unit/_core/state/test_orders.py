"""The order states: the essay's table is the table that runs."""

import re
from pathlib import Path

import pytest

from engine._core.state.orders import EVENT_NAMES, STATE_NAMES, transition
from tests.oracles.venue import SlowVenue
from tests.rig import NAME, Rig

PENDING_MAX = 4

SOURCE = Path(__file__).parents[4] / "engine" / "_core" / "state" / "orders.pyx"


def essay() -> dict[tuple[str, str], str]:
    """Read the transition table out of the comment above the code."""
    rows: dict[tuple[str, str], str] = {}
    for line in SOURCE.read_text().splitlines():
        found = re.match(r"#  ([A-Za-z_ ]+?)  +([A-Z_]+) +-> (\w+)", line)
        if found:
            before, event, after = (text.strip().lower() for text in found.groups())
            states = (
                [s for s in STATE_NAMES if s != "done"]
                if before == "any but done"
                else [before]
            )
            for state in states:
                rows[state, event] = after
    return rows


@pytest.mark.parametrize("state", STATE_NAMES)
@pytest.mark.parametrize("event", EVENT_NAMES)
def test_the_code_does_what_the_essay_says(state: str, event: str) -> None:
    assert transition(state, event) == essay().get((state, event))


def test_only_the_venues_word_frees_a_slot() -> None:
    freeing = {
        e for e in EVENT_NAMES for s in STATE_NAMES if transition(s, e) == "done"
    }
    assert freeing == {"refused", "ended", "gone"}


def resting(rig: Rig, venue: SlowVenue) -> None:
    """Bring one bid of 5 lots to rest."""
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    settle(rig, venue)


def settle(rig: Rig, venue: SlowVenue, error: int = 0) -> None:
    venue.receive(rig.core.data_to_send(0))
    while venue.requests:
        venue.work(error)
    frames, venue.frames = venue.frames, []
    for frame in frames:
        rig.deliver(frame)


def state(rig: Rig) -> list[str]:
    return [slot["state"] for slot in rig.core.open_slots()]


def test_a_request_without_an_answer_becomes_unknown_and_is_asked_about() -> None:
    rig = Rig()
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    rig.advance(2_900)
    assert state(rig) == ["pending_new"]
    rig.advance(400)
    assert state(rig) == ["unknown"]
    assert rig.session.told("unknown") == [0]
    rig.advance(5_300)
    assert rig.session.told("unknown") == [0, 0], "asked again until answered"
    assert rig.snapshot()["quotes"]["bid"][0][1] == 50.0, "counts at full size"


def test_unknown_ends_only_by_the_venues_word() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    rig.core.connection_lost(0, rig.t_ns)
    assert state(rig) == ["unknown"]
    label = rig.core.open_slots()[0]["label"]
    rig.core.resolve(0, None, "hs-00000007-0-99")
    assert state(rig) == ["unknown"], "the answer was about another order"
    rig.core.resolve(0, venue.find(label), label)
    assert state(rig) == ["live"]
    rig.core.connection_lost(0, rig.t_ns)
    rig.core.resolve(0, None, label)
    assert state(rig) == []


@pytest.mark.parametrize("code", [10004, 11044, 10010, 11008])
def test_an_edit_refused_because_the_order_ended_is_asked_about(code: int) -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    rig.wisher.bids = [(9_998, 5)]
    rig.book([(9_998, 9)], [(10_001, 9)])
    settle(rig, venue, code)
    assert state(rig) == ["unknown"]
    assert rig.session.told("unknown") == [0]


@pytest.mark.parametrize("code", [10001, 10050, 11094, 13028, 98765])
def test_an_unclear_or_unknown_error_means_ask(code: int) -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    settle(rig, venue, code)
    assert state(rig) == ["unknown"]
    assert rig.core.snapshot()["rejects_by_code"] == {code: 1}


@pytest.mark.parametrize("code", [10009, 10005, 10040, 11054, -32602])
def test_a_clear_refusal_of_a_new_order_frees_the_slot(code: int) -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    rig.wisher.bids = []
    settle(rig, venue, code)
    assert state(rig) == []


def test_an_order_refused_and_yet_shown_on_the_channel_is_asked_about() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    venue.receive(rig.core.data_to_send(0))
    request_id = venue.requests[0]["id"]
    venue.work()
    rig.deliver(venue.frames[1])
    assert state(rig) == ["pending_new"]
    rig.deliver(b'{"jsonrpc":"2.0","id":%d,"error":{"code":10009}}' % request_id)
    assert state(rig) == ["unknown"]


def test_a_refused_edit_leaves_the_order_as_it_was() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    rig.wisher.bids = [(9_998, 5)]
    rig.book([(9_998, 9)], [(10_001, 9)])
    rig.wisher.bids = [(9_999, 5)]
    settle(rig, venue, 10005)
    (slot,) = rig.core.open_slots()
    assert (slot["state"], slot["price_ticks"]) == ("live", 9_999)


def test_a_fill_that_overtakes_the_answer_is_counted_once() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    rig.wisher.bids = []
    venue.receive(rig.core.data_to_send(0))
    venue.work()
    answer = venue.frames.pop(0)
    venue.trade("X-1", 50.0)
    for frame in venue.frames:
        rig.deliver(frame)
    assert (state(rig), rig.snapshot()["position"]) == ([], 50.0)
    rig.deliver(answer)
    assert (state(rig), rig.snapshot()["position"]) == ([], 50.0)
    assert rig.halted() == ""


def test_a_trade_id_is_booked_once() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    venue.trade("X-1", 20.0, apart=True)
    for frame in venue.frames * 3:
        rig.deliver(frame)
    rig.core.trade(venue.trades[0])
    assert rig.snapshot()["position"] == 20.0
    assert rig.core.snapshot()["counters"]["duplicate_fills"] == 2


def test_a_fill_told_before_its_trade_stays_in_the_exposure() -> None:
    rig, venue = Rig({"position_max_lots": 5}), SlowVenue(NAME)
    resting(rig, venue)
    venue.trade("X-1", 50.0, apart=True)
    rig.deliver(venue.frames.pop(0))
    assert rig.snapshot()["position"] == 0.0
    rig.book([(9_999, 8)], [(10_001, 9)])
    assert rig.sent() == [], "the limit is used up by a fill whose trade is on its way"
    rig.deliver(venue.frames.pop(0))
    assert rig.snapshot()["position"] == 50.0
    rig.book([(9_999, 9)], [(10_001, 9)])
    assert rig.sent() == []


def test_adopting_takes_only_orders_that_fit_their_slot() -> None:
    rig, venue = Rig(quoting=False), SlowVenue(NAME)
    row = {
        "order_id": "A-1",
        "order_state": "open",
        "instrument_name": NAME,
        "direction": "buy",
        "price": 4999.5,
        "amount": 50.0,
        "filled_amount": 10.0,
        "label": "hs-000000aa-3-17",
        "last_update_timestamp": 5,
        "order_type": "limit",
    }
    assert not rig.core.adopt({**row, "label": "mine"})
    assert not rig.core.adopt({**row, "label": "hs-000000aa-12-17"}), "an ask's slot"
    assert not rig.core.adopt({**row, "label": "hs-000000aa-300-17"}), "elsewhere"
    assert not rig.core.adopt({**row, "label": "hs-000000aa-8-17"}), "the take slot"
    assert rig.core.adopt(row)
    assert not rig.core.adopt({**row, "label": "hs-000000aa-3-18"}), "taken"
    (slot,) = rig.core.open_slots()
    assert (slot["state"], slot["label"], slot["amount_lots"]) == (
        "live",
        row["label"],
        5,
    )
    venue.orders["A-1"] = row
    rig.core.set_quoting(False, "pull")
    rig.advance(1)
    settle(rig, venue)
    assert venue.open_orders() == []
    assert rig.core.open_slots() == []


def on_the_way(rig: Rig, venue: SlowVenue, *bids: tuple[int, int]) -> list[str]:
    """Wish one bid after the other without an answer; return what was sent."""
    sent = []
    for n, bid in enumerate(bids):
        rig.wisher.bids = [bid] if bid[1] else []
        rig.book([(9_999, 20 + n)], [(10_001, 9)])
        requests = rig.sent()
        venue.requests += requests
        sent += [request["method"].split("/")[1] for request in requests]
    return sent


def amounts(rig: Rig) -> tuple[float, int, int]:
    """Return the size that counts, and the state's numbers: pending, wanted price."""
    (slot,) = rig.core.open_slots()
    ((_, worst, _),) = rig.snapshot()["quotes"]["bid"]
    return worst, slot["pending"], slot["wanted_price_ticks"]


def answer(rig: Rig, venue: SlowVenue, error: int = 0, **how: float) -> None:
    venue.work(error, **how)
    frames, venue.frames = venue.frames, []
    for frame in frames:
        rig.deliver(frame)


def test_edits_away_follow_each_other_up_to_the_cap_and_a_cancel_follows_them() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    away = [(9_998 - n, 5) for n in range(PENDING_MAX + 1)]
    assert on_the_way(rig, venue, *away) == ["edit"] * PENDING_MAX
    assert amounts(rig) == (50.0, PENDING_MAX, 9_999 - PENDING_MAX)
    assert state(rig) == ["pending_edit"]
    assert on_the_way(rig, venue, (0, 0)) == ["cancel"]
    assert state(rig) == ["pending_cancel"]
    for _ in range(PENDING_MAX):
        answer(rig, venue)
        assert state(rig) == ["pending_cancel"]
    answer(rig, venue)
    assert state(rig) == []
    assert rig.halted() == ""


def test_an_edit_towards_waits_for_the_answer() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    assert on_the_way(rig, venue, (9_997, 5), (9_999, 5), (9_998, 5)) == ["edit"]
    answer(rig, venue)
    assert [r["params"]["price"] for r in rig.sent()] == [4_999.0]


def test_every_size_on_its_way_counts_until_it_is_answered() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (9_998, 9), (9_997, 3))
    assert amounts(rig)[:2] == (90.0, 2)
    answer(rig, venue, 13777)
    assert amounts(rig) == (50.0, 1, 9_997), "the venue never had nine"
    assert state(rig) == ["pending_edit"]
    answer(rig, venue)
    assert amounts(rig) == (30.0, 0, 9_997)
    assert state(rig) == ["live"]


def test_edits_purged_by_our_own_cancel_were_never_carried_out() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (9_998, 5), (9_997, 5), (0, 0))
    answer(rig, venue, 13666)
    answer(rig, venue, 13666)
    assert state(rig) == ["pending_cancel"]
    answer(rig, venue)
    assert state(rig) == []
    assert rig.session.told("unknown") == []


def test_an_unclear_answer_keeps_its_size_until_the_order_was_asked_about() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (9_998, 9), (9_997, 3))
    answer(rig, venue, 10001)
    assert state(rig) == ["unknown"]
    answer(rig, venue)
    assert state(rig) == ["unknown"], "the answer to the other settles nothing"
    assert amounts(rig)[0] == 90.0
    (slot,) = rig.core.open_slots()
    rig.core.resolve(0, venue.find(slot["label"]), slot["label"])
    assert (state(rig), amounts(rig)[0]) == (["live"], 30.0)


@pytest.mark.parametrize("kind", ["edit", "cancel"])
def test_an_error_we_do_not_know_leaves_the_order_and_asks(kind: str) -> None:
    """Since 26.11.2026 no order in the speed bump can be amended; no code is known."""
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    assert on_the_way(rig, venue, (9_998, 5 if kind == "edit" else 0)) == [kind]
    answer(rig, venue, 14_999)
    assert state(rig) == ["unknown"]
    assert rig.session.told("unknown") == [0]
    (slot,) = rig.core.open_slots()
    rig.core.resolve(0, venue.find(slot["label"]), slot["label"])
    assert (state(rig), amounts(rig)[0]) == (["live"], 50.0)


def test_a_cancel_that_leaves_the_order_open_is_asked_about() -> None:
    """In the speed bump a cancel makes it immediate-or-cancel: it may still fill."""
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (0, 0))
    answer(rig, venue, holds_cancel=True)
    assert state(rig) == ["pending_cancel"]
    venue.trade("X-1", 20.0)
    venue.pull("X-1")
    for frame in venue.frames:
        rig.deliver(frame)
    assert (state(rig), rig.snapshot()["position"]) == ([], 20.0)


def test_an_edit_refused_as_post_only_has_cancelled_the_order() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (9_998, 5))
    venue.work(11054)
    cancelled, refused = venue.frames
    rig.wisher.bids = []
    rig.deliver(refused)
    assert state(rig) == ["unknown"]
    rig.deliver(cancelled)
    assert state(rig) == []


def test_a_price_the_venue_moved_is_left_alone_until_the_touch_moves() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_998, 9)], [(10_001, 9)])
    venue.receive(rig.core.data_to_send(0))
    answer(rig, venue, moved=1.0)
    (slot,) = rig.core.open_slots()
    assert (slot["state"], slot["price_ticks"]) == ("live", 9_997)
    for n in range(5):
        rig.advance(250)
        rig.book([(9_998, 9)], [(10_001, 10 + n)])
        assert rig.sent() == [], "asking again would move it again"
    rig.wisher.bids = [(9_998, 5)]
    rig.book([(9_998, 9)], [(10_001, 30)])
    assert len(rig.sent()) == 1, "another wish is another matter"


def test_a_price_the_venue_moved_is_asked_for_again_when_the_touch_moved() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_998, 9)], [(10_001, 9)])
    venue.receive(rig.core.data_to_send(0))
    answer(rig, venue, moved=1.0)
    rig.book_ms = venue.clock_ms
    rig.book([(9_998, 9)], [(10_002, 9)])
    assert rig.sent() == [], "this word of the book is no newer than the order's"
    rig.book_ms = venue.clock_ms + 1
    rig.book([(9_998, 9)], [(10_003, 9)])
    assert [request["method"] for request in rig.sent()] == ["private/edit"]


def test_an_order_given_up_and_then_shown_open_is_in_doubt_again() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    venue.receive(rig.core.data_to_send(0))
    rig.wisher.bids = []
    rig.advance(3_300)
    (slot,) = rig.core.open_slots()
    rig.core.resolve(0, None, slot["label"])
    assert state(rig) == []
    venue.work()
    rig.deliver(venue.frames[1])
    assert (state(rig), amounts(rig)[0]) == (["unknown"], 50.0)
    rig.core.resolve(0, venue.find(slot["label"]), slot["label"])
    assert state(rig) == ["live"], "found; nobody wishes for it, so it will be pulled"


def test_an_order_the_venue_ended_does_not_come_back_by_an_older_word() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    venue.trade("X-1", 20.0)
    partial = venue.frames.pop(0)
    venue.pull("X-1")
    rig.wisher.bids = []
    rig.deliver(venue.frames.pop(0))
    rig.deliver(partial)
    assert (state(rig), rig.snapshot()["position"]) == ([], 20.0)


def test_the_earliest_unanswered_request_sets_the_time_out() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    resting(rig, venue)
    on_the_way(rig, venue, (9_998, 5))
    rig.advance(2_000)
    on_the_way(rig, venue, (9_997, 5))
    rig.advance(900)
    assert state(rig) == ["pending_edit"]
    rig.advance(300)
    assert state(rig) == ["unknown"]
    answer(rig, venue)
    assert state(rig) == ["unknown"], "one is still to come"
    answer(rig, venue)
    assert state(rig) == ["live"], "both came, late"

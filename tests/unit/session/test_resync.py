"""Unreadable books: at once the first time, never in a storm."""

import itertools
from typing import Any

from engine.session.resync import ATTEMPTS_MAX
from tests.unit.session.stand_in import SECOND, Desk, Nothing, Refusal

BOOK = "book.BTC-PERPETUAL.raw"


def gap(desk: Desk, index: int = 0) -> None:
    desk.core.book_states[index] = "gapped"
    desk.session.on_gap(index, desk.now_ns)


def subscribes(desk: Desk) -> list[Any]:
    return [p["channels"] for p in desk.params("public/subscribe")][1:]


def test_the_first_gap_is_repaired_at_once() -> None:
    desk = Desk().go()
    expected = len(desk.core.expected)
    gap(desk)
    assert desk.methods()[-1] == "public/unsubscribe"
    assert desk.core.expected[expected:] == [0]
    desk.talk()
    assert subscribes(desk) == [[BOOK]]
    assert desk.core.book_states[0] == "readable"
    assert desk.state == "quoting"


def test_further_gaps_wait_longer_and_longer() -> None:
    desk = Desk().go()
    times = []
    for _ in range(9):
        gap(desk)
        count = len(subscribes(desk))
        for _ in range(600):
            desk.until(0.01)
            if len(subscribes(desk)) > count:
                break
        times.append(desk.now_ns)
    waits = [(b - a) / SECOND for a, b in itertools.pairwise(times)]
    assert all(wait <= 5.1 for wait in waits)
    assert waits[0] < 0.2
    assert waits[-1] > 2.0


def test_gaps_far_apart_are_each_a_first_one() -> None:
    desk = Desk().go()
    for count in (1, 2, 3):
        gap(desk)
        desk.talk()
        assert len(subscribes(desk)) == count, "at once"
        desk.until(40)
    assert desk.core.closed == []


def test_the_same_gap_told_many_times_is_one_repair() -> None:
    desk = Desk().go()
    for _ in range(50):
        gap(desk)
    desk.until(4)
    assert len(subscribes(desk)) <= 3


def test_a_gap_told_again_and_again_does_not_put_its_repair_off() -> None:
    desk = Desk().go()
    for _ in range(5):
        gap(desk)
        desk.until(3)
    count = len(subscribes(desk))
    for _ in range(500):
        if len(subscribes(desk)) == count:
            gap(desk)
        desk.until(0.01)
    assert len(subscribes(desk)) > count


def test_books_that_are_due_together_share_a_call() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    gap(desk, 0)
    desk.until(1)
    gap(desk, 0)
    gap(desk, 1)
    desk.until(3)
    channels = subscribes(desk)
    assert [BOOK] in channels
    assert ["book.ETH-PERPETUAL.raw"] in channels


def test_one_books_back_off_does_not_delay_another() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    for _ in range(6):
        gap(desk, 0)
        desk.until(3)
    gap(desk, 0)
    gap(desk, 1)
    desk.talk()
    assert ["book.ETH-PERPETUAL.raw"] in subscribes(desk)


def test_a_snapshot_that_does_not_come_is_asked_for_again() -> None:
    desk = Desk().go()
    desk.books_come = False
    gap(desk)
    desk.until(4)
    assert len(subscribes(desk)) == 1
    desk.until(2)
    assert len(subscribes(desk)) == 2
    desk.books_come = True
    desk.until(10)
    assert len(subscribes(desk)) == 3
    desk.until(20)
    assert len(subscribes(desk)) == 3


def test_a_book_that_stays_unreadable_costs_the_connection() -> None:
    desk = Desk().go()
    desk.books_come = False
    gap(desk)
    desk.until(200)
    assert len(subscribes(desk)) == ATTEMPTS_MAX
    assert desk.core.closed == [(0, "the book of BTC-PERPETUAL stays unreadable")]
    assert not desk.core.may_quote


def test_a_channel_the_venue_does_not_confirm_is_an_error_and_tried_again() -> None:
    desk = Desk().go()
    desk.venue.refused_channels = [BOOK]
    gap(desk)
    desk.until(0.3)
    assert f"not subscribed: {BOOK}" in desk.noted("error")
    desk.venue.refused_channels = []
    desk.until(3)
    assert desk.core.book_states[0] == "readable"


def test_repairs_stay_inside_the_credits() -> None:
    desk = Desk().go()
    for _ in range(2_000):
        gap(desk)
        desk.until(0.01)
    seconds, calls = 20, len(subscribes(desk))
    assert calls <= 10 + seconds * 10 / 3
    assert desk.session._ctx.credits.subscribes.left(desk.now_ns) >= 0


def test_a_gap_on_a_connection_that_is_not_ready_is_left_to_recovery() -> None:
    desk = Desk().go()
    desk.lose()
    gap(desk)
    desk.connect()
    gap(desk)
    assert "public/unsubscribe" not in desk.methods()


def test_a_gap_during_recovery_is_repaired() -> None:
    desk = Desk()
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.books_come = True
    gap(desk)
    desk.until(1)
    assert desk.state == "quoting"
    assert subscribes(desk) == [[BOOK]]


def test_a_gap_of_a_book_nobody_quotes_is_ignored() -> None:
    desk = Desk().go()
    desk.session.on_gap(7, desk.now_ns)
    assert "public/unsubscribe" not in desk.methods()


def test_a_lost_connection_forgets_its_repairs() -> None:
    desk = Desk().go()

    def hold_back(params: dict[str, Any]) -> Any:
        raise Nothing

    unsubscribe = desk.venue.answer["public/unsubscribe"]
    desk.venue.answer["public/unsubscribe"] = hold_back
    gap(desk)
    desk.until(1)
    desk.lose()
    desk.venue.answer["public/unsubscribe"] = unsubscribe
    desk.connect()
    desk.until(10)
    assert desk.state == "quoting"
    assert len(subscribes(desk)) == 1, "recovery's own, no repair on top"


def test_raw_refused_during_a_repair_costs_the_connection() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(13778)

    desk = Desk().go()
    desk.venue.answer["public/subscribe"] = refuse
    gap(desk)
    desk.until(1)
    assert "raw channels need a login" in desk.core.closed[0][1]

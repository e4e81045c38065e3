"""The life of a ticket, against a venue that answers what the test says."""

from typing import Any

import pytest

from engine.session.tickets.tickets import KEPT_MAX, OPEN_MAX, VALID_MS
from tests.unit.session.stand_in import Desk, Refusal

PERP = "BTC-PERPETUAL"
BUY, LOOK = "private/buy", "private/get_order_state_by_label"


def rows(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.session.snapshot()["tickets"]
    return found


def order(params: dict[str, Any], state: str = "open", filled: float = 0.0) -> Any:
    return {
        "order_id": "77",
        "label": params["label"],
        "instrument_name": PERP,
        "order_state": state,
        "filled_amount": filled,
    }


def quoting(answer: Any = None) -> Desk:
    """Return a desk whose venue answers a buy by what ``answer`` makes of it."""
    desk = Desk().go()
    desk.venue.answer[BUY] = answer or (lambda p: {"order": order(p), "trades": []})
    desk.venue.answer[LOOK] = lambda p: [order(p)]
    return desk


def place(desk: Desk, **fields: Any) -> None:
    desk.command(
        "ticket", instrument=PERP, side="buy", amount=20, price=50_000, **fields
    )
    desk.until(0.2)


def test_it_is_sent_once_with_label_and_an_end_and_counted_before() -> None:
    desk = quoting()
    place(desk)
    (params,) = desk.params(BUY)
    assert params["label"].endswith("-t-1")
    assert params["valid_until"] > VALID_MS
    assert desk.core.tickets == {(0, "bid"): 2}
    assert rows(desk)[0]["state"] == "open"
    desk.until(3)
    assert len(desk.params(BUY)) == 1


def test_reduce_only_is_not_counted() -> None:
    desk = quoting()
    place(desk, reduce_only=True)
    assert desk.core.tickets == {}


def test_without_room_nothing_is_sent() -> None:
    desk = quoting()
    desk.core.ticket_room = 1
    place(desk)
    assert desk.params(BUY) == []
    assert "no room for it in the position limit" in desk.noted("error")


def test_a_refusal_ends_it_and_frees_the_exposure() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(10009, "not_enough_funds")

    desk = quoting(refuse)
    place(desk)
    assert rows(desk)[0]["state"] == "done"
    assert "10009" in rows(desk)[0]["why"]
    assert desk.core.tickets == {(0, "bid"): 0}


@pytest.mark.parametrize("code", [10001, 11094, 13028, 10050, 99999])
def test_what_says_too_little_is_asked_about_and_never_sent_again(code: int) -> None:
    def fail(params: dict[str, Any]) -> Any:
        raise Refusal(code, "error")

    desk = quoting(fail)
    place(desk)
    assert rows(desk)[0]["state"] == "unknown"
    assert desk.core.tickets == {(0, "bid"): 2}
    desk.until(2)
    assert rows(desk)[0]["state"] == "open", "the venue has it"
    assert len(desk.params(BUY)) == 1


def test_no_such_order_ends_it_only_after_its_last_chance() -> None:
    def fail(params: dict[str, Any]) -> Any:
        raise Refusal(10001, "error")

    desk = quoting(fail)
    desk.venue.answer[LOOK] = lambda p: []
    place(desk)
    desk.until(VALID_MS / 1000 - 1)
    assert rows(desk)[0]["state"] == "unknown"
    desk.until(3)
    assert rows(desk)[0]["state"] == "done"
    assert desk.core.tickets == {(0, "bid"): 0}


def test_what_is_filled_and_not_booked_yet_stays_counted() -> None:
    desk = quoting(lambda p: {"order": order(p, "filled", 20.0), "trades": []})
    place(desk)
    assert rows(desk)[0]["state"] == "done"
    assert desk.core.tickets == {(0, "bid"): 2}
    fill = {"label": rows(desk)[0]["label"], "lots": 2, "side": "bid", "name": PERP}
    desk.session._tickets.on_fill(desk.session._ctx, fill)
    assert desk.core.tickets == {(0, "bid"): 0}


def test_a_triggered_stop_lives_on_in_the_order_it_became() -> None:
    desk = quoting()
    place(desk)
    stop = {"label": "x", "order_id": "S-1", "order_state": "triggered"}
    desk.venue.answer[LOOK] = lambda p: [stop]
    desk.until(1.5)
    assert rows(desk)[0]["state"] == "open"
    became = {**order({"label": "x"}, "filled", 20.0), "trigger_order_id": "S-1"}
    desk.venue.answer[LOOK] = lambda p: [stop, became]
    desk.until(1.5)
    assert rows(desk)[0]["state"] == "done"


def test_a_cancel_is_by_label_and_believed_when_seen() -> None:
    desk = quoting()
    place(desk)
    label = rows(desk)[0]["label"]
    desk.venue.answer["private/cancel_by_label"] = lambda p: 1
    desk.command("cancel_ticket", label=label)
    desk.until(0.5)
    assert desk.params("private/cancel_by_label")[0]["label"] == label
    assert rows(desk)[0]["state"] == "open"
    desk.venue.answer[LOOK] = lambda p: [order(p, "cancelled")]
    desk.until(1.5)
    assert rows(desk)[0]["state"] == "done"


def test_one_more_than_may_be_open_is_refused() -> None:
    desk = quoting()
    for _ in range(OPEN_MAX):
        place(desk, reduce_only=True)
    assert len(desk.params(BUY)) == OPEN_MAX
    place(desk, reduce_only=True)
    assert f"{OPEN_MAX} are open" in desk.noted("error")
    assert len(rows(desk)) == OPEN_MAX


def test_the_last_that_are_done_are_kept() -> None:
    desk = quoting(lambda p: {"order": order(p, "cancelled"), "trades": []})
    for _ in range(KEPT_MAX + 1):
        place(desk)
    assert len(rows(desk)) == KEPT_MAX
    assert rows(desk)[0]["label"].endswith("-t-2")


def test_nothing_is_taken_while_nothing_may_be_sent() -> None:
    desk = Desk()
    place(desk)
    assert rows(desk) == []
    assert "not while the session is connecting" in desk.noted("error")


def test_an_order_may_come_as_text() -> None:
    desk = quoting()
    desk.command("ticket", spec='{"instrument": "BTC-PERPETUAL", "side": "buy", '
                 '"amount": "20", "price": "50000"}')  # fmt: skip
    desk.until(0.2)
    assert desk.params(BUY)[0]["price"] == 50_000
    desk.command("ticket", spec="[1]")
    assert "spec: one JSON object" in desk.noted("error")


def test_closing_asks_for_the_size_that_is_held() -> None:
    desk = quoting()
    desk.command("close_position", instrument=PERP)
    assert "nothing is held" in desk.noted("error")

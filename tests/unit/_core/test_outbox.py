"""What goes out: pauses after refusals, the kill, a lost line."""

import json
from itertools import pairwise

from tests.oracles.venue import SlowVenue
from tests.rig import MID, NAME, Rig, quoting_rig, settle

REQUESTS_MAX = 4096
"""As in engine/_core/state/orders.pxd."""

KILL = ["private/cancel_all", "private/cancel_quotes"]


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


def test_a_refused_cancel_is_sent_again_ever_more_slowly_and_then_at_once() -> None:
    """A settlement refuses even cancels."""
    rig, venue = quoting_rig(), SlowVenue(NAME)
    rig.wisher.asks = []
    settle(rig, venue)
    rig.core.data_to_send(0)
    venue.requests.clear()
    for row in venue.open_orders():
        if row["direction"] == "sell":
            venue.pull(row["order_id"])
    settle(rig, venue)
    rig.core.set_quoting(False, "settlement")
    asked_ms = []
    for _ in range(1_000):
        rig.advance(10)
        venue.receive(rig.core.data_to_send(0))
        while venue.requests:
            asked_ms.append(rig.t_ns // 1_000_000)
            venue.work(10041 if len(asked_ms) < 8 else 0)
            frames, venue.frames = venue.frames, []
            for frame in frames:
                rig.deliver(frame)
    waits = [b - a for a, b in pairwise(asked_ms)]
    bounds = [100, 200, 400, 800, 1_600, 1_600, 1_600]
    assert len(waits) == len(bounds)
    for wait, bound in zip(waits, bounds, strict=True):
        assert bound <= wait <= bound + 250, "the core looks every 250 ms"
    assert venue.open_orders() == []


def test_nothing_is_sent_before_the_venues_clock_is_known() -> None:
    rig = quoting_rig(valid_for_ns=2_000_000_000)
    rig.advance(1_000)
    assert rig.sent() == []
    rig.core.set_venue_clock(5)
    rig.advance(250)
    assert len(rig.sent()) == 2


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


def test_a_session_that_raises_halts_and_cancels_everything() -> None:
    rig = quoting_rig()
    rig.sent()

    def fail(*_: object) -> None:
        raise RuntimeError("lost my mind")

    rig.session.on_control = fail  # type: ignore[method-assign]
    rig.deliver(b'{"jsonrpc":"2.0","id":5,"result":"ok"}')
    assert "lost my mind" in rig.halted()
    assert [r["method"] for r in rig.sent()] == KILL
    assert rig.core.errands() == ["cancel_all"]
    assert rig.session.told("halt") == [rig.halted()]
    rig.core.set_quoting(True, "please")
    assert not rig.core.snapshot()["quoting"], "a halt lasts until restart"


def test_a_halt_repeats_cancel_all_until_nothing_is_left() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.core.command(rig.t_ns, b'{"cmd":"halt","reason":"operator"}')
    assert rig.halted() == "operator"
    assert [r["method"] for r in rig.sent()] == KILL
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


def test_a_kill_is_one_request_of_each_kind_and_one_errand() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    assert rig.core.errands() == []
    rig.core.set_quoting(False, "pulled")
    rig.core.kill_orders("too much lost")
    requests = rig.sent()
    assert [r["method"] for r in requests] == KILL
    assert requests[1]["params"] == {"cancel_type": "all"}
    assert len({r["id"] for r in requests}) == 2
    assert rig.core.errands() == ["cancel_all"]
    assert rig.core.errands() == []
    assert rig.halted() == "", "a kill is no halt"
    rig.advance(400)
    assert rig.sent() == [], "no single cancels beside it"


def test_a_kill_is_repeated_while_orders_are_left_and_ends_with_quoting() -> None:
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.core.set_quoting(False, "pulled")
    rig.core.kill_orders("once")
    rig.sent(), rig.core.errands()
    rig.advance(600)
    assert {r["method"] for r in rig.sent()} == {"private/cancel"}, "one by one as well"
    assert rig.core.errands() == []
    rig.advance(700)
    assert [r["method"] for r in rig.sent()] == KILL
    assert rig.core.errands() == ["cancel_all"]
    rig.core.set_quoting(True, "quoting")
    rig.sent()
    rig.advance(2_600)
    assert "private/cancel_all" not in [r["method"] for r in rig.sent()]
    assert rig.core.errands() == []


def test_a_kill_without_a_line_is_an_errand_alone() -> None:
    rig = quoting_rig()
    rig.core.connection_lost(0, rig.t_ns)
    rig.core.kill_orders("no line")
    assert rig.core.data_to_send(0) == b""
    assert rig.core.errands() == ["cancel_all"]


def test_a_kill_goes_out_when_no_more_requests_can_be_remembered() -> None:
    """Thousands of requests without an answer must not hold back the last word."""
    rig = quoting_rig()
    rig.core.set_quoting(False, "pulled")
    rig.sent()
    ids = []
    for _ in range(REQUESTS_MAX // 2 + 1):
        rig.core.kill_orders("again")
        ids += [r["id"] for r in rig.sent()]
    assert len(ids) == 2 * (REQUESTS_MAX // 2 + 1)
    assert ids[-1] == 0


def test_a_take_waits_until_an_edit_out_of_its_way_is_answered() -> None:
    """Refused, the edit would leave our ask where the take goes."""
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.wisher.take = ("buy", MID + 1, 3)
    rig.wisher.asks = [(MID + 2, 5)]
    rig.advance(300)
    sent = rig.core.data_to_send(0)
    assert [json.loads(line)["method"] for line in sent.splitlines()] == [
        "private/edit"
    ]
    venue.receive(sent)
    settle(rig, venue)
    rig.advance(300)
    assert [request["method"] for request in rig.sent()] == ["private/buy"]


def test_a_quote_waits_for_a_take_of_the_other_side() -> None:
    """The venue may hold the take up, and the quote would meet it."""
    rig, venue = quoting_rig(), SlowVenue(NAME)
    settle(rig, venue)
    rig.wisher.asks = []
    rig.advance(300)
    settle(rig, venue)
    rig.wisher.take = ("buy", MID + 1, 3)
    rig.advance(300)
    assert [request["method"] for request in rig.sent()] == ["private/buy"]
    rig.wisher.take = None
    rig.wisher.asks = [(MID + 1, 5), (MID + 2, 5)]
    rig.advance(300)
    assert [request["params"]["price"] for request in rig.sent()] == [(MID + 2) * 0.5]

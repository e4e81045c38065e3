"""Bugs of other engines about orders, each as a test of this one.

What happened elsewhere stands in the docstring, in our words, with its source. The rig
checks after every event that position plus open orders stays inside the limit and that
no slot has two orders.
"""

from __future__ import annotations

import pytest

from engine.sim.venue.faults.outage import BookState, SlowMatching
from engine.sim.venue.faults.traffic import Delay, Drop, Duplicate, Error, Reorder
from tests.simulation.adapter_rig import (
    agreed,
    counters,
    hit,
    inject,
    over,
    quoting,
    spy,
    venue_ns,
)
from tests.simulation.rig import PERPETUAL, SECOND_NS, Rig, engine_config

pytestmark = pytest.mark.simulation

USER, TRADING = "user.*", "private/*"
NEWS = ("private/buy", "private/sell")


def test_a_cancel_lost_in_a_reconnect_gap() -> None:
    """A cancel that happened while the line was down was never told.

    The order stayed in the engine's book for ever. Source: nautilus_trader, release
    notes (Deribit).
    """
    rig = quoting()
    inject(rig, Drop(of="notification", channel=USER))
    rig.links.drop(0)
    rig.run(0.01)
    assert rig.open_orders() == []
    over(rig)


def test_a_cancel_told_twice_by_reply_and_channel() -> None:
    """One cancel, two events: the second met an order that was closed and raised.

    Source: nautilus_trader, release notes (Deribit).
    """
    rig = quoting()
    inject(rig, Duplicate(of="reply", copies=3), Duplicate(of="notification", copies=2))
    for _ in range(5):
        rig.links.command("pause")
        rig.run_until(lambda: rig.open_orders() == [], 5)
        rig.links.command("resume")
        rig.run_until_two_sided()
    over(rig)


def test_a_reply_that_races_the_channel() -> None:
    """The channel told of an order before the answer to its request came.

    It was taken for an unknown order, then created twice.
    Source: nautilus_trader #3436.
    """
    rig = quoting()
    inject(
        rig,
        Delay(of="reply", method=TRADING, delay_ms=150, jitter_ms=100),
        Reorder(of="notification", channel=USER, probability=0.3, wait_ms=50),
    )
    rig.run(6)
    assert counters(rig)["fills"] > 0
    over(rig)


@pytest.mark.parametrize("code", [11_094, 13_028])
def test_a_network_error_is_not_order_not_found(code: int) -> None:
    """A failed status request counted as "no such order": the order was dropped, alive.

    The position was naked short. Source: hummingbot #8457.
    """
    rig = quoting()
    ask = "private/get_order_state_by_label"
    inject(rig, Drop(of="reply", method="private/edit"), Error(code=code, method=ask))
    for _ in range(60):
        rig.run(0.1)
        quotes = rig.core.snapshot()["instruments"][PERPETUAL]["quotes"]
        known = len(quotes["bid"]) + len(quotes["ask"])
        if rig.state() == "quoting":
            assert known >= len(rig.open_orders()), "every open order is counted"
    over(rig)


def test_orders_nobody_tracks_do_not_pile_up() -> None:
    """After a network error the engine forgot its orders and sent new ones, again.

    The inventory grew far past its limit. Source: hummingbot #3374.
    """
    rig = quoting()
    for method in NEWS:
        inject(rig, Drop(of="reply", method=method))
    inject(rig, Drop(of="notification", channel=USER))
    for _ in range(60):
        rig.run(0.1)
        assert len(rig.open_orders()) <= 2
    rig.links.drop(0)  # nothing on a sound line says that news was lost
    over(rig)


@pytest.mark.parametrize("code", [10_001, 11_094, 13_028, 10_050])
def test_an_order_reported_as_rejected_that_is_alive(code: int) -> None:
    """An order in flight was settled as rejected while the venue had it: orphaned.

    Source: nautilus_trader #4958.
    """
    rig = quoting()
    for method in NEWS:
        inject(rig, Error(code=code, method=method, when="after", probability=0.5))
    for _ in range(4):
        rig.links.command("pause")
        rig.run(0.5)
        rig.links.command("resume")
        rig.run(1)
    over(rig)


@pytest.mark.parametrize("on_start", ["adopt", "cancel"])
def test_working_orders_at_the_start_are_adopted_or_cancelled(on_start: str) -> None:
    """Start-up reconciliation dropped working orders from view; they stayed at work.

    Wanted by others: to keep them over a restart. Source: nautilus_trader #5000,
    hummingbot #366.
    """
    rig = Rig(1, config=engine_config(orders={"on_start": on_start}))
    bid = rig.world.venue.place(
        "maker",
        PERPETUAL,
        "buy",
        rig.world.venue.exchange.market(PERPETUAL).book.best(1) * 0.5 - 20.0,
        50.0,
        t_ns=venue_ns(rig),
        label="hs-000000aa-0-17",
    )
    rig.run_until_state("quoting")
    notes = [text for _, _, kind, text in rig.links.notes if kind == "adopt"]
    assert notes == (["1 open orders adopted"] if on_start == "adopt" else [])
    assert (bid.state == "open") == (on_start == "adopt")
    rig.run_until_two_sided()
    agreed(rig)


def test_no_order_is_created_after_a_stop() -> None:
    """Orders were placed after the operator had stopped the engine.

    Source: hummingbot #1508.
    """
    rig = quoting()
    rig.links.reconnects = False
    rig.links.delay(0, up_ns=300_000_000, down_ns=300_000_000)
    rig.run(2)
    seen = spy(rig)
    rig.links.command("stop")
    rig.run(0.7)
    del seen[:]
    rig.run_until_state("stopped", 12)
    rig.run(5)
    assert [method for _, method, _ in seen if method in NEWS] == []
    assert rig.open_orders() == []


def test_labels_and_slots_are_not_used_twice_over_reconnects() -> None:
    """After a reconnect the engine placed its orders again beside the old ones.

    Source: hummingbot #720.
    """
    rig = quoting()
    seen = spy(rig)
    for n in range(6):
        rig.links.drop(0, venue_notices_ns=n * 400_000_000)
        rig.run_until_state("quoting")
        rig.run(1)
    labels = [params["label"] for _, method, params in seen if method in NEWS]
    assert len(labels) > 6
    assert len(set(labels)) == len(labels)
    agreed(rig)


def test_a_batch_cancel_that_leaves_orders_is_repeated() -> None:
    """A batch cancel was believed; some orders were still there.

    Source: hummingbot #745.
    """
    rig = quoting()
    inject(rig, Drop(of="request", method="private/cancel*", count=4))
    rig.links.command("stop")
    rig.run_until_state("stopped", 12)
    rig.run(0.1)
    assert rig.open_orders() == []
    assert rig.core.snapshot()["session"]["open_orders_at_exit"] == 0


def test_slow_answers_make_no_second_order() -> None:
    """Two orders by a race: the first was slow, so another was sent for its place.

    Source: hummingbot #601, #5390.
    """
    rig = quoting()
    inject(rig, SlowMatching(matching_us=1_500_000))
    for _ in range(80):
        rig.run(0.1)
        assert len(rig.open_orders()) <= 2
    over(rig)


@pytest.mark.parametrize("delay_ms", [0, 40])
def test_a_cancel_that_fails_because_the_order_filled(delay_ms: int) -> None:
    """The cancel was refused, the order sent again: it had filled before.

    Source: passivbot #514; hummingbot #2501, #7139 for the hedge left undone.
    """
    rig = quoting()
    rig.links.delay(0, up_ns=delay_ms * 1_000_000 + 5_000_000)
    rig.run(0.5)
    rig.run_until_two_sided()
    before = rig.position()
    rig.links.command("pause")
    hit(rig, 1, 50.0)
    rig.run(1)
    assert rig.open_orders() == []
    assert rig.position() == before + 50.0
    assert rig.core.snapshot()["instruments"][PERPETUAL]["position"] == rig.position()
    rig.links.command("resume")
    rig.links.delay(0)
    over(rig)


def test_an_edit_that_races_a_fill_does_not_overfill() -> None:
    """An edit restored the size that had just been filled: more was bought than wished.

    The amount of an edit is the total; the worst case of old and new counts. Source:
    nautilus_trader #4154; hftbacktest #280 for the cap passed in a fast market.
    """
    document = engine_config()
    document["quote"][0]["limits"]["position_max"] = 100.0
    rig = Rig(1, config=document)
    rig.run_until_state("quoting")
    rig.links.delay(0, up_ns=120_000_000, down_ns=80_000_000)
    fills = 0
    for _ in range(150):
        rig.run(0.05)
        bids = [order for order in rig.open_orders() if order.side > 0]
        if bids and bids[0].open_lots > 1 and fills < 40:
            hit(rig, 1, 10.0)
            fills += 1
    assert fills > 5
    assert rig.core.snapshot()["requests"]["edit"] > 0
    rig.links.delay(0)
    over(rig)


def test_a_change_is_an_edit_of_the_same_order() -> None:
    """A change was made as a cancel and a new order: a gap, two credits, no place.

    Source: nautilus_trader #3827, #1198; Krypto #52.
    """
    rig = quoting()
    seen = spy(rig)
    rig.run(8)
    methods = [method for _, method, _ in seen]
    assert methods.count("private/edit") > 3
    assert methods.count("private/edit") > methods.count("private/cancel")
    assert any(order.replaced for order in rig.open_orders())


def test_a_day_without_a_line_leaves_no_phantom_orders() -> None:
    """After a long break the engine still showed orders that were gone for hours.

    Source: Krypto #546, #924.
    """
    rig = quoting()
    rig.links.refuses_connections = True
    rig.links.drop(0)
    rig.run(1)
    day_ns = 26 * 3_600 * SECOND_NS
    rig.world.skip_to(venue_ns(rig) + day_ns)
    rig.links.now_ns += day_ns
    rig.links.refuses_connections = False
    rig.run_until_state("quoting", 60)
    rig.run_until_two_sided()
    agreed(rig)


def test_a_settlement_pause_refuses_even_cancels_and_is_waited_out() -> None:
    """Refused requests were repeated at once until the venue banned the client.

    In a settlement not even cancels are taken. Source: hummingbot #1291, #1379, #767.
    """
    rig = quoting()
    seen = spy(rig)
    inject(rig, BookState(instrument_name=PERPETUAL, state="settlement"))
    rig.run(10)
    sent = [method for _, method, _ in seen if method in ("private/cancel", *NEWS)]
    assert len(sent) < 40, "the same two cancels, ever more slowly"
    over(rig)
    assert rig.links.counters.closes == {}


def test_an_own_order_on_the_other_side_ends_nothing_else() -> None:
    """Self-trade prevention was missing, or ended the session.

    The venue cancels or refuses the order that would meet an own one.
    Source: FLOX-Foundation/flox PR #286.
    """
    rig = quoting()
    (ask,) = [order for order in rig.open_orders() if order.side < 0]
    book = rig.world.venue.exchange.market(PERPETUAL).book
    price = ask.instrument.price(book.best(1) - 2)
    rig.world.venue.place(
        "maker",
        PERPETUAL,
        "sell",
        price,
        50.0,
        t_ns=venue_ns(rig),
        label="by hand",
        post_only=True,
    )
    rig.position_max = 1_000.0
    rig.run(5)
    assert rig.core.snapshot()["halted"] == ""
    assert counters(rig)["foreign_orders"] > 0
    assert rig.links.counters.closes == {}

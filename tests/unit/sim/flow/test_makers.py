"""Ladders: on the grid, one order a slot, close to the fair price."""

from __future__ import annotations

from engine.sim.params import SECOND_NS
from tests.unit.sim.flow.scene import PARAMS, PERP, START_NS, started

MAKERS = PARAMS.perpetual.makers


def test_the_first_book_is_two_sided_and_holds_every_slot() -> None:
    _, exchange = started()
    slots = sum(len(maker.levels) for maker in MAKERS)
    for is_buy in (True, False):
        assert len(exchange.resting(PERP, is_buy)) == slots
    spread = (
        exchange.resting(PERP, False)[0].price - exchange.resting(PERP, True)[0].price
    )
    assert 0 < spread <= 1.0


def test_a_maker_has_at_most_one_order_per_slot() -> None:
    flow, exchange = started()
    for second in range(1, 21):
        flow.step(START_NS + second * SECOND_NS)
        for number, maker in enumerate(MAKERS):
            open_orders = [
                one
                for is_buy in (True, False)
                for one in exchange.resting(PERP, is_buy)
                if one.account == f"background-maker-{number}"
            ]
            assert len(open_orders) <= 2 * len(maker.levels)


def test_makers_follow_the_index_and_keep_a_tight_touch() -> None:
    flow, exchange = started()
    spreads, gaps = [], []
    for tenth in range(1, 601):
        flow.step(START_NS + tenth * SECOND_NS // 10)
        bids, asks = exchange.resting(PERP, True), exchange.resting(PERP, False)
        assert bids and asks  # noqa: PT018 one fact: the book is two-sided
        assert bids[0].price < asks[0].price
        spreads.append(asks[0].price - bids[0].price)
        mid = (asks[0].price + bids[0].price) / 2
        gaps.append(abs(mid / exchange.index["btc_usd"] - 1))
    assert sorted(spreads)[len(spreads) // 2] <= 1.0  # ticks of 0.5: one or two
    assert max(gaps) < 0.002


def test_a_quote_moves_by_edit_and_keeps_its_slot() -> None:
    flow, exchange = started()
    flow.step(START_NS + 20 * SECOND_NS)
    kinds = [entry[0] for entry in exchange.log]
    assert kinds.count("edit") > 500
    assert "cancel" not in kinds
    slots = sum(len(maker.levels) for maker in MAKERS)
    filled = {one[0] for one in exchange.trades}
    takers = [e for e in exchange.log if e[0] == "place" and not e[7]]
    placed = kinds.count("place") - len(takers)
    assert 2 * slots <= placed <= 2 * slots + 20 * max(1, len(filled))


def test_a_closed_book_is_left_alone_until_it_opens() -> None:
    flow, exchange = started()
    exchange.closed.add(PERP)
    flow.step(START_NS + 5 * SECOND_NS)
    for is_buy in (True, False):
        for one in exchange.resting(PERP, is_buy):
            exchange.cancel_order(one, START_NS + 5 * SECOND_NS)
    flow.step(START_NS + 6 * SECOND_NS)
    assert not exchange.resting(PERP, True)
    exchange.closed.clear()
    flow.step(START_NS + 16 * SECOND_NS)
    slots = sum(len(maker.levels) for maker in MAKERS)
    for is_buy in (True, False):
        assert len(exchange.resting(PERP, is_buy)) >= slots - 1

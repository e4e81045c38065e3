"""Fair prices: what holds and moves them; amounts in every contract's unit."""

from __future__ import annotations

import pytest

from engine.sim.params import SECOND_NS
from tests.unit.sim.flow.scene import PERP, START_NS, listed, started

LISTED = listed("BTC", "ETH", "BTC_USDC")


def test_a_dated_future_stands_above_its_index_by_its_carry() -> None:
    flow, exchange = started(contracts=LISTED)
    index = exchange.index["btc_usd"]
    found = []
    for one in LISTED:
        if (one.price_index, one.kind) != ("btc_usd", "future"):
            continue
        if one.settlement_period == "month":
            years = (one.expiration_timestamp - START_NS / 1e6) / 31_536e6
            above = flow.markets[one.instrument_name].fair / index - 1
            assert above == pytest.approx(0.05 * years, abs=5e-4)
            found.append(above)
    assert len(found) >= 4
    assert found == sorted(found)


def test_a_spread_stands_at_the_difference_of_its_legs() -> None:
    flow, _ = started(contracts=LISTED)
    flow.step(START_NS + 30 * SECOND_NS)
    spreads = [one for one in LISTED if one.kind == "future_combo"]
    assert spreads
    for one in spreads:
        wanted = sum(flow.markets[leg].fair * ratio for leg, ratio in one.legs)
        assert flow.markets[one.instrument_name].fair == pytest.approx(wanted, abs=30.0)


@pytest.mark.parametrize(
    ("name", "lots"),
    [
        (PERP, 1_000),  # lots of 10 dollars
        ("ETH-PERPETUAL", 10_000),  # of 1 dollar
        ("BTC_USDC-PERPETUAL", 1_250),  # of 0.0001 BTC at 80,000
        ("BTC_USDC", 1_250),
        ("ETH_BTC", 3_333),  # of 0.001 ETH at 3,000
    ],
)
def test_lots_are_worth_the_dollars_asked_for(name: str, lots: int) -> None:
    flow, _ = started(contracts=LISTED)
    assert flow.markets[name].lots(10_000.0) == lots
    assert flow.markets[name].lots(0.0) == 1


def test_a_trade_pushes_the_price_which_comes_back() -> None:
    flow, _ = started()
    market = flow.markets[PERP]
    before = market.fair
    market.push(START_NS, 100_000.0)
    pushed_bps = (market.fair - before) / market.basis_point
    assert pushed_bps == pytest.approx(0.25)
    market.push(START_NS + 60 * SECOND_NS, -1e-9)
    assert market.fair == pytest.approx(before, abs=0.01)


def test_the_largest_trade_pushes_only_so_far() -> None:
    flow, _ = started()
    market = flow.markets[PERP]
    before = market.fair
    market.push(START_NS, -1e12)
    assert (market.fair - before) / market.basis_point == pytest.approx(-1.0)


def test_a_price_below_a_tick_is_not_sent() -> None:
    flow, exchange = started()
    count = len(exchange.log)
    assert flow.markets[PERP].place("a", True, 0, 1, True, START_NS) is None
    assert len(exchange.log) == count


def test_a_refused_order_is_none_and_a_refused_move_takes_the_order_out() -> None:
    flow, exchange = started()
    market = flow.markets[PERP]
    order = market.place("a", True, 100_000, 5, True, START_NS)
    assert order is not None
    exchange.closed.add(PERP)
    assert market.place("a", True, 100_000, 5, True, START_NS) is None
    assert not market.move(order, 100_001, 5, START_NS)
    assert order.state == "cancelled"

"""Order entry over the wire: what is accepted, what moves, what is refused."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from tests.unit.sim.venue.client import (
    ETH,
    MS,
    PERP,
    SECOND,
    Bench,
    Client,
    Refused,
)

GTC, IOC, FOK, GTD = (
    "good_til_cancelled",
    "immediate_or_cancel",
    "fill_or_kill",
    "good_til_day",
)


@pytest.fixture
def bench() -> Bench:
    """A venue with 1000 USD on either side of 80000."""
    bench = Bench()
    bench.place("buy", 79_999.5, 1000)
    bench.place("sell", 80_000.5, 1000)
    return bench


def test_other_currencies_prefix_their_ids(bench: Bench, client: Client) -> None:
    bench.place("sell", 3_001.0, 5, instrument=ETH)
    answer = client.buy(3_001.0, 2, instrument_name=ETH)
    assert answer["order"]["order_id"].startswith("ETH-")
    assert answer["trades"][0]["trade_id"].startswith("ETH-")
    assert answer["trades"][0]["fee_currency"] == "ETH"


# Time in force and market orders.


def test_immediate_or_cancel(client: Client) -> None:
    answer = client.buy(80_000.5, 1500, time_in_force=IOC)
    order = answer["order"]
    assert (order["order_state"], order["filled_amount"]) == ("cancelled", 1000.0)
    assert client.call("private/get_open_orders") == []


@pytest.mark.parametrize(
    ("amount", "state", "filled"), [(1000, "filled", 1000.0), (1010, "cancelled", 0.0)]
)
def test_fill_or_kill(client: Client, amount: int, state: str, filled: float) -> None:
    order = client.buy(80_000.5, amount, time_in_force=FOK)["order"]
    assert (order["order_state"], order["filled_amount"]) == (state, filled)


def test_good_til_day_ends_at_settlement(bench: Bench, client: Client) -> None:
    order = client.buy(79_000.0, 10, time_in_force=GTD)["order"]
    keeps = client.buy(79_000.0, 10)["order"]
    eight = 8 * 3600 * SECOND
    until = -(bench.now_ns - eight) % (24 * 3600 * SECOND)
    bench.advance(until - SECOND)
    client.login("maker")
    assert len(client.call("private/get_open_orders")) == 2
    bench.advance(SECOND)
    left = client.call("private/get_open_orders")
    assert [one["order_id"] for one in left] == [keeps["order_id"]]
    state = client.call("private/get_order_state", order_id=order["order_id"])
    assert state["cancel_reason"] == "settlement"


def market_order(client: Client, method: str, amount: float, **more: Any) -> Any:
    params = {"instrument_name": PERP, "amount": amount, "type": "market"} | more
    return client.call(f"private/{method}", **params)


def test_a_market_order_is_a_limit_order_at_the_edge_of_the_band(
    client: Client,
) -> None:
    answer = market_order(client, "buy", 1500)
    order = answer["order"]
    assert order["order_type"] == "limit"
    assert order["original_order_type"] == "market"
    assert (order["order_state"], order["filled_amount"]) == ("open", 1000.0)
    assert order["price"] == 81_200.0
    assert answer["trades"][0]["original_order_type"] == "market"
    sold = market_order(client, "sell", 1500, instrument_name="BTC-25DEC26")["order"]
    assert (sold["order_state"], sold["filled_amount"]) == ("open", 0.0)


def test_a_market_order_may_be_immediate(client: Client) -> None:
    order = market_order(client, "buy", 1500, time_in_force=IOC)["order"]
    assert (order["order_state"], order["filled_amount"]) == ("cancelled", 1000.0)
    order = market_order(client, "sell", 1010, time_in_force=FOK)["order"]
    assert (order["order_state"], order["filled_amount"]) == ("cancelled", 0.0)


# Refusals, each with its code.


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"instrument_name": "BTC-1JAN20"}, 10020),
        ({"price": 79_000.3}, 10043),
        ({"price": 0}, 10023),
        ({"price": -5}, 10023),
        ({"amount": 15}, 10021),
        ({"amount": 5}, 10002),
        ({"amount": 0}, 10002),
        ({"amount": -10}, 10002),
        ({"price": 81_200.5}, 10007),
        ({"amount": 10_000_000_000}, 10009),
        ({"label": "x" * 65}, -32602),
        ({"type": "stop_limit"}, -32602),
        ({"time_in_force": "forever"}, -32602),
        ({"post_only": True, "time_in_force": IOC}, -32602),
        ({"contracts": 2}, -32602),
        ({"price": None}, -32602),
        ({"mmp": True}, 13040),
        ({"reduce_only": True}, 11030),
        ({"post_only": True, "reject_post_only": True, "price": 80_000.5}, 11054),
    ],
)
def test_refusals(client: Client, params: dict[str, Any], code: int) -> None:
    before = client.bench.venue.snapshot()
    order = {"instrument_name": PERP, "price": 79_000.0, "amount": 10} | params
    assert client.code("private/buy", **order) == code
    assert client.bench.venue.snapshot() == before


def test_price_or_size_left_out(client: Client) -> None:
    assert client.code("private/buy", instrument_name=PERP, amount=10) == -32602
    assert client.code("private/buy", instrument_name=PERP, price=79_000.0) == -32602


def test_amount_may_come_in_contracts(client: Client) -> None:
    for size in ({"contracts": 3}, {"contracts": 3, "amount": 30}):
        answer = client.call(
            "private/buy", instrument_name=PERP, price=79_000.0, **size
        )
        assert answer["order"]["amount"] == 30.0


def test_a_label_of_64_is_accepted(client: Client) -> None:
    assert client.buy(79_000.0, 10, label="x" * 64)["order"]["label"] == "x" * 64


def test_the_band_binds_the_aggressive_side_only(client: Client) -> None:
    with pytest.raises(Refused, match=r"10007 price_too_high 81200.0"):
        client.buy(81_200.5, 10)
    with pytest.raises(Refused, match=r"10005 price_too_low 78800.0"):
        client.sell(78_799.5, 10)
    assert client.buy(81_200.0, 10)["order"]["order_state"] == "filled"
    assert client.buy(20_000.0, 10)["order"]["order_state"] == "open"
    assert client.sell(200_000.0, 10)["order"]["order_state"] == "open"


def test_valid_until(client: Client) -> None:
    now_ms = client.bench.now_ns // MS
    assert client.buy(79_000.0, 10, valid_until=now_ms)["order"]
    late = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **late, valid_until=now_ms - 1) == 13888


def test_a_closed_book(bench: Bench, client: Client) -> None:
    order_id = client.buy(79_000.0, 10)["order"]["order_id"]
    order = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    bench.venue.set_state(PERP, "settlement", bench.now_ns)
    assert client.code("private/buy", **order) == 10041
    assert client.code("private/cancel", order_id=order_id) == 10041
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    assert client.code("private/buy", **order) == 10012
    assert client.call("private/cancel", order_id=order_id)["order_id"] == order_id
    bench.venue.set_state(PERP, "open", bench.now_ns)
    assert client.buy(79_000.0, 10)


# Post-only.


@pytest.mark.parametrize(
    ("asked", "rests"),
    [(80_000.0, 80_000.0), (80_000.5, 80_000.0), (81_000.0, 80_000.0)],
)
def test_post_only_slides_one_tick_inside(
    client: Client, asked: float, rests: float
) -> None:
    order = client.buy(asked, 10, post_only=True)["order"]
    assert order["price"] == rests
    assert order["order_state"] == "open"
    assert order["reject_post_only"] is False


def test_post_only_sell_slides_up(client: Client) -> None:
    assert client.sell(79_000.0, 10, post_only=True)["order"]["price"] == 80_000.0


def test_post_only_that_cannot_slide() -> None:
    bench = Bench(VenueConfig(index_prices={"btc_usd": 1, "eth_usd": 1}))
    bench.place("sell", 0.5, 10)
    client = bench.connect("maker")
    order = {"instrument_name": PERP, "amount": 10, "price": 0.5, "post_only": True}
    assert client.code("private/buy", **order) == 11021


@pytest.mark.parametrize(
    ("touch", "direction", "rests"),
    [
        (0.0055, "buy", 0.005),
        (0.005, "buy", 0.0049),
        (0.006, "buy", 0.0055),
        (0.005, "sell", 0.0055),
        (0.0049, "sell", 0.005),
    ],
)
def test_post_only_slides_by_the_tick_that_holds_there(
    touch: float, direction: str, rests: float
) -> None:
    listing = ListingConfig(families=("BTC",), strikes_each_side=8)
    bench = Bench(VenueConfig(listing=listing))
    client = bench.connect("maker")
    market = next(
        m
        for m in bench.venue.exchange.markets.values()
        if m.instrument.is_option
        and m.instrument.price(m.min_ticks) < 0.0045
        and m.instrument.price(m.max_ticks) > 0.007
    )
    name = market.instrument.name
    other = "sell" if direction == "buy" else "buy"
    bench.place(other, touch, 1.0, instrument=name)
    order = {"instrument_name": name, "amount": 1.0, "price": touch, "post_only": True}
    assert client.call(f"private/{direction}", **order)["order"]["price"] == rests


# Self-trade prevention.


def test_reject_taker(client: Client) -> None:
    client.sell(80_000.0, 100)
    order = {"instrument_name": PERP, "amount": 10, "price": 80_000.0}
    assert client.code("private/buy", **order) == 10003
    assert len(client.call("private/get_open_orders")) == 1


def test_reject_taker_only_when_it_would_be_reached(bench: Bench) -> None:
    client = bench.connect("maker")
    client.sell(80_001.0, 100)
    assert client.buy(80_001.0, 1000)["order"]["order_state"] == "filled"
    order = {"instrument_name": PERP, "amount": 10, "price": 80_001.0}
    assert client.code("private/buy", **order) == 10003


# Reduce-only and closing.


def test_reduce_only_is_cut_to_the_position(client: Client) -> None:
    client.buy(80_000.5, 100)
    order = client.sell(80_500.0, 500, reduce_only=True)["order"]
    assert (order["amount"], order["reduce_only"]) == (100.0, True)
    more = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **more, reduce_only=True) == 11030


def test_close_position(client: Client) -> None:
    close = {"instrument_name": PERP, "type": "market"}
    assert client.code("private/close_position", **close) == 10010
    client.buy(80_000.5, 100)
    answer = client.call("private/close_position", **close)
    assert answer["order"]["direction"] == "sell"
    assert answer["order"]["reduce_only"] is True
    row = client.call("private/get_position", instrument_name=PERP)
    assert row["size"] == 0.0
    assert row["realized_profit_loss"] < 0
    client.sell(79_999.5, 50)
    limit = {"instrument_name": PERP, "type": "limit"}
    assert client.code("private/close_position", **limit) == -32602
    answer = client.call("private/close_position", **limit, price=79_000.0)
    assert (answer["order"]["direction"], answer["order"]["amount"]) == ("buy", 50.0)


# Margin.


def test_margin_at_the_limit_and_one_past_it(client: Client) -> None:
    # 10 BTC carry 289.9 BTC, at 2 % and 0.005 % more for every coin.
    amount = 23_191_830
    client.buy(79_000.0, amount)
    order = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **order) == 10009
    summary = client.call("private/get_account_summary", currency="BTC")
    assert 0 < summary["available_funds"] < 1e-5
    assert summary["available_funds"] + summary["initial_margin"] == 10.0
    client.sell(85_000.0, amount)
    assert client.code("private/sell", **order | {"price": 85_000.0}) == 10009

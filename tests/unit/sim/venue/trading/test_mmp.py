"""Protection of orders: window, limits, freeze, bound and margin."""

from dataclasses import replace
from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.trading.mmp import NAMED_GROUPS_MAX
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client

INDEX = "btc_usd"


def configure(client: Client, **changes: Any) -> Any:
    config = {
        "index_name": INDEX,
        "interval": 10,
        "frozen_time": 5,
        "max_quote_quantity": 10,
    }
    return client.call("private/set_mmp_config", **(config | changes))


def sell(client: Client, price: float, amount: float, **more: Any) -> Any:
    """Offer under protection, above the touch unless told otherwise."""
    return client.sell(price, amount, mmp=True, **more)["order"]


def hit(bench: Bench, price: float, amount: float) -> None:
    """Buy in the name of the background market."""
    bench.place("buy", price, amount, time_in_force="immediate_or_cancel")


def state(client: Client, order: Any) -> tuple[str, str]:
    row = client.call("private/get_order_state", order_id=order["order_id"])
    return row["order_state"], row.get("cancel_reason", "")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    return bench


def test_a_limit_that_is_met_pulls_everything_of_the_index(
    bench: Bench, client: Client
) -> None:
    configure(client, quantity_limit=1)
    orders = [sell(client, 80_000.0 + n, 80_000) for n in (0, 10, 20)]
    plain = client.sell(80_030.0, 10)["order"]
    client.listen("user.mmp_trigger.any", f"user.orders.{PERP}.raw")
    hit(bench, 80_000.0, 79_990)
    assert state(client, orders[1]) == ("open", "")
    hit(bench, 80_000.0, 10)
    assert state(client, orders[0]) == ("filled", "")
    for order in orders[1:]:
        assert state(client, order) == ("cancelled", "mmp_trigger")
    assert state(client, plain) == ("open", "")
    told = client.on(f"user.orders.{PERP}.raw")
    assert [o["order_id"] for o in told if o.get("mmp_cancelled")] == [
        o["order_id"] for o in orders[1:]
    ]
    until = (bench.now_ns + 5 * SECOND) // MS
    assert client.on("user.mmp_trigger.any") == [
        {"frozen_until": until, "index_name": INDEX, "block_rfq": False}
    ]


def test_frozen_takes_only_what_is_not_protected(bench: Bench, client: Client) -> None:
    configure(client, quantity_limit=1)
    sell(client, 80_000.0, 80_000)
    hit(bench, 80_000.0, 80_000)
    order = {"instrument_name": PERP, "amount": 10, "price": 80_000.0}
    assert client.code("private/sell", mmp=True, **order) == 13030
    client.call("private/sell", **order)
    (status,) = client.call("private/get_mmp_status", index_name=INDEX)
    assert status["frozen_until"] == (bench.now_ns + 5 * SECOND) // MS
    bench.advance(5 * SECOND - MS)
    assert client.code("private/sell", mmp=True, **order) == 13030
    bench.advance(MS)
    assert client.call("private/get_mmp_status", index_name=INDEX) == []
    client.call("private/sell", mmp=True, **order)


def test_the_freeze_lasts_a_second_even_against_a_reset(
    bench: Bench, client: Client
) -> None:
    configure(client, quantity_limit=1, frozen_time=0)
    sell(client, 80_000.0, 80_000)
    hit(bench, 80_000.0, 80_000)
    order = {"instrument_name": PERP, "amount": 10, "price": 80_000.0, "mmp": True}
    bench.advance(600 * SECOND)
    (status,) = client.call("private/get_mmp_status", index_name=INDEX)
    assert status["frozen_until"] == 0
    assert client.code("private/sell", **order) == 13030
    assert client.call("private/reset_mmp", index_name=INDEX) == "ok"
    client.call("private/sell", **order | {"amount": 80_000})
    hit(bench, 80_000.0, 80_000)
    bench.advance(400 * MS)
    client.call("private/reset_mmp", index_name=INDEX)
    bench.advance(600 * MS - 1)
    assert client.code("private/sell", **order) == 13030
    bench.advance(1)
    client.call("private/sell", **order)


def test_the_window_begins_with_a_trade_and_ends_an_interval_later(
    bench: Bench, client: Client
) -> None:
    configure(client, quantity_limit=1, interval=10)
    order = sell(client, 80_000.0, 400_000)
    bench.advance(60 * SECOND)
    hit(bench, 80_000.0, 60_000)
    bench.advance(10 * SECOND)
    hit(bench, 80_000.0, 60_000)  # a new window
    assert state(client, order) == ("open", "")
    bench.advance(10 * SECOND - MS)
    hit(bench, 80_000.0, 20_000)  # still the same
    assert state(client, order) == ("cancelled", "mmp_trigger")


def test_delta_is_signed_and_quantity_is_not(bench: Bench, client: Client) -> None:
    configure(client, delta_limit=0.5)
    offer = sell(client, 80_000.0, 400_000)
    bid = client.buy(79_999.5, 400_000, mmp=True)["order"]
    for _ in range(4):
        hit(bench, 80_000.0, 39_990)
        bench.place("sell", 79_999.5, 39_990, time_in_force="fill_or_kill")
    assert state(client, offer) == ("open", "")
    configure(client, quantity_limit=0.5)
    hit(bench, 80_000.0, 10)
    assert state(client, offer) == ("cancelled", "mmp_trigger")
    assert state(client, bid) == ("cancelled", "mmp_trigger")


def test_one_sweep_fills_what_it_meets_before_protection_acts(
    bench: Bench, client: Client
) -> None:
    configure(client, quantity_limit=0.5)
    orders = [sell(client, 80_000.0 + n, 80_000) for n in (0, 10, 20)]
    bench.place("buy", 80_010.0, 160_000, time_in_force="fill_or_kill")
    states = [state(client, order)[0] for order in orders]
    assert states == ["filled", "filled", "cancelled"]


def test_a_protected_taker_does_not_rest_after_it_triggered(
    bench: Bench, client: Client
) -> None:
    configure(client, quantity_limit=1)
    bench.place("buy", 79_990.0, 80_000)
    row = sell(client, 79_990.0, 90_000)
    assert (row["order_state"], row["filled_amount"]) == ("cancelled", 81_000.0)
    assert row["mmp_cancelled"] is True


def test_the_bound_holds_per_side_and_instrument(bench: Bench, client: Client) -> None:
    configure(client, max_quote_quantity=1)
    first = sell(client, 80_000.0, 40_000)
    sell(client, 80_000.0, 40_000)
    over = {"instrument_name": PERP, "price": 80_000.0, "amount": 10, "mmp": True}
    assert client.code("private/sell", **over) == 11030
    client.buy(79_000.0, 70_000, mmp=True)
    order_id = first["order_id"]
    more = {"order_id": order_id, "amount": 40_010, "price": 80_000.0}
    assert client.code("private/edit", **more) == 11030
    client.call("private/edit", order_id=order_id, amount=39_990, price=80_000.0)
    client.call("private/sell", **over)
    hit(bench, 80_000.0, 20_000)
    client.call("private/sell", **over)
    client.sell(80_000.0, 80_000)  # no part of it


def test_a_lower_bound_curtails_newest_first(client: Client) -> None:
    configure(client, max_quote_quantity=2)
    orders = [sell(client, 80_000.0, 60_000) for _ in range(2)]
    bid = client.buy(79_000.0, 40_000, mmp=True)["order"]
    configure(client, max_quote_quantity=1)
    assert state(client, orders[0]) == ("open", "")
    assert state(client, orders[1]) == ("cancelled", "mmp_config_curtailment")
    assert state(client, bid) == ("open", "")
    configure(client, interval=0)
    assert state(client, orders[0]) == ("cancelled", "mmp_config_curtailment")
    assert client.call("private/get_mmp_config", index_name=INDEX) == []


def test_protected_orders_are_margined_by_the_bound(client: Client) -> None:
    def margin(currency: str = "BTC") -> Any:
        summary = client.call("private/get_account_summary", currency=currency)
        return summary["initial_margin"]

    assert margin() == 0.0
    configure(client, max_quote_quantity=2)
    assert margin() == 0.06
    sell(client, 80_000.0, 100_000)
    assert margin() == 0.06
    configure(client, mmp_group="one", max_quote_quantity=1)
    assert margin() == 0.09
    assert margin("ETH") == 0.0
    configure(client, mmp_group="one", interval=0)
    assert margin() == 0.06
    too_much = {"index_name": INDEX, "interval": 1, "frozen_time": 1}
    code = client.code("private/set_mmp_config", max_quote_quantity=334, **too_much)
    assert code == 10009
    configure(client, max_quote_quantity=333)


def test_orders_need_a_configuration_of_their_index(client: Client) -> None:
    order = {"instrument_name": ETH, "amount": 10, "price": 3_000.0, "mmp": True}
    configure(client)
    assert client.code("private/sell", **order) == 13040
    market_order = order | {"instrument_name": PERP, "type": "market"}
    assert client.code("private/sell", **market_order) == -32602


def test_an_account_may_have_no_protection() -> None:
    maker, taker = default_accounts(1000, 1000)
    accounts = (replace(maker, mmp_enabled=False), taker)
    client = Bench(VenueConfig(accounts=accounts)).connect("maker")
    for method in ("set_mmp_config", "get_mmp_config", "get_mmp_status", "reset_mmp"):
        params = {"index_name": INDEX}
        if method == "set_mmp_config":
            params |= {"interval": 1, "frozen_time": 1, "max_quote_quantity": 1}  # type: ignore[dict-item]
        assert client.code(f"private/{method}", **params) == 13040
    order = {"instrument_name": PERP, "amount": 10, "price": 80_000.0, "mmp": True}
    assert client.code("private/sell", **order) == 13040
    summary = client.call("private/get_account_summary", currency="BTC", extended=True)
    assert summary["mmp_enabled"] is False


def test_an_edit_keeps_the_flag(client: Client) -> None:
    configure(client)
    order = sell(client, 80_000.0, 100)
    change = {"order_id": order["order_id"], "amount": 50, "price": 80_000.0}
    assert client.code("private/edit", mmp=False, **change) == -32602
    edited = client.call("private/edit", mmp=True, **change)["order"]
    assert edited["mmp"] is True


def test_sixteen_named_groups_and_one_index_each(client: Client) -> None:
    for n in range(NAMED_GROUPS_MAX):
        configure(client, mmp_group=f"g{n}", max_quote_quantity=0.1)
    configure(client)
    more = {"index_name": INDEX, "interval": 1, "frozen_time": 1}
    more |= {"max_quote_quantity": 0.1}
    code = client.code("private/set_mmp_config", mmp_group="one more", **more)
    assert code == -32602
    elsewhere = more | {"index_name": "eth_usd", "mmp_group": "g0"}
    assert client.code("private/set_mmp_config", **elsewhere) == -32602
    configure(client, mmp_group="g3", interval=0)
    configure(client, mmp_group="one more", max_quote_quantity=0.1)

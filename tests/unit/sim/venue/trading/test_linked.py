"""Linked orders: what lies dormant, what is entered when, what ends what."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import OrderLimits
from tests.unit.sim.venue.client import PERP, Bench, Client

OTO, OCO = "one_triggers_other", "one_cancels_other"
OTOCO = "one_triggers_one_cancels_other"
ORDERS = f"user.orders.{PERP}.raw"
PROFIT = {"amount": 100, "direction": "sell", "price": 82_000.0, "label": "profit"}
STOP = {
    "amount": 100,
    "direction": "sell",
    "type": "stop_market",
    "trigger": "mark_price",
    "trigger_price": 78_000.0,
    "reduce_only": True,
    "label": "stop",
}


def entry(**more: Any) -> dict[str, Any]:
    """A primary that rests as the best bid."""
    return {
        "instrument_name": PERP,
        "amount": 100,
        "price": 80_000.0,
        "label": "primary",
    } | more


def place(
    client: Client, kind: str, *others: dict[str, Any], **more: Any
) -> dict[str, Any]:
    answer = client.call(
        "private/buy",
        **entry(**more),
        linked_order_type=kind,
        otoco_config=list(others),
    )
    row: dict[str, Any] = answer["order"]
    return row


def sell_to(bench: Bench, amount: float) -> None:
    """Fill the primary by an amount; what that brings about happens."""
    bench.place("sell", 80_000.0, amount, account="seller")
    bench.advance(0)


def open_by_label(client: Client) -> dict[str, dict[str, Any]]:
    rows = client.call("private/get_open_orders")
    return {row["label"]: row for row in rows}


def state_of(client: Client, order: dict[str, Any]) -> tuple[str, str]:
    row = client.call("private/get_order_state", order_id=order["order_id"])
    return row["order_state"], row.get("cancel_reason", "")


def last_by_label(client: Client, label: str) -> dict[str, Any]:
    rows = client.call("private/get_order_state_by_label", currency="BTC", label=label)
    row: dict[str, Any] = rows[-1]
    return row


# One triggers others.


def test_secondaries_lie_dormant(client: Client) -> None:
    primary = place(client, OTO, PROFIT, STOP)
    assert primary["oto_order_ids"] == ["OTO-1", "OTO-2"]
    assert primary["trigger_fill_condition"] == "first_hit"
    assert not {"is_primary_otoco", "oco_ref", "is_secondary_oto"} & set(primary)
    rows = open_by_label(client)
    assert set(rows) == {"primary", "profit", "stop"}
    profit, stop = rows["profit"], rows["stop"]
    assert (profit["order_id"], profit["order_state"]) == ("OTO-1", "untriggered")
    assert (profit["order_type"], profit["price"]) == ("limit", 82_000.0)
    assert profit["is_secondary_oto"] is True
    assert "primary_order_id" not in profit
    assert (stop["order_type"], stop["trigger_price"]) == ("stop_market", 78_000.0)
    book = client.call("public/get_order_book", instrument_name=PERP)
    assert len(book["asks"]) == 1


def test_the_first_hit_enters_all_of_them(bench: Bench, client: Client) -> None:
    primary = place(client, OTO, PROFIT, STOP)
    sell_to(bench, 10)
    rows = open_by_label(client)
    assert rows["profit"]["order_state"] == "open"
    assert rows["profit"]["order_id"].isdecimal()
    assert rows["profit"]["primary_order_id"] == primary["order_id"]
    assert rows["profit"]["amount"] == 100.0
    assert "is_secondary_oto" not in rows["profit"]
    assert rows["stop"]["order_id"] == "SLMS-3"
    assert rows["stop"]["order_state"] == "untriggered"
    for name in primary["oto_order_ids"]:
        row = client.call("private/get_order_state", order_id=name)
        assert row["order_state"] == "triggered"
    sell_to(bench, 90)
    assert open_by_label(client)["profit"]["amount"] == 100.0


def test_a_complete_fill_is_waited_for(bench: Bench, client: Client) -> None:
    place(client, OTO, PROFIT, trigger_fill_condition="complete_fill")
    sell_to(bench, 90)
    assert open_by_label(client)["profit"]["order_state"] == "untriggered"
    sell_to(bench, 10)
    assert open_by_label(client)["profit"]["order_state"] == "open"


def test_they_grow_with_the_fills(bench: Bench, client: Client) -> None:
    half = PROFIT | {"amount": 50}
    place(client, OTO, half, trigger_fill_condition="incremental")
    sell_to(bench, 10)
    assert open_by_label(client)["profit"]["order_state"] == "untriggered", (
        "half a lot is no lot"
    )
    sell_to(bench, 20)
    rows = [r for r in client.call("private/get_open_orders") if r["label"] == "profit"]
    assert [(r["order_state"], r["amount"]) for r in rows] == [
        ("untriggered", 50.0),
        ("open", 10.0),
    ]
    sell_to(bench, 70)
    rows = [r for r in client.call("private/get_open_orders") if r["label"] == "profit"]
    assert [(r["order_state"], r["amount"]) for r in rows] == [("open", 50.0)]
    assert rows[0]["replaced"] is True


def test_a_waiting_stop_grows_too(bench: Bench, client: Client) -> None:
    place(client, OTO, STOP, trigger_fill_condition="incremental")
    for amount, stop in ((30, 30.0), (70, 100.0)):
        sell_to(bench, amount)
        rows = client.call("private/get_open_orders", type="stop_market")
        assert [r["amount"] for r in rows if r["order_id"] == "SLMS-2"] == [stop]


def test_the_next_part_is_a_new_order_when_the_last_has_filled(
    bench: Bench, client: Client
) -> None:
    near = PROFIT | {"price": 80_000.5}
    place(client, OTO, near, trigger_fill_condition="incremental")
    sell_to(bench, 30)
    bench.place("buy", 80_000.5, 30, account="buyer")
    bench.advance(0)
    first = client.call(
        "private/get_order_state_by_label", currency="BTC", label="profit"
    )
    sell_to(bench, 70)
    row = open_by_label(client)["profit"]
    assert row["amount"] == 70.0
    assert row["order_id"] not in {one["order_id"] for one in first}


def test_a_cancelled_primary_takes_them_along(bench: Bench, client: Client) -> None:
    primary = place(client, OTO, PROFIT, STOP)
    client.call("private/cancel", order_id=primary["order_id"])
    assert client.call("private/get_open_orders") == []
    for name in primary["oto_order_ids"]:
        state = state_of(client, {"order_id": name})
        assert state == ("cancelled", "oto_primary_closed")


@pytest.mark.parametrize(
    ("condition", "left"),
    [("first_hit", 100.0), ("complete_fill", None), ("incremental", 40.0)],
)
def test_a_primary_cancelled_after_a_part(
    bench: Bench, client: Client, condition: str, left: float | None
) -> None:
    primary = place(client, OTO, PROFIT, trigger_fill_condition=condition)
    sell_to(bench, 40)
    client.call("private/cancel", order_id=primary["order_id"])
    bench.advance(0)
    rows = open_by_label(client)
    assert (rows["profit"]["amount"] if rows else None) == left
    if left != 100.0:
        state = state_of(client, {"order_id": "OTO-1"})
        assert state == ("cancelled", "oto_primary_closed")


def test_an_immediate_primary(bench: Bench, client: Client) -> None:
    more = {"price": 80_001.0, "amount": 2_000, "time_in_force": "immediate_or_cancel"}
    place(client, OTO, PROFIT, trigger_fill_condition="incremental", **more)
    bench.advance(0)
    (row,) = client.call("private/get_open_orders")
    assert (row["label"], row["amount"]) == ("profit", 50.0)
    assert state_of(client, {"order_id": "OTO-1"})[1] == "oto_primary_closed"


def test_a_dormant_order_can_be_cancelled_not_edited(
    bench: Bench, client: Client
) -> None:
    place(client, OTO, PROFIT, STOP)
    for name in ("OTO-1", "OTO-2"):
        assert client.code("private/edit", order_id=name, amount=50) == 11044
    client.call("private/cancel", order_id="OTO-1")
    assert state_of(client, {"order_id": "OTO-1"}) == ("cancelled", "user_request")
    sell_to(bench, 100)
    assert set(open_by_label(client)) == {"stop"}


def test_a_secondary_refused_when_its_time_comes(bench: Bench, client: Client) -> None:
    client.listen(ORDERS)
    place(client, OTO, PROFIT | {"price": 70_000.0})
    sell_to(bench, 100)
    assert state_of(client, {"order_id": "OTO-1"}) == ("rejected", "")
    assert client.call("private/get_open_orders") == []
    told = [(o["order_id"], o["order_state"]) for o in client.on(ORDERS)]
    assert told[-1] == ("OTO-1", "rejected")


def test_a_stop_whose_level_has_passed_is_entered_at_once(
    bench: Bench, client: Client
) -> None:
    place(client, OTO, STOP | {"trigger_price": 79_500.0})
    bench.venue.set_index("btc_usd", 79_000.0, bench.now_ns)
    sell_to(bench, 100)
    row = last_by_label(client, "stop")
    assert (row["order_state"], row["trigger_order_id"]) == ("filled", "SLMS-2")


def test_a_trigger_order_may_be_the_primary(bench: Bench, client: Client) -> None:
    waits = {"type": "stop_limit", "trigger": "index_price", "trigger_price": 80_500.0}
    primary = place(client, OTO, PROFIT, **waits)
    assert primary["oto_order_ids"] == ["OTO-1"]
    bench.venue.set_index("btc_usd", 80_500.0, bench.now_ns)
    bench.advance(0)
    entered = open_by_label(client)["primary"]
    assert entered["oto_order_ids"] == ["OTO-1"]
    sell_to(bench, 100)
    assert open_by_label(client)["profit"]["primary_order_id"] == entered["order_id"]


# One cancels the other.


def pair(client: Client, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bid at 80000 and a stop to buy at 81000."""
    stop = {
        "amount": 100, "direction": "buy", "type": "stop_market",
        "trigger": "mark_price", "trigger_price": 81_000.0, "label": "other",
    }  # fmt: skip
    one = place(client, OCO, stop, **more)
    return one, open_by_label(client)["other"]


def test_a_pair_shares_a_reference(client: Client) -> None:
    one, other = pair(client)
    assert one["oco_ref"] == other["oco_ref"] != ""
    assert other["order_id"] == "SLMB-1"
    assert (one["order_state"], other["order_state"]) == ("open", "untriggered")


@pytest.mark.parametrize(
    ("condition", "after_part"),
    [("first_hit", None), ("complete_fill", 100.0), ("incremental", 60.0)],
)
def test_a_fill_of_one_concerns_the_other(
    bench: Bench, client: Client, condition: str, after_part: float | None
) -> None:
    _, other = pair(client, trigger_fill_condition=condition)
    sell_to(bench, 40)
    rows = open_by_label(client)
    assert (rows["other"]["amount"] if "other" in rows else None) == after_part
    sell_to(bench, 60)
    assert client.call("private/get_open_orders") == []
    assert state_of(client, other) == ("cancelled", "oco_other_closed")


def test_any_end_of_one_ends_the_other(bench: Bench, client: Client) -> None:
    for index in (0, 1):
        both = pair(client)
        client.call("private/cancel", order_id=both[index]["order_id"])
        assert state_of(client, both[index]) == ("cancelled", "user_request")
        assert state_of(client, both[1 - index]) == ("cancelled", "oco_other_closed")
    assert client.call("private/get_open_orders") == []


def test_the_order_a_stop_becomes_plays_its_part(bench: Bench, client: Client) -> None:
    one, _ = pair(client)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    bench.advance(0)
    assert last_by_label(client, "other")["order_state"] == "filled"
    assert last_by_label(client, "other")["oco_ref"] == one["oco_ref"]
    assert state_of(client, one) == ("cancelled", "oco_other_closed")


def test_a_stop_that_is_rejected_ends_its_pair(bench: Bench, client: Client) -> None:
    waits = {"type": "stop_limit", "trigger": "mark_price", "trigger_price": 81_000.0}
    other = {"amount": 100, "direction": "buy", "price": 99_000.0} | waits
    one = place(client, OCO, other)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    bench.advance(0)
    assert state_of(client, one) == ("cancelled", "oco_other_closed")


def test_one_that_trades_at_once_leaves_nothing_of_the_other(client: Client) -> None:
    one = place(client, OCO, PROFIT, price=80_001.0)
    assert one["order_state"] == "filled"
    assert client.call("private/get_open_orders") == []
    row = last_by_label(client, "profit")
    assert (row["order_state"], row["cancel_reason"]) == (
        "cancelled",
        "oco_other_closed",
    )


def test_a_stop_that_never_waited_has_a_stops_id(client: Client) -> None:
    place(client, OCO, STOP, price=80_001.0)
    row = last_by_label(client, "stop")
    assert (row["order_id"], row["order_state"]) == ("SLMS-1", "cancelled")


def test_resting_orders_may_be_a_pair(bench: Bench, client: Client) -> None:
    profit = PROFIT | {"price": 81_000.0}
    place(client, OCO, profit, trigger_fill_condition="incremental")
    bench.place("buy", 81_000.0, 1_040, account="buyer")
    rows = open_by_label(client)
    assert rows["profit"]["filled_amount"] == 40.0
    assert rows["primary"]["amount"] == 60.0
    bids = client.call("public/get_order_book", instrument_name=PERP)["bids"]
    assert bids[0] == [80_000.0, 60.0]


# One triggers a pair.


def test_a_primary_of_a_pair(bench: Bench, client: Client) -> None:
    primary = place(client, OTOCO, PROFIT, STOP)
    assert primary["is_primary_otoco"] is True
    assert primary["oto_order_ids"] == ["OTO-1", "OTO-2"]
    rows = open_by_label(client)
    assert rows["profit"]["oco_ref"] == rows["stop"]["oco_ref"]
    sell_to(bench, 100)
    rows = open_by_label(client)
    assert set(rows) == {"profit", "stop"}
    assert rows["profit"]["oco_ref"] == rows["stop"]["oco_ref"]
    assert {r["primary_order_id"] for r in rows.values()} == {primary["order_id"]}
    bench.venue.set_index("btc_usd", 78_000.0, bench.now_ns)
    bench.advance(0)
    assert client.call("private/get_open_orders") == []
    assert last_by_label(client, "stop")["order_state"] == "filled"
    assert last_by_label(client, "profit")["cancel_reason"] == "oco_other_closed"
    position = client.call("private/get_position", instrument_name=PERP)
    assert position["size"] == 0.0


def test_a_pair_of_which_one_trades_at_once(bench: Bench, client: Client) -> None:
    place(client, OTOCO, PROFIT | {"price": 79_990.0}, STOP)
    sell_to(bench, 100)
    assert client.call("private/get_open_orders") == []
    assert last_by_label(client, "profit")["order_state"] == "filled"
    assert state_of(client, {"order_id": "OTO-2"}) == ("cancelled", "oco_other_closed")


def test_a_dormant_one_of_a_pair_ends_the_other(client: Client) -> None:
    place(client, OTOCO, PROFIT, STOP)
    client.call("private/cancel", order_id="OTO-2")
    assert state_of(client, {"order_id": "OTO-1"}) == ("cancelled", "oco_other_closed")
    assert set(open_by_label(client)) == {"primary"}


def test_a_pair_that_grows(bench: Bench, client: Client) -> None:
    near = PROFIT | {"price": 80_000.5}
    place(client, OTOCO, near, STOP, trigger_fill_condition="incremental")
    sell_to(bench, 40)
    bench.place("buy", 80_000.5, 40, account="buyer")
    bench.advance(0)
    rows = client.call("private/get_open_orders")
    assert {r["order_state"] for r in rows if r["label"] != "primary"} == {
        "untriggered"
    }
    assert [r["order_id"] for r in rows if r["label"] == "stop"] == ["OTO-2"], (
        "what it protected is sold"
    )
    sell_to(bench, 60)
    rows = open_by_label(client)
    assert (rows["profit"]["amount"], rows["stop"]["amount"]) == (60.0, 60.0)
    bench.place("buy", 80_000.5, 30, account="buyer")
    rows = open_by_label(client)
    assert (rows["profit"]["filled_amount"], rows["stop"]["amount"]) == (30.0, 30.0)


# Refusals.


@pytest.mark.parametrize(
    ("kind", "others", "code"),
    [
        (OTO, [], -32602),
        (OTO, [PROFIT] * 11, -32602),
        (OCO, [PROFIT, STOP], -32602),
        (OTOCO, [PROFIT], -32602),
        (OTO, [{"amount": 10}], -32602),
        (OTO, [PROFIT | {"direction": "up"}], -32602),
        (OTO, [PROFIT | {"price": 82_000.2}], 10043),
        (OTO, [PROFIT | {"amount": 15}], 10021),
        (OTO, [STOP | {"trigger_price": 77_000.3}], 10044),
        (OCO, [PROFIT | {"price": 70_000.0}], 10005),
        (OCO, [STOP | {"trigger_price": 81_000.0}], 10034),
        ("one_does_nothing", [PROFIT], -32602),
    ],
)
def test_a_refused_request_changes_nothing(
    client: Client, kind: str, others: list[dict[str, Any]], code: int
) -> None:
    before = client.bench.venue.snapshot()
    params = entry(linked_order_type=kind, otoco_config=others)
    assert client.code("private/buy", **params) == code
    assert client.bench.venue.snapshot() == before


def test_a_refused_primary_leaves_no_secondaries(client: Client) -> None:
    params = entry(price=90_000.0, linked_order_type=OTO, otoco_config=[PROFIT])
    assert client.code("private/buy", **params) == 10007
    assert client.call("private/get_open_orders") == []


def test_dormant_orders_are_counted() -> None:
    limits = OrderLimits(secondaries=2)
    bench = Bench(VenueConfig(accounts=default_accounts(1000, 1000), limits=limits))
    client = bench.connect("maker")
    place(client, OTO, PROFIT)
    params = entry(linked_order_type=OTO, otoco_config=[PROFIT, STOP])
    assert client.code("private/buy", **params) == 13901
    client.call("private/cancel", order_id="OTO-1")
    place(client, OTO, PROFIT, STOP)


def test_a_lost_line_cancels_both_of_a_pair_once(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    place(client, OCO, PROFIT)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    account = bench.venue.exchange.accounts["maker"]
    assert not account.open_orders
    reasons = {order.label: order.cancel_reason for order in account.closed_orders}
    assert reasons == {
        "primary": "cancel_on_disconnect",
        "profit": "oco_other_closed",
    }


# Ends that come to several at once.


def test_cancel_on_disconnect_meets_linked_orders(bench: Bench) -> None:
    client, other = bench.connect("maker"), bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    pair(client)
    place(client, OTOCO, PROFIT, STOP)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    assert other.call("private/get_open_orders") == []


def test_the_end_of_the_day_meets_linked_orders(bench: Bench, client: Client) -> None:
    for kind in (OTO, OCO):
        other = PROFIT | {"time_in_force": "good_til_day"}
        place(client, kind, other, time_in_force="good_til_day")
    exchange = bench.venue.exchange
    exchange.end_of_day()
    assert exchange.accounts["maker"].open_orders == {}
    assert not +exchange.accounts["maker"].open_counts


def test_a_mass_cancel_counts_every_order_once(client: Client) -> None:
    pair(client)
    assert client.call("private/cancel_all") == 1, "the other went with the first"
    place(client, OTO, PROFIT, STOP)
    assert client.call("private/cancel_all") == 3
    assert client.call("private/get_open_orders") == []

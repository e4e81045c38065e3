"""Orders that wait for a price: accepted, reached, changed, cancelled."""

from typing import Any

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import OrderLimits
from tests.unit.sim.venue.client import ETH, MS, PERP, Bench, Client

DATED = "BTC-25DEC26"
ORDERS = f"user.orders.{PERP}.raw"
# Index and mark are 80000; the touch of the bench is 79999 and 80001.


def place(client: Client, direction: str, kind: str, **more: Any) -> dict[str, Any]:
    params = {"instrument_name": PERP, "amount": 10, "trigger": "mark_price"}
    answer = client.call(f"private/{direction}", type=kind, **(params | more))
    assert answer["trades"] == []
    row: dict[str, Any] = answer["order"]
    return row


def set_index(bench: Bench, price: float, name: str = "btc_usd") -> None:
    """Move the index, the mark with it; what that triggers happens."""
    bench.venue.set_index(name, price, bench.now_ns)
    bench.advance(0)


def states(client: Client) -> list[tuple[str, str]]:
    return [(o["order_id"], o["order_state"]) for o in client.on(ORDERS)]


def test_an_untriggered_stop(client: Client) -> None:
    order = place(client, "sell", "stop_market", trigger_price=79_000.0, label="s")
    assert order["order_id"] == "SLMS-1"
    assert order["price"] == "market_price"
    assert (order["order_state"], order["order_type"]) == ("untriggered", "stop_market")
    assert (order["trigger"], order["trigger_price"]) == ("mark_price", 79_000.0)
    assert (order["triggered"], order["filled_amount"]) == (False, 0.0)
    assert not {"trigger_offset", "trigger_order_id", "original_order_type"} & set(
        order
    )
    assert client.call("private/get_open_orders") == [order]
    book = client.call("public/get_order_book", instrument_name=PERP)
    assert len(book["bids"]) == len(book["asks"]) == 1


@pytest.mark.parametrize(
    ("direction", "kind", "source", "name"),
    [
        ("buy", "stop_limit", "index_price", "SLIB-1"),
        ("sell", "stop_market", "last_price", "SLTS-1"),
        ("buy", "take_limit", "mark_price", "TPMB-1"),
        ("sell", "take_market", "index_price", "TPIS-1"),
    ],
)
def test_ids_tell_what_is_awaited(
    client: Client, direction: str, kind: str, source: str, name: str
) -> None:
    rises = (direction == "buy") == kind.startswith("stop")
    level = 81_000.0 if rises else 79_000.0
    more: dict[str, Any] = {"price": 80_000.0} if kind.endswith("limit") else {}
    order = place(client, direction, kind, trigger=source, trigger_price=level, **more)
    assert order["order_id"] == name
    eth = place(
        client, "buy", "stop_market", instrument_name=ETH, trigger_price=3_100.0
    )
    assert eth["order_id"] == "ETH-SLMB-2"


def test_a_stop_becomes_an_order_of_its_own(bench: Bench, client: Client) -> None:
    client.listen(ORDERS)
    stop = place(client, "sell", "stop_market", trigger_price=79_000.0, label="s")
    set_index(bench, 79_000.5)
    assert client.call("private/get_open_orders") == [stop]
    set_index(bench, 79_000.0)
    assert [state for _, state in states(client)] == [
        "untriggered",
        "triggered",
        "filled",
    ]
    waited, entered = client.on(ORDERS)[1:]
    assert waited["triggered"] is True
    assert waited["price"] == "market_price"
    assert entered["trigger_order_id"] == stop["order_id"]
    assert entered["order_id"].isdecimal()
    assert (entered["order_type"], entered["original_order_type"]) == (
        "limit",
        "market",
    )
    assert entered["label"] == "s"
    assert entered["triggered"] is True
    assert client.call("private/get_open_orders") == []
    state = client.call("private/get_order_state", order_id=stop["order_id"])
    assert state["order_state"] == "triggered"


@pytest.mark.parametrize(
    ("direction", "kind", "level", "before", "reaches"),
    [
        ("buy", "stop_market", 80_500.0, 80_499.0, 80_500.0),
        ("sell", "stop_market", 79_500.0, 79_501.0, 79_499.0),
        ("buy", "take_market", 79_500.0, 79_501.0, 79_500.0),
        ("sell", "take_market", 80_500.0, 80_499.0, 80_501.0),
    ],
)
def test_the_four_ways_a_level_is_reached(
    bench: Bench,
    client: Client,
    direction: str,
    kind: str,
    level: float,
    before: float,
    reaches: float,
) -> None:
    order = place(client, direction, kind, trigger_price=level, trigger="index_price")
    for price, state in ((before, "untriggered"), (reaches, "triggered")):
        set_index(bench, price)
        row = client.call("private/get_order_state", order_id=order["order_id"])
        assert row["order_state"] == state


def test_the_last_price_triggers_too(bench: Bench, client: Client) -> None:
    taker = bench.connect("taker")
    taker.buy(80_001.0, 10)
    stop = place(
        client, "buy", "stop_limit",
        trigger="last_price", trigger_price=80_100.0, price=80_050.0,
    )  # fmt: skip
    bench.place("sell", 80_100.0, 10)
    taker.buy(80_100.0, 1_000)
    bench.advance(0)
    (entered,) = client.call("private/get_open_orders")
    assert entered["trigger_order_id"] == stop["order_id"]
    assert (entered["order_state"], entered["price"]) == ("open", 80_050.0)


def test_a_spike_triggers_even_if_the_price_is_back(
    bench: Bench, client: Client
) -> None:
    stop = place(client, "sell", "stop_market", trigger_price=79_000.0)
    bench.venue.exchange.set_index("btc_usd", 78_900.0)
    bench.venue.exchange.set_index("btc_usd", 80_000.0)
    bench.advance(0)
    row = client.call("private/get_order_state", order_id=stop["order_id"])
    assert row["order_state"] == "triggered"


def test_a_trailing_stop_follows_the_best_price(bench: Bench, client: Client) -> None:
    stop = place(client, "sell", "trailing_stop", trigger_offset=100.0)
    assert stop["order_id"] == "TSMS-1"
    assert (stop["trigger_offset"], stop["trigger_reference_price"]) == (100.0, 80_000)
    assert stop["trigger_price"] == 79_900.0
    for price, level in ((80_300.0, 80_200.0), (80_250.0, 80_200.0)):
        set_index(bench, price)
        (row,) = client.call("private/get_open_orders", type="trailing_all")
        assert row["trigger_price"] == level
    set_index(bench, 80_200.0)
    assert client.call("private/get_open_orders", type="trailing_all") == []
    state = client.call("private/get_order_state", order_id=stop["order_id"])
    assert (state["order_state"], state["trigger_price"]) == ("triggered", 80_200.0)


@pytest.mark.parametrize(
    ("direction", "kind", "more", "code"),
    [
        ("buy", "stop_market", {"trigger_price": 80_000.0}, 10035),
        ("sell", "stop_market", {"trigger_price": 80_000.0}, 10034),
        ("buy", "take_market", {"trigger_price": 80_000.0}, 10034),
        ("sell", "take_market", {"trigger_price": 80_000.0}, 10035),
        ("sell", "stop_market", {"trigger_price": 79_000.2}, 10044),
        ("sell", "stop_market", {"trigger_price": 0}, 11036),
        ("sell", "stop_market", {"trigger_price": -5}, 11036),
        ("sell", "stop_market", {}, -32602),
        ("sell", "stop_market", {"trigger_price": 79_000.0, "trigger": None}, -32602),
        ("sell", "stop_limit", {"trigger_price": 79_000.0}, -32602),
        ("sell", "stop_limit", {"trigger_price": 79_000.0, "price": 0.3}, 10043),
        ("sell", "stop_market", {"trigger_price": 79_000.0, "amount": 15}, 10021),
        ("sell", "trailing_stop", {}, -32602),
        ("sell", "trailing_stop", {"trigger_offset": 0}, -32602),
        ("sell", "trailing_stop", {"trigger_offset": 0.3}, 10044),
        ("sell", "trailing_stop", {"trigger_offset": 90_000.0}, 11036),
        ("sell", "stop_market", {"trigger_price": 79_000.0, "valid_until": 1}, 13888),
        ("sell", "stop_market", {"trigger_price": 79_000.0, "mmp": True}, -32602),
        ("sell", "stop_market", {"trigger_price": 79_000.0, "post_only": True}, -32602),
    ],
)
def test_refusals(
    client: Client, direction: str, kind: str, more: dict[str, Any], code: int
) -> None:
    params = {"instrument_name": PERP, "amount": 10, "trigger": "mark_price"} | more
    params = {key: value for key, value in params.items() if value is not None}
    assert client.code(f"private/{direction}", type=kind, **params) == code
    assert client.call("private/get_open_orders") == []
    assert client.call("private/get_trigger_order_history", currency="BTC") == {
        "entries": []
    }


def test_a_limit_beyond_the_band_is_refused_when_it_is_entered(
    bench: Bench, client: Client
) -> None:
    client.listen(ORDERS)
    stop = place(client, "sell", "stop_limit", trigger_price=79_900.0, price=60_000.0)
    set_index(bench, 79_900.0)
    assert states(client)[-1] == (stop["order_id"], "rejected")
    history = client.call("private/get_trigger_order_history", currency="BTC")
    assert history["entries"][0]["order_state"] == "rejected:price_too_low"


def test_reduce_only_is_looked_at_when_it_is_entered(
    bench: Bench, client: Client
) -> None:
    first = place(
        client, "sell", "stop_market", trigger_price=79_900.0, reduce_only=True
    )
    set_index(bench, 79_900.0)
    state = client.call("private/get_order_state", order_id=first["order_id"])
    assert state["order_state"] == "rejected"
    history = client.call("private/get_trigger_order_history", currency="BTC")
    assert history["entries"][0]["order_state"] == "rejected:reduce_direction"
    set_index(bench, 80_000.0)
    client.buy(80_001.0, 10)
    place(
        client, "sell", "stop_market",
        trigger_price=79_900.0, reduce_only=True, amount=500,
    )  # fmt: skip
    set_index(bench, 79_900.0)
    position = client.call("private/get_position", instrument_name=PERP)
    assert position["size"] == 0.0


def test_a_closed_book_keeps_them_waiting(bench: Bench, client: Client) -> None:
    stop = place(client, "sell", "stop_market", trigger_price=79_900.0)
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    set_index(bench, 79_900.0)
    (row,) = client.call("private/get_open_orders")
    assert row["order_state"] == "untriggered"
    order = {"instrument_name": PERP, "amount": 10, "trigger": "mark_price"}
    more = {"type": "stop_market", "trigger_price": 70_000.0}
    assert client.code("private/sell", **order, **more) == 10012
    bench.venue.set_state(PERP, "open", bench.now_ns)
    set_index(bench, 79_899.0)
    state = client.call("private/get_order_state", order_id=stop["order_id"])
    assert state["order_state"] == "triggered"


def test_the_speed_bump_applies_to_what_is_entered(
    bench: Bench, client: Client
) -> None:
    mark = client.call("public/ticker", instrument_name=DATED)["mark_price"]
    tick = 2.5
    level = mark // tick * tick + 100.0
    bench.place("sell", level, 10, instrument=DATED)
    stop = place(
        client, "buy", "stop_market", instrument_name=DATED, trigger_price=level
    )
    set_index(bench, 80_500.0)
    (pending,) = client.call("private/get_open_orders")
    assert pending["order_state"] == "speed_bumped"
    assert pending["trigger_order_id"] == stop["order_id"]
    bench.advance(10 * MS)
    state = client.call("private/get_order_state", order_id=pending["order_id"])
    assert state["order_state"] == "filled"


# Changes.


def test_what_waits_can_be_edited(bench: Bench, client: Client) -> None:
    stop = place(client, "sell", "stop_limit", trigger_price=79_000.0, price=78_900.0)
    change = {"amount": 20, "price": 80_400.0, "trigger_price": 79_500.0}
    bench.advance(MS)
    answer = client.call("private/edit", order_id=stop["order_id"], **change)
    assert answer["trades"] == []
    order = answer["order"]
    assert order["replaced"] is True
    assert order["order_id"] == stop["order_id"]
    assert (order["amount"], order["price"], order["trigger_price"]) == (
        20.0,
        80_400.0,
        79_500.0,
    )
    assert order["last_update_timestamp"] == stop["last_update_timestamp"] + 1
    set_index(bench, 79_500.0)
    (entered,) = client.call("private/get_open_orders")
    assert (entered["amount"], entered["price"]) == (20.0, 80_400.0)


def test_a_trailing_stop_that_is_edited_starts_afresh(
    bench: Bench, client: Client
) -> None:
    stop = place(client, "sell", "trailing_stop", trigger_offset=100.0)
    set_index(bench, 80_300.0)
    edit = {"order_id": stop["order_id"], "amount": 10, "trigger_offset": 200.0}
    order = client.call("private/edit", **edit)["order"]
    assert order["trigger_price"] == 80_100.0
    assert order["trigger_reference_price"] == 80_300.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"trigger_price": 80_000.0}, 10034),
        ({"trigger_price": 79_000.2}, 10044),
        ({"amount": 5}, 10002),
        ({"display_amount": 1000}, 11047),
        ({"valid_until": 1}, 13888),
        ({"mmp": True}, -32602),
    ],
)
def test_a_refused_edit_changes_nothing(
    client: Client, change: dict[str, Any], code: int
) -> None:
    stop = place(client, "sell", "stop_market", trigger_price=79_000.0)
    edit = {"order_id": stop["order_id"], "amount": 10} | change
    assert client.code("private/edit", **edit) == code
    assert client.call("private/get_open_orders") == [stop]


def test_a_resting_order_has_no_trigger_to_edit(client: Client) -> None:
    order = client.buy(79_000.0, 10)["order"]
    edit = {"order_id": order["order_id"], "amount": 10, "trigger_price": 79_000.0}
    assert client.code("private/edit", **edit) == 11047


def test_a_cancelled_stop_never_triggers(bench: Bench, client: Client) -> None:
    stop = place(client, "sell", "stop_market", trigger_price=79_000.0)
    row = client.call("private/cancel", order_id=stop["order_id"])
    assert (row["order_state"], row["cancel_reason"]) == ("cancelled", "user_request")
    assert client.code("private/cancel", order_id=stop["order_id"]) == 11044
    set_index(bench, 78_000.0)
    assert client.call("private/get_open_orders") == []
    assert client.call("private/get_positions") == []


def test_cancel_on_disconnect_takes_those_that_wait(bench: Bench) -> None:
    client, other = bench.connect("maker"), bench.connect("maker")
    client.call("private/enable_cancel_on_disconnect")
    stop = place(client, "sell", "stop_market", trigger_price=79_000.0)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    state = other.call("private/get_order_state", order_id=stop["order_id"])
    assert state["cancel_reason"] == "cancel_on_disconnect"


def test_triggers_are_counted_per_price() -> None:
    limits = OrderLimits(triggers=2)
    bench = Bench(VenueConfig(accounts=default_accounts(1000, 1000), limits=limits))
    client = bench.connect("maker")
    for _ in range(2):
        last = place(client, "sell", "stop_market", trigger_price=79_000.0)
    more = {"instrument_name": ETH, "amount": 10, "trigger": "mark_price"}
    stop = {"type": "stop_market", "trigger_price": 2_900.0}
    assert client.code("private/sell", **more, **stop) == 11035
    place(client, "sell", "stop_market", trigger="index_price", trigger_price=79_000.0)
    client.call("private/cancel", order_id=last["order_id"])
    client.call("private/sell", **more, **stop)


# History.


def test_the_history_tells_what_became_of_them(bench: Bench, client: Client) -> None:
    stop = place(
        client, "sell", "stop_limit", trigger_price=79_000.0, price=78_900.0, label="a"
    )
    gone = place(client, "sell", "stop_market", trigger_price=78_000.0)
    client.call("private/cancel", order_id=gone["order_id"])
    set_index(bench, 79_000.0)
    (entered,) = client.call(
        "private/get_order_state_by_label", currency="BTC", label="a"
    )[1:]
    ask = {"currency": "BTC"}
    entries = client.call("private/get_trigger_order_history", **ask)["entries"]
    assert [
        (e["trigger_order_id"], e["order_state"], e["request"]) for e in entries
    ] == [
        (stop["order_id"], "triggered", "trigger:order"),
        (gone["order_id"], "cancelled", "cancel"),
        (gone["order_id"], "new", "new"),
        (stop["order_id"], "new", "new"),
    ]
    assert entries[0]["order_id"] == entered["order_id"]
    assert (entries[0]["price"], entries[0]["order_type"]) == (78_900.0, "limit")
    assert entries[0]["label"] == "a"
    assert (entries[1]["price"], entries[1]["order_type"]) == ("market_price", "market")
    by_name = client.call(
        "private/get_trigger_order_history", **ask, instrument_name=DATED
    )
    assert by_name == {"entries": []}


def test_the_history_comes_in_pages(client: Client) -> None:
    for level in range(5):
        place(client, "sell", "stop_market", trigger_price=79_000.0 + level)
    method, ask = "private/get_trigger_order_history", {"currency": "BTC", "count": 2}
    seen: list[float] = []
    page = client.call(method, **ask)
    while "continuation" in page:
        seen += [entry["trigger_price"] for entry in page["entries"]]
        page = client.call(method, **ask, continuation=page["continuation"])
    seen += [entry["trigger_price"] for entry in page["entries"]]
    assert seen == [79_004.0, 79_003.0, 79_002.0, 79_001.0, 79_000.0]

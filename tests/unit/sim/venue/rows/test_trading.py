"""Orders and trades, key by key."""

from tests.unit.sim.venue.client import MS, PERP, Bench, Client

GTC = "good_til_cancelled"


def test_a_resting_order(client: Client) -> None:
    answer = client.buy(79_000.0, 20, label="one")
    assert answer["trades"] == []
    order = answer["order"]
    assert order == {
        "label": "one",
        "price": 79_000.0,
        "user_id": 1001,
        "amount": 20.0,
        "direction": "buy",
        "time_in_force": GTC,
        "instrument_name": PERP,
        "web": False,
        "api": True,
        "order_id": order["order_id"],
        "creation_timestamp": client.bench.now_ns // MS,
        "replaced": False,
        "filled_amount": 0.0,
        "last_update_timestamp": client.bench.now_ns // MS,
        "post_only": False,
        "reduce_only": False,
        "average_price": 0.0,
        "mmp": False,
        "contracts": 2.0,
        "order_state": "open",
        "order_type": "limit",
        "is_liquidation": False,
        "risk_reducing": False,
    }
    assert order["order_id"].isdecimal()
    assert list(order)[:3] == ["label", "price", "user_id"]
    assert client.call("private/get_open_orders") == [order]
    assert client.call("private/get_order_state", order_id=order["order_id"]) == order


def test_optional_keys_come_only_when_they_apply(client: Client) -> None:
    plain = client.buy(79_000.0, 10)["order"]
    assert not {"cancel_reason", "reject_post_only", "original_order_type"} & set(plain)
    post_only = client.buy(79_000.0, 10, post_only=True)["order"]
    assert post_only["reject_post_only"] is False
    gone = client.call("private/cancel", order_id=plain["order_id"])
    assert gone["cancel_reason"] == "user_request"


def test_the_two_sides_of_a_trade_share_what_is_public(
    bench: Bench, client: Client
) -> None:
    client.listen(f"trades.{PERP}.raw", f"user.trades.{PERP}.raw")
    client.buy(80_001.0, 10)
    (public,) = client.on(f"trades.{PERP}.raw")[0]
    (private,) = client.on(f"user.trades.{PERP}.raw")[0]
    assert {key: private[key] for key in public if key in private} == public
    assert public["contracts"] == 1.0
    assert public["starbase_timestamp"] == bench.now_ns
    assert private["matching_id"] is None

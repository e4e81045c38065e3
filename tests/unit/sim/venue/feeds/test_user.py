"""What the private channels say, and when."""

import pytest

from tests.unit.sim.venue.client import MS, PERP, Bench, Client


def test_order_channels_object_or_array(bench: Bench, client: Client) -> None:
    raw, slow = f"user.orders.{PERP}.raw", "user.orders.any.any.100ms"
    client.listen(raw, slow)
    order = client.buy(79_000.0, 20)["order"]
    client.call("private/edit", order_id=order["order_id"], amount=10)
    assert client.on(raw)[0] == order
    assert [o["amount"] for o in client.on(raw)] == [20.0, 10.0]
    bench.advance(100 * MS)
    (batch,) = client.on(slow)
    assert [o["amount"] for o in batch] == [10.0], "the order as it stands now"


def test_both_sides_hear_of_their_trade(bench: Bench, client: Client) -> None:
    taker = bench.connect("taker")
    for one in (client, taker):
        one.listen("user.trades.any.any.raw", f"user.orders.{PERP}.raw")
    client.sell(80_000.0, 100)
    answer = taker.buy(80_000.0, 30)
    (theirs,) = taker.on("user.trades.any.any.raw")
    (ours,) = client.on("user.trades.any.any.raw")
    assert theirs == answer["trades"]
    assert (ours[0]["direction"], ours[0]["liquidity"]) == ("sell", "M")
    assert (theirs[0]["direction"], theirs[0]["liquidity"]) == ("buy", "T")
    assert ours[0]["trade_id"] == theirs[0]["trade_id"]
    assert (ours[0]["state"], theirs[0]["state"]) == ("open", "filled")
    orders = client.on(f"user.orders.{PERP}.raw")
    assert [o["filled_amount"] for o in orders] == [0.0, 30.0]


def test_changes_bring_all_three(bench: Bench, client: Client) -> None:
    channel = f"user.changes.{PERP}.raw"
    client.listen(channel)
    client.buy(80_001.0, 30)
    (changes,) = client.on(channel)
    assert list(changes) == ["orders", "instrument_name", "trades", "positions"]
    assert [o["order_state"] for o in changes["orders"]] == ["filled"]
    assert [t["amount"] for t in changes["trades"]] == [30.0]
    assert [p["size"] for p in changes["positions"]] == [30.0]


def test_the_portfolio_follows_fills_and_marks(bench: Bench, client: Client) -> None:
    channel = "user.portfolio.BTC"
    client.listen(channel, "user.portfolio.any")
    assert len(client.on(channel)) == 1
    assert [p["currency"] for p in client.on("user.portfolio.any")] == [
        "BTC",
        "ETH",
        "USDC",
    ]
    client.buy(80_001.0, 1000)
    bench.advance(100 * MS)
    paid = client.on(channel)[-1]
    assert paid["balance"] == round(10 - round(1000 / 80_001.0 * 0.00035, 8), 8)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    bench.advance(100 * MS)
    moved = client.on(channel)[-1]
    assert moved["session_upl"] > 0
    assert moved["equity"] == pytest.approx(moved["balance"] + moved["total_pl"])
    assert len(client.on(channel)) == 3

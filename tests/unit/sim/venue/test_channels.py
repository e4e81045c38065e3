"""Subscriptions and what each channel says, when."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.sim.venue.client import (
    ETH,
    MS,
    PERP,
    SECOND,
    Bench,
    Client,
    Refused,
    rebuild,
)

ALL = [
    f"book.{PERP}.raw",
    f"book.{PERP}.100ms",
    f"book.{PERP}.agg2",
    f"book.{PERP}.none.20.100ms",
    f"book.{ETH}.250.1.agg2",
    f"ticker.{PERP}.raw",
    f"ticker.{ETH}.agg2",
    f"quote.{PERP}",
    f"trades.{PERP}.raw",
    "trades.future.BTC.100ms",
    "trades.any.any.agg2",
    "deribit_price_index.btc_usd",
    "instrument.state.any.any",
    "platform_state",
]
PRIVATE = [
    f"user.orders.{PERP}.raw",
    "user.orders.future.BTC.100ms",
    "user.trades.any.any.raw",
    f"user.changes.{PERP}.agg2",
    "user.portfolio.btc",
    "user.portfolio.any",
]
NONSENSE = [
    "",
    "book",
    "book.BTC-PERPETUAL",
    "book.BTC-PERPETUAL.5s",
    "book.BTC-NOTHING.raw",
    "book.any.any.raw",
    "book.BTC-PERPETUAL.3.10.100ms",
    "book.BTC-PERPETUAL.none.7.100ms",
    "book.BTC-PERPETUAL.none.10.raw",
    "ticker.BTC-PERPETUAL",
    "trades.future.DOGE.raw",
    "trades.BTC-PERPETUAL.raw.raw",
    "user.orders.BTC-PERPETUAL",
    "user.secrets.any.any.raw",
    "user.portfolio.doge",
    "deribit_price_index.doge_usd",
    "instrument.state.any",
    "quote.BTC-PERPETUAL.raw",
]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    return bench


@pytest.fixture
def client(bench: Bench) -> Client:
    return bench.connect("maker")


def listen(client: Client, *channels: str, **more: Any) -> None:
    assert client.call("private/subscribe", channels=list(channels), **more) == list(
        channels
    )


# Subscribing.


def test_every_channel_is_accepted(client: Client) -> None:
    assert client.call("private/subscribe", channels=ALL + PRIVATE) == ALL + PRIVATE
    assert client.call("private/unsubscribe", channels=ALL[:3]) == ALL[:3]
    assert client.call("public/unsubscribe", channels=ALL[:3]) == []
    assert client.call("private/unsubscribe_all") == "ok"
    assert client.call("public/unsubscribe", channels=ALL + PRIVATE) == []


def test_what_does_not_exist_is_dropped_silently(client: Client) -> None:
    channels = [*NONSENSE, f"quote.{PERP}", f"quote.{PERP}"]
    assert client.call("private/subscribe", channels=channels) == [f"quote.{PERP}"]


def test_private_channels_need_a_login(bench: Bench) -> None:
    client = bench.connect()
    asked = [f"quote.{PERP}", *PRIVATE]
    assert client.call("public/subscribe", channels=asked) == [f"quote.{PERP}"]


@pytest.mark.parametrize("topic", ["book", "ticker", "trades"])
def test_raw_needs_a_login(bench: Bench, topic: str) -> None:
    client = bench.connect()
    with pytest.raises(Refused, match="13778"):
        client.call("public/subscribe", channels=[f"{topic}.{PERP}.raw"])
    fine = f"{topic}.{PERP}.100ms"
    assert client.call("public/subscribe", channels=[fine]) == [fine]
    client.login("taker")
    raw = f"{topic}.{PERP}.raw"
    assert client.call("public/subscribe", channels=[raw]) == [raw]


def test_the_answer_comes_before_the_snapshot(client: Client) -> None:
    listen(client, f"book.{PERP}.raw", f"ticker.{PERP}.raw")
    kinds = [frame.get("method", "answer") for frame in client.frames[-3:]]
    assert kinds == ["answer", "subscription", "subscription"]


def test_subscribing_twice_sends_one_snapshot(client: Client) -> None:
    for _ in range(2):
        listen(client, f"book.{PERP}.raw")
    assert len(client.on(f"book.{PERP}.raw")) == 1


def test_private_labels(client: Client) -> None:
    listen(client, f"user.orders.{PERP}.raw", f"quote.{PERP}", label="mine")
    client.buy(80_000.0, 10)
    labels = {
        f["params"]["channel"]: f["params"].get("label")
        for f in client.frames
        if f.get("method") == "subscription"
    }
    assert labels == {f"user.orders.{PERP}.raw": "mine", f"quote.{PERP}": None}


def test_nothing_after_the_connection_is_lost(bench: Bench, client: Client) -> None:
    listen(client, *ALL, *PRIVATE)
    bench.venue.connection_lost(client.conn, bench.now_ns)
    bench.place("buy", 79_999.5, 10)
    bench.advance(SECOND)
    assert client.take() == []


# Books.


def test_raw_books_speak_at_the_end_of_each_turn(bench: Bench, client: Client) -> None:
    raw = f"book.{PERP}.raw"
    listen(client, raw)
    bench.place("buy", 80_001.0, 1500, account="other")
    messages = client.on(raw)
    assert [m["type"] for m in messages] == ["snapshot", "change"]
    assert messages[0]["bids"] == [["new", 79_999.0, 1000.0]]
    assert messages[1]["asks"] == [["delete", 80_001.0, 0.0]]
    assert messages[1]["bids"] == [["new", 80_001.0, 500.0]]
    assert messages[1]["prev_change_id"] == messages[0]["change_id"]


def test_a_turn_that_changes_no_level_is_silent(bench: Bench, client: Client) -> None:
    listen(client, f"book.{PERP}.raw")
    bench.place("buy", 80_000.0, 10, time_in_force="fill_or_kill")
    assert len(client.on(f"book.{PERP}.raw")) == 1


@pytest.mark.parametrize(("interval", "period"), [("100ms", 100), ("agg2", 1000)])
def test_slow_books_speak_on_the_clock(
    bench: Bench, client: Client, interval: str, period: int
) -> None:
    channel = f"book.{PERP}.{interval}"
    listen(client, channel)
    bench.advance(30 * MS)
    gone = bench.place("buy", 79_999.5, 10)
    bench.place("buy", 79_000.0, 10)
    bench.venue.cancel_order(gone, bench.now_ns)
    bench.advance((period - 31) * MS)
    assert len(client.on(channel)) == 1
    bench.advance(MS)
    change = client.on(channel)[1]
    assert change["bids"] == [["new", 79_000.0, 10.0]]
    assert change["timestamp"] % period == 0
    bench.advance(10 * SECOND)
    assert len(client.on(channel)) == 2, "nothing changed, nothing said"


def test_a_late_subscriber_joins_the_same_chain(bench: Bench, client: Client) -> None:
    channel = f"book.{PERP}.100ms"
    listen(client, channel)
    bench.place("buy", 79_999.5, 10)
    late = bench.connect("taker")
    listen(late, channel)
    bench.place("buy", 79_999.0, 10)
    bench.advance(100 * MS)
    assert late.on(channel)[0] == client.on(channel)[0]
    assert rebuild(late.on(channel)) == rebuild(client.on(channel))
    assert rebuild(late.on(channel))[0] == {79_999.5: 10.0, 79_999.0: 1010.0}


def test_change_ids_jump_and_are_those_of_the_request(
    bench: Bench, client: Client
) -> None:
    listen(client, f"book.{PERP}.raw")
    bench.place("sell", 3_100.0, 10, instrument=ETH)
    bench.place("buy", 79_999.5, 10)
    row = client.call("public/get_order_book", instrument_name=PERP)
    snapshot, change = client.on(f"book.{PERP}.raw")
    assert change["change_id"] == row["change_id"] > snapshot["change_id"] + 1


def test_grouped_books_are_whole_pictures(bench: Bench, client: Client) -> None:
    for price in (79_998.5, 79_997.0, 79_994.5):
        bench.place("buy", price, 10)
    listen(client, f"book.{PERP}.5.20.100ms", f"book.{PERP}.none.1.100ms")
    assert client.on(f"book.{PERP}.5.20.100ms")[0]["bids"] == [
        [79_995.0, 1020.0],
        [79_990.0, 10.0],
    ]
    assert client.on(f"book.{PERP}.5.20.100ms")[0]["asks"] == [[80_005.0, 1000.0]]
    assert client.on(f"book.{PERP}.none.1.100ms")[0]["bids"] == [[79_999.0, 1000.0]]
    bench.place("sell", 80_000.5, 10)
    bench.advance(100 * MS)
    picture = client.on(f"book.{PERP}.none.1.100ms")[1]
    assert picture["asks"] == [[80_000.5, 10.0]]
    assert "prev_change_id" not in picture


# Ticker, quote, trades, index, states.


def test_tickers_speak_when_a_figure_changes(bench: Bench, client: Client) -> None:
    raw = f"ticker.{PERP}.raw"
    listen(client, raw)
    assert len(client.on(raw)) == 1
    bench.place("buy", 79_000.0, 10)  # behind the touch: no figure changes
    assert len(client.on(raw)) == 1
    bench.place("buy", 79_999.5, 10)
    assert client.on(raw)[-1]["best_bid_price"] == 79_999.5
    bench.place("sell", 79_999.5, 10, account="other")
    last = client.on(raw)[-1]
    assert (last["last_price"], last["best_bid_price"]) == (79_999.5, 79_999.0)
    assert last["stats"]["volume_usd"] == 10.0
    bench.venue.set_index("btc_usd", 80_100.0, bench.now_ns)
    assert client.on(raw)[-1]["index_price"] == 80_100.0
    assert client.on(raw)[-1] == client.call("public/ticker", instrument_name=PERP)


def test_quotes_are_the_touch(bench: Bench, client: Client) -> None:
    listen(client, f"quote.{PERP}")
    bench.place("sell", 80_000.5, 10)
    bench.place("sell", 80_005.0, 10)
    quotes = client.on(f"quote.{PERP}")
    assert [(q["best_ask_price"], q["best_ask_amount"]) for q in quotes] == [
        (80_001.0, 1000.0),
        (80_000.5, 10.0),
    ]


def test_an_empty_side_is_zero(client: Client) -> None:
    row = client.call("public/ticker", instrument_name=ETH)
    assert (row["best_bid_price"], row["best_bid_amount"]) == (0.0, 0.0)
    assert (row["best_ask_price"], row["best_ask_amount"]) == (0.0, 0.0)


def test_trades_are_arrays_one_per_sweep(bench: Bench, client: Client) -> None:
    wide, slow = "trades.future.any.raw", "trades.any.BTC.agg2"
    listen(client, f"trades.{PERP}.raw", wide, slow)
    bench.place("sell", 80_001.5, 100, account="other")
    bench.place("buy", 80_001.5, 1050, account="third")
    (batch,) = client.on(f"trades.{PERP}.raw")
    assert [(t["price"], t["amount"], t["direction"]) for t in batch] == [
        (80_001.0, 1000.0, "buy"),
        (80_001.5, 50.0, "buy"),
    ]
    assert client.on(wide) == [batch]
    assert client.on(slow) == []
    bench.advance(SECOND)
    assert client.on(slow) == [batch]


def test_index_and_states(bench: Bench, client: Client) -> None:
    listen(client, "deribit_price_index.btc_usd", "instrument.state.future.BTC")
    bench.venue.set_index("btc_usd", 80_000.126, bench.now_ns)
    bench.venue.set_index("eth_usd", 3_000.5, bench.now_ns)
    prices = [row["price"] for row in client.on("deribit_price_index.btc_usd")]
    assert prices == [80_000.0, 80_000.13]
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    bench.venue.set_state(ETH, "locked", bench.now_ns)
    assert client.on("instrument.state.future.BTC") == [
        {"timestamp": bench.now_ns // MS, "state": "locked", "instrument_name": PERP}
    ]


# Private channels.


def test_order_channels_object_or_array(bench: Bench, client: Client) -> None:
    raw, slow = f"user.orders.{PERP}.raw", "user.orders.any.any.100ms"
    listen(client, raw, slow)
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
        listen(one, "user.trades.any.any.raw", f"user.orders.{PERP}.raw")
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
    listen(client, channel)
    client.buy(80_001.0, 30)
    (changes,) = client.on(channel)
    assert list(changes) == ["orders", "instrument_name", "trades", "positions"]
    assert [o["order_state"] for o in changes["orders"]] == ["filled"]
    assert [t["amount"] for t in changes["trades"]] == [30.0]
    assert [p["size"] for p in changes["positions"]] == [30.0]


def test_the_portfolio_follows_fills_and_marks(bench: Bench, client: Client) -> None:
    channel = "user.portfolio.BTC"
    listen(client, channel, "user.portfolio.any")
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


def test_nobody_hears_of_others(bench: Bench, client: Client) -> None:
    taker = bench.connect("taker")
    listen(client, *PRIVATE)
    before = len(client.frames)
    taker.buy(80_001.0, 30)
    bench.advance(5 * SECOND)
    client.take()
    assert client.frames[before:] == []


def test_notifications_may_come_first() -> None:
    config = replace(Bench().venue.config, notifications_first=True)
    client = Bench(config).connect("maker")
    listen(client, f"user.orders.{PERP}.raw")
    before = len(client.frames)
    client.buy(79_000.0, 10)
    kinds = ["method" in frame for frame in client.frames[before:]]
    assert kinds == [True, False]

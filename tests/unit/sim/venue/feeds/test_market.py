"""What the public channels say, and when."""

import pytest

from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client, rebuild


def test_raw_books_speak_at_the_end_of_each_turn(bench: Bench, client: Client) -> None:
    raw = f"book.{PERP}.raw"
    client.listen(raw)
    bench.place("buy", 80_001.0, 1500, account="other")
    messages = client.on(raw)
    assert [m["type"] for m in messages] == ["snapshot", "change"]
    assert messages[0]["bids"] == [["new", 79_999.0, 1000.0]]
    assert messages[1]["asks"] == [["delete", 80_001.0, 0.0]]
    assert messages[1]["bids"] == [["new", 80_001.0, 500.0]]
    assert messages[1]["prev_change_id"] == messages[0]["change_id"]


def test_a_turn_that_changes_no_level_is_silent(bench: Bench, client: Client) -> None:
    client.listen(f"book.{PERP}.raw")
    bench.place("buy", 80_000.0, 10, time_in_force="fill_or_kill")
    assert len(client.on(f"book.{PERP}.raw")) == 1


@pytest.mark.parametrize(("interval", "period"), [("100ms", 100), ("agg2", 1000)])
def test_slow_books_speak_on_the_clock(
    bench: Bench, client: Client, interval: str, period: int
) -> None:
    channel = f"book.{PERP}.{interval}"
    client.listen(channel)
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
    client.listen(channel)
    bench.place("buy", 79_999.5, 10)
    late = bench.connect("taker")
    late.listen(channel)
    bench.place("buy", 79_999.0, 10)
    bench.advance(100 * MS)
    assert late.on(channel)[0] == client.on(channel)[0]
    assert rebuild(late.on(channel)) == rebuild(client.on(channel))
    assert rebuild(late.on(channel))[0] == {79_999.5: 10.0, 79_999.0: 1010.0}


def test_change_ids_jump_and_are_those_of_the_request(
    bench: Bench, client: Client
) -> None:
    client.listen(f"book.{PERP}.raw")
    bench.place("sell", 3_100.0, 10, instrument=ETH)
    bench.place("buy", 79_999.5, 10)
    row = client.call("public/get_order_book", instrument_name=PERP)
    snapshot, change = client.on(f"book.{PERP}.raw")
    assert change["change_id"] == row["change_id"] > snapshot["change_id"] + 1


def test_grouped_books_are_whole_pictures(bench: Bench, client: Client) -> None:
    for price in (79_998.5, 79_997.0, 79_994.5):
        bench.place("buy", price, 10)
    client.listen(f"book.{PERP}.5.20.100ms", f"book.{PERP}.none.1.100ms")
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


def test_tickers_speak_when_a_figure_changes(bench: Bench, client: Client) -> None:
    raw = f"ticker.{PERP}.raw"
    client.listen(raw)
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
    client.listen(f"quote.{PERP}")
    bench.place("sell", 80_000.5, 10)
    bench.place("sell", 80_005.0, 10)
    quotes = client.on(f"quote.{PERP}")
    assert [(q["best_ask_price"], q["best_ask_amount"]) for q in quotes] == [
        (80_001.0, 1000.0),
        (80_000.5, 10.0),
    ]


def test_trades_are_arrays_one_per_sweep(bench: Bench, client: Client) -> None:
    wide, slow = "trades.future.any.raw", "trades.any.BTC.agg2"
    client.listen(f"trades.{PERP}.raw", wide, slow)
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
    client.listen("deribit_price_index.btc_usd", "instrument.state.future.BTC")
    bench.venue.set_index("btc_usd", 80_000.126, bench.now_ns)
    bench.venue.set_index("eth_usd", 3_000.5, bench.now_ns)
    prices = [row["price"] for row in client.on("deribit_price_index.btc_usd")]
    assert prices == [80_000.0, 80_000.13]
    bench.venue.set_state(PERP, "locked", bench.now_ns)
    bench.venue.set_state(ETH, "locked", bench.now_ns)
    assert client.on("instrument.state.future.BTC") == [
        {"timestamp": bench.now_ns // MS, "state": "locked", "instrument_name": PERP}
    ]

"""Tickers, quotes and the interest of perpetuals."""

from typing import Any

from tests.unit.sim.venue.client import ETH, PERP, SECOND, Bench, Client


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


def incremental(client: Client, instrument: str = PERP) -> list[dict[str, Any]]:
    return client.on(f"incremental_ticker.{instrument}")


def test_incremental_tickers_say_what_changed(bench: Bench, client: Client) -> None:
    client.listen(f"incremental_ticker.{PERP}")
    (snapshot,) = incremental(client)
    ticker = client.call("public/ticker", instrument_name=PERP)
    assert snapshot == {"type": "snapshot", **ticker}
    bench.place("buy", 79_999.5, 10)
    bench.place("buy", 80_000.0, 10)
    assert len(incremental(client)) == 1, "once a second"
    bench.advance(SECOND)
    change = incremental(client)[1]
    assert list(change)[:2] == ["type", "timestamp"]
    assert change.pop("type") == "change"
    assert set(change) > {"instrument_name", "best_bid_price", "best_bid_amount"}
    assert "best_ask_price" not in change
    assert "stats" not in change
    assert {**snapshot, "type": "x", **change} == {
        "type": "x", **client.call("public/ticker", instrument_name=PERP),
    }  # fmt: skip


def test_incremental_tickers_come_whole_after_a_minute(bench: Bench) -> None:
    client = bench.connect("maker")
    client.listen(f"incremental_ticker.{ETH}")
    for _ in range(59):
        bench.advance(SECOND)
    assert len(incremental(client, ETH)) == 1
    bench.advance(SECOND)
    first, again = incremental(client, ETH)
    assert again.pop("timestamp") == first.pop("timestamp") + 60_000
    changed = ("interest_value", "current_funding", "funding_8h")
    for row in (first, again):
        for key in changed:
            row.pop(key)
    assert again == first


def test_perpetuals_tell_their_interest(bench: Bench, client: Client) -> None:
    channel = f"perpetual.{PERP}.raw"
    client.listen(channel, "perpetual.BTC-25DEC26.raw")
    bench.venue.set_index("btc_usd", 79_000.0, bench.now_ns)
    for _ in range(60):
        bench.advance(SECOND)
    rows = client.on(channel)
    assert list(rows[0]) == ["interest", "timestamp", "index_price"]
    assert rows[1]["index_price"] == 79_000.0
    ticker = client.call("public/ticker", instrument_name=PERP)
    assert rows[-1]["interest"] == ticker["current_funding"] > 0
    assert client.on("perpetual.BTC-25DEC26.raw") == [], "nothing of other kinds"
    assert client.on(channel)[-1] != client.on(channel)[-2]

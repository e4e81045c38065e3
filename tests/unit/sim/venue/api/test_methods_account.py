"""What an account learns about itself by request."""

import pytest

from tests.unit.sim.venue.client import ETH, MS, PERP, Bench, Client


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    bench.place("sell", 3_001.0, 1000, instrument=ETH)
    return bench


def test_user_trades(bench: Bench, client: Client) -> None:
    for _ in range(3):
        client.buy(80_001.0, 10)
        bench.advance(MS)
    client.buy(3_001.0, 10, instrument_name=ETH)
    page = client.call(
        "private/get_user_trades_by_instrument", instrument_name=PERP, count=2
    )
    assert page["has_more"] is True
    seqs = [t["trade_seq"] for t in page["trades"]]
    assert seqs == sorted(seqs, reverse=True)
    by_currency = "private/get_user_trades_by_currency"
    everything = client.call(by_currency, currency="BTC", sorting="asc")["trades"]
    assert len(everything) == 3
    since = client.call(
        by_currency, currency="BTC", start_id=everything[1]["trade_id"], sorting="asc"
    )
    assert since["trades"] == everything[1:]
    eth = client.call(by_currency, currency="ETH", end_id="ETH-999999999")
    assert [t["instrument_name"] for t in eth["trades"]] == [ETH]
    assert client.call(by_currency, currency="BTC", kind="option")["trades"] == []


def test_positions(client: Client) -> None:
    assert client.call("private/get_positions") == []
    client.sell(79_999.0, 100)
    client.buy(3_001.0, 10, instrument_name=ETH)
    rows = client.call("private/get_positions", currency="BTC", kind="future")
    assert len(rows) == 1
    row = rows[0]
    assert (row["size"], row["direction"]) == (-100.0, "sell")
    assert row["average_price"] == 79_999.0
    assert row["size_currency"] == round(-100 / 80_000, 8)
    assert row["floating_profit_loss"] == round(100 / 80_000 - 100 / 79_999, 8)
    assert len(client.call("private/get_positions", currency="any")) == 2
    zero = client.call("private/get_position", instrument_name="BTC-25DEC26")
    assert (zero["size"], zero["direction"]) == (0.0, "zero")
    assert "realized_funding" not in zero


def test_summary(client: Client) -> None:
    plain = client.call("private/get_account_summary", currency="BTC")
    assert (plain["balance"], plain["equity"]) == (10.0, 10.0)
    assert "limits" not in plain
    full = client.call("private/get_account_summary", currency="BTC", extended=True)
    assert full["limits"]["matching_engine"]["trading"]["total"]["burst"] == 1_000_000
    assert set(full["fees"]["btc_usd"]) == {"perpetual", "future"}
    assert full["fees"]["btc_usd"]["perpetual"]["default"]["maker"] == 0.00015
    usdc = client.call("private/get_account_summary", currency="USDC")
    assert usdc["equity"] == 1_000_000.0
    assert client.code("private/get_account_summary", currency="DOGE") == -32602
    summaries = client.call("private/get_account_summaries", extended=True)
    assert [s["currency"] for s in summaries["summaries"]] == ["BTC", "ETH", "USDC"]
    assert summaries["username"] == "maker"


def test_equity_is_cash_and_profit(bench: Bench, client: Client) -> None:
    client.buy(80_001.0, 700)
    client.sell(79_999.0, 300)
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    row = client.call("private/get_account_summary", currency="BTC")
    parts = row["balance"] + row["session_rpl"] + row["session_upl"]
    assert row["equity"] == pytest.approx(parts, abs=2e-8)
    assert row["session_rpl"] < 0 < row["session_upl"]
    assert row["delta_total"] == round(400 / 81_000, 8)

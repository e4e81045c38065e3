"""Tickers, key by key."""

from tests.unit.sim.venue.client import ETH, MS, PERP, Client


def test_an_empty_side_is_zero(client: Client) -> None:
    row = client.call("public/ticker", instrument_name=ETH)
    assert (row["best_bid_price"], row["best_bid_amount"]) == (0.0, 0.0)
    assert (row["best_ask_price"], row["best_ask_amount"]) == (0.0, 0.0)


def test_only_perpetuals_have_funding(client: Client) -> None:
    perpetual = client.call("public/ticker", instrument_name=PERP)
    dated = client.call("public/ticker", instrument_name="BTC-25DEC26")
    funding = {"current_funding", "funding_8h", "interest_value"}
    assert set(perpetual) - set(dated) == funding


def test_before_the_first_trade_the_mark_stands_in(client: Client) -> None:
    row = client.call("public/ticker", instrument_name=PERP)
    assert row["last_price"] == 80_000.0
    assert (row["stats"]["high"], row["stats"]["low"]) == (80_000.0, 80_000.0)
    assert row["timestamp"] == client.bench.now_ns // MS

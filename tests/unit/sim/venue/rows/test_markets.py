"""Tickers and summaries, key by key."""

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.rows.markets import book_row, stats_row, summary_row, ticker_row
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client


def test_an_empty_side_is_zero(client: Client) -> None:
    row = client.call("public/ticker", instrument_name=ETH)
    assert (row["best_bid_price"], row["best_bid_amount"]) == (0.0, 0.0)
    assert (row["best_ask_price"], row["best_ask_amount"]) == (0.0, 0.0)


def test_only_perpetuals_have_funding(client: Client) -> None:
    perpetual = client.call("public/ticker", instrument_name=PERP)
    dated = client.call("public/ticker", instrument_name="BTC-25DEC26")
    funding = {"current_funding", "funding_8h", "interest_value"}
    assert set(perpetual) - set(dated) == funding


def test_before_the_first_trade_the_mark_stands_in(full: Bench) -> None:
    row = ticker_row(full.venue.exchange.markets[PERP], 17)
    assert row["last_price"] == row["stats"]["high"] == row["stats"]["low"] == 80_000.0
    assert row["stats"]["price_change"] == 0.0
    never = ticker_row(full.venue.exchange.markets[option(full, "BTC")], 17)
    assert never["last_price"] is never["stats"]["high"] is None


@pytest.fixture(scope="module")
def full() -> Bench:
    """Return a venue with every kind of instrument, nothing quoted."""
    return Bench(VenueConfig(listing=ListingConfig(strikes_each_side=2)))


def option(bench: Bench, family: str, kind: str = "C") -> str:
    """Return an option around 30 days from expiry."""
    return next(
        name
        for name, market in bench.venue.exchange.markets.items()
        if market.instrument.is_option
        and name.startswith(f"{family}-30OCT26")
        and name.endswith(kind)
    )


PRODUCTION_OPTION = [
    "timestamp", "state", "stats", "greeks", "index_price", "instrument_name",
    "last_price", "settlement_price", "min_price", "max_price", "open_interest",
    "mark_price", "interest_rate", "estimated_delivery_price", "best_ask_price",
    "best_bid_price", "mark_iv", "bid_iv", "ask_iv", "underlying_price",
    "underlying_index", "best_ask_amount", "best_bid_amount",
]  # fmt: skip
"""The keys of an option's ticker on production, 2026-09-20, in their order."""


def test_an_option_ticker_is_productions(full: Bench) -> None:
    name = option(full, "BTC")
    market = full.venue.exchange.markets[name]
    row = ticker_row(market, 17)
    assert list(row) == PRODUCTION_OPTION
    assert "volume_notional" not in row["stats"]
    linear = full.venue.exchange.markets[option(full, "BTC_USDC")]
    assert "volume_notional" in ticker_row(linear, 17)["stats"]
    assert row["underlying_index"] == "BTC-30OCT26"
    underlying = full.venue.exchange.markets["BTC-30OCT26"]
    assert row["underlying_price"] == ticker_row(underlying, 17)["mark_price"]
    assert (row["bid_iv"], row["ask_iv"]) == (0.0, 0.0), "nothing is quoted"
    assert 0 < row["greeks"]["delta"] < 1


@pytest.mark.parametrize("family", ["BTC", "BTC_USDC"])
def test_vols_are_those_of_the_quoted_prices(family: str) -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(strikes_each_side=1)))
    name = option(bench, family, "P")
    market = bench.venue.exchange.markets[name]
    i = market.instrument
    low = i.floor(i.ticks_below(market.mark_ref) - 2 * i.step_at(market.max_ticks))
    high = i.ceil(i.ticks_above(market.mark_ref) + 2 * i.step_at(market.max_ticks))
    bench.place("buy", i.price(low), i.amount(10), instrument=name)
    bench.place("sell", i.price(high), i.amount(10), instrument=name)
    row = ticker_row(market, 17)
    assert 0 < row["bid_iv"] < row["mark_iv"] < row["ask_iv"] < 500
    assert market.implied_vol(low) is market.implied_vol(low), "worked out once"
    bench.advance(SECOND)
    bench.place("buy", i.price(high), i.amount(1), instrument=name, account="other")
    bench.advance(SECOND)
    (trade,) = market.tape
    assert trade.vol == pytest.approx(row["ask_iv"] / 100, rel=0.01)


def test_a_book_has_levels_within_the_ticker(full: Bench) -> None:
    row = book_row(full.venue.exchange.markets[PERP], 5, 17)
    keys = list(row)
    assert keys[keys.index("instrument_name") - 1 :][:6] == [
        "index_price", "instrument_name", "change_id", "bids", "asks", "last_price",
    ]  # fmt: skip


def test_open_interest_is_an_integer_where_amounts_are_dollars(full: Bench) -> None:
    rows = {
        name: ticker_row(full.venue.exchange.markets[name], 17)["open_interest"]
        for name in (PERP, "BTC_USDC-PERPETUAL", option(full, "BTC"))
    }
    assert [type(value) for value in rows.values()] == [int, float, float]


def test_a_combo_shows_what_its_legs_imply() -> None:
    bench = Bench(VenueConfig(listing=ListingConfig(options=False)))
    name = "BTC-FS-25DEC26_PERP"
    market = bench.venue.exchange.markets[name]
    assert "implied_bid" not in ticker_row(market, 17)
    for leg, bid, ask in (
        (PERP, 80_000.0, 80_001.0),
        ("BTC-25DEC26", 81_000.0, 81_005.0),
    ):
        bench.place("buy", bid, 100, instrument=leg)
        bench.place("sell", ask, 100, instrument=leg)
    row = ticker_row(market, 17)
    assert (row["implied_bid"], row["implied_ask"]) == (999.0, 1005.0)
    assert row["combo_state"] == "active"


def test_a_summary_has_null_where_nothing_is(full: Bench) -> None:
    row = summary_row(full.venue.exchange.markets[PERP], 17)
    missing = [key for key, value in row.items() if value is None]
    assert missing == ["bid_price", "ask_price", "mid_price"]
    never = summary_row(full.venue.exchange.markets[option(full, "BTC")], 17)
    assert [key for key, value in never.items() if value is None] == [
        "high", "low", "last", "bid_price", "ask_price", "price_change", "mid_price",
    ]  # fmt: skip
    assert {"current_funding", "funding_8h"} < set(row)
    vols = summary_row(full.venue.exchange.markets[option(full, "BTC")], 17)
    assert {"mark_iv", "underlying_price", "underlying_index", "interest_rate"} < set(
        vols
    )


def test_a_summary_has_the_middle_of_the_touch(bench: Bench) -> None:
    row = summary_row(bench.venue.exchange.markets[PERP], 17)
    assert (row["bid_price"], row["mid_price"], row["ask_price"]) == (
        79_999.0, 80_000.0, 80_001.0,
    )  # fmt: skip


def test_a_combo_may_have_traded_at_nothing(full: Bench) -> None:
    market = full.venue.exchange.markets["BTC-FS-25DEC26_PERP"]
    market.candles.add(full.now_ns // MS, 0, 1, 1)
    row = stats_row(market, full.now_ns // MS)
    assert (row["high"], row["price_change"]) == (0.0, None)

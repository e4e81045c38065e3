"""Market data of a venue with every kind of instrument against the published schema."""

from typing import Any

import orjson
import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.feeds.channels import parse_channel
from engine.sim.venue.methods.not_offered import CHANNELS_BY_REASON, NOT_OFFERED
from engine.sim.venue.products.surface import SurfaceState
from tests.data.shared import recorded
from tests.unit.sim.venue.client import PERP, SECOND, Bench
from tests.unit.sim.venue.methods.market_calls import market_calls
from tests.unit.sim.venue.methods.test_registry_schema import (
    METHODS,
    Recorder,
    load_checker,
)

CALL, LINEAR = "BTC-30OCT26-80000-C", "BTC_USDC-30OCT26-80000-P"
FUTURE, SPOT, SPREAD = "BTC-30OCT26", "ETH_USDC", "BTC-FS-25DEC26_PERP"
INSTRUMENTS = (PERP, FUTURE, CALL, LINEAR, SPOT, SPREAD, "BTC_USDC-PERPETUAL")
OF_INSTRUMENT = (
    "book.{}.raw",
    "book.{}.100ms",
    "book.{}.none.10.agg2",
    "ticker.{}.raw",
    "ticker.{}.agg2",
    "incremental_ticker.{}",
    "quote.{}",
    "trades.{}.100ms",
    "chart.trades.{}.1",
    "chart.trades.{}.1D",
    "perpetual.{}.raw",
)
OF_INDEX = (
    "deribit_price_index.btc_usd",
    "deribit_price_ranking.btc_usd",
    "deribit_price_statistics.btc_usd",
    "deribit_volatility_index.btc_usd",
    "estimated_expiration_price.btc_usd",
    "markprice.options.btc_usd",
)
WIDE = (
    "trades.any.any.raw",
    "instrument.state.any.any",
    "instrument.creation.any.any",
    "platform_state",
    "platform_state.public_methods_state",
    "announcements",
)
SPELLED = {
    "(instrument_name)": PERP,
    "(index_name)": "btc_usd",
    "(kind)": "any",
    "(currency)": "any",
    "(interval)": "100ms",
    "(group)": "none",
    "(depth)": "10",
    "(resolution)": "60",
}


def bench() -> Bench:
    """Return a venue with a few strikes, quoted on both sides of every mark."""
    listing = ListingConfig(families=("BTC", "BTC_USDC"), strikes_each_side=2)
    generous = default_accounts(1_000_000, 1_000_000)
    made = Bench(VenueConfig(listing=listing, accounts=generous))
    for name in INSTRUMENTS:
        market = made.venue.exchange.markets[name]
        i = market.instrument
        low, high = market.min_ticks + 2, market.max_ticks - 2
        for direction, ticks in (("buy", i.ceil(low)), ("sell", i.floor(high))):
            made.place(direction, i.price(ticks), i.amount(1_000), instrument=name)
    return made


def trade(made: Bench) -> None:
    """Let every instrument trade at its best ask, and the world move a little."""
    for name in INSTRUMENTS:
        market = made.venue.exchange.markets[name]
        ask = market.book.touch()[2]
        assert ask is not None, name
        if market.instrument.is_combo:
            continue
        price, amount = market.instrument.price(ask), market.instrument.amount(3)
        made.place("buy", price, amount, instrument=name, account="other")
    made.advance(SECOND)
    made.venue.set_index("btc_usd", 80_100.0, made.now_ns)
    made.venue.exchange.set_surface("btc_usd", SurfaceState(0.5, 0.55))
    made.venue.set_state(FUTURE, "locked", made.now_ns)
    made.venue.set_state(FUTURE, "open", made.now_ns)
    made.venue.exchange.announce({"maintenance": True})
    for _ in range(70):
        made.advance(SECOND)


@pytest.fixture
def schema() -> Any:
    return orjson.loads(recorded("spec", "deribit-schema.json").read_bytes())


@pytest.fixture
def one(schema: Any) -> Recorder:
    module = load_checker(recorded("spec", "check_frames.py"))
    recorder = Recorder(bench(), module.Checker(schema))
    recorder.client.login("maker")
    return recorder


def failures(one: Recorder) -> list[str]:
    return [one for one in one.checker.failures if not one.startswith("request ")]


def test_every_kind_of_instrument_answers_as_published(one: Recorder) -> None:
    for _ in range(2):
        for name in INSTRUMENTS:
            for method, params in market_calls(name):
                one.call(method, **params)
        one.call("public/get_combo_details", combo_id=SPREAD)
        trade(one.client.bench)
    assert failures(one) == []


def test_every_channel_says_what_is_published(one: Recorder, schema: Any) -> None:
    channels = [form.format(name) for form in OF_INSTRUMENT for name in INSTRUMENTS]
    one.call("public/subscribe", channels=[*channels, *OF_INDEX, *WIDE])
    assert len(one.client.bench.venue.hub._feeds) == len(channels) + 12
    for _ in range(2):
        trade(one.client.bench)
        for frame in one.client.take():
            one.notify(frame)
    assert failures(one) == []
    counts = {name for name in one.checker.counts if name.startswith("channel ")}
    silent = {"announcements", "instrument.creation.(kind).(currency)"}
    public = {
        f"channel {name}"
        for name in schema["channels"]
        if not name.startswith(("user.", "block_"))
    }
    assert public - counts == {f"channel {name}" for name in silent}


def test_all_that_is_published_is_offered_or_said_not_to_be(schema: Any) -> None:
    assert set(schema["methods"]) == set(METHODS) | set(NOT_OFFERED)
    exchange = bench().venue.exchange
    declined = {name for names in CHANNELS_BY_REASON.values() for name in names}
    for name in schema["channels"]:
        spelled = name
        for part, value in SPELLED.items():
            spelled = spelled.replace(part, value)
        offered = parse_channel(spelled, exchange) is not None
        assert offered != (name in declined), name

"""Channel names and who may subscribe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.feeds.channels import parse_channel
from engine.sim.venue.feeds.hub import FEEDS
from tests.unit.sim.venue.client import (
    ETH,
    PERP,
    Bench,
    Client,
    Refused,
)

ALL = [
    f"book.{PERP}.raw",
    f"book.{PERP}.100ms",
    f"book.{PERP}.agg2",
    f"book.{PERP}.none.20.100ms",
    f"book.{ETH}.250.1.agg2",
    f"book.{ETH}.none.1.raw",
    f"incremental_ticker.{PERP}",
    f"perpetual.{PERP}.100ms",
    f"chart.trades.{PERP}.1",
    f"chart.trades.{PERP}.1D",
    "deribit_price_ranking.btc_usd",
    "deribit_price_statistics.eth_usd",
    "deribit_volatility_index.btc_usd",
    "estimated_expiration_price.btc_usd",
    "markprice.options.btc_usd",
    "trades.combo.any.raw",
    "trades.option_combo.ETH.raw",
    "instrument.creation.any.BTC",
    "platform_state.public_methods_state",
    "announcements",
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
    "user.orders.combo.any.agg2",
    "user.mmp_trigger.any",
    "user.lock",
    "user.access_log",
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
    "book.BTC-PERPETUAL.none.10",
    "book.BTC-PERPETUAL.none.10.100ms.raw",
    "chart.trades.BTC-PERPETUAL.2",
    "chart.trades.BTC-NOTHING.1",
    "chart.book.BTC-PERPETUAL.1",
    "chart",
    "incremental_ticker.BTC-PERPETUAL.100ms",
    "perpetual.BTC-PERPETUAL",
    "deribit_volatility_index.sol_usdc",
    "deribit_volatility_index",
    "markprice.btc_usd",
    "markprice.futures.btc_usd",
    "instrument.creation.future",
    "instrument.expiry.any.any",
    "instrument",
    "platform_state.private_methods_state",
    "announcements.all",
    "trades",
    "trades..raw",
    "user",
    "user.lock.BTC",
    "user.liquidation",
    "block_rfq.trades.any",
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


@pytest.mark.parametrize("state", ["delivered", "inactive", "archivized"])
def test_what_is_over_is_left_out(bench: Bench, client: Client, state: str) -> None:
    about = [f"quote.{ETH}", f"trades.{ETH}.raw", f"user.orders.{ETH}.raw"]
    bench.venue.set_state(ETH, "locked", bench.now_ns)
    assert client.call("private/subscribe", channels=about) == about
    bench.venue.set_state(ETH, state, bench.now_ns)
    later = [*about, f"chart.trades.{ETH}.1", f"book.{ETH}.none.1.100ms"]
    assert client.call("private/subscribe", channels=later) == []


def test_500_channels_a_call(client: Client) -> None:
    channels = [f"chart.trades.{PERP}.{n}" for n in range(500)]
    assert len(client.call("public/subscribe", channels=channels)) == 10
    with pytest.raises(Refused, match="-32602"):
        client.call("public/subscribe", channels=[*channels, "announcements"])


PIECES = sorted(
    {piece for name in ALL + PRIVATE + NONSENSE for piece in name.split(".")}
)
VENUE = Bench().venue


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=6))
def test_any_name_is_a_channel_or_none(pieces: list[str]) -> None:
    name = ".".join(pieces)
    channel = parse_channel(name, VENUE.exchange)
    if channel is not None:
        account = VENUE.exchange.accounts["maker"] if channel.scope else None
        assert channel.name == name
        feed = FEEDS[channel.topic](channel, VENUE.exchange, account)
        feed.flush()
        feed.wake()

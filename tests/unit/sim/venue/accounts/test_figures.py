"""An account's figures in one currency."""

import pytest

from engine.sim.venue.accounts.figures import delta_of, figures_of, greeks
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.units import ATTO, REF
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    FUTURE,
    LISTED,
    PERP,
    USDC_CALL,
    value_of,
)
from tests.unit.sim.venue.client import START_NS


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(LISTED, START_NS)


def hold(exchange: Exchange, name: str, side: int, lots: int, price: float) -> None:
    account, market = exchange.accounts["maker"], exchange.markets[name]
    position = account.position(market.instrument, market)
    position.book(side, lots, value_of(market, lots, price))


def test_greeks_of_each_kind(exchange: Exchange) -> None:
    for name, lots in ((COIN_CALL, 10), (USDC_CALL, 100), (PERP, 8_000)):
        hold(exchange, name, -1, lots, 0.05 if name == COIN_CALL else 100.0)
    held = exchange.accounts["maker"].positions
    coin, usdc = held[COIN_CALL], held[USDC_CALL]
    theory = coin.market.theory
    assert theory is not None
    assert greeks(coin).delta == -delta_of(theory, coin.market.mark_ref)
    assert greeks(coin).delta == pytest.approx(
        -(theory.delta - coin.market.mark_ref / REF)
    )
    assert greeks(usdc).delta == -usdc.market.theory.delta  # type: ignore[union-attr]
    assert greeks(coin).vega == -theory.vega
    assert greeks(coin).theta == -theory.theta > 0
    assert greeks(held[PERP]).delta == pytest.approx(-1.0)
    assert greeks(held[PERP]).gamma == 0.0


def test_parts_add_up(exchange: Exchange) -> None:
    hold(exchange, PERP, 1, 8_000, 79_000.0)
    hold(exchange, PERP, -1, 4_000, 79_500.0)
    hold(exchange, COIN_CALL, 1, 10, 0.05)
    hold(exchange, COIN_CALL, -1, 4, 0.06)
    account = exchange.accounts["maker"]
    account.reserve("BTC", ATTO)
    f = figures_of(account, "BTC")
    assert f.equity == account.equity("BTC")
    assert f.margin_balance == account.margin_balance("BTC")
    assert f.available == account.available("BTC")
    assert f.futures_rpl > 0 < f.futures_upl
    assert f.futures_pl == f.futures_upl
    assert f.options_rpl == 4 * ATTO // 1_000
    assert f.options_value == account.options_value("BTC")
    assert set(f.delta) == set(f.vega) == {"btc_usd"}
    assert figures_of(account, "ETH").equity == 200 * ATTO


def test_lasting_delta_leaves_out_the_next_expiry(exchange: Exchange) -> None:
    hold(exchange, PERP, 1, 8_000, 80_000.0)
    hold(exchange, FUTURE, 1, 800, 80_000.0)
    hold(exchange, "BTC-25DEC26", 1, 80, 80_000.0)
    f = figures_of(exchange.accounts["maker"], "BTC")
    assert f.delta["btc_usd"] == pytest.approx(1.11)
    assert f.lasting_delta == pytest.approx(1.01)


def test_nothing_is_free_below_zero(exchange: Exchange) -> None:
    account = exchange.accounts["maker"]
    account.reserve("BTC", 11 * ATTO)
    assert figures_of(account, "BTC").available == 0
    assert account.available("BTC") == -ATTO

"""A trading day of ccxt's synchronous Deribit client, unchanged but for the URL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.facts import exact, inverse_fee, on_tick, tick_at
from tests.conformance.served import MAKER, QUIET, TAKER, Venue, running

ccxt = pytest.importorskip("ccxt", reason="needs the extra: make conformance")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore"),  # the client's own, and of what it uses
]

BTC, ETH = "BTC/USD:BTC", "ETH/USD:ETH"
LINEAR = "BTC/USDC:USDC"
HOUR_MS = 3_600_000
TRIES = 100  # the client itself waits between its requests


def connect(venue: Venue, account: tuple[str, str] = MAKER) -> Any:
    name, secret = account
    return ccxt.deribit(
        {"apiKey": name, "secret": secret, "urls": {"api": {"rest": venue.origin}}}
    )


def rows_of(venue: Venue) -> dict[str, dict[str, Any]]:
    rows = venue.ask("public/get_instruments", currency="any")
    return {row["instrument_name"]: row for row in rows}


@pytest.fixture(scope="module")
def watcher(busy: Venue) -> Any:
    """Return a client of the lively market with its markets loaded."""
    client = connect(busy)
    client.load_markets()
    return client


@pytest.fixture(scope="module")
def desks(quiet: Venue) -> tuple[Any, Any]:
    """Return the maker's and the taker's client of the market nobody else is in."""
    maker, taker = connect(quiet), connect(quiet, TAKER)
    maker.load_markets()
    taker.load_markets()
    return maker, taker


@pytest.fixture
def maker(desks: tuple[Any, Any]) -> Iterator[Any]:
    """Return the maker; whatever it left in the market goes with the test."""
    yield desks[0]
    desks[0].cancel_all_orders()


@pytest.fixture
def taker(desks: tuple[Any, Any]) -> Iterator[Any]:
    """Return the taker; whatever it left in the market goes with the test."""
    yield desks[1]
    desks[1].cancel_all_orders()


def option_of(client: Any, base: str = "BTC") -> str:
    """Return the symbol of a nearby out-of-the-money call."""
    spot = client.fetch_ticker(f"{base}/USD:{base}")["indexPrice"]
    calls = [
        market
        for market in client.markets.values()
        if market["type"] == "option"
        and market["base"] == base
        and market["inverse"]
        and market["optionType"] == "call"
        and market["strike"] > spot
    ]
    chosen = min(calls, key=lambda one: (-one["expiry"], one["strike"]))
    return str(chosen["symbol"])


# Market data.


def test_every_instrument_is_a_market(watcher: Any, busy: Venue) -> None:
    rows = rows_of(busy)
    by_id = {market["id"]: market for market in watcher.markets.values()}
    assert set(by_id) == set(rows)
    for name, market in by_id.items():
        row = rows[name]
        assert market["active"] is True
        assert market["contractSize"] == row["contract_size"]
        assert market["precision"]["price"] == row["tick_size"]
        assert market["precision"]["amount"] == row["min_trade_amount"]
        assert (market["maker"], market["taker"]) == (
            row["maker_commission"],
            row["taker_commission"],
        )
    kinds = {market["type"] for market in by_id.values()}
    assert kinds >= {"swap", "future", "option", "spot"}
    assert by_id["BTC-PERPETUAL"]["symbol"] == BTC
    assert by_id["BTC-PERPETUAL"]["inverse"]
    assert by_id["BTC_USDC-PERPETUAL"]["symbol"] == LINEAR
    assert by_id["BTC_USDC-PERPETUAL"]["linear"]


def test_markets_currency_by_currency_are_the_same(watcher: Any, busy: Venue) -> None:
    other = connect(busy)
    other.options["fetchMarkets"] = {"fetchAllMarkets": False}
    assert set(other.load_markets()) == set(watcher.markets)


def test_currencies_status_and_time(watcher: Any) -> None:
    currencies = watcher.fetch_currencies()
    assert {"BTC", "ETH", "USDC"} <= set(currencies)
    assert currencies["BTC"]["name"] == "Bitcoin"
    assert watcher.fetch_deposit_withdraw_fees()["BTC"]["withdraw"]["fee"] >= 0
    assert watcher.fetch_status()["status"] == "ok"
    assert abs(watcher.fetch_time() - time.time() * 1000) < 10_000


def test_tickers_of_every_kind(watcher: Any, busy: Venue) -> None:
    rows = rows_of(busy)
    for symbol in (BTC, ETH, LINEAR, "BTC/USDC", option_of(watcher)):
        ticker = watcher.fetch_ticker(symbol)
        row = rows[watcher.market(symbol)["id"]]
        assert ticker["symbol"] == symbol
        assert 0 < ticker["bid"] < ticker["ask"]
        assert on_tick(row, ticker["info"]["best_bid_price"])
        assert on_tick(row, ticker["info"]["best_ask_price"])
        assert ticker["bidVolume"] >= row["min_trade_amount"]
        assert ticker["info"]["mark_price"] > 0


def test_tickers_of_a_currency(watcher: Any) -> None:
    tickers = watcher.fetch_tickers(None, {"code": "BTC"})
    inverse = [
        symbol
        for symbol, market in watcher.markets.items()
        if market["settle"] == "BTC"
    ]
    assert set(inverse) <= set(tickers)
    assert tickers[BTC]["bid"] < tickers[BTC]["ask"]
    some = watcher.fetch_tickers([BTC])
    assert list(some) == [BTC]


def test_the_order_book_is_sorted_and_on_the_tick(watcher: Any, busy: Venue) -> None:
    rows = rows_of(busy)
    for symbol in (BTC, option_of(watcher)):
        book = watcher.fetch_order_book(symbol, 5)
        row = rows[watcher.market(symbol)["id"]]
        bids = [price for price, _ in book["bids"]]
        asks = [price for price, _ in book["asks"]]
        assert 0 < len(bids) <= 5
        assert 0 < len(asks) <= 5
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert all(on_tick(row, price) for price in bids + asks)
        assert book["nonce"] > 0


def test_trades_run_upwards_and_on_the_tick(watcher: Any, busy: Venue) -> None:
    row = rows_of(busy)["BTC-PERPETUAL"]
    busy.wait_for_trade("BTC-PERPETUAL")
    started = watcher.fetch_time() - HOUR_MS
    for arguments in ((None, 50), (started, 50)):
        trades = watcher.fetch_trades(BTC, *arguments)
        sequence = [trade["info"]["trade_seq"] for trade in trades]
        numbers = sorted(map(int, sequence))
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert all(on_tick(row, trade["info"]["price"]) for trade in trades)
        assert len({trade["id"] for trade in trades}) == len(trades)
        for trade in trades:
            assert trade["cost"] == pytest.approx(trade["amount"] / trade["price"])


def test_candles_hold_their_prices(watcher: Any, busy: Venue) -> None:
    busy.wait_for_trade("BTC-PERPETUAL")
    for timeframe, length_ms in (("1m", 60_000), ("1h", HOUR_MS)):
        candles = watcher.fetch_ohlcv(BTC, timeframe)
        assert candles
        for tick, first, high, low, last, volume in candles:
            assert tick % length_ms == 0
            assert low <= min(first, last) <= max(first, last) <= high
            assert volume >= 0
        ticks = [candle[0] for candle in candles]
        assert ticks == list(range(ticks[0], ticks[-1] + 1, length_ms))


def test_funding_of_a_perpetual(watcher: Any) -> None:
    rate = watcher.fetch_funding_rate(BTC)
    assert rate["symbol"] == BTC
    assert abs(rate["fundingRate"]) <= 0.005
    history = watcher.fetch_funding_rate_history(BTC)
    assert all(abs(one["fundingRate"]) <= 0.005 for one in history)


def test_option_figures(watcher: Any) -> None:
    symbol = option_of(watcher)
    greeks = watcher.fetch_greeks(symbol)
    assert 0 < greeks["delta"] < 1
    assert greeks["gamma"] > 0
    assert greeks["vega"] > 0
    assert greeks["theta"] < 0
    assert 5 < greeks["markImpliedVolatility"] < 300
    assert greeks["underlyingPrice"] > 1_000
    option = watcher.fetch_option(symbol)
    assert option["symbol"] == symbol
    assert option["markPrice"] == pytest.approx(greeks["markPrice"], rel=0.2)
    chain = watcher.fetch_option_chain("BTC")
    listed = {
        one
        for one, m in watcher.markets.items()
        if m["option"] and m["settle"] == "BTC"
    }
    assert set(chain) == listed


def test_open_interest_volatility_and_liquidations(watcher: Any) -> None:
    interest = watcher.fetch_open_interest(BTC)
    assert interest["openInterestValue"] >= 0
    history = watcher.fetch_volatility_history("BTC")
    assert all(one["volatility"] > 0 for one in history)
    assert watcher.fetch_liquidations(BTC) == []


def test_an_unknown_instrument_is_an_exchange_error(watcher: Any) -> None:
    with pytest.raises(ccxt.ExchangeError):
        watcher.publicGetTicker({"instrument_name": "BTC-NOSUCH"})
    with pytest.raises(ccxt.BadRequest):
        watcher.publicGetTicker({})


# Trading.


def test_the_balance_is_what_the_account_was_given(maker: Any) -> None:
    balance = maker.fetch_balance()
    assert {"BTC", "ETH", "USDC"} <= set(balance["total"])
    alone = maker.fetch_balance({"code": "ETH"})
    assert alone["total"]["ETH"] == balance["total"]["ETH"] > 0
    assert alone["free"]["ETH"] <= alone["total"]["ETH"]


def test_a_resting_order_lives_and_is_cancelled(maker: Any) -> None:
    order = maker.create_order(BTC, "limit", "buy", 20, 79_000)
    assert (order["status"], order["filled"], order["remaining"]) == ("open", 0, 20)
    assert (order["price"], order["side"], order["type"]) == (79_000, "buy", "limit")
    assert (order["timeInForce"], order["postOnly"]) == ("GTC", False)
    order_id = order["id"]
    assert [one["id"] for one in maker.fetch_open_orders(BTC)] == [order_id]
    assert [one["id"] for one in maker.fetch_open_orders()] == [order_id]
    edited = maker.edit_order(order_id, BTC, "limit", "buy", 30, 79_000.5)
    assert (edited["id"], edited["amount"], edited["price"]) == (order_id, 30, 79_000.5)
    assert edited["info"]["replaced"] is True
    seen = maker.fetch_order(order_id, BTC)
    assert (seen["amount"], seen["status"]) == (30, "open")
    gone = maker.cancel_order(order_id, BTC)
    assert (gone["id"], gone["status"]) == (order_id, "canceled")
    assert maker.fetch_open_orders(BTC) == []
    assert maker.fetch_order(order_id)["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        maker.edit_order("123456789", BTC, "limit", "buy", 30, 79_000)


def test_a_market_order_meets_a_limit_order(maker: Any, taker: Any) -> None:
    before = taker.fetch_balance()["total"]["BTC"]
    maker.create_order(BTC, "limit", "sell", 100, 80_010, {"postOnly": True})
    order = taker.create_order(BTC, "market", "buy", 40)
    assert (order["status"], order["filled"], order["average"]) == (
        "closed",
        40,
        80_010,
    )
    assert order["cost"] == pytest.approx(40 / 80_010, rel=1e-6)
    (trade,) = taker.fetch_order_trades(order["id"])
    assert (trade["takerOrMaker"], trade["amount"]) == ("taker", 40)
    assert trade["fee"]["currency"] == "BTC"
    assert exact(trade["info"]["fee"]) == inverse_fee(40, 80_010, "0.00035")
    mine = maker.fetch_my_trades(BTC)[-1]
    assert mine["takerOrMaker"] == "maker"
    assert mine["id"] == trade["id"]
    assert exact(mine["info"]["fee"]) == inverse_fee(40, 80_010, "0.00015")
    since = trade["timestamp"]
    assert trade["id"] in [one["id"] for one in taker.fetch_my_trades(BTC, since)]
    assert trade["id"] in [one["id"] for one in taker.fetch_my_trades()]
    assert trade["id"] in [one["id"] for one in taker.fetch_my_trades(None, since)]
    closed = {one["id"]: one for one in taker.fetch_closed_orders(BTC)}
    assert closed[order["id"]]["status"] == "closed"
    assert order["id"] in {one["id"] for one in taker.fetch_closed_orders()}
    after = taker.fetch_balance()["total"]["BTC"]
    assert after < before


def test_a_position_is_opened_reduced_and_closed(maker: Any, taker: Any) -> None:
    start = taker.fetch_position(BTC)["info"]["size"]
    maker.create_order(BTC, "limit", "sell", 200, 80_020)
    maker.create_order(BTC, "limit", "buy", 200, 79_990)
    taker.create_order(BTC, "limit", "buy", 100, 80_020, {"timeInForce": "IOC"})
    position = taker.fetch_position(BTC)
    assert position["side"] == "long"
    assert position["contracts"] == pytest.approx(float(start) + 100)
    assert position["initialMargin"] > 0
    assert position["leverage"] > 0
    assert BTC in [one["symbol"] for one in taker.fetch_positions()]
    assert BTC in [one["symbol"] for one in taker.fetch_positions([BTC])]
    size = float(position["info"]["size"])
    closing = taker.create_order(
        BTC, "market", "sell", size, None, {"reduceOnly": True}
    )
    assert closing["info"]["reduce_only"] is True
    assert closing["filled"] == size
    assert float(taker.fetch_position(BTC)["info"]["size"]) == 0
    assert BTC not in [
        one["symbol"] for one in taker.fetch_positions() if one["contracts"]
    ]


def test_fees_are_all_that_is_lost(maker: Any, taker: Any) -> None:
    def equity() -> Decimal:
        codes = [one.fetch_balance({"code": "BTC"})["info"] for one in (maker, taker)]
        return sum((exact(info["equity"]) for info in codes), Decimal())

    before = equity()
    maker.create_order(BTC, "limit", "sell", 500, 80_060)
    order = taker.create_order(BTC, "market", "buy", 500)
    assert order["filled"] == 500
    rates = ("0.00015", "0.00035")
    fees = sum((inverse_fee(500, 80_060, rate) for rate in rates), Decimal())
    assert abs(before - equity() - fees) <= Decimal("2e-8")  # each is shown rounded


def test_time_in_force(maker: Any, taker: Any) -> None:
    maker.create_order(BTC, "limit", "sell", 50, 80_030)
    fok = taker.create_order(BTC, "limit", "buy", 60, 80_030, {"timeInForce": "FOK"})
    assert (fok["status"], fok["filled"], fok["timeInForce"]) == ("canceled", 0, "FOK")
    ioc = taker.create_order(BTC, "limit", "buy", 60, 80_030, {"timeInForce": "IOC"})
    assert (ioc["status"], ioc["filled"]) == ("canceled", 50)
    assert sum(one["amount"] for one in taker.fetch_order_trades(ioc["id"])) == 50


def test_stop_take_and_trailing_orders_wait(maker: Any) -> None:
    placed = [
        maker.create_order(
            BTC,
            "market",
            "sell",
            10,
            None,
            {"stopLossPrice": 79_000, "trigger": "mark_price"},
        ),
        maker.create_order(BTC, "limit", "sell", 10, 78_990, {"stopLossPrice": 79_000}),
        maker.create_order(
            BTC,
            "limit",
            "sell",
            10,
            81_010,
            {"takeProfitPrice": 81_000, "trigger": "index_price"},
        ),
        maker.create_order(BTC, "market", "sell", 10, None, {"trailingAmount": 100}),
    ]
    kinds = [order["info"]["order_type"] for order in placed]
    assert kinds == ["stop_market", "stop_limit", "take_limit", "trailing_stop"]
    assert {order["info"]["order_state"] for order in placed} == {"untriggered"}
    assert {order["status"] for order in placed} == {"open"}
    waiting = {order["id"] for order in maker.fetch_open_orders(BTC)}
    assert {order["id"] for order in placed} <= waiting
    gone = maker.cancel_order(placed[0]["id"])
    assert gone["status"] == "canceled"
    maker.cancel_all_orders(BTC)
    assert maker.fetch_open_orders(BTC) == []


def test_a_stop_is_triggered_by_the_last_price(maker: Any, taker: Any) -> None:
    maker.create_order(BTC, "limit", "buy", 100, 79_900)
    stop = taker.create_order(
        BTC, "market", "sell", 10, None, {"stopLossPrice": 79_900}
    )
    assert stop["info"]["order_state"] == "untriggered"
    taker.create_order(BTC, "limit", "sell", 20, 79_900, {"timeInForce": "IOC"})

    def sold() -> list[Any]:
        recent = taker.fetch_my_trades(BTC, None, 20)
        return [one for one in recent if one["amount"] == 10 and one["side"] == "sell"]

    found = next(filter(None, (sold() for _ in range(TRIES))), [])
    assert [one["price"] for one in found][-1:] == [79_900]


def test_cancel_all_counts_what_it_cancels(maker: Any) -> None:
    for price in (70_000, 70_001, 70_002):
        maker.create_order(BTC, "limit", "buy", 10, price)
    maker.create_order(ETH, "limit", "buy", 1, 2_000)
    (by_symbol,) = maker.cancel_all_orders(BTC)
    assert by_symbol["info"]["result"] == 3
    (rest,) = maker.cancel_all_orders()
    assert rest["info"]["result"] == 1


def test_options_spot_and_linear_contracts_trade(maker: Any, taker: Any) -> None:
    option = option_of(maker)
    mark = maker.fetch_greeks(option)["markPrice"]
    row = maker.market(option)["info"]
    price = float(exact(mark) // tick_at(row, mark) * tick_at(row, mark))
    for symbol, amount, at in (
        (option, 1, price),
        (LINEAR, 0.01, 80_010),
        ("BTC/USDC", 0.01, 80_000),
    ):
        resting = maker.create_order(symbol, "limit", "sell", amount, at)
        assert resting["status"] == "open"
        taken = taker.create_order(symbol, "limit", "buy", amount, at)
        assert (taken["status"], taken["filled"]) == ("closed", amount)
        (trade,) = taker.fetch_order_trades(taken["id"])
        assert (trade["symbol"], trade["price"]) == (symbol, at)
    held = {one["symbol"]: one for one in taker.fetch_positions()}
    assert held[option]["contracts"] == 1
    assert held[LINEAR]["contracts"] == 0.01
    summary = taker.fetch_balance({"code": "BTC"})
    assert Decimal(summary["info"]["options_value"]) > 0


# What else ccxt asks of an account.


def test_books_of_the_account(maker: Any) -> None:
    fees = maker.fetch_trading_fees()
    assert (fees[BTC]["maker"], fees[BTC]["taker"]) == (0.00015, 0.00035)
    accounts = maker.fetch_accounts()
    assert all(account["id"] for account in accounts)
    assert accounts[0]["type"] in ("main", "subaccount")
    (deposit,) = maker.fetch_deposits("BTC")
    assert (deposit["status"], deposit["amount"]) == ("ok", 10)
    assert maker.fetch_withdrawals("BTC") == []
    assert maker.fetch_transfers("BTC") == []
    assert maker.fetch_deposit_address("BTC")["address"]
    assert maker.fetch_my_liquidations(BTC) == []


def test_a_frame_said_otherwise_is_the_same_to_it(tmp_path: Path) -> None:
    """Keys in any order, numbers in scientific form: both are free to the venue."""
    faults = '[[fault]]\nkind = "shuffle_keys"\n[[fault]]\nkind = "scientific"\n'
    with running(tmp_path, QUIET + faults) as venue:
        client = connect(venue)
        markets = client.load_markets()
        assert markets[BTC]["contractSize"] == 10
        order = client.create_order(BTC, "limit", "buy", 20, 79_000.5)
        assert (order["amount"], order["price"]) == (20, 79_000.5)
        assert [one["id"] for one in client.fetch_open_orders(BTC)] == [order["id"]]
        assert client.cancel_order(order["id"])["status"] == "canceled"
        assert client.fetch_balance()["total"]["BTC"] == 10


# Errors, as ccxt's exceptions.


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"amount": "10", "price": "79000.3"}, 10043),
        ({"amount": "15", "price": "79000"}, 10021),
        ({"amount": "5", "price": "79000"}, 10002),
        ({"amount": "10", "price": "95000"}, 10007),
    ],
)
def test_an_invalid_order(maker: Any, order: dict[str, str], code: int) -> None:
    request = {"instrument_name": "BTC-PERPETUAL", "type": "limit", **order}
    with pytest.raises(ccxt.InvalidOrder, match=f'"code":{code}'):
        maker.privateGetBuy(request)


def test_a_post_only_order_that_would_trade(maker: Any, taker: Any) -> None:
    maker.create_order(BTC, "limit", "sell", 10, 80_040)
    with pytest.raises(ccxt.InvalidOrder, match='"code":11054'):
        taker.create_order(BTC, "limit", "buy", 10, 80_050, {"postOnly": True})


def test_funds_that_are_not_there(maker: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds, match='"code":10009'):
        maker.create_order(BTC, "limit", "buy", 500_000_000, 79_000)


def test_orders_that_are_not_there(maker: Any, taker: Any) -> None:
    with pytest.raises(ccxt.OrderNotFound, match='"code":10004'):
        maker.cancel_order("987654321")
    theirs = taker.create_order(BTC, "limit", "buy", 10, 70_000)
    with pytest.raises(ccxt.OrderNotFound):
        maker.cancel_order(theirs["id"])


def test_keys_that_are_wrong(quiet: Venue) -> None:
    with pytest.raises(ccxt.AuthenticationError):
        connect(quiet, ("maker", "not-its-secret")).fetch_balance()
    with pytest.raises(ccxt.AuthenticationError):
        connect(quiet, ("nobody", "maker-secret")).fetch_balance()


def test_rights_that_are_not_there(tmp_path: Path) -> None:
    reader = """
[[account]]
client_id = "reader"
client_secret = "reader-secret"
scopes = ["account:read", "trade:read", "wallet:read"]
"""
    with running(tmp_path, QUIET + reader) as venue:
        client = connect(venue, ("reader", "reader-secret"))
        assert client.fetch_balance()["total"]["BTC"] > 0
        assert client.fetch_open_orders(BTC) == []
        with pytest.raises(ccxt.PermissionDenied, match='"code":13021'):
            client.create_order(BTC, "limit", "buy", 10, 79_000)


def test_parameters_that_are_wrong(maker: Any) -> None:
    with pytest.raises(ccxt.BadRequest):
        maker.privateGetGetAccountSummary({"currency": "DOGE"})
    with pytest.raises(ccxt.BadRequest):
        maker.privateGetBuy({"instrument_name": "BTC-PERPETUAL", "amount": "ten"})

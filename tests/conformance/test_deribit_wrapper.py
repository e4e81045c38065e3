"""deribit-wrapper: JSON-RPC bodies without content type, sent to the bare API path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.facts import exact, inverse_fee
from tests.conformance.served import API, MAKER, TAKER, Venue

deribit_wrapper = pytest.importorskip(
    "deribit_wrapper", reason="needs the extra: make conformance"
)

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore"),  # the client's own, and of what it uses
]

PERPETUAL = "BTC-PERPETUAL"


def connect(venue: Venue, account: tuple[str, str], method: str = "credentials") -> Any:
    """Return a client whose URL is the venue's; it places orders for real."""
    url = venue.origin + API
    moved = type(
        "Moved", (deribit_wrapper.DeribitClient,), {"api_url": property(lambda _: url)}
    )
    name, secret = account
    return moved(
        client_id=name, client_secret=secret, auth_method=method, simulated=False
    )


@pytest.fixture(scope="module")
def watcher(busy: Venue) -> Iterator[Any]:
    """Return a client of the lively market."""
    client = connect(busy, MAKER)
    yield client
    client.close()


@pytest.fixture(scope="module")
def desks(quiet: Venue) -> Iterator[tuple[Any, Any]]:
    """Return the maker, who logs in by secret, and the taker, who signs."""
    clients = connect(quiet, MAKER), connect(quiet, TAKER, "signature")
    yield clients
    for client in clients:
        client.close()


def test_the_market(watcher: Any, busy: Venue) -> None:
    assert watcher.get_api_version() == busy.ask("public/test")["version"]
    assert watcher.get_status()["locked"] == "false"
    assert {"BTC", "ETH", "USDC"} <= set(watcher.currencies)
    listed = {one["instrument_name"] for one in busy.ask("public/get_instruments")}
    assert listed <= set(watcher.get_instruments(as_list=True))
    assert watcher.get_contract_size(PERPETUAL) == 10
    assert watcher.get_min_trade_amount(PERPETUAL) == 10
    assert watcher.get_kind(PERPETUAL) == "future"
    first = watcher.get_first_future("BTC")
    assert watcher.get_expiry_date(first) > datetime.now()
    strike = watcher.get_closest_strike_by_future(first)
    last = watcher.last_price(first)
    assert abs(strike - last) < last / 4
    ticker = watcher.get_ticker(PERPETUAL)
    assert ticker["best_bid_price"] < watcher.mid_price(PERPETUAL) + 50
    book = watcher.get_market_book(currency=["BTC", "ETH"])
    assert {PERPETUAL, "ETH-PERPETUAL"} <= set(book["instrument_name"])


def test_candles(watcher: Any, busy: Venue) -> None:
    busy.wait_for_trade(PERPETUAL)
    end = datetime.now(UTC)
    frame = watcher.get_market_data_history(
        PERPETUAL, end - timedelta(hours=1), end, resolution="1"
    )
    assert (frame["low"] <= frame["high"]).all()
    assert (frame["ticks"] % 60_000 == 0).all()
    assert len(frame) > 0


def test_the_account(desks: tuple[Any, Any]) -> None:
    for client in desks:
        summary = client.get_account_summary()
        held = summary.set_index("currency")["equity"]
        assert held["BTC"] > 0
        assert held["ETH"] > 0
        assert (summary["type"].isin(("main", "subaccount"))).all()
        assert not client.get_margin_model("BTC")["portfolio_margining_enabled"].any()
        assert client.get_subaccounts()["id"].notna().all()


def test_orders_and_what_becomes_of_them(desks: tuple[Any, Any]) -> None:
    maker, taker = desks
    placed = maker.order(PERPETUAL, -100, limit=80_010, label="offer")
    order_id = placed["order"]["order_id"]
    assert placed["order"]["order_state"] == "open"
    assert list(maker.get_open_orders()["order_id"]) == [order_id]
    done = taker.market_order(PERPETUAL, 60)
    assert done["order"]["order_state"] == "filled"
    trades = taker.get_trade_by_order([done["order"]["order_id"]])
    assert list(trades["amount"]) == [60]
    assert exact(trades["fee"][0]) == inverse_fee(60, 80_010, "0.00035")
    orders = maker.get_orders([order_id])
    assert list(orders["filled_amount"]) == [60]
    positions = taker.get_positions("BTC").set_index("instrument_name")
    assert positions.loc[PERPETUAL, "size"] == 60
    history = taker.get_trade_history(currency="BTC", include_order_data=True)
    assert trades["trade_id"][0] in set(history["trade_id"])
    gone = maker.cancel_orders(label="offer", currency="BTC")
    assert gone == {"BTC": {"result": 1}}
    assert maker.get_open_orders().empty
    maker.order(PERPETUAL, 100, limit=79_990)
    closed = taker.close_position(PERPETUAL)
    assert closed["order"]["filled_amount"] == 60
    assert taker.get_positions("BTC").query("size != 0").empty
    cancelled = maker.cancel_orders()
    assert sum(one["result"] for one in cancelled.values()) == 1


def test_margins(desks: tuple[Any, Any]) -> None:
    maker, _ = desks
    margins = maker.instrument_margins(PERPETUAL, amount=1_000, price=80_000)
    assert margins["buy"] > 0
    assert margins["sell"] > 0
    assert margins["min_price"] < 80_000 < margins["max_price"]


def test_a_refused_request_is_empty(desks: tuple[Any, Any], quiet: Venue) -> None:
    maker, _ = desks
    assert maker.order(PERPETUAL, 10, limit=79_000.3) == {}
    stranger = connect(quiet, ("maker", "wrong"))
    with pytest.raises(KeyError):
        stranger.get_new_token()
    stranger.close()

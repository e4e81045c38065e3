"""What an account learns about itself by request."""

import pytest

from engine.sim.venue.accounts.account import LOGINS_MAX
from tests.unit.sim.venue.client import ETH, MS, PERP, SECOND, Bench, Client


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    bench.place("sell", 3_001.0, 1000, instrument=ETH)
    return bench


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


def test_asking_for_a_position_does_not_make_one(bench: Bench, client: Client) -> None:
    client.call("private/get_position", instrument_name=PERP)
    assert bench.venue.exchange.accounts["maker"].positions == {}


def test_the_account_is_its_own_and_only_subaccount(client: Client) -> None:
    client.buy(80_001.0, 100)
    client.buy(3_001.0, 10, instrument_name=ETH)
    client.buy(79_000.0, 10)
    method = "private/get_subaccounts_details"
    (plain,) = client.call(method, currency="BTC")
    assert [p["instrument_name"] for p in plain["positions"]] == [PERP]
    assert "open_orders" not in plain
    (full,) = client.call(method, currency="BTC", with_open_orders=True)
    assert [o["price"] for o in full["open_orders"]] == [79_000.0]
    assert full["uid"] == 1001
    assert client.code(method) == -32602


def locks(client: Client) -> set[str]:
    rows = client.call("private/get_user_locks")
    assert {row["currency"] for row in rows} >= {"BTC", "ETH", "USDC"}
    assert all(row["enabled"] == row["locked"] for row in rows)
    return {row["currency"] for row in rows if row["locked"]}


def test_locked_currencies(bench: Bench, client: Client) -> None:
    assert locks(client) == set()
    exchange = bench.venue.exchange
    maker = exchange.accounts["maker"]
    exchange.lock_account(maker, "BTC", True)
    assert locks(client) == {"BTC"}
    exchange.lock_account(maker, "ALL", True)
    assert locks(client) >= {"BTC", "ETH", "USDC"}
    exchange.lock_account(maker, "ALL", False)
    exchange.lock_account(maker, "BTC", False)
    assert locks(client) == set()


def test_a_locked_account_opens_nothing_but_may_cancel(
    bench: Bench, client: Client
) -> None:
    order_id = client.buy(79_000.0, 10)["order"]["order_id"]
    exchange = bench.venue.exchange
    exchange.lock_account(exchange.accounts["maker"], "BTC", True)
    order = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}
    assert client.code("private/buy", **order) == 11098
    edit = {"order_id": order_id, "amount": 20, "price": 79_000.0}
    assert client.code("private/edit", **edit) == 11098
    client.buy(2_900.0, 10, instrument_name=ETH)
    bench.connect("taker").buy(79_000.0, 10)
    client.call("private/cancel", order_id=order_id)
    exchange.lock_account(exchange.accounts["maker"], "BTC", False)
    client.buy(79_000.0, 10)


def test_logins_are_remembered_newest_first(bench: Bench, client: Client) -> None:
    bench.advance(SECOND)
    answer = client.login("maker")
    bench.advance(SECOND)
    client.call(
        "public/auth",
        grant_type="refresh_token",
        refresh_token=answer["refresh_token"],
    )
    page = client.call("private/get_access_log")
    assert page["records_total"] == 2
    rows = page["data"]
    assert [row["log"] for row in rows] == ["success", "success"]
    assert rows[0]["timestamp"] == rows[1]["timestamp"] + SECOND // MS
    assert client.call("private/get_access_log", offset=1)["data"] == rows[1:]
    assert client.call("private/get_access_log", count=1)["data"] == rows[:1]
    logins = bench.venue.exchange.accounts["maker"].logins
    assert logins.maxlen == LOGINS_MAX


def test_self_trading(bench: Bench, client: Client) -> None:
    own = client.sell(80_000.0, 100)["order"]["order_id"]
    order = {"instrument_name": PERP, "amount": 100, "price": 80_000.0}
    assert client.code("private/buy", **order) == 10003
    modes = {"mode": "cancel_maker", "extended_to_subaccounts": True}
    assert client.call("private/set_self_trading_config", **modes) == "ok"
    summary = client.call("private/get_account_summary", currency="BTC")
    assert summary["self_trading_reject_mode"] == "cancel_maker"
    assert summary["self_trading_extended_to_subaccounts"] == "true"
    assert client.call("private/buy", **order)["order"]["order_state"] == "open"
    gone = client.call("private/get_order_state", order_id=own)
    assert gone["cancel_reason"] == "order_overlap"
    wrong = {"mode": "hope", "extended_to_subaccounts": True}
    assert client.code("private/set_self_trading_config", **wrong) == -32602
    assert client.code("private/set_self_trading_config", mode="cancel_maker") == -32602
    reader = bench.connect("maker", "account:read")
    assert reader.code("private/set_self_trading_config", **modes) == 13021

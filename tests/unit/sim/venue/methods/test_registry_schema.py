"""The venue's own traffic against the published schema, where that is at hand."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.sim.venue.config import FREE
from engine.sim.venue.methods.registry import METHODS
from tests.conformance.schema import load_checker
from tests.data.shared import recorded
from tests.unit.sim.venue.accounts.listed import (
    COIN_CALL,
    SPOT,
    USDC_CALL,
    USDC_PERP,
    listed_bench,
)
from tests.unit.sim.venue.client import (
    ETH,
    MS,
    PERP,
    SECOND,
    START_NS,
    Bench,
    Client,
)
from tests.unit.sim.venue.methods.market_calls import market_calls

CHANNELS = [
    f"book.{PERP}.raw",
    f"book.{PERP}.100ms",
    f"book.{PERP}.none.10.100ms",
    f"ticker.{PERP}.raw",
    f"ticker.{ETH}.100ms",
    f"quote.{PERP}",
    f"trades.{PERP}.raw",
    "trades.future.any.agg2",
    "deribit_price_index.btc_usd",
    "instrument.state.any.any",
    f"user.orders.{PERP}.raw",
    "user.orders.any.any.100ms",
    "user.trades.any.any.raw",
    "user.combo_trades.any.any.raw",
    f"user.changes.{PERP}.raw",
    "user.portfolio.any",
    "user.mmp_trigger.any",
    "user.lock",
    "user.access_log",
]


class Recorder:
    """A client whose traffic is validated frame by frame."""

    def __init__(self, bench: Bench, checker: Any) -> None:
        self.client: Client = bench.connect()
        self.checker = checker
        self.asked: set[str] = set()

    def call(self, method: str, **params: Any) -> Any:
        """Make a request; validate it, its answer and what came along."""
        self.asked.add(method)
        self.checker.request(method, params)
        frame = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        result = None
        for got in self.client.send(orjson.dumps(frame)):
            if got.get("id") == 1:
                self.checker.response(method, got)
                result = got.get("result")
            else:
                self.notify(got)
        return result

    def notify(self, frame: dict[str, Any]) -> None:
        """Validate one notification.

        The schema publishes the lists of user.changes as single objects, captures show
        lists: they are validated part by part.
        """
        if frame.get("method") != "subscription":
            return
        channel, data = frame["params"]["channel"], frame["params"]["data"]
        if not channel.startswith("user.changes."):
            self.checker.notification(channel, data)
            return
        for order in data["orders"]:
            self.checker.notification(f"user.orders.{PERP}.raw", order)
        self.checker.notification(f"user.trades.{PERP}.raw", data["trades"])


@pytest.fixture
def checker() -> Any:
    module = load_checker(recorded("spec", "check_frames.py"))
    schema = orjson.loads(recorded("spec", "deribit-schema.json").read_bytes())
    return module.Checker(schema)


def queries(one: Recorder) -> None:
    """Ask everything that changes nothing."""
    by_instrument = {"instrument_name": PERP}
    for method, params in market_calls():
        one.call(method, **params)
    one.call("public/get_order_book_by_instrument_id", instrument_id=210838)
    for method in (
        "private/get_open_orders_by_instrument",
        "private/get_user_trades_by_instrument",
        "private/get_position",
    ):
        one.call(method, **by_instrument)
    for method in (
        "private/get_open_orders_by_currency",
        "private/get_user_trades_by_currency",
        "private/get_positions",
    ):
        one.call(method, currency="BTC")
    one.call("private/get_account_summary", currency="BTC", extended=True)
    one.call("private/get_account_summaries", extended=True)
    for name in ("deposits", "withdrawals", "transfers", "current_deposit_address"):
        one.call(f"private/get_{name}", currency="BTC")
    one.call("private/create_deposit_address", currency="BTC")
    one.call("private/get_subaccounts", with_portfolio=True)
    history(one)
    one.call("private/get_open_orders_by_label", currency="BTC", label="a")
    one.call("private/get_order_state_by_label", currency="BTC", label="a")
    one.call("private/get_open_orders")
    for method in ("test", "get_time", "status"):
        one.call(f"public/{method}")
    one.call("public/hello", client_name="a", client_version="1")


def combos(one: Recorder, bench: Bench) -> None:
    """Open a combo, trade it, ask about it."""
    rows = one.call("public/get_instruments", currency="BTC", kind="future")
    far = next(row["instrument_name"] for row in rows if row["instrument_name"] != PERP)
    trades = [
        {"instrument_name": name, "amount": 10, "direction": direction}
        for name, direction in ((PERP, "sell"), (far, "buy"))
    ]
    combo = one.call("private/create_combo", trades=trades)["id"]
    move = {"source_uid": 1001, "target_uid": 2001}
    moved = [{"instrument_name": PERP, "amount": 10}]
    one.call("private/buy", instrument_name=PERP, amount=5_000, type="market")
    assert one.call("private/move_positions", trades=moved, **move) is not None
    one.call("private/get_leg_prices", legs=trades, price=10)
    one.call("public/get_combo_details", combo_id=combo)
    one.call("public/get_combo_ids", currency="BTC", state="active")
    one.call("public/get_combos", currency="any")
    one.call("public/ticker", instrument_name=combo)
    bench.place("sell", -2.0, 10, instrument=combo)
    bench.place("buy", -2.0, 10, instrument=combo, account="maker")
    for method in ("public/get_last_trades", "private/get_user_trades"):
        one.call(f"{method}_by_instrument", instrument_name=combo)
        one.call(f"{method}_by_instrument", instrument_name=far)


def history(one: Recorder) -> None:
    """Ask for what was and what would be."""
    times = {"start_timestamp": 0, "end_timestamp": START_NS // MS * 2}
    for method in (
        "private/get_order_history_by_currency",
        "private/get_settlement_history_by_currency",
        "public/get_last_settlements_by_currency",
    ):
        one.call(method, currency="BTC")
    for method in (
        "private/get_order_history_by_instrument",
        "private/get_settlement_history_by_instrument",
        "public/get_last_settlements_by_instrument",
    ):
        one.call(method, instrument_name=PERP)
    trades = "private/get_user_trades_by"
    one.call(f"{trades}_currency_and_time", currency="BTC", **times)
    one.call(f"{trades}_instrument_and_time", instrument_name=PERP, **times)
    one.call("private/get_transaction_log", currency="BTC", **times)
    one.call("private/get_margins", instrument_name=PERP, amount=10, price=80_000)
    rows = one.call("private/get_open_orders")
    ids = [row["order_id"] for row in rows]
    one.call("private/get_order_margin_by_ids", ids=ids)
    simulated = f'{{"{PERP}": 1000}}'
    one.call(
        "private/simulate_portfolio", currency="BTC", simulated_positions=simulated
    )
    details = {"currency": "BTC", "with_open_orders": True}
    one.call("private/get_subaccounts_details", **details)
    one.call("private/get_user_locks")
    one.call("private/get_access_log")


def trading(one: Recorder, bench: Bench) -> None:
    """Trade in every way there is."""
    order = {"instrument_name": PERP, "amount": 100, "label": "a"}
    resting = one.call("private/buy", **order, price=79_000.0, post_only=True)
    order_id = resting["order"]["order_id"]
    one.call("private/edit", order_id=order_id, amount=120, price=79_001.0)
    by_label = {"instrument_name": PERP, "label": "a", "amount": 100}
    one.call("private/edit_by_label", **by_label, price=79_002.0)
    one.call("private/get_order_state", order_id=order_id)
    taken = one.call("private/buy", **order, price=80_001.0)
    taken_id = taken["order"]["order_id"]
    one.call("private/get_user_trades_by_order", order_id=taken_id)
    bench.place("sell", 79_002.0, 30, account="other")
    one.call("private/cancel", order_id=order_id)
    one.call("private/sell", **order, price=81_000.0)
    one.call("private/sell", **{**order, "amount": 50}, type="market")
    one.call("private/cancel_by_label", label="a")
    one.call("private/cancel_all_by_instrument", instrument_name=PERP)
    one.call("private/cancel_all_by_currency", currency="BTC")
    one.call("private/cancel_all_by_currency_pair", currency_pair="btc_usd")
    one.call("private/cancel_all_by_kind_or_type", currency=["BTC", "ETH"])
    one.call("private/close_position", instrument_name=PERP, type="market")
    one.call("private/cancel_all")
    waiting(one, bench)


def waiting(one: Recorder, bench: Bench) -> None:
    """Let orders wait, change them, let them be entered; show and hide."""
    modes = {"mode": "reject_taker", "extended_to_subaccounts": True}
    one.call("private/set_self_trading_config", **modes)
    order = {"instrument_name": PERP, "amount": 100, "trigger": "index_price"}
    level = {"type": "stop_limit", "price": 79_000.0, "trigger_price": 79_500.0}
    stop = one.call("private/sell", **order, **level)["order"]["order_id"]
    one.call("private/edit", order_id=stop, amount=110, trigger_price=79_600.0)
    one.call("private/sell", **order, type="trailing_stop", trigger_offset=100.0)
    take = {"type": "take_market", "trigger_price": 79_000.0}
    gone = one.call("private/buy", **order, **take)["order"]["order_id"]
    one.call("private/get_open_orders", type="trigger_all")
    one.call("private/cancel", order_id=gone)
    bench.venue.set_index("btc_usd", 79_500.0, bench.now_ns)
    bench.advance(0)
    one.call("private/get_trigger_order_history", currency="BTC", count=2)
    iceberg = {"instrument_name": PERP, "amount": 10_000, "display_amount": 1_000}
    shown = one.call("private/buy", **iceberg, price=78_500.0)["order"]["order_id"]
    one.call("private/edit", order_id=shown, amount=9_000, display_amount=1_100)
    plain = {"instrument_name": PERP, "amount": 100}
    one.call("private/sell", **plain, type="market_limit")
    one.call("private/cancel_all")
    profit = {"amount": 100, "direction": "sell", "price": 82_000.0}
    stop = {"amount": 100, "direction": "sell", "type": "stop_market"}
    stop |= {"trigger": "last_price", "trigger_price": 78_000.0}
    for kind, others in (
        ("one_triggers_other", [profit]),
        ("one_cancels_other", [stop]),
        ("one_triggers_one_cancels_other", [profit, stop]),
    ):
        linked = {"linked_order_type": kind, "otoco_config": others}
        one.call("private/buy", **plain, **linked, price=79_990.0)
        one.call("private/get_open_orders")
        bench.place("sell", 79_000.0, 2_000, account="other")
        bench.advance(0)
        one.call("private/cancel_all")
    bench.venue.set_index("btc_usd", 80_000.0, bench.now_ns)


def protection(one: Recorder, bench: Bench) -> None:
    """Configure protection, trigger it, ask about it."""
    group = {"index_name": "btc_usd", "mmp_group": "one"}
    limits = {"interval": 5, "frozen_time": 1, "max_quote_quantity": 1}
    one.call("private/set_mmp_config", quantity_limit=0.001, **group, **limits)
    limits["index_name"] = "btc_usd"
    one.call("private/set_mmp_config", delta_limit=1, vega_limit=1, **limits)
    one.call("private/set_mmp_config", quantity_limit=0.001, **limits)
    order = {"instrument_name": PERP, "amount": 100, "price": 80_000.5, "mmp": True}
    one.call("private/sell", **order)
    bench.place("buy", 80_000.5, 100)
    sides = {"bid": {"price": 79_000.0, "amount": 10}, "ask": {"price": 8e4}}
    quotes = [{"instrument_name": PERP, "quote_set_id": "s", **sides}]
    for wait in (True, False):
        for detailed in (True, False):
            one.call(
                "private/mass_quote",
                quote_id="1",
                mmp_group="one",
                quotes=quotes,
                detailed=detailed,
                wait_for_response=wait,
            )
    one.call("private/get_open_orders")
    one.call("private/cancel_quotes", cancel_type="all")
    one.call("private/get_mmp_config")
    one.call("private/get_mmp_status")
    one.call("private/reset_mmp", index_name="btc_usd")


def test_our_traffic_is_what_the_schema_says(checker: Any) -> None:
    config = Bench().venue.config
    family = replace(config.accounts[0], client_id="sub", user_id=2001, main="maker")
    accounts = (*config.accounts, family)
    bench = Bench(replace(config, credits=FREE, accounts=accounts))
    bench.place("buy", 79_999.0, 100_000)
    bench.place("sell", 80_001.0, 100_000)
    one = Recorder(bench, checker)
    one.call("public/set_heartbeat", interval=10)
    login = {"client_id": "maker", "client_secret": "maker-secret"}
    session = {"grant_type": "client_credentials", "scope": "session:one"}
    refresh = one.call("public/auth", **session, **login)["refresh_token"]
    two = {"refresh_token": refresh, "session_name": "two"}
    refresh = one.call("public/fork_token", **two)["refresh_token"]
    one.call("public/exchange_token", refresh_token=refresh, subject_id=1001)
    one.call("public/subscribe", channels=CHANNELS[:10])
    one.call("private/subscribe", channels=CHANNELS)
    one.call("private/enable_cancel_on_disconnect")
    one.call("private/get_cancel_on_disconnect")
    queries(one)
    for _ in range(3):
        trading(one, bench)
        combos(one, bench)
        bench.advance(SECOND)
        bench.venue.set_index("btc_usd", 80_000.5, bench.now_ns)
        bench.venue.set_state(ETH, "locked", bench.now_ns)
        maker = bench.venue.exchange.accounts["maker"]
        for locked in (True, False):
            bench.venue.exchange.lock_account(maker, "ETH", locked)
        bench.connect("maker")
        for frame in one.client.take():
            one.notify(frame)
    protection(one, bench)
    queries(one)
    one.call("private/disable_cancel_on_disconnect")
    one.call("private/unsubscribe", channels=CHANNELS[:1])
    one.call("public/unsubscribe", channels=CHANNELS[1:2])
    one.call("private/unsubscribe_all")
    one.call("public/unsubscribe_all")
    one.call("public/disable_heartbeat")
    one.call("private/logout")
    failures = [
        failure for failure in checker.failures if not failure.startswith("request ")
    ]
    assert failures == []
    assert set(METHODS) - one.asked == set()
    seen = [name for name in checker.counts if name.startswith("channel ")]
    assert len(seen) >= 12


def test_the_money_of_every_kind_is_what_the_schema_says(checker: Any) -> None:
    bench = listed_bench()
    for name, price, amount in (
        (PERP, 80_000.0, 1_000), (COIN_CALL, 0.02, 1), (USDC_CALL, 1_500.0, 1),
        (SPOT, 80_000.0, 0.1), (USDC_PERP, 80_000.0, 0.1),
        ("BTC-22SEP26", 80_000.0, 100),
        ("BTC-22SEP26-80000-C", 0.01, 1), ("BTC-22SEP26-80000-P", 0.01, 1),
    ):  # fmt: skip
        bench.place("sell", price, amount, instrument=name)
        bench.place("buy", price, amount, instrument=name, account="maker")
    bench.venue.set_index("btc_usd", 80_500.0, bench.now_ns)
    bench.advance(24 * 3_600 * SECOND)
    one = Recorder(bench, checker)
    login = {"client_id": "maker", "client_secret": "maker-secret"}
    one.call("public/auth", grant_type="client_credentials", **login)
    times = {"start_timestamp": 0, "end_timestamp": 2 * START_NS // MS}
    for currency in ("BTC", "USDC"):
        settled = one.call(
            "private/get_settlement_history_by_currency", currency=currency
        )
        assert settled["settlements"]
        one.call("public/get_last_settlements_by_currency", currency=currency)
        log = one.call("private/get_transaction_log", currency=currency, **times)
        assert len({row["type"] for row in log["logs"]}) >= 2
        one.call("private/get_positions", currency=currency)
        summary = {"currency": currency, "extended": True}
        one.call("private/get_account_summary", **summary)
        one.call("private/simulate_portfolio", currency=currency)
        one.call("private/get_user_trades_by_currency", currency=currency)
    assert {row["type"] for row in log["logs"]} >= {"trade", "deposit"}
    assert [f for f in checker.failures if not f.startswith("request ")] == []

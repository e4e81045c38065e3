"""The registry; test_methods_schema.py checks what every method answers."""

import pytest

from engine.sim.venue.api.limits import ENGINE_COSTS
from engine.sim.venue.api.rpc import LOGIN
from engine.sim.venue.methods.registry import METHODS

OFFERED = [
    "private/buy",
    "private/cancel",
    "private/cancel_all",
    "private/cancel_all_by_currency",
    "private/cancel_all_by_currency_pair",
    "private/cancel_all_by_instrument",
    "private/cancel_all_by_kind_or_type",
    "private/cancel_by_label",
    "private/cancel_quotes",
    "private/close_position",
    "private/create_combo",
    "private/create_deposit_address",
    "private/disable_cancel_on_disconnect",
    "private/edit",
    "private/edit_by_label",
    "private/enable_cancel_on_disconnect",
    "private/get_access_log",
    "private/get_account_summaries",
    "private/get_account_summary",
    "private/get_cancel_on_disconnect",
    "private/get_current_deposit_address",
    "private/get_deposits",
    "private/get_leg_prices",
    "private/get_margins",
    "private/get_mmp_config",
    "private/get_mmp_status",
    "private/get_open_orders",
    "private/get_open_orders_by_currency",
    "private/get_open_orders_by_instrument",
    "private/get_open_orders_by_label",
    "private/get_order_history_by_currency",
    "private/get_order_history_by_instrument",
    "private/get_order_margin_by_ids",
    "private/get_order_state",
    "private/get_order_state_by_label",
    "private/get_position",
    "private/get_positions",
    "private/get_settlement_history_by_currency",
    "private/get_settlement_history_by_instrument",
    "private/get_subaccounts",
    "private/get_subaccounts_details",
    "private/get_transaction_log",
    "private/get_transfers",
    "private/get_trigger_order_history",
    "private/get_user_locks",
    "private/get_user_trades_by_currency",
    "private/get_user_trades_by_currency_and_time",
    "private/get_user_trades_by_instrument",
    "private/get_user_trades_by_instrument_and_time",
    "private/get_user_trades_by_order",
    "private/get_withdrawals",
    "private/logout",
    "private/mass_quote",
    "private/move_positions",
    "private/reset_mmp",
    "private/sell",
    "private/set_mmp_config",
    "private/set_self_trading_config",
    "private/simulate_portfolio",
    "private/subscribe",
    "private/unsubscribe",
    "private/unsubscribe_all",
    "public/auth",
    "public/disable_heartbeat",
    "public/exchange_token",
    "public/fork_token",
    "public/get_announcements",
    "public/get_book_summary_by_currency",
    "public/get_book_summary_by_instrument",
    "public/get_combo_details",
    "public/get_combo_ids",
    "public/get_combos",
    "public/get_contract_size",
    "public/get_currencies",
    "public/get_delivery_prices",
    "public/get_expirations",
    "public/get_funding_chart_data",
    "public/get_funding_rate_history",
    "public/get_funding_rate_value",
    "public/get_historical_volatility",
    "public/get_index_chart_data",
    "public/get_index_price",
    "public/get_index_price_names",
    "public/get_instrument",
    "public/get_instruments",
    "public/get_last_settlements_by_currency",
    "public/get_last_settlements_by_instrument",
    "public/get_last_trades_by_currency",
    "public/get_last_trades_by_currency_and_time",
    "public/get_last_trades_by_instrument",
    "public/get_last_trades_by_instrument_and_time",
    "public/get_mark_price_history",
    "public/get_order_book",
    "public/get_order_book_by_instrument_id",
    "public/get_supported_index_names",
    "public/get_time",
    "public/get_trade_volumes",
    "public/get_tradingview_chart_data",
    "public/get_volatility_index_data",
    "public/hello",
    "public/set_heartbeat",
    "public/status",
    "public/subscribe",
    "public/test",
    "public/ticker",
    "public/unsubscribe",
    "public/unsubscribe_all",
]
MATCHING = (
    "buy",
    "sell",
    "edit",
    "edit_by_label",
    "cancel",
    "cancel_all_by_currency",
    "cancel_all_by_instrument",
    "close_position",
)
ALSO_MATCHING = (
    "cancel_all",
    "cancel_all_by_kind_or_type",
    "cancel_by_label",
    "mass_quote",
    "cancel_quotes",
    "cancel_all_by_currency_pair",  # not in the list, but one of its kind
)


def test_everything_offered_is_registered() -> None:
    assert sorted(METHODS) == sorted(OFFERED)


@pytest.mark.parametrize("name", METHODS)
def test_private_methods_and_only_they_have_a_scope(name: str) -> None:
    assert bool(METHODS[name].scope) == name.startswith("private/")


SCOPES = {
    "trade:read_write": (
        "buy", "sell", "edit", "edit_by_label", "cancel", "cancel_all",
        "cancel_all_by_currency", "cancel_all_by_currency_pair",
        "cancel_all_by_instrument", "cancel_all_by_kind_or_type", "cancel_by_label",
        "cancel_quotes", "close_position", "create_combo", "mass_quote",
        "move_positions", "reset_mmp", "set_mmp_config",
    ),
    "trade:read": (
        "get_margins", "get_mmp_config", "get_mmp_status", "get_open_orders",
        "get_open_orders_by_currency", "get_open_orders_by_instrument",
        "get_open_orders_by_label", "get_order_history_by_currency",
        "get_order_history_by_instrument", "get_order_margin_by_ids",
        "get_order_state", "get_order_state_by_label", "get_position",
        "get_positions", "get_settlement_history_by_currency",
        "get_settlement_history_by_instrument", "get_trigger_order_history",
        "get_user_trades_by_currency", "get_user_trades_by_currency_and_time",
        "get_user_trades_by_instrument", "get_user_trades_by_instrument_and_time",
        "get_user_trades_by_order",
    ),
    "account:read_write": (
        "disable_cancel_on_disconnect", "enable_cancel_on_disconnect",
        "set_self_trading_config",
    ),
    "account:read": (
        "get_access_log", "get_account_summaries", "get_account_summary",
        "get_cancel_on_disconnect", "get_subaccounts", "get_subaccounts_details",
        "get_transaction_log", "get_user_locks", "simulate_portfolio",
    ),
    "wallet:read_write": ("create_deposit_address",),
    "wallet:read": (
        "get_current_deposit_address", "get_deposits", "get_transfers",
        "get_withdrawals",
    ),
    LOGIN: (
        "get_leg_prices", "logout", "subscribe", "unsubscribe", "unsubscribe_all",
    ),
}  # fmt: skip


def test_scopes_are_the_published_ones() -> None:
    for scope, names in SCOPES.items():
        for name in names:
            assert METHODS[f"private/{name}"].scope == scope, name


def test_what_is_not_in_the_list_does_not_count_as_matching() -> None:
    engine = {n for n, m in METHODS.items() if m.cost_of({}) in ENGINE_COSTS}
    listed = {f"private/{name}" for name in (*MATCHING, *ALSO_MATCHING)}
    assert engine == listed
    assert METHODS["public/get_instruments"].cost_of({}) == "instruments"
    for side in ("public", "private"):
        assert METHODS[f"{side}/subscribe"].cost_of({}) == "subscribe"
    moves = METHODS["private/move_positions"]
    assert moves.cost_of({}) == "move_positions"
    assert METHODS["private/get_transaction_log"].cost_of({}) == "transaction_log"


def test_costs_follow_the_published_list() -> None:
    for name in MATCHING:
        assert METHODS[f"private/{name}"].cost_of({}) == "matching", name
    assert METHODS["private/cancel_all"].cost_of({}) == "cancel_all"
    by_label = METHODS["private/cancel_by_label"]
    assert by_label.cost_of({"currency": "BTC"}) == "matching"
    assert by_label.cost_of({}) == "cancel_all"
    by_kind = METHODS["private/cancel_all_by_kind_or_type"]
    assert by_kind.cost_of({"currency": "any"}) == "cancel_all"
    assert by_kind.cost_of({"currency": "BTC"}) == "matching"
    assert METHODS["private/get_open_orders"].cost_of({}) == "general"
    log = METHODS["private/get_transaction_log"]
    assert log.cost_of({}) == "transaction_log"

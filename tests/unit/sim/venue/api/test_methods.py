"""The registry; test_methods_schema.py checks what every method answers."""

import pytest

from engine.sim.venue.api.methods import METHODS

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


def test_everything_offered_is_registered() -> None:
    assert sorted(METHODS) == sorted(OFFERED)


@pytest.mark.parametrize("name", METHODS)
def test_private_methods_and_only_they_have_a_scope(name: str) -> None:
    assert bool(METHODS[name].scope) == name.startswith("private/")


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

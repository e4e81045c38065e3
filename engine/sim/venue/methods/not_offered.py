"""What the venue documents and this one does not offer, and why: the one list.

Such a method answers 10033 ``not_implemented`` with the reason; a name the venue does
not know at all answers -32601. Such a channel is left out of the answer to a
subscription, as the venue leaves out whatever it will not send.
The documentation's list is made of this one.
Source: docs.deribit.com, API reference and subscriptions, 2026-08-22.
"""

from __future__ import annotations

from engine.sim.venue.errors import Reject

METHODS_BY_REASON: dict[str, tuple[str, ...]] = {
    "no block trades": (
        "private/approve_block_trade",
        "private/execute_block_trade",
        "private/get_block_trade",
        "private/get_block_trade_requests",
        "private/get_block_trades",
        "private/get_broker_clients",
        "private/get_broker_trade_requests",
        "private/get_broker_trades",
        "private/invalidate_block_trade_signature",
        "private/reject_block_trade",
        "private/simulate_block_trade",
        "private/verify_block_trade",
    ),
    "no block RFQ": (
        "private/accept_block_rfq",
        "private/add_block_rfq_quote",
        "private/cancel_all_block_rfq_quotes",
        "private/cancel_block_rfq",
        "private/cancel_block_rfq_quote",
        "private/cancel_block_rfq_trigger",
        "private/create_block_rfq",
        "private/edit_block_rfq_quote",
        "private/get_block_rfq_makers",
        "private/get_block_rfq_quotes",
        "private/get_block_rfq_user_info",
        "private/get_block_rfqs",
        "public/get_block_rfq_trades",
    ),
    "standard margin only": (
        "private/change_margin_model",
        "private/pme/simulate",
    ),
    "nothing goes in or out": (
        "private/add_to_address_book",
        "private/cancel_transfer_by_id",
        "private/cancel_withdrawal",
        "private/delete_address_beneficiary",
        "private/get_address_beneficiary",
        "private/get_address_book",
        "private/list_address_beneficiaries",
        "private/list_custody_accounts",
        "private/remove_from_address_book",
        "private/save_address_beneficiary",
        "private/set_clearance_originator",
        "private/submit_transfer_between_subaccounts",
        "private/submit_transfer_to_subaccount",
        "private/submit_transfer_to_user",
        "private/update_in_address_book",
        "private/withdraw",
    ),
    "accounts and keys are those of the configuration": (
        "private/change_api_key_name",
        "private/change_scope_in_api_key",
        "private/change_subaccount_name",
        "private/create_api_key",
        "private/create_subaccount",
        "private/delete_member",
        "private/disable_api_key",
        "private/edit_api_key",
        "private/enable_affiliate_program",
        "private/enable_api_key",
        "private/get_affiliate_program_info",
        "private/get_email_language",
        "private/get_members",
        "private/get_new_announcements",
        "private/get_reward_eligibility",
        "private/list_api_keys",
        "private/remove_api_key",
        "private/remove_subaccount",
        "private/reset_api_key",
        "private/set_announcement_as_read",
        "private/set_disabled_trading_products",
        "private/set_email_for_subaccount",
        "private/set_email_language",
        "private/set_member",
        "private/toggle_notifications_from_subaccount",
        "private/toggle_subaccount_login",
    ),
    "no coin here pays a yield": ("public/get_apr_history",),
}
CHANNELS_BY_REASON: dict[str, tuple[str, ...]] = {
    "no block trades": (
        "block_trade_confirmations",
        "block_trade_confirmations.(currency)",
    ),
    "no block RFQ": (
        "block_rfq.maker.(currency)",
        "block_rfq.maker.quotes.(currency)",
        "block_rfq.taker.(currency)",
        "block_rfq.trades.(currency)",
    ),
    "accounts are not liquidated": (
        "user.isolated.liquidation",
        "user.liquidation",
        "user.lsp",
    ),
}
NOT_OFFERED = {
    name: reason for reason, names in METHODS_BY_REASON.items() for name in names
}


def refusal(name: str) -> Reject:
    """Return the answer to a method that is not offered, or unknown."""
    reason = NOT_OFFERED.get(name)
    if reason is None:
        return Reject("Method not found")
    return Reject("not_implemented", data={"reason": reason})

"""Answers of refusal: the venue's error codes under their wire names.

Source: docs.deribit.com, error codes, the complete table, 2026-08-22.
"""

from __future__ import annotations

from typing import Any

CODES = {
    "authorization_required": 10000,
    "qty_too_low": 10002,
    "order_overlap": 10003,
    "order_not_found": 10004,
    "price_too_low": 10005,
    "price_too_high": 10007,
    "not_enough_funds": 10009,
    "already_closed": 10010,
    "book_closed": 10012,
    "pme_max_total_open_orders": 10013,
    "invalid_or_unsupported_instrument": 10020,
    "invalid_amount": 10021,
    "invalid_price": 10023,
    "too_many_requests": 10028,
    "not_owner_of_order": 10029,
    "must_be_websocket_request": 10030,
    "settlement_in_progress": 10041,
    "price_wrong_tick": 10043,
    "matching_engine_queue_full": 10047,
    "lock_time_exceeded": 10050,
    "post_only_price_modification_not_possible": 11021,
    "other_reject": 11030,
    "permission_denied": 11042,
    "not_open_order": 11044,
    "system_maintenance": 11051,
    "post_only_reject": 11054,
    "invalid_credentials": 13004,
    "unauthorized": 13009,
    "not_found": 13020,
    "forbidden": 13021,
    "non_unique_order_label": 13032,
    "request_cancelled_by_user": 13666,
    "replaced": 13777,
    "mmp_required": 13040,
    "raw_subscriptions_not_available_for_unauthorized": 13778,
    "timed_out": 13888,
    "Invalid params": -32602,
    "Method not found": -32601,
    "Invalid Request": -32600,
    "request entity too large": -32600,
    "Parse error": -32700,
}


class Reject(Exception):  # noqa: N818 -- the venue's word, not a fault
    """A request the venue refuses; becomes the ``error`` member of the answer.

    ``detail`` is appended to the message, as the venue does with limits
    (``price_too_high 82044.0``): clients must match on the code.
    """

    def __init__(
        self, name: str, detail: str = "", data: dict[str, Any] | None = None
    ) -> None:
        self.name, self.code = name, CODES[name]
        self.message = f"{name} {detail}" if detail else name
        self.data = data
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """Return the error object of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.data is not None:
            body["data"] = self.data
        return body


def bad_param(name: str, reason: str) -> Reject:
    """Return the refusal of one parameter."""
    return Reject("Invalid params", data={"reason": reason, "param": name})

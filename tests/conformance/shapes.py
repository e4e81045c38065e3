"""The shape of what the venue says, written down by hand from its documentation.

Only what a client may rely on: members that are always there, and their types. A shape
is a type, a tuple of types, a list of one shape, or a dictionary of required members;
what an object has beside them is not looked at.
Source: docs.deribit.com, API reference and subscriptions, 2026-08-22, and recorded
payloads of 2025-12 to 2026-09.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Shape = Any
NUMBER = (int, float)
PRICE = (int, float, type(None))  # null where there is none
TEXT, FLAG, MS = str, bool, int
PAIR = "a price and an amount"
CHANGE = "an action, a price and an amount"
ACTIONS = ("new", "change", "delete")

STATS = {"high": PRICE, "low": PRICE, "price_change": PRICE, "volume": NUMBER}
QUOTE = {
    "timestamp": MS,
    "instrument_name": TEXT,
    "best_bid_price": PRICE,
    "best_bid_amount": NUMBER,
    "best_ask_price": PRICE,
    "best_ask_amount": NUMBER,
}
TICKER = {
    **QUOTE,
    "state": TEXT,
    "stats": STATS,
    "open_interest": NUMBER,
    "index_price": NUMBER,
    "mark_price": NUMBER,
    "last_price": PRICE,
    "min_price": NUMBER,
    "max_price": NUMBER,
    "estimated_delivery_price": NUMBER,
}
BOOK = {**TICKER, "change_id": int, "bids": [PAIR], "asks": [PAIR]}
INSTRUMENT = {
    "instrument_name": TEXT,
    "instrument_id": int,
    "kind": TEXT,
    "instrument_type": TEXT,
    "base_currency": TEXT,
    "quote_currency": TEXT,
    "counter_currency": TEXT,
    "price_index": TEXT,
    "state": TEXT,
    "is_active": FLAG,
    "tick_size": NUMBER,
    "tick_size_steps": [{"above_price": NUMBER, "tick_size": NUMBER}],
    "contract_size": NUMBER,
    "min_trade_amount": NUMBER,
    "maker_commission": NUMBER,
    "taker_commission": NUMBER,
    "creation_timestamp": MS,
    "expiration_timestamp": MS,
}
TRADE = {
    "trade_id": TEXT,
    "trade_seq": int,
    "timestamp": MS,
    "instrument_name": TEXT,
    "direction": TEXT,
    "price": NUMBER,
    "amount": NUMBER,
    "tick_direction": int,
    "index_price": NUMBER,
    "mark_price": NUMBER,
}
USER_TRADE = {
    **TRADE,
    "order_id": TEXT,
    "order_type": TEXT,
    "state": TEXT,
    "liquidity": TEXT,
    "fee": NUMBER,
    "fee_currency": TEXT,
    "self_trade": FLAG,
}
ORDER = {
    "order_id": TEXT,
    "order_state": TEXT,
    "order_type": TEXT,
    "time_in_force": TEXT,
    "instrument_name": TEXT,
    "direction": TEXT,
    "price": (int, float, str),
    "amount": NUMBER,
    "average_price": NUMBER,
    "filled_amount": NUMBER,
    "label": TEXT,
    "creation_timestamp": MS,
    "last_update_timestamp": MS,
    "post_only": FLAG,
    "api": FLAG,
    "web": FLAG,
    "mmp": FLAG,
    "replaced": FLAG,
}
PLACED = {"order": ORDER, "trades": [USER_TRADE]}
FIGURES = (
    "balance",
    "equity",
    "margin_balance",
    "available_funds",
    "available_withdrawal_funds",
    "initial_margin",
    "maintenance_margin",
    "session_rpl",
    "session_upl",
    "total_pl",
    "futures_pl",
    "options_pl",
    "options_value",
    "options_delta",
    "options_gamma",
    "options_vega",
    "options_theta",
    "delta_total",
    "projected_delta_total",
)
PORTFOLIO = {
    **dict.fromkeys(FIGURES, NUMBER),
    "currency": TEXT,
    "portfolio_margining_enabled": FLAG,
    "margin_model": TEXT,
}
POSITION = {
    "instrument_name": TEXT,
    "kind": TEXT,
    "direction": TEXT,
    "size": NUMBER,
    "average_price": NUMBER,
    "mark_price": NUMBER,
    "index_price": NUMBER,
    "initial_margin": NUMBER,
    "maintenance_margin": NUMBER,
    "floating_profit_loss": NUMBER,
    "realized_profit_loss": NUMBER,
    "total_profit_loss": NUMBER,
    "delta": NUMBER,
}
TRADES = {"trades": [TRADE], "has_more": FLAG}
USER_TRADES = {"trades": [USER_TRADE], "has_more": FLAG}
CANDLES = {
    "status": TEXT,
    **{
        key: [NUMBER]
        for key in ("ticks", "open", "high", "low", "close", "volume", "cost")
    },
}
SUMMARY = {
    "instrument_name": TEXT,
    "base_currency": TEXT,
    "quote_currency": TEXT,
    "bid_price": PRICE,
    "ask_price": PRICE,
    "mid_price": PRICE,
    "mark_price": NUMBER,
    "last": PRICE,
    "high": PRICE,
    "low": PRICE,
    "volume": NUMBER,
    "open_interest": NUMBER,
    "creation_timestamp": MS,
}
TOKEN = {
    "access_token": TEXT,
    "refresh_token": TEXT,
    "token_type": TEXT,
    "expires_in": int,
    "scope": TEXT,
}
LOGS = {
    "logs": [
        {
            "id": int,
            "user_seq": int,
            "type": TEXT,
            "timestamp": MS,
            "currency": TEXT,
            "cashflow": NUMBER,
            "change": NUMBER,
            "balance": NUMBER,
        }
    ]
}

RESULTS: dict[str, Shape] = {
    "public/auth": TOKEN,
    "public/get_book_summary_by_currency": [SUMMARY],
    "public/get_book_summary_by_instrument": [SUMMARY],
    "public/get_currencies": [
        {"currency": TEXT, "currency_long": TEXT, "withdrawal_fee": NUMBER}
    ],
    "public/get_index_price": {"index_price": NUMBER},
    "public/get_instrument": INSTRUMENT,
    "public/get_instruments": [INSTRUMENT],
    "public/get_last_trades_by_currency": TRADES,
    "public/get_last_trades_by_instrument": TRADES,
    "public/get_order_book": BOOK,
    "public/get_time": int,
    "public/get_tradingview_chart_data": CANDLES,
    "public/status": {"locked": TEXT},
    "public/test": {"version": TEXT},
    "public/ticker": TICKER,
    "private/buy": PLACED,
    "private/sell": PLACED,
    "private/edit": PLACED,
    "private/edit_by_label": PLACED,
    "private/close_position": PLACED,
    "private/cancel": ORDER,
    "private/cancel_by_label": int,
    "private/get_account_summaries": {"id": int, "summaries": [PORTFOLIO]},
    "private/get_account_summary": PORTFOLIO,
    "private/get_open_orders": [ORDER],
    "private/get_open_orders_by_currency": [ORDER],
    "private/get_open_orders_by_instrument": [ORDER],
    "private/get_open_orders_by_label": [ORDER],
    "private/get_order_history_by_currency": [ORDER],
    "private/get_order_history_by_instrument": [ORDER],
    "private/get_order_state": ORDER,
    "private/get_order_state_by_label": [ORDER],
    "private/get_position": POSITION,
    "private/get_positions": [POSITION],
    "private/get_transaction_log": LOGS,
    "private/get_user_trades_by_currency": USER_TRADES,
    "private/get_user_trades_by_instrument": USER_TRADES,
    "private/get_user_trades_by_order": [USER_TRADE],
}

NOTIFICATIONS: dict[str, Shape] = {
    "book.BTC-PERPETUAL.raw": {
        "type": TEXT,
        "timestamp": MS,
        "instrument_name": TEXT,
        "change_id": int,
        "bids": [CHANGE],
        "asks": [CHANGE],
    },
    "book.BTC-PERPETUAL.none.1.100ms": {
        "timestamp": MS,
        "instrument_name": TEXT,
        "change_id": int,
        "bids": [PAIR],
        "asks": [PAIR],
    },
    "ticker.BTC-PERPETUAL.raw": TICKER,
    "quote.BTC-PERPETUAL": QUOTE,
    "trades.BTC-PERPETUAL.raw": [TRADE],
    "deribit_price_index.btc_usd": {
        "timestamp": MS,
        "price": NUMBER,
        "index_name": TEXT,
    },
    "user.orders.BTC-PERPETUAL.raw": ORDER,
    "user.orders.BTC-PERPETUAL.100ms": [ORDER],
    "user.trades.BTC-PERPETUAL.raw": [USER_TRADE],
    "user.portfolio.btc": PORTFOLIO,
}


def problems(value: Any, shape: Shape, at: str = "") -> Iterator[str]:
    """Yield what a value lacks of a shape."""
    match shape:
        case dict():
            if not isinstance(value, dict):
                yield f"{at}: {value!r:.40} is no object"
                return
            for key, inner in shape.items():
                if key not in value:
                    yield f"{at}.{key}: missing"
                else:
                    yield from problems(value[key], inner, f"{at}.{key}")
        case [inner]:
            if not isinstance(value, list):
                yield f"{at}: {value!r:.40} is no list"
                return
            for number, element in enumerate(value):
                yield from problems(element, inner, f"{at}[{number}]")
        case "a price and an amount":
            yield from _tuple(value, (NUMBER, NUMBER), at)
        case "an action, a price and an amount":
            yield from _tuple(value, (TEXT, NUMBER, NUMBER), at)
            if value[0] not in ACTIONS:
                yield f"{at}: action {value[0]!r}"
        case _:
            kinds = shape if isinstance(shape, tuple) else (shape,)
            if type(value) not in kinds:
                yield f"{at}: {value!r:.40} is a {type(value).__name__}"


def _tuple(value: Any, kinds: tuple[Shape, ...], at: str) -> Iterator[str]:
    if not isinstance(value, list) or len(value) != len(kinds):
        yield f"{at}: {value!r:.40} is not {len(kinds)} values"
        return
    for number, (element, kind) in enumerate(zip(value, kinds, strict=True)):
        yield from problems(element, kind, f"{at}[{number}]")

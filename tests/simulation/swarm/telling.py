"""The trace of a run for people: one line an event, a frame reduced to what it says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

WIDTH = 200
SHOWN = ("label", "order_id", "instrument_name", "price", "amount", "order_state")
ORDER = (
    "label", "order_id", "direction", "price", "amount", "filled_amount", "order_state",
    "cancel_reason",
)  # fmt: skip
TRADE = ("trade_id", "label", "direction", "price", "amount", "state")


def tell(trace: Iterable[tuple[int, str, Any]]) -> list[str]:
    """Return the lines of a trace."""
    return [
        f"{now_ns / 1e9:12.6f} {kind:9} {_line(what)}" for now_ns, kind, what in trace
    ]


def _line(what: Any) -> str:
    text = what if isinstance(what, str) else _frame(bytes(what))
    return text[:WIDTH]


def _frame(frame: bytes) -> str:
    try:
        said = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return frame.decode(errors="replace").rstrip()
    params = said.get("params") or {}
    if "channel" in params:
        return f"{params['channel']} {_news(params.get('data'))}"
    if "method" in said:
        return f"{said['method']} #{said.get('id', '')} {_short(params)}"
    if "error" in said:
        error = said["error"]
        return f"#{said.get('id')} error {error.get('code')} {error.get('message')}"
    return f"#{said.get('id')} {_result(said.get('result'))}"


def _result(result: Any) -> str:
    if isinstance(result, dict) and "order" in result:
        trades = "; ".join(_pick(one, TRADE) for one in result.get("trades", []))
        return f"{_pick(result['order'], ORDER)} {trades}".rstrip()
    if isinstance(result, dict) and "order_id" in result:
        return _pick(result, ORDER)
    if isinstance(result, list) and result and isinstance(result[0], dict):
        return f"{len(result)} rows: " + "; ".join(_pick(one, SHOWN) for one in result)
    return _short(result)


def _news(data: Any) -> str:
    if isinstance(data, dict) and "orders" in data:
        orders = "; ".join(_pick(one, ORDER) for one in data["orders"])
        trades = "; ".join(_pick(one, TRADE) for one in data.get("trades", []))
        return f"[{orders}] [{trades}]"
    if isinstance(data, dict) and "bids" in data:
        first, last = data.get("prev_change_id", ""), data.get("change_id")
        return f"{data.get('type')} {first}->{last} {data['bids']} {data['asks']}"
    if isinstance(data, dict) and "mark_price" in data:
        return f"mark {data['mark_price']} {data.get('state', '')}"
    return _short(data)


def _pick(row: Any, keys: tuple[str, ...]) -> str:
    if not isinstance(row, dict):
        return _short(row)
    return " ".join(str(row[key]) for key in keys if row.get(key) not in (None, ""))


def _short(value: Any) -> str:
    return orjson.dumps(value).decode()

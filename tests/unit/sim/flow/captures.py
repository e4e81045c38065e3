"""Small captures, written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

T_MS = 1_789_000_000_000
PERP = "BTC-PERPETUAL"


def notice(channel: str, data: Any) -> dict[str, Any]:
    """Return a notification."""
    params = {"channel": channel, "data": data}
    return {"jsonrpc": "2.0", "method": "subscription", "params": params}


def book(
    t_ms: int,
    change_id: int,
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
    prev: int | None = None,
    name: str = PERP,
) -> dict[str, Any]:
    """Return a snapshot, or a change when there is one before it; amount 0 deletes."""

    def rows(side: list[tuple[float, float]]) -> list[list[Any]]:
        return [["change" if q else "delete", p, q] for p, q in side]

    data: dict[str, Any] = {
        "type": "snapshot" if prev is None else "change",
        "timestamp": T_MS + t_ms,
        "instrument_name": name,
        "change_id": change_id,
        "bids": rows(bids),
        "asks": rows(asks),
    }
    if prev is not None:
        data["prev_change_id"] = prev
    return notice(f"book.{name}.raw", data)


def trade(
    t_ms: int, direction: str, price: float, amount: float, **more: Any
) -> dict[str, Any]:
    """Return the print of one trade."""
    data = {
        "timestamp": T_MS + t_ms,
        "instrument_name": PERP,
        "direction": direction,
        "price": price,
        "amount": amount,
        **more,
    }
    return notice(f"trades.{PERP}.raw", [data])


def index(t_ms: int, price: float) -> dict[str, Any]:
    """Return an index price."""
    data = {"timestamp": T_MS + t_ms, "index_name": "btc_usd", "price": price}
    return notice("deribit_price_index.btc_usd", data)


def written(tmp_path: Path, frames: list[Any], name: str = "capture.jsonl") -> Path:
    """Write frames, one a line."""
    path = tmp_path / name
    path.write_bytes(b"".join(orjson.dumps(frame) + b"\n" for frame in frames))
    return path

"""What single production messages of BTC-PERPETUAL say of its book and its turnover.

They are snapshots of 2025 and 2026 and a few prints of 2021 to 2025: enough for sizes
near the touch and for averages over years, not for anything that moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.sim.statistics import mean, quantile

PERPETUAL = "BTC-PERPETUAL"
SNAPSHOTS = "nautilus_2025_2026"
BARE_FRAMES = (
    "ws_frames_crypto-msg-parser_2021_2023.jsonl",
    "ws_trades_gocryptotrader_20250322.jsonl",
)
DAY_S = 86_400
DEPTH_BPS = (1.0, 2.0)  # the snapshots reach little farther


def perpetual(captures: Path) -> dict[str, float]:
    """Return the statistics that can be compared with a tape's."""
    touch: list[float] = []
    volumes: list[float] = []
    depths: dict[float, list[float]] = {bps: [] for bps in DEPTH_BPS}
    for data in _snapshots(captures):
        bids, asks = data.get("bids"), data.get("asks")
        if bids and asks:
            touch += [bids[0][1], asks[0][1]]
            for bps, found in depths.items():
                found += _depth(bids, bps) + _depth(asks, bps)
        elif "best_bid_amount" in data:
            touch += [data["best_bid_amount"], data["best_ask_amount"]]
        if "stats" in data:
            volumes.append(data["stats"]["volume_usd"])
    (first_ms, first), (last_ms, last) = _prints(captures)
    statistics = {
        "touch size, p50": quantile(touch, 0.5),
        "prints/s": (last - first) / (last_ms - first_ms) * 1_000,
        "traded notional/s": mean(volumes) / DAY_S,
    }
    for bps, sizes in depths.items():
        statistics[f"depth within {bps:g} bps, p50"] = quantile(sizes, 0.5)
    return statistics


def _depth(side: list[list[float]], bps: float) -> list[float]:
    """Return the depth within a distance of the touch, nothing if it is cut off."""
    best, last = side[0][0], side[-1][0]
    reach = best * bps / 1e4
    if abs(last - best) < reach:
        return []
    return [sum(amount for price, amount in side if abs(price - best) <= reach)]


def _snapshots(captures: Path) -> Iterator[dict[str, Any]]:
    """Yield every object about the perpetual of 2025 and 2026."""
    for path in sorted((captures / SNAPSHOTS).glob("*.json")):
        yield from _rows(orjson.loads(path.read_bytes()))


def _prints(captures: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (ms, trade_seq) of the oldest and the newest print."""
    rows = list(_snapshots(captures))
    for name in BARE_FRAMES:
        for line in (captures / name).read_bytes().splitlines():
            rows += _rows(orjson.loads(line))
    found = [(row["timestamp"], row["trade_seq"]) for row in rows if "trade_seq" in row]
    return min(found), max(found)


def _rows(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if message.get("testnet"):
        return
    data = message.get("result") or message.get("params", {}).get("data")
    rows = data if isinstance(data, list) else [data]
    for row in rows:
        if isinstance(row, dict) and row.get("instrument_name") == PERPETUAL:
            yield row

"""Made-up recordings: chained books with everything that goes wrong on a real line.

Everything follows from the random generator that is handed in.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import zstandard

INSTRUMENTS = {
    "BTC-PERPETUAL": ("0.5", "10", 130_000),
    "ETH-PERPETUAL": ("0.05", "1", 60_000),
    "BTC-25SEP26-70000-C": ("0.0005", "0.1", 400),
    "XRP_USDC-PERPETUAL": ("0.0001", "1", 12_000),
    "TINY_USDC": ("0.00000001", "1000", 90_000),
}

GARBAGE = [
    "",
    "null",
    "[1,2",
    "{",
    '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERP',
    "hello, this is no JSON",
    '{"jsonrpc":"2.0"}}',
    "\x00\x01",
]


@dataclass
class Line:
    """One instrument's truth at the venue."""

    name: str
    tick: Decimal
    lot: Decimal
    mid: int
    change_id: int = 0
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)


def number(rng: Random, value: Decimal) -> str:
    """Return a number in one of the forms the venue uses."""
    plain = format(value.normalize(), "f")
    forms = [plain, f"{value.normalize():E}".replace("E+", "e").replace("E", "e")]
    if "." not in plain:
        forms.append(f"{plain}.0")
    return rng.choice(forms)


def shuffled(rng: Random, fields: dict[str, str]) -> str:
    """Return an object of raw values, its keys in any order."""
    items = list(fields.items())
    rng.shuffle(items)
    return "{" + ",".join(f'"{key}":{value}' for key, value in items) + "}"


def frame(rng: Random, channel: str, data: dict[str, str]) -> str:
    """Return a notification."""
    params = shuffled(rng, {"channel": f'"{channel}"', "data": shuffled(rng, data)})
    head = {"jsonrpc": '"2.0"', "method": '"subscription"', "params": params}
    return shuffled(rng, head)


def levels(rng: Random, line: Line, changes: list[tuple[str, int, int]]) -> str:
    """Return the JSON of a side's level actions."""
    rows = [
        f'["{action}",{number(rng, line.tick * ticks)},{number(rng, line.lot * lots)}]'
        for action, ticks, lots in changes
    ]
    return f"[{','.join(rows)}]"


def change_side(rng: Random, line: Line, side: str) -> list[tuple[str, int, int]]:
    """Change some levels of a side at the venue; return the actions."""
    book = line.bids if side == "bids" else line.asks
    actions: dict[int, tuple[str, int, int]] = {}
    for _ in range(rng.randrange(4)):
        away = rng.choice([1, 2, 3, 5, 8, 50, 3000])
        reach = -2 if rng.random() < 0.03 else away
        ticks = line.mid - reach if side == "bids" else line.mid + reach
        if ticks <= 0 or ticks in actions:
            continue
        if ticks in book and rng.random() < 0.5:
            del book[ticks]
            actions[ticks] = ("delete", ticks, 0)
        else:
            verb = "change" if ticks in book else "new"
            book[ticks] = rng.randrange(1, 500)
            actions[ticks] = (verb, ticks, book[ticks])
    return list(actions.values())


def snapshot(rng: Random, line: Line) -> dict[str, str]:
    """Return the data of a snapshot of the whole book."""
    line.change_id += rng.randrange(1, 50)
    data = {
        "type": '"snapshot"',
        "timestamp": "1767978363485",
        "instrument_name": f'"{line.name}"',
        "change_id": str(line.change_id),
    }
    for side, book in (("bids", line.bids), ("asks", line.asks)):
        data[side] = levels(rng, line, [("new", t, n) for t, n in book.items()])
    if rng.random() < 0.1:
        del data["type"]
    return data


def change(rng: Random, line: Line) -> dict[str, str]:
    """Return the data of one change."""
    previous = line.change_id
    line.change_id += rng.randrange(1, 50)
    data = {
        "type": '"change"',
        "timestamp": "1767978363485",
        "instrument_name": f'"{line.name}"',
        "prev_change_id": str(previous),
        "change_id": str(line.change_id),
    }
    for side in ("bids", "asks"):
        data[side] = levels(rng, line, change_side(rng, line, side))
    return data


def other(rng: Random, line: Line) -> str:
    """Return a frame that is no incremental book."""
    name = line.name
    price = number(rng, line.tick * line.mid)
    amount = number(rng, line.lot)
    return rng.choice(
        [
            frame(
                rng,
                f"book.{name}.none.20.100ms",
                {
                    "instrument_name": f'"{name}"',
                    "timestamp": "1",
                    "change_id": "999999999",
                    "bids": f"[[{price},{amount}]]",
                    "asks": "[]",
                },
            ),
            frame(
                rng,
                f"ticker.{name}.100ms",
                {
                    "instrument_name": f'"{name}"',
                    "timestamp": "1",
                    "state": '"open"',
                    "mark_price": price,
                    "best_bid_price": price,
                    "best_bid_amount": amount,
                    "best_ask_price": "null",
                    "best_ask_amount": "0.0",
                },
            ),
            '{"jsonrpc":"2.0","id":5,"result":"ok"}',
            '{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}}',
        ]
    )


def make(rng: Random, size: int, *, garbage: bool = True) -> list[str]:
    """Return the frames of a line on which frames are lost, repeated and garbled."""
    lines = [
        Line(name, Decimal(tick), Decimal(lot), mid)
        for name, (tick, lot, mid) in INSTRUMENTS.items()
        if rng.random() < 0.6
    ] or [Line("BTC-PERPETUAL", Decimal("0.5"), Decimal(10), 130_000)]
    frames: list[str] = []
    for _ in range(size):
        line = rng.choice(lines)
        chance = rng.random()
        if line.change_id == 0 or chance < 0.05:
            data = snapshot(rng, line)
        elif chance < 0.15:
            frames.append(other(rng, line))
            continue
        elif chance < 0.2 and garbage:
            frames.append(rng.choice(GARBAGE))
            continue
        else:
            data = change(rng, line)
        made = frame(rng, f"book.{line.name}.raw", data)
        if rng.random() < 0.05:
            continue
        frames.append(made)
        if rng.random() < 0.03:
            frames.append(rng.choice(frames))
    return frames


def envelope(rng: Random, text: str, at: int) -> str:
    """Return a line of the recorder around a frame."""
    try:
        json.loads(text)
        inner = text
    except ValueError:
        inner = json.dumps(text)
    if not inner.startswith(("{", "[")):
        inner = json.dumps(text)
    fields = {"ts": f"{1767978363 + at / 1000:.4f}", "dir": '"recv"', "frame": inner}
    return shuffled(rng, fields)


def write(rng: Random, path: Path, frames: list[str], layout: str) -> Path:
    """Write frames as a recording; the container follows from the name."""
    if layout == "bare":
        lines = [text.replace("\n", " ") for text in frames]
    elif layout == "timed":
        lines = [f"{1767978363 * 10**9 + i} {text}" for i, text in enumerate(frames)]
    else:
        lines = []
        for i, text in enumerate(frames):
            lines.append(envelope(rng, text, i))
            if rng.random() < 0.1:
                lines.append(f'{{"ts":1,"dir":"send","frame":{{"id":{i}}}}}')
    content = ("\n".join(lines) + "\n").encode()
    if path.suffix == ".gz":
        content = gzip.compress(content, 1)
    elif path.suffix == ".zst":
        content = zstandard.ZstdCompressor().compress(content)
    path.write_bytes(content)
    return path


def as_rows(names: Any = INSTRUMENTS) -> list[dict[str, Any]]:
    """Return get_instruments rows for the made-up instruments."""
    return [
        {
            "instrument_name": name,
            "kind": "option" if name.endswith("-C") else "future",
            "instrument_type": "linear" if "_" in name else "reversed",
            "tick_size": float(INSTRUMENTS[name][0]),
            "contract_size": float(INSTRUMENTS[name][1]),
            "min_trade_amount": float(INSTRUMENTS[name][1]),
        }
        for name in names
    ]

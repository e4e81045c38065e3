"""The slow twin of `halfspread feed`: stdlib JSON, exact decimals, dicts.

It reads the same files by the obvious way and keeps each book as two dicts. The rules
are the venue's: a snapshot replaces the book; a change belongs behind the change id it
names; one at or below the snapshot is noise; a break leaves the book as it was until
the next snapshot.

Source: docs.deribit.com, book.{instrument}.{interval} and notifications, seen
2026-08-22; changelog of 10.11.20 for changes at or below the snapshot.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import zstandard


@dataclass
class OracleBook:
    """One book; price and amount as the exact decimals of the frames."""

    state: str = "empty"
    change_id: int = 0
    snapshot_id: int = 0
    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    asks: dict[Decimal, Decimal] = field(default_factory=dict)

    def is_crossed(self) -> bool:
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)

    def as_json(self) -> dict[str, Any]:
        def pairs(levels: dict[Decimal, Decimal], down: bool) -> list[list[float]]:
            ordered = sorted(levels.items(), reverse=down)
            return [[float(price), float(amount)] for price, amount in ordered]

        return {
            "change_id": self.change_id,
            "state": self.state,
            "bids": pairs(self.bids, True),
            "asks": pairs(self.asks, False),
        }


class Oracle:
    """Counts and books of one recording."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(
            ("frames", "book_frames", "gaps", "crossed", "errors"), 0
        )
        self.books: dict[str, OracleBook] = {}

    def feed(self, frame: Any) -> None:
        """Take one received frame; None stands for one that is not JSON."""
        self.counts["frames"] += 1
        if not isinstance(frame, dict):
            self.counts["errors"] += 1
            return
        params = frame.get("params", {})
        channel = str(params.get("channel", ""))
        if re.fullmatch(r"book\.[^.]+\.(raw|100ms|agg2)", channel):
            self.counts["book_frames"] += 1
            self._book(params["data"])

    def _book(self, data: dict[str, Any]) -> None:
        book = self.books.setdefault(data["instrument_name"], OracleBook())
        previous = data.get("prev_change_id")
        kind = data.get("type", "snapshot" if previous is None else "change")
        if kind == "snapshot":
            book.bids.clear()
            book.asks.clear()
            book.snapshot_id = data["change_id"]
        elif book.state == "gapped" or (
            book.state != "empty" and data["change_id"] <= book.snapshot_id
        ):
            return
        elif previous != book.change_id:
            if book.state != "empty":
                book.state = "gapped"
                self.counts["gaps"] += 1
            return
        for side, levels in ((book.bids, data["bids"]), (book.asks, data["asks"])):
            for _, price, amount in levels:
                if amount:
                    side[Decimal(price)] = Decimal(amount)
                else:
                    side.pop(Decimal(price), None)
        book.change_id = data["change_id"]
        was_crossed = book.state == "crossed"
        book.state = "crossed" if book.is_crossed() else "readable"
        if book.state == "crossed" and not was_crossed:
            self.counts["crossed"] += 1

    def as_json(self) -> dict[str, Any]:
        """Return what the command's JSON must agree with."""
        books = {
            name: book.as_json()
            for name, book in self.books.items()
            if book.state != "empty"
        }
        return {**self.counts, "books": books}


def text_of(path: Path) -> str:
    """Return the whole content, decompressed by the file's name."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    elif path.suffix == ".zst":
        content = zstandard.ZstdDecompressor().stream_reader(content).read()
    return content.decode(errors="surrogateescape")


def exact(text: str) -> Any:
    """Return a JSON value with decimals; None when the text is not JSON."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def received(path: Path) -> Iterator[Any]:
    """Yield every received frame, None for one that is not JSON."""
    text = text_of(path)
    whole = exact(text)
    if whole is not None:
        yield whole
        return
    for line in text.split("\n"):
        if not line.strip():
            continue
        timed = re.fullmatch(r"\d+\s+(\{.*)", line.strip())
        value = exact(timed[1] if timed else line)
        if isinstance(value, dict) and "frame" in value:
            if value.get("dir", "recv") == "recv":
                inner = value["frame"]
                yield exact(inner) if isinstance(inner, str) else inner
        else:
            yield value


def oracle(path: Path) -> dict[str, Any]:
    """Return counts and final books of a recording."""
    twin = Oracle()
    for frame in received(path):
        twin.feed(frame)
    return twin.as_json()

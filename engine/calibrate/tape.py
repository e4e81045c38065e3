"""What a recording says of one instrument, in order: touches and taker orders.

Every frame goes through the engine's own decoder and book (a `DryRun`); here only the
touch is read off after each book frame, and the trades are put together to the taker
orders they came from. The clock is the venue's, in milliseconds: books and trades come
on two channels, and only the venue's time says which was first.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine._core.decode.message import Decoder
from engine.errors import JournalError
from engine.journal import Kind, Reader
from engine.journal.format import MAGIC
from engine.recording import Frame, Recording
from engine.replay.dry import DryRun
from engine.replay.infer import Facts, Row, gather

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine._core.quote.market import Market
    from engine._core.state.book import Book

FACTS_FRAMES_MAX = 200
"""Frames of an instrument looked at for ticks and lots; rows are found anywhere."""
TOUCHES_MAX = 50_000_000
"""Touch changes kept of one instrument, 2.4 GB; later ones are dropped, and said so."""
TAKES_MAX = 20_000_000
NOTES_MAX = 100
NAME_MAX = 64
MARKET = re.compile(rb'"(?:book|ticker|trades)\.|"tick_size"')
DAMAGE = (
    ("malformed", "are not JSON, or were cut short"),
    ("unknown", "have a shape nobody knows"),
    ("out_of_range", "hold a number off the grid or out of range"),
    ("gaps", "did not follow the one before: their books were lost for a while"),
    ("crossed", "left a book crossed"),
)


@dataclass(slots=True)
class Tape:
    """One instrument, in the venue's time.

    Units: times in ms since epoch; prices in ticks, sizes in lots. A touch holds until
        the next one; where bid is not below ask nothing could be read from there on.
    """

    name: str
    tick_size: float = 0.0
    lot_size: float = 0.0
    source: str = "given"
    """Where the two are from: "given", "recorded" or "inferred" from the numbers."""
    touch_ms: array[int] = field(default_factory=lambda: array("q"))
    bids: array[int] = field(default_factory=lambda: array("q"))
    asks: array[int] = field(default_factory=lambda: array("q"))
    bid_lots: array[int] = field(default_factory=lambda: array("q"))
    ask_lots: array[int] = field(default_factory=lambda: array("q"))
    take_ms: array[int] = field(default_factory=lambda: array("q"))
    take_sides: array[int] = field(default_factory=lambda: array("b"))
    """+1: a buyer came and took asks; -1: a seller took bids."""
    take_ticks: array[int] = field(default_factory=lambda: array("q"))
    """The farthest price reached."""
    take_lots: array[int] = field(default_factory=lambda: array("q"))
    prints: int = 0
    dropped: int = 0
    heard_ms: int = 0
    """Venue time of the last frame."""
    breaks: int = 0
    """Stretches without a book that could be read, between the first and the last."""

    def touch(self, ms: int, bid: int, ask: int, bid_lots: int, ask_lots: int) -> None:
        """Add a touch, unless it is as before; bid 0: unreadable from here."""
        # The venue's time never runs back in one book; a restart of ours may overlap.
        ms = max(ms, self.touch_ms[-1]) if self.touch_ms else ms
        if self.touch_ms and (
            self.bids[-1] == bid
            and self.asks[-1] == ask
            and self.bid_lots[-1] == bid_lots
            and self.ask_lots[-1] == ask_lots
        ):
            return
        if len(self.touch_ms) >= TOUCHES_MAX:
            self.dropped += 1
            return
        if ask <= bid:
            if not self.touch_ms:
                return
            self.breaks += 1
        self.touch_ms.append(ms)
        self.bids.append(bid)
        self.asks.append(ask)
        self.bid_lots.append(bid_lots)
        self.ask_lots.append(ask_lots)

    def trade(self, ms: int, side: int, ticks: int, lots: int) -> None:
        """Add a trade; one of the same order only reaches farther."""
        self.prints += 1
        if self.take_ms and self.take_ms[-1] == ms and self.take_sides[-1] == side:
            reach = max if side > 0 else min
            self.take_ticks[-1] = reach(self.take_ticks[-1], ticks)
            self.take_lots[-1] += lots
            return
        if len(self.take_ms) >= TAKES_MAX:
            self.dropped += 1
            return
        self.take_ms.append(ms)
        self.take_sides.append(side)
        self.take_ticks.append(ticks)
        self.take_lots.append(lots)

    def at(self, ms: int) -> int:
        """Return the place of the touch that stood just before ``ms``, -1 for none."""
        return bisect_left(self.touch_ms, ms) - 1

    def end(self) -> None:
        """Close the tape where it was last heard of."""
        self.touch(self.heard_ms, 0, 0, 0, 0)
        self.breaks -= bool(self.touch_ms)


class JournalFrames:
    """The market data a journal says was received, and instrument rows, as frames.

    What the account was told stays out: here is no account that could make sense of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail = ""
        Reader(path).close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames up to where the journal is damaged; see ``tail``."""
        with Reader(self.path) as reader:
            try:
                for record in reader:
                    is_data = record.kind in (Kind.RECEIVE_DATA, Kind.RECEIVE_MORE)
                    if is_data and MARKET.search(record.payload):
                        yield Frame(record.number, "recv", record.payload, record.t_ns)
                self.tail = reader.tail
            except JournalError as error:
                self.tail = str(error)


def open_frames(path: Path) -> Recording | JournalFrames:
    """Return the frames of a recording or a journal, told apart by the first bytes.

    Raises:
        ConfigError: the file cannot be opened.
        JournalError: the journal's header is damaged.
    """
    recording = Recording(path)
    with path.open("rb") as file:
        is_journal = file.read(len(MAGIC)) == MAGIC
    return JournalFrames(path) if is_journal else recording


class Tapes:
    """The tapes of a recording's instruments, filled by reading it once."""

    def __init__(
        self,
        frames: Recording | JournalFrames,
        given: Mapping[str, Row] | None = None,
        only: tuple[str, ...] = (),
        progress: Callable[[str, int], None] = lambda doing, frames: None,
    ) -> None:
        """Look for ticks and lots; nothing is on a tape before `read`.

        ``progress`` is told what is done and the number of each frame.
        """
        self.frames = frames
        self.progress = progress
        self.facts: Facts = gather(first_of_all(frames, progress), given)
        self.run = DryRun(self.facts)
        self.decoder = Decoder(self.run.core.table)
        self.messages: list[str] = []
        self.tapes: dict[str, Tape] = {}
        self._markets: dict[str, Market] = {}
        for name, index in self.run.indices.items():
            if not only or name in only:
                facts = self.run.core.table.facts(index)
                self.tapes[name] = Tape(
                    name,
                    facts["tick_size"],
                    facts["lot_size"],
                    self.facts.sources[name],
                )
                self._markets[name] = self.run.core.market(index)

    def read(self) -> None:
        """Read the whole file; what could not be read is in ``messages``."""
        for number, frame in enumerate(self.frames, 1):
            if frame.direction == "recv":
                self._take(frame)
            self.progress("reading", number)
        for tape in self.tapes.values():
            tape.end()
        self._tell_damage()

    def _take(self, frame: Frame) -> None:
        payload, notes = frame.payload, len(self.run.notes)
        self.run.feed(frame)
        if b'"book.' in payload:
            name = channel_of(payload, b'"book.')
            if name in self.tapes:
                read_touch(
                    self.tapes[name], self._markets[name].book, b'"snapshot"' in payload
                )
        elif b'"trades.' in payload:
            self._trades(payload)
        for text in self.run.notes[notes:]:
            if len(self.messages) < NOTES_MAX:
                self.messages.append(f"line {frame.line}: {text}")

    def _trades(self, payload: bytes) -> None:
        found = self.decoder.read(payload)
        if found["kind"] != "trades" or found["instrument"] < 0:
            return
        tape = self.tapes.get(self.run.core.table.name_of(found["instrument"]))
        if tape is None:
            return
        for row in found["prints"]:
            if row["price_ticks"] is not None:
                side = 1 if row["side"] == "ask" else -1
                tape.heard_ms = max(tape.heard_ms, row["venue_ms"])
                tape.trade(row["venue_ms"], side, row["price_ticks"], row["qty_lots"])

    def _tell_damage(self) -> None:
        """Say what of the file is not on the tapes."""
        counters = self.run.core.snapshot()["counters"]
        self.messages += [
            f"{counters[key]} frames {what}" for key, what in DAMAGE if counters[key]
        ]
        if isinstance(self.frames, JournalFrames):
            self.messages += [self.frames.tail] * bool(self.frames.tail)
        else:
            problems = self.frames.problems.items()
            self.messages += [f"{problem} ({n} x)" for problem, n in problems]
        self.messages += self.facts.messages
        for tape in self.tapes.values():
            if tape.dropped:
                self.messages.append(
                    f"{tape.name}: the last {tape.dropped} events had no room"
                )


def read_touch(tape: Tape, book: Book, is_snapshot: bool) -> None:
    """Put the touch of a book, as it is after a frame, on its tape."""
    if book.state_name != "readable":
        tape.touch(tape.heard_ms, 0, 0, 0, 0)
        return
    bids, asks = book.levels("bid", 1), book.levels("ask", 1)
    if is_snapshot and tape.touch_ms:
        # A second snapshot: nobody knows what was between.
        tape.touch(tape.heard_ms, 0, 0, 0, 0)
    tape.heard_ms = max(tape.heard_ms, book.venue_ms)
    if bids and asks:
        tape.touch(book.venue_ms, bids[0][0], asks[0][0], bids[0][1], asks[0][1])
    else:
        tape.touch(book.venue_ms, 0, 0, 0, 0)


def channel_of(payload: bytes, prefix: bytes) -> str:
    """Return the instrument in a channel's name, "" when there is none."""
    start = payload.find(prefix) + len(prefix)
    end = payload.find(b".", start, start + NAME_MAX)
    return payload[start:end].decode(errors="replace") if end > start else ""


def first_of_all(
    frames: Recording | JournalFrames, progress: Callable[[str, int], None]
) -> Iterator[Frame]:
    """Yield the first frames of each channel, and whatever holds a row."""
    looked_at: Counter[str] = Counter()
    for number, frame in enumerate(frames, 1):
        progress("looking for instruments", number)
        if b'"tick_size"' in frame.payload:
            yield frame
            continue
        for prefix in (b'"book.', b'"ticker.'):
            if prefix in frame.payload:
                channel = channel_of(frame.payload, prefix)
                looked_at[channel] += 1
                if looked_at[channel] <= FACTS_FRAMES_MAX:
                    yield frame

"""The program that is counted: ``work MARKS.so``, under callgrind.

Each figure is played over few and over many units, and what was executed in between is
dumped under its name: the difference of both counts over the difference of the units is
free of everything that happens once.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks.native.loops import Tape, keep, observe, readings, scan, split
from benchmarks.pipeline.ours import Reader, dialogue, quoting
from benchmarks.stream import INSTRUMENT, frames
from engine._core.base.hist import Histogram
from engine._core.base.instrument import InstrumentTable
from engine._core.base.recordbuf import RecordBuf
from engine._core.decode.message import Decoder
from engine._core.state.book import Book
from engine._core.wire.reader import Reader as WireReader

WARM, SHORT, LONG = 100, 200, 1_000
READ_BYTES = 16_384
LONG_FORM_MIN = 126

Play = Callable[[], object]
Make = Callable[[list[bytes]], Play]
"""Prepares so many frames, the next of the chain, to be played once."""


class Marks:
    """Talks to callgrind."""

    def __init__(self, library: Path) -> None:
        loaded = ctypes.CDLL(str(library))
        self.toggle, self._dump = loaded.toggle, loaded.dump
        self.toggle_address = ctypes.cast(loaded.toggle, ctypes.c_void_p).value or 0
        loaded.begin()

    def dump(self, name: str) -> None:
        """End a count and name it."""
        self._dump(name.encode())

    def count(self, name: str, profile: str, start: Callable[[bytes], Make]) -> None:
        """Warm up, then count a short and a long play."""
        snapshot, *changes = frames(WARM + SHORT + LONG, profile=profile)
        make = start(snapshot)
        cuts = (0, WARM, WARM + SHORT, WARM + SHORT + LONG)
        parts = [changes[a:b] for a, b in pairwise(cuts)]
        warm, *plays = [make(part) for part in parts]
        warm()
        gc.collect()
        for units, play in zip((SHORT, LONG), plays, strict=True):
            self.toggle()
            play()
            self.toggle()
            self.dump(f"{name} {units}")


def touch(snapshot: bytes) -> Make:
    """Bytes to touch, by the public entry."""
    reader = Reader(snapshot)
    return lambda part: lambda: reader.play(part)


def levels(snapshot: bytes) -> Make:
    """Bytes to levels."""
    decoder = _decoder()
    return lambda part: lambda: scan(decoder, part)


def book(snapshot: bytes) -> Make:
    """Levels to book."""
    decoder, own = _decoder(), Book()
    Tape(decoder, [snapshot]).apply(own)

    def make(part: list[bytes]) -> Play:
        tape = Tape(decoder, part)
        return lambda: tape.apply(own)

    return make


def wire(_snapshot: bytes) -> Make:
    """Frames out of what a socket gives."""
    reader = WireReader()

    def make(part: list[bytes]) -> Play:
        sent = b"".join(b"\x81\x7e" + len(one).to_bytes(2) + one for one in part)
        reads = [sent[at : at + READ_BYTES] for at in range(0, len(sent), READ_BYTES)]
        return lambda: split(reader, reads)

    return make


def metric(_snapshot: bytes) -> Make:
    """One histogram update."""
    histogram = Histogram()
    return lambda part: lambda: observe(histogram, len(part))


def journal(_snapshot: bytes) -> Make:
    """One record of a frame, on the thread that quotes."""
    records = RecordBuf(0, 1 << 40)
    return lambda part: lambda: keep(records, part)


def orders(marks: Marks, name: str, journals: bool) -> None:
    """Count bytes to two order requests; the venue's answers are left out.

    What switching the count on and off takes is counted as well, under ``nothing``.
    """
    snapshot, *changes = frames(WARM + LONG, at_touch=True)
    _, *said = dialogue(snapshot, changes)
    with quoting(snapshot, journals) as engine:
        engine.drive(changes[:WARM], said[:WARM])
        marks.dump("between")
        engine.drive(changes[WARM:], said[WARM:], marks.toggle_address)
        marks.dump(f"{name} {LONG}")
        readings(LONG, marks.toggle_address)
        marks.dump(f"{name} nothing")


def _decoder() -> Decoder:
    table = InstrumentTable()
    table.add(INSTRUMENT)
    return Decoder(table)


def main(library: Path) -> None:
    """Count everything."""
    gc.disable()
    marks = Marks(library)
    for profile in ("raw", "100ms"):
        for name, start in (("touch", touch), ("levels", levels), ("book", book)):
            marks.count(f"{name}_{profile}", profile, start)
    marks.count("wire_raw", "raw", wire)
    marks.count("metric", "raw", metric)
    marks.count("journal_raw", "raw", journal)
    orders(marks, "orders_raw", journals=True)
    orders(marks, "orders_core_raw", journals=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Small tapes and recordings for the tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.calibrate.tape import Tape, Tapes, open_frames
from tests.generators.true_market import NAME, TrueMarket


def tape_of(touches, takes=(), heard_ms=None):
    """Return a closed tape: touches (ms, bid, ask), takes (ms, side, price)."""
    tape = Tape("X", 0.5, 10.0)
    for ms, bid, ask in touches:
        tape.heard_ms = ms
        tape.touch(ms, bid, ask, 5, 5)
    for ms, side, ticks in takes:
        tape.trade(ms, side, ticks, 1)
    tape.heard_ms = heard_ms or tape.heard_ms
    tape.end()
    return tape


def read(path: Path) -> Tapes:
    """Return the tapes of a file."""
    tapes = Tapes(open_frames(path))
    tapes.read()
    return tapes


@cache
def true_tape(folder: Path, seed: int, **parameters) -> Tape:
    """Return the tape of a made-up market, through a real file."""
    market = TrueMarket(seed, **parameters)
    return read(market.write(folder / f"{seed}.jsonl.gz")).tapes[NAME]

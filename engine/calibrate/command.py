"""``halfspread calibrate``: the parameters of the models out of recorded data."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from engine.calibrate.result import Result
    from engine.calibrate.tape import Tapes

HELP = "measure what the models' parameters were in a recording or a journal"

DESCRIPTION = """\
Read the books and trades of a recording (halfspread record) or of a journal, through
the engine's own decoder and books, and estimate what the quote models want to know:
A and k of the fill intensity A exp(-k d) out of trades, the volatility of the mid, what
passive fills at the touch were worth 1, 10 and 60 seconds later, and the table of the
micro-price; each with a 95 % interval.

  halfspread calibrate today.jsonl.zst                 a report and a fragment to paste
  halfspread calibrate today.jsonl.zst --instrument BTC-PERPETUAL \\
      --svg fills.svg --toml params.toml               the picture and the fragment
  halfspread calibrate today.jsonl.zst --json          one JSON object
  halfspread calibrate short.jsonl --fall-back yesterday.json
                                       what cannot be measured is taken from an earlier
                                       --json, and said so

Record the raw interval where you can, books and trades together, for hours: an
interval of a tenth wants some 400 taker orders. docs/calibration.md has the equations
and the traps. Exit 1 where A and k of an instrument were not measured.
"""

TALK_AFTER_S = 2.0
TALK_EVERY_S = 0.5
FRAMES_BETWEEN_LOOKS = 1024
DEPTH_LIMIT = 10_000
NOTES_SHOWN = 10
NOTE_MAX = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="recording or journal")
    parser.add_argument(
        "--instrument",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one; may be repeated (default: all that traded)",
    )
    parser.add_argument(
        "--instruments",
        type=Path,
        metavar="FILE",
        help="a recorded get_instruments answer: ticks, lots and kinds",
    )
    parser.add_argument(
        "--depth-min",
        type=float,
        default=0.0,
        metavar="TICKS",
        help="fit trades from this depth on (default: 0, from the touch on)",
    )
    parser.add_argument(
        "--depth-max",
        type=float,
        metavar="TICKS",
        help="fit trades down to this depth (default: all but the deepest hundredth)",
    )
    parser.add_argument(
        "--strategy",
        choices=("glft", "avellaneda_stoikov", "perp_maker"),
        default="glft",
        help="whose parameters the fragment has (default: glft)",
    )
    parser.add_argument(
        "--fall-back",
        type=Path,
        metavar="FILE",
        help="an earlier --json: its A and k are kept where none are measured",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--toml", type=Path, metavar="FILE", help="write the fragment here"
    )
    parser.add_argument(
        "--svg", type=Path, metavar="FILE", help="draw one instrument's intensity"
    )


def main(args: argparse.Namespace) -> int:
    """Calibrate one file; exit 1 where an instrument has no A and k."""
    from engine.calibrate.picture import picture
    from engine.calibrate.result import calibrated, fragment, load_earlier
    from engine.calibrate.tape import Tapes, open_frames
    from engine.replay.infer import load_instruments

    least, most = args.depth_min, args.depth_max
    if not 0 <= least < DEPTH_LIMIT:
        raise ConfigError("calibrate", "--depth-min", least, "0 or more")
    if most is not None and not least < most < DEPTH_LIMIT:
        raise ConfigError("calibrate", "--depth-max", most, "above --depth-min")
    earlier = {} if args.fall_back is None else load_earlier(args.fall_back)
    given = None if args.instruments is None else load_instruments(args.instruments)
    progress = Progress()
    frames, wanted = open_frames(args.file), tuple(args.instrument)
    tapes = Tapes(frames, given, wanted, progress.step)
    missing = [name for name in args.instrument if name not in tapes.tapes]
    if missing:
        raise ConfigError(args.file, "--instrument", missing[0], "one that is in it")
    tapes.read()
    progress.end()
    results = [
        calibrated(tape, least, most, earlier.get(name))
        for name, tape in tapes.tapes.items()
        if args.instrument or tape.prints
    ]
    if not results:
        raise EngineError(f"{args.file}: {why_nothing(tapes)}")
    if args.svg is not None and len(results) > 1:
        raise ConfigError("calibrate", "--svg", str(args.svg), "with one --instrument")
    fragments = "\n".join(
        fragment(result, args.file.name, args.strategy) for result in results
    )
    if args.svg is not None:
        written(args.svg, picture(results[0].name, results[0].intensity))
    if args.toml is not None:
        written(args.toml, fragments)
    if args.json:
        print(json.dumps(as_json(args.file, tapes, results)))
    else:
        show(args.file, tapes, results, fragments)
    return 0 if all(result.is_usable for result in results) else 1


def why_nothing(tapes: Tapes) -> str:
    """Return why a file cannot be calibrated at all."""
    if not tapes.tapes:
        return "; ".join(["no book of any instrument in it", *tapes.messages[:1]])
    return "no trades in it: record the trades channel too"


def as_json(file: Path, tapes: Tapes, results: list[Result]) -> dict[str, object]:
    """Return everything for a program."""
    return {
        "file": str(file),
        "messages": tapes.messages,
        "instruments": {result.name: result.as_json() for result in results},
    }


def show(file: Path, tapes: Tapes, results: list[Result], fragments: str) -> None:
    """Print everything for a reader."""
    from engine.calibrate.result import text

    print(file)
    for message in tapes.messages[:NOTES_SHOWN]:
        print(f"note: {message[:NOTE_MAX]}{'…' if len(message) > NOTE_MAX else ''}")
    if len(tapes.messages) > NOTES_SHOWN:
        print(f"note: and {len(tapes.messages) - NOTES_SHOWN} more")
    for result in results:
        print(f"\n{text(result)}", end="")
    print(f"\nto paste under [[quote]]:\n\n{fragments}", end="")


def written(path: Path, content: str) -> None:
    """Write a file of ours.

    Raises:
        EngineError: it cannot be written.
    """
    try:
        path.write_text(content)
    except OSError as error:
        raise EngineError(f"{path}: cannot be written: {error.strerror}") from None


class Progress:
    """Says on a terminal how far the reading is, once it takes long."""

    def __init__(self) -> None:
        self.due_s = time.monotonic() + TALK_AFTER_S
        self.is_heard = sys.stderr.isatty()
        self.has_talked = False

    def step(self, doing: str, frames: int) -> None:
        """Say what is done, and to how many frames so far, now and then."""
        if frames % FRAMES_BETWEEN_LOOKS or not self.is_heard:
            return
        now_s = time.monotonic()
        if now_s >= self.due_s:
            self.due_s = now_s + TALK_EVERY_S
            self.has_talked = True
            print(f"\r{doing}: {frames} frames ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line that was talked on."""
        if self.has_talked:
            print(file=sys.stderr)

"""``halfspread feed``: recorded market data through the core, dry."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine._core.quote.market import Market
    from engine.recording import Recording
    from engine.replay.dry import DryRun
    from engine.replay.infer import Facts

HELP = "push recorded market data through the core, dry, and say what the books did"

DESCRIPTION = """\
Every received frame of a recording goes through the same decoder and the same books as
live data; nothing is sent anywhere. The file may hold bare frames, lines of
{"ts", "dir", "frame"}, lines of <time, ns> <frame>, or one JSON document; plain, .gz
or .zst.

  halfspread feed today.jsonl.zst                   a summary and a table of books
  halfspread feed today.jsonl.zst --json --books    counts and full books as JSON
  halfspread feed today.jsonl.zst --config maker.toml
                                     what the strategies there would have wished for

Ticks and lots come from --instruments (a recorded public/get_instruments answer), from
such an answer in the recording itself, or from the numbers in the frames.
"""

TABLE_TITLES = "instrument|book|change id|gaps|tick|facts|bids|best bid|best ask|asks"
NOTES_SHOWN = 10
NOTE_MAX = 160
COUNTERS = (
    "frames",
    "book_frames",
    "gaps",
    "crossed",
    "unknown",
    "malformed",
    "out_of_range",
    "unknown_instrument",
    "ignored",
    "surprises",
    "stale_discarded",
    "waiting_discarded",
)
COUNTERS_SHOWN = ("gaps", "crossed", "unknown", "errors", "ignored", "control")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--books", action="store_true", help="the final books, every level"
    )
    parser.add_argument(
        "--instruments",
        type=Path,
        metavar="FILE",
        help="a recorded get_instruments answer: ticks, lots and kinds",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="CONFIG",
        help="quote with the strategies and limits of this configuration; every "
        "request is accepted at once and never filled",
    )


def main(args: argparse.Namespace) -> int:
    """Feed one recording; exit 0 however bad its frames are."""
    from engine.recording import Recording
    from engine.replay.dry import DryRun
    from engine.replay.infer import gather, load_instruments
    from engine.replay.quoting import DryQuoting

    recording = Recording(args.file)
    given = None if args.instruments is None else load_instruments(args.instruments)
    facts = gather(recording, given)
    run = DryRun(facts) if args.config is None else DryQuoting(facts, args.config)
    not_fed = 0
    for frame in recording:
        if frame.direction == "recv":
            run.feed(frame)
        else:
            not_fed += 1
    report = summary(run, recording, facts, not_fed)
    if args.json:
        if args.books:
            report["books"] = run.books()
        print(json.dumps(report))
    else:
        show(report, run, facts, books=args.books)
    return 0


def summary(
    run: DryRun, recording: Recording, facts: Facts, not_fed: int
) -> dict[str, Any]:
    """Return the counts of a finished run.

    ``errors`` are lines without a frame, frames that are not JSON, and frames with a
    number that is off the grid or out of range.
    """
    counters = run.core.snapshot()["counters"]
    counts = {name: counters[name] for name in COUNTERS}
    counts["frames"] -= run.answers
    unreadable = sum(recording.problems.values())
    return {
        "file": str(recording.path),
        **counts,
        "errors": unreadable + counts["malformed"] + counts["out_of_range"],
        "unreadable_lines": unreadable,
        "control": run.session.controls,
        "not_fed": not_fed,
        "instruments": len(facts.rows),
        "span_s": (run.now_ns - run.first_ns) / 1e9,
        "messages": [
            *(f"{problem} ({n} x)" for problem, n in recording.problems.items()),
            *facts.messages,
            *run.notes,
        ],
        **run.report(),
    }


def show(report: dict[str, Any], run: DryRun, facts: Facts, *, books: bool) -> None:
    """Print a finished run for a reader."""
    print(
        f"{report['file']}: {report['frames']} frames over {report['span_s']:.3f} s, "
        f"{report['book_frames']} of books, {report['instruments']} instruments"
    )
    print("  ".join(f"{name} {report[name]}" for name in COUNTERS_SHOWN))
    for text in report["messages"][:NOTES_SHOWN]:
        print(f"note: {text[:NOTE_MAX]}{'…' if len(text) > NOTE_MAX else ''}")
    if len(report["messages"]) > NOTES_SHOWN:
        print(f"note: and {len(report['messages']) - NOTES_SHOWN} more")
    for name, quotes in report.get("quotes", {}).items():
        told = ", ".join(f"{key} {value}" for key, value in quotes.items() if value)
        print(f"quotes: {name}: {told}")
    if "requests" in report:
        asked = ", ".join(f"{kind} {n}" for kind, n in report["requests"].items())
        print(f"requests: {asked}")
    markets = run.markets()
    if markets:
        print_table(markets, run, facts)
    if books:
        for name in markets:
            print(f"\n{name}")
            for price, amount in reversed(run.levels(name, "ask")):
                print(f"  ask {price:>18.15g} {amount:>18.15g}")
            for price, amount in run.levels(name, "bid"):
                print(f"  bid {price:>18.15g} {amount:>18.15g}")


def print_table(markets: dict[str, Market], run: DryRun, facts: Facts) -> None:
    """Print one line a book, columns aligned."""
    rows: list[list[str]] = [TABLE_TITLES.split("|")]
    for name, market in markets.items():
        bids, asks = run.levels(name, "bid"), run.levels(name, "ask")
        best = (f"{side[0][0]:.15g}" if side else "-" for side in (bids, asks))
        tick = run.core.table.facts(run.indices[name])["tick_size"]
        row = [name, market.book.state_name, str(market.book.change_id)]
        row += [str(market.gaps), f"{tick:g}", facts.sources[name]]
        rows.append([*row, str(len(bids)), *best, str(len(asks))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, second, *rest in rows:
        cells = [first.ljust(widths[0]), second.ljust(widths[1])]
        cells += [cell.rjust(w) for cell, w in zip(rest, widths[2:], strict=True)]
        print("  ".join(cells))

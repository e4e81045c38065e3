"""``halfspread replay``: the same journal must give the same bytes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import __version__
from engine.journal import Kind, Reader, Record
from engine.replay.player import Difference, Progress, play

HELP = "feed a journal back; the output must be the same, byte for byte"

DESCRIPTION = """\
Build the core again from the configuration in the journal, tell it everything it was
told then, and compare everything it says with what it said then.

  halfspread replay run.journal            exit 0: same bytes; exit 1: the first place
                                           that differs, or where the file is damaged
  halfspread replay run.journal --print    the whole dialogue, shortened

A journal of a run that was killed ends in a torn tail: it is cut off with a message.
Strategies are imported by name: run this where the engine ran, with the same code.
"""

SHOWN_BYTES = 160
"""How much of a payload is shown; around the first difference when there is one."""

ARROWS = {
    Kind.CONNECTION_MADE: "-> connection made",
    Kind.RECEIVE_DATA: "->",
    Kind.RECEIVE_MORE: "->+",
    Kind.CONNECTION_LOST: "-> connection lost",
    Kind.HANDLE_TIMER: "-> timer",
    Kind.COMMAND: "-> command",
    Kind.DATA_TO_SEND: "<-",
    Kind.CONNECTION_TO_CLOSE: "<- close",
    Kind.ERRAND: "<- errand",
    Kind.END: "end",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a journal")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--print",
        action="store_true",
        dest="dialogue",
        help="print the dialogue; nothing is replayed",
    )


def main(args: argparse.Namespace) -> int:
    """Replay one journal, or print it."""
    with Reader(args.file) as reader:
        if args.dialogue:
            print_dialogue(reader)
            return 0
        progress, difference = replay(reader)
    if args.json:
        print(json.dumps(as_json(reader, progress, difference)))
    else:
        if reader.tail:
            print(f"{args.file}: {reader.tail}")
        print_result(reader, progress, difference)
    return 0 if difference is None else 1


def replay(reader: Reader) -> tuple[Progress, Difference | None]:
    """Build the core a journal's header describes and play the journal to it.

    Raises:
        ConfigError: a strategy of that run cannot be built here.
        JournalError: the journal is damaged.
    """
    from engine.assemble import assemble
    from engine.config import from_mapping

    header = reader.header
    if header.package_version != __version__:
        print(
            f"halfspread: {reader.path} was written by version "
            f"{header.package_version}, this is {__version__}",
            file=sys.stderr,
        )
    core = assemble(from_mapping(header.config, reader.path), header.run_id)
    return play(core, drained(core, reader))


def drained(core: Any, reader: Reader) -> Iterator[Record]:
    """Yield the records; the core's notes are taken on the way, as a shell does."""
    for record in reader:
        yield record
        core.notes()


def print_result(
    reader: Reader, progress: Progress, difference: Difference | None
) -> None:
    """Print how a replay ended, for a reader."""
    span_s = (progress.last_ns - progress.first_ns) / 1e9
    done = (
        f"{progress.records} records over {span_s:.3f} s, "
        f"{progress.frames_sent} frames sent, {progress.bytes_compared} bytes compared"
    )
    if difference is None:
        print(f"{reader.path}: same bytes: {done}")
        return
    at = first_difference(difference.recorded, difference.replayed)
    print(
        f"{reader.path}: differs at record {difference.record}, byte "
        f"{difference.offset}, time {difference.t_ns} ns "
        f"({(difference.t_ns - progress.first_ns) / 1e9:+.6f} s), "
        f"{difference.kind.name.lower()} on connection {difference.conn}, "
        f"byte {at} of the text\n"
        f"  recorded: {shortened(difference.recorded, at)}\n"
        f"  replayed: {shortened(difference.replayed, at)}\n"
        f"before it: {done}"
    )


def as_json(
    reader: Reader, progress: Progress, difference: Difference | None
) -> dict[str, Any]:
    """Return how a replay ended, for a program."""
    found = None
    if difference is not None:
        at = first_difference(difference.recorded, difference.replayed)
        found = {
            "record": difference.record,
            "offset": difference.offset,
            "t_ns": difference.t_ns,
            "kind": difference.kind.name.lower(),
            "conn": difference.conn,
            "at": at,
            "recorded": text_or_none(difference.recorded),
            "replayed": text_or_none(difference.replayed),
        }
    return {
        "file": str(reader.path),
        "run_id": reader.header.run_id,
        "package_version": reader.header.package_version,
        "identical": difference is None,
        "records": progress.records,
        "verbs": progress.verbs,
        "span_s": (progress.last_ns - progress.first_ns) / 1e9,
        "bytes_compared": progress.bytes_compared,
        "frames_sent": progress.frames_sent,
        "closed": reader.ended,
        "tail": reader.tail,
        "difference": found,
    }


def print_dialogue(reader: Reader) -> None:
    """Print every record: time since the first, direction, connection, text."""
    header = reader.header
    print(
        f"run {header.run_id:08x}, version {header.package_version}, "
        f"made {header.created_wall_ms} ms since epoch"
    )
    first_ns: int | None = None
    for record in reader:
        if first_ns is None:
            first_ns = record.t_ns
        since_s = (record.t_ns - first_ns) / 1e9
        lines = record.payload.splitlines() if record.kind.is_output else None
        for line in lines or [record.payload]:
            print(
                f"{since_s:14.6f}  {record.conn}  {ARROWS[record.kind]:<3} "
                f"{shortened(line) if line else ''}".rstrip()
            )
    if reader.tail:
        print(reader.tail)


def first_difference(recorded: bytes | None, replayed: bytes | None) -> int:
    """Return the index of the first byte that differs."""
    a, b = recorded or b"", replayed or b""
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def shortened(payload: bytes | None, at: int = 0) -> str:
    """Return a payload as printable text, cut to SHOWN_BYTES around ``at``."""
    if payload is None:
        return "(nothing)"
    start = max(0, at - SHOWN_BYTES // 2) if len(payload) > SHOWN_BYTES else 0
    end = min(len(payload), start + SHOWN_BYTES)
    text = text_or_none(payload[start:end]) or ""
    return f"{'…' if start else ''}{text}{'…' if end < len(payload) else ''}"


def text_or_none(payload: bytes | None) -> str | None:
    """Return a payload as text a terminal can show; line ends are escaped."""
    if payload is None:
        return None
    text = payload.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

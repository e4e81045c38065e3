"""The live view: a process of its own that draws what the engine sends it.

Drawing a screen takes milliseconds, so it never happens in the engine's process. The
engine writes one JSON object a frame to this process' standard input (`encode`); it
draws the newest and ends with its input. Memory is bounded by one line of input.
"""

from __future__ import annotations

import dataclasses
import signal
import sys
from typing import BinaryIO

import orjson
from rich.console import Console
from rich.live import Live

from engine.report.picture import Frame, screen

FRAME_BYTES_MAX = 2**20
"""A longer line is no frame of ours and is passed over."""


def encode(frame: Frame) -> bytes:
    """Return one frame as the line the view's process reads."""
    fields = {
        each.name: getattr(frame, each.name) for each in dataclasses.fields(frame)
    }
    return orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS) + b"\n"


def decode(line: bytes) -> Frame | None:
    """Return the frame of one line. Empty: None, the line is no frame."""
    try:
        return Frame(**orjson.loads(line))
    except (orjson.JSONDecodeError, TypeError):
        return None


def watch(stream: BinaryIO, console: Console) -> None:
    """Draw every frame of ``stream`` until it ends."""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while line := stream.readline(FRAME_BYTES_MAX):
            frame = decode(line)
            if frame is not None:
                live.update(screen(frame, console.size.height), refresh=True)


def main() -> int:
    """Run as ``python -m engine.report.view``; the engine starts it."""
    # The interrupt key reaches the whole foreground group; the engine ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch(sys.stdin.buffer, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())

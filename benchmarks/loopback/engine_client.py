"""The engine as it is run: ``halfspread run`` on a configuration, on a loop of choice.

python -m benchmarks.loopback.engine_client CONFIG LOOP BUSY_POLL_US

Session, gate, order table, fuse, journal, metrics and signer are the engine's own; the
configuration says where the journal is written. Ends by a signal, like the engine.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from engine.config import load
from engine.live import service
from engine.live.fastlink import FastLink, open_fast
from engine.live.loop import Loop

SO_BUSY_POLL = 46
"""Linux, asm-generic/socket.h; Python has no name for it."""


def run(loop: str, work: Coroutine[Any, Any, int]) -> int:
    """Run it on a loop. Raises: ImportError without uvloop, if that is asked for."""
    make: Callable[[], asyncio.AbstractEventLoop] = Loop
    if loop == "uvloop":
        import uvloop

        make = uvloop.new_event_loop
    elif loop == "asyncio":
        make = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(work)


async def open_polling(url: str, tls: ssl.SSLContext | None, poll_us: int) -> FastLink:
    """Connect, and have the kernel look for bytes itself for a while."""
    link = await open_fast(url, tls)
    own = link.transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, SO_BUSY_POLL, poll_us)
    return link


def main(words: list[str]) -> int:
    """Run it."""
    config, loop, poll_us = Path(words[0]), words[1], int(words[2])
    if poll_us:
        service.open_fast = lambda url, tls=None: open_polling(url, tls, poll_us)
    made = service.Service(load(config), service.Options())
    return run(loop, made.run())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

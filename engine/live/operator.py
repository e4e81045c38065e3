"""The operator's socket: one line in, the truth out, on a socket only we may open.

A Unix socket in the state folder, mode 600, in a folder of mode 700: whoever can
connect is the engine's own user. A connection carries one command, a JSON object on one
line, and one answer. Commands go into the core by its verb ``command``, and so into the
journal. The answer waits, for a bounded time, until what was asked for is so, and says
how things stand then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from engine.live.commands import COMMANDS

LINE_BYTES_MAX: Final = 4096
CLIENTS_MAX: Final = 8
SAY_TIMEOUT_S: Final = 5.0
"""A client that has connected must say what it wants by then."""

GRACE_S: Final = 0.5
"""At the end of a run a client has this long to take its answer."""

WAIT_MAX_S: Final = 60.0
POLL_S: Final = 0.02
TEXT_CHARS_MAX: Final = 200
SPEC_CHARS_MAX: Final = 2000
"""Of the one field that holds a whole order as JSON."""
SOCKET_MODE: Final = 0o600

Tell = Callable[..., list[str]]
"""Gives the core a command; returns why it was refused. Empty: it was not."""


class Operator:
    """The server's side. ``status`` gives the state, ``stop`` asks the run to end."""

    def __init__(
        self,
        path: Path,
        tell: Tell,
        status: Callable[[], dict[str, Any]],
        stop: Callable[[], None],
    ) -> None:
        self._path = path
        self._tell, self._status, self._stop = tell, status, stop
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = asyncio.Event()

    async def open(self) -> None:
        """Listen. The folder's lock is ours, so what stands there is a left-over."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            listener.bind(str(self._path))
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(
            self._on_client, sock=listener, limit=LINE_BYTES_MAX
        )

    async def close(self) -> None:
        """Listen no more; who still waits is told how things stand at the end."""
        if self._server is None:
            return
        self._server.close()
        self._is_over.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    async def _on_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        is_full = len(self._tasks) >= CLIENTS_MAX
        self._tasks.add(task)
        try:
            # Cancelled is it by `close` alone, and this is the task's own top.
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                if is_full:
                    answer = _refused(f"{CLIENTS_MAX} commands are under way already")
                else:
                    answer = await self._obey(await _line(reader))
                writer.write(orjson.dumps(answer) + b"\n")
                async with asyncio.timeout(SAY_TIMEOUT_S):
                    await writer.drain()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _obey(self, line: bytes) -> dict[str, Any]:
        """Carry out one command and return how things stand."""
        try:
            name, fields, wait_s = read_command(line)
        except ValueError as error:
            return _refused(str(error))
        command = COMMANDS[name]
        refused: list[str] = []
        if name == "stop":
            self._stop()
        elif command.core:
            refused = self._tell(cmd=command.core, **fields)
        instrument = fields.get("instrument", "")
        end_s = time.monotonic() + wait_s
        now = self._status()
        while not (refused or command.is_so(now, instrument)):
            if time.monotonic() >= end_s or self._is_over.is_set():
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_over.wait(), POLL_S)
            now = self._status()
        is_so = not refused and command.is_so(now, instrument)
        return {"command": name, "refused": refused, "is_so": is_so, "now": now}


async def _line(reader: asyncio.StreamReader) -> bytes:
    """Return the client's line. Empty: it was too long.

    Raises: TimeoutError when it does not come.
    """
    try:
        async with asyncio.timeout(SAY_TIMEOUT_S):
            return await reader.readline()
    except ValueError:
        return b""


def read_command(line: bytes) -> tuple[str, dict[str, str], float]:
    """Return name, fields and how long to wait, in s.

    Raises: ValueError, in words for the operator.
    """
    try:
        wanted = orjson.loads(line)
    except orjson.JSONDecodeError:
        wanted = None
    if not isinstance(wanted, dict):
        raise ValueError(f"one JSON object on a line of {LINE_BYTES_MAX} bytes at most")
    name = wanted.pop("cmd", None)
    if not isinstance(name, str) or name not in COMMANDS:
        raise ValueError(f"cmd must be one of {', '.join(COMMANDS)}")
    wait_s = wanted.pop("wait_s", 0)
    if not isinstance(wait_s, int | float) or not 0 <= wait_s <= WAIT_MAX_S:
        raise ValueError(f"wait_s must be 0 to {WAIT_MAX_S:g}")
    takes = COMMANDS[name].takes
    for key, value in wanted.items():
        if key not in takes:
            raise ValueError(f"{name} takes {', '.join(takes) or 'nothing'}, not {key}")
        most = SPEC_CHARS_MAX if key == "spec" else TEXT_CHARS_MAX
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise ValueError(f"{key} must be 1 to {most} characters of text")
    return name, wanted, float(wait_s)


def _refused(why: str) -> dict[str, Any]:
    return {"command": "", "refused": [why], "is_so": False, "now": {}}

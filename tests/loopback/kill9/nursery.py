"""Starts engines quickly: everything is imported once, each engine is a fork.

A fork is a process like any other: it is killed by its number, its sockets close with
it, and nothing of it stays. Commands come as lines of JSON on standard input (arguments
of ``halfspread`` and a file for the log), and the process number goes out as a line.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import orjson

from engine import cli
from engine.live import service  # imported here, so that no fork has to

READY = b"ready"
assert service


class Nursery:
    """The process that makes engines."""

    def __init__(self, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._line() == READY

    def start(self, arguments: list[str], log: Path) -> int:
        """Start an engine; return its process number."""
        self._say({"arguments": arguments, "log": str(log)})
        return int(self._line())

    def wait(self, pid: int) -> int:
        """Wait for the end of an engine; return how it ended, as `os.waitpid` says."""
        self._say({"wait": pid})
        return int(self._line())

    def close(self) -> None:
        """End the nursery; its engines were ended before."""
        self._stdin.close()
        self._process.kill()
        self._process.wait()
        self._stdout.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _say(self, command: dict[str, object]) -> None:
        self._stdin.write(orjson.dumps(command) + b"\n")
        self._stdin.flush()

    def _line(self) -> bytes:
        return self._stdout.readline().strip()


def serve() -> None:
    """Make engines until standard input ends."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    out.write(READY + b"\n")
    for line in sys.stdin.buffer:
        command = orjson.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            out.write(b"%d\n" % status)
            continue
        pid = os.fork()
        if pid == 0:
            become(command["arguments"], command["log"])
        out.write(b"%d\n" % pid)


def become(arguments: list[str], log: str) -> None:
    """Be an engine from here on; never returns."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for fd, to in ((nowhere, 0), (file, 1), (file, 2)):
        os.dup2(fd, to)
    os.closerange(3, 64)
    os._exit(cli.main(arguments))


if __name__ == "__main__":
    serve()

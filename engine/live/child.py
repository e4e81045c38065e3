"""Starting Python children of ours, and making sure that none outlives its parent.

A leashed child inherits the reading end of a pipe whose writing end only the parent
holds. When the parent is gone, whatever killed it, the pipe ends; the child then
gets the signal a stop would have sent, and is ended for good when it does not obey.
This works wherever pipes do; it needs no process groups and no Linux call.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import IO, Any

LEASH = "HALFSPREAD_LEASH"
"""Environment variable with the file descriptor of the pipe, in a leashed child."""

GRACE_S = 20.0
"""How long a child may take to stop in order once its parent is gone."""


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours with this interpreter."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(
    extra: Mapping[str, str] | None = None, without: Collection[str] = ()
) -> dict[str, str]:
    """Return our environment for a child: it imports from where we import.

    ``without`` names variables the child has no business with, such as a secret.
    """
    paths = [os.path.abspath(path) for path in sys.path]
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **(extra or {})}


def stop_signals() -> list[signal.Signals]:
    """Return the signals that ask for a stop in order; nohup's choice is kept."""
    found = [signal.SIGTERM, signal.SIGINT]
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        found.append(hang_up)
    return found


class Leash:
    """The parent's end of the pipe; one for all children of a supervisor."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def start(
        self,
        arguments: Sequence[str],
        *,
        extra_env: Mapping[str, str] | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start ``halfspread`` with ``arguments`` as a leashed child.

        It is in a session of its own: Ctrl-C reaches the supervisor alone, which
        passes it on in the right order.
        """
        env = environment({**(extra_env or {}), LEASH: str(self._read)})
        return subprocess.Popen(
            python("engine.live.child", *arguments),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(self._read,),
            start_new_session=True,
        )

    def close(self) -> None:
        """Let go; children that still run end."""
        os.close(self._read)
        os.close(self._write)


def obey(leash_fd: int) -> None:
    """Watch the pipe from a thread; stop this process when the parent is gone."""

    def watch() -> None:
        while True:
            try:
                if not os.read(leash_fd, 1):
                    break
            except OSError:
                break
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        os._exit(1)

    threading.Thread(target=watch, name="leash", daemon=True).start()


def main() -> int:
    """Run the command line as ``python -m engine.live.child ...``, on the leash."""
    leash_fd = os.environ.pop(LEASH, "")
    if leash_fd.isdecimal():
        os.set_inheritable(int(leash_fd), False)
        obey(int(leash_fd))
    from engine.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())

"""The folder an engine keeps between runs, and the lock that makes it one engine's.

Everything that has to outlive a run, or to be found by another process while the
engine runs, stands in ``[state] path``:

- ``lock``        held for the whole run: one engine, one folder
- ``checkpoint``  what the next run has to know about this one
- ``ctl.sock``    where ``halfspread ctl`` speaks to the engine
- ``heartbeat``   a sign of life of the engine's loop, for ``halfspread watchdog``

The folder is its owner's alone: whoever may write to ``ctl.sock`` trades. The lock is
the kernel's and ends with the process, whatever ended it, so it is never stale; the
file itself stays, because a lock on a file that comes and goes proves nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from engine.errors import ConfigError

KEY: Final = "state.path"

FOLDER_MODE: Final = 0o700

SOCKET_PATH_BYTES_MAX: Final = 107
"""The longest name a Unix socket may have: the kernel's 108 bytes end with a zero."""

PID_BYTES_MAX: Final = 32


class StateFolder:
    """One engine's folder. `open` takes it, `close` lets it go."""

    def __init__(self, path: Path, lock_fd: int | None = None) -> None:
        self.path = path
        self._lock_fd = lock_fd

    @property
    def checkpoint(self) -> Path:
        """What the next run has to know about this one."""
        return self.path / "checkpoint"

    @property
    def ctl(self) -> Path:
        """The socket on which the engine takes an operator's commands."""
        return self.path / "ctl.sock"

    @property
    def heartbeat(self) -> Path:
        """The engine's sign of life."""
        return self.path / "heartbeat"

    @property
    def lock(self) -> Path:
        """The file whose lock says that an engine runs here."""
        return self.path / "lock"

    def holder(self) -> str:
        """Return the process that took the lock last. Empty: "", it cannot be read."""
        try:
            with self.lock.open("rb") as file:
                return file.read(PID_BYTES_MAX).decode(errors="replace").strip()
        except OSError:
            return ""

    @classmethod
    def open(cls, path: Path, file: str) -> StateFolder:
        """Make the folder if it is not there, and take it for this process.

        Raises: ConfigError naming ``file``, when the folder cannot be made or is open
        to others, or when another engine has it.
        """
        found = cls(path)
        try:
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            check(path, file)
            lock_fd = os.open(found.lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            problem = f"a folder that can be made and written: {error.strerror}"
            raise ConfigError(file, KEY, str(path), problem) from None
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock_fd)
            problem = (
                "a folder no other engine uses; process "
                f"{found.holder() or 'unknown'} runs on this one"
            )
            raise ConfigError(file, KEY, str(path), problem) from None
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, f"{os.getpid()}\n".encode(), 0)
        return cls(path, lock_fd)

    def close(self) -> None:
        """Let the folder go. The process that ends without this lets it go, too."""
        if self._lock_fd is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock_fd)
            self._lock_fd = None


def check(path: Path, file: str) -> None:
    """Refuse a folder that cannot be an engine's; one that is not there yet is fine.

    Raises: ConfigError naming ``file``.
    """
    room = SOCKET_PATH_BYTES_MAX - len("/ctl.sock")
    if len(os.fsencode(path)) > room:
        problem = f"a path of at most {room} bytes, because a socket stands in it"
        raise ConfigError(file, KEY, str(path), problem)
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise ConfigError(file, KEY, str(path), "a folder") from None
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigError(file, KEY, str(path), "a folder")
    if found.st_uid != os.geteuid():
        raise ConfigError(file, KEY, str(path), "a folder of the user who runs this")
    if found.st_mode & 0o077:
        problem = "a folder that only its owner can enter (chmod 700)"
        raise ConfigError(file, KEY, str(path), problem)

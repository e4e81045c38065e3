"""Everything halfspread raises on purpose.

::

    EngineError
    ├── ConfigError        the configuration is not usable: file, key, value, range
    ├── VenueError         the venue, or the way to it
    │   ├── ProtocolError      it broke the format, or a step of the dialogue timed out
    │   └── RequestRejected    it answered with an error code
    ├── JournalError       a journal cannot be written, read or trusted
    └── InvariantError     our own bug: the core has halted and cancelled everything

A command that ends with one of these prints it as one line and exits with its
``exit_code``: 1 failed, 2 usage or configuration, 3 venue or network, 4 invariant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final


class EngineError(Exception):
    """Base of all errors halfspread raises on purpose."""

    exit_code = 1


class _NoValue:
    """The type of ``NO_VALUE``."""

    def __repr__(self) -> str:
        return "nothing"


NO_VALUE: Final = _NoValue()
"""Stands for the value of a key that is missing, or that must not be shown."""


class ConfigError(EngineError):
    """The configuration is not usable; says where, what, and what is allowed.

    ``value`` is ``NO_VALUE`` when there is none to show; ``more`` counts the further
    problems of the same file, which come up once this one is mended.
    """

    exit_code = 2

    def __init__(
        self,
        file: str | Path,
        key: str,
        value: object,
        allowed: str,
        more: int = 0,
    ) -> None:
        self.file, self.key, self.value, self.allowed = str(file), key, value, allowed
        self.more = more
        shown = key if value is NO_VALUE else f"{key} = {value!r}"
        rest = f" (and {more} more problem{'s' * (more > 1)})" if more else ""
        super().__init__(f"{file}: {shown}: {allowed}{rest}")


class VenueError(EngineError):
    """The venue, or the way to it, failed."""

    exit_code = 3


class ProtocolError(VenueError):
    """The venue broke the format, or a step of the dialogue timed out."""


class RequestRejected(VenueError):  # noqa: N818 (the venue's own word)
    """The venue answered a request with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        self.method, self.code, self.message = method, code, message
        super().__init__(f"{method} was rejected: {code} {message}")


class JournalError(EngineError):
    """A journal cannot be written, read or trusted; says at which byte."""

    def __init__(self, path: str | Path, offset: int, problem: str) -> None:
        self.path, self.offset, self.problem = str(path), offset, problem
        super().__init__(f"{path}: byte {offset}: {problem}")


class InvariantError(EngineError):
    """Our own bug: the core has halted and cancelled everything."""

    exit_code = 4

"""Where the loop's thread runs, and before whom: its core, its class, its turns.

What the system refuses is noted and done without: an engine that starts a little slower
is better than one that does not start.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from engine.config_process import Loop
from engine.errors import ConfigError
from engine.live.pace import ask_for_slice

SLICE_NS: Final = 100_000
"""The turns an ordinary thread asks for: the shortest the system grants."""

REALTIME_PRIORITY: Final = 1
"""The lowest of the real-time class: before every ordinary program, after the rest."""

Note = Callable[[str, str, str], None]


class Place:
    """The calling thread's core and class; `leave` puts back what was there before."""

    def __init__(self, settings: Loop, file: str, note: Note) -> None:
        """Check what can be checked before anything is changed.

        Raises: ConfigError, the core is none this process may use.
        """
        self._settings = settings
        self._note = note
        self._undo: list[Callable[[], None]] = []
        if settings.cpu is None or not hasattr(os, "sched_getaffinity"):
            return
        usable = os.sched_getaffinity(0)
        if settings.cpu not in usable:
            names = ", ".join(str(cpu) for cpu in sorted(usable))
            allowed = f"a core this process may use: {names}"
            raise ConfigError(file, "loop.cpu", settings.cpu, allowed)

    def take(self) -> None:
        """Pin the thread and have it let in as soon as it wakes, as configured."""
        if self._settings.cpu is not None:
            self._pin(self._settings.cpu)
        if self._settings.realtime and self._settings.policy != "spin":
            self._go_first()
        else:
            self._ask()

    def leave(self) -> None:
        """Put everything back, the latest change first."""
        while self._undo:
            self._undo.pop()()

    def _pin(self, cpu: int) -> None:
        if not hasattr(os, "sched_setaffinity"):
            self._note("warning", "loop", "this system pins no thread to a core")
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpu})
        self._undo.append(lambda: os.sched_setaffinity(0, before))

    def _go_first(self) -> None:
        """Enter the real-time class; threads and processes made later do not."""
        if not hasattr(os, "sched_setscheduler"):
            return
        if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
            return  # whoever started us has decided
        try:
            self._enter(os.SCHED_RR, REALTIME_PRIORITY)
        except OSError as error:
            text = f"no real-time class ({error.strerror}): see loop.realtime"
            self._note("info", "loop", text)
            self._ask()
        else:
            self._undo.append(lambda: self._enter(os.SCHED_OTHER, 0))

    def _enter(self, policy: int, priority: int) -> None:
        # Not handing it down is kept on the way back: only root may give that up.
        flags = policy | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, flags, os.sched_param(priority))

    def _ask(self) -> None:
        number = ask_for_slice(SLICE_NS)
        if number:
            text = f"no short turns from the system: {os.strerror(number)}"
            self._note("debug", "loop", text)

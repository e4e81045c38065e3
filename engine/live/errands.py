"""What the core wants done beside its connections, each in a thread of its own.

The core says what (`Verbs.errands`), as data; here it is done over HTTP, so that it is
done while the socket hangs, and while the loop does. The result goes back to the core
as the command ``errand_done``, and so into the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from engine.live.rest import Rest
from engine.live.roads import Attempt, Target, by_http

TIMEOUT_S: Final = 30.0
"""An errand that is not done by then is reported as not done."""

TARGETS: Final = {"cancel_all": Target(), "cancel_ours": Target(only_ours=True)}
"""Errands by name; as many may be under way at once, each once."""

Report = Callable[[dict[str, Any]], None]


class Errands:
    """The errands under way. Its methods are called on the event loop."""

    def __init__(self, rest: Rest, report: Report) -> None:
        """``report`` is called on the loop with the fields of ``errand_done``."""
        self._rest = rest
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[str, Attempt] = {}
        self._again: dict[str, None] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def take(self, names: Sequence[str]) -> None:
        """Begin errands; one that is under way is begun again when it is over.

        Raises: KeyError for a name nobody knows, which is a bug of ours.
        """
        for name in names:
            if name in self._under_way:
                self._again[name] = None
            else:
                self._begin(name)

    async def finish(self, timeout_s: float) -> bool:
        """Wait until nothing is under way; return False when time is over first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        return self._idle.is_set()

    def close(self) -> None:
        """Let every errand end at its next step; nothing is reported any more."""
        for attempt in self._under_way.values():
            attempt.over.set()
        self._under_way.clear()
        self._again.clear()

    def _begin(self, name: str) -> None:
        attempt = self._under_way[name] = Attempt(TARGETS[name], TIMEOUT_S)
        self._idle.clear()

        def run() -> None:
            try:
                by_http(self._rest, attempt)
            except Exception as error:  # a bug of ours; the core has to hear of it
                attempt.problems["bug"] = f"{type(error).__name__}: {error}"
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._done, name, attempt)

        threading.Thread(target=run, name=f"errand {name}", daemon=True).start()

    def _done(self, name: str, attempt: Attempt) -> None:
        if self._under_way.pop(name, None) is not attempt:
            return
        if name in self._again:
            del self._again[name]
            self._begin(name)
        if not self._under_way:
            self._idle.set()
        confirmed = attempt.is_done or bool(attempt.left)
        self._report(
            {
                "cmd": "errand_done",
                "errand": name,
                "open_orders": len(attempt.left or ()) if confirmed else None,
                "problem": attempt.problem(),
            }
        )

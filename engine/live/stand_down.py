"""Before the account is emptied from outside, the engine on it is told to stand down.

An engine that runs quotes again what `halfspread cancel-all` has cancelled. So the one
on the configuration's state folder is told to pull, at whatever is being cancelled, and
its answer decides what the command may claim. It is told by a thread: a hung engine
holds nobody up. What it was told waits in its socket and is obeyed when it wakes up.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError
from engine.live.ctl import NoAnswerError, NoEngineError, ask
from engine.live.state_folder import StateFolder

HEAD_START_S: Final = 0.25
"""An engine that is well has answered by then; the cancels wait no longer for it."""

ANSWER_S: Final = 3.0
"""An engine that has not answered by then hangs."""

REASON: Final = "halfspread cancel-all"
_HEAD: Final = "engine    "


class StandDown:
    """One engine, as far as it can be known and told. `tell` begins, once."""

    def __init__(
        self,
        config: Path | None,
        state: Path | None,
        scope: str = "",
        leave: bool = False,
    ) -> None:
        """Name the engine of ``config`` that runs on the folder ``state``, if any.

        ``scope`` is an instrument or settlement currency, "" = all of it; ``leave``:
        only look whether one runs.
        """
        self._config = config
        self._folder = None if state is None else StateFolder(state)
        self._scope = scope
        self._leave = leave
        self._answer: Mapping[str, Any] | None = None
        self._problem: EngineError | None = None
        self._over = threading.Event()

    def tell(self) -> None:
        """Begin to tell it; see `wait`."""
        if self._folder is None:
            self._over.set()
            return
        threading.Thread(target=self._ask, name="stand down", daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Return whether the answer is there, or will not come."""
        return self._over.wait(timeout_s)

    @property
    def has_obeyed(self) -> bool:
        """Whether an engine has taken the command."""
        return self._answer is not None and not self._answer["refused"]

    @property
    def is_safe(self) -> bool:
        """Whether no engine we know of will quote again without being told to."""
        if self._folder is None or self._leave or self.has_obeyed:
            return True
        return isinstance(self._problem, NoEngineError) or self._has_none_of_it()

    def describe(self) -> str:
        """Return one line about it."""
        return f"{_HEAD} {self._words()}"

    def _ask(self) -> None:
        assert self._folder is not None
        request = {"cmd": "status", "wait_s": 0}
        if not self._leave:
            request |= {"cmd": "pull", "keep": "stronger", "reason": REASON}
            request |= {"instrument": self._scope} if self._scope else {}
        try:
            self._answer = ask(self._folder.ctl, request, ANSWER_S)
        except EngineError as error:
            self._problem = error
        finally:
            self._over.set()

    def _has_none_of_it(self) -> bool:
        """Whether the engine knows its instruments and refused for having no such."""
        now = self._answer["now"] if self._answer else {}
        return bool(self._scope and now.get("instruments"))

    def _words(self) -> str:
        if self._folder is None:
            why = "has no [state] path" if self._config else "was not given"
            return f"not known, CONFIG {why}; one that runs quotes again"
        if isinstance(self._problem, NoEngineError):
            return f"none runs on {self._folder.path}"
        if self._answer is not None:
            return self._words_of(self._answer)
        process = f"PROCESS {self._folder.holder() or 'UNKNOWN'}"
        if self._problem is None or isinstance(self._problem, NoAnswerError):
            told = (
                "" if self._leave else " It was told to pull, and will if it wakes up."
            )
            return f"{process} HANGS and may quote again: kill it to be sure.{told}"
        return f"{process} MAY QUOTE AGAIN: {self._problem}"

    def _words_of(self, answer: Mapping[str, Any]) -> str:
        process = f"process {answer['now'].get('pid', 'unknown')}"
        ctl = f"halfspread ctl {self._config}"
        if self._leave:
            return f"{process} is left alone and quotes again; `{ctl} pull` stops it"
        if self.has_obeyed:
            what, only = "no more", ""
            if self._scope:
                what, only = f"no {self._scope} more", f" --instrument {self._scope}"
            still = " but goes on FLATTENING" if _flattens(answer["now"]) else ""
            return f"{process} quotes {what}{still}, until `{ctl} rearm{only}`"
        if self._has_none_of_it():
            return f"{process} quotes no {self._scope}"
        return f"{process} REFUSED TO PULL and quotes again: {answer['refused'][0]}"


def _flattens(now: Mapping[str, Any]) -> bool:
    """Whether a stronger step than ours has it trade until nothing is held."""
    rows = now.get("instruments", {}).values()
    return "flatten" in {now.get("stance"), *(row.get("stance") for row in rows)}

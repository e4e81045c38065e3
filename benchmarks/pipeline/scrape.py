"""A scrape of the whole engine: how long it keeps the interpreter from the hot thread.

A scrape is done in pieces: the copy, in the hot thread between two turns, then looking
up and writing in the server's thread, which rests after so many lines. Each piece is
timed by itself, by the processor time of its thread, so that neither other load nor the
socket counts. What is written outside the interpreter is counted as if it were not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.pipeline.ours import Quoting
from engine.assemble import assemble
from engine.config import load
from engine.live.demo import packaged
from engine.metrics.reading import Reading, Stage
from engine.metrics.server import Pages

STAGES = 10
HEAD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n"
RUN_ID = 9


@dataclass(frozen=True)
class Held:
    """Processor time of one scrape with the interpreter held. Units: ns."""

    whole: float
    longest: float


class Scrape:
    """The pages of an engine that quotes, with a session and its ledger beside it."""

    def __init__(
        self, engine: Quoting, clock: Callable[[], int] = time.thread_time_ns
    ) -> None:
        self._engine = engine
        self._session = assemble(load(packaged("demo.toml")), RUN_ID)
        self._clock = clock
        self._marks: list[int] = []
        self._pages = Pages(self.read, self._mark)

    def read(self) -> Reading:
        """Copy what is shown, as the shell does: the instruments are a piece."""
        core = self._engine.core
        found = list(core.histograms().items())
        while len(found) < STAGES:
            found.append((f"stage {len(found)}", found[0][1]))
        stages = {name: Stage.copy(one) for name, one in found}
        snapshot = core.outline() | {"session": self._session.outline()["session"]}
        self._mark()
        snapshot["instruments"] = core.instruments(0, 1)
        self._mark()
        return Reading(snapshot, stages)

    def _mark(self, _seconds: float = 0.0) -> None:
        self._marks.append(self._clock())

    def once(self) -> tuple[Held, bytes]:
        """Scrape once; return what it held and the answer."""
        self._marks = [self._clock()]
        answer = self._pages.answer(HEAD)
        self._mark()
        steps = zip(self._marks, self._marks[1:], strict=False)
        pieces = [float(after - before) for before, after in steps]
        return Held(sum(pieces), max(pieces)), answer


def held(engine: Quoting, times: int) -> Held:
    """Return the medians of some scrapes; the first one learns the labels."""
    scrape = Scrape(engine)
    scrape.once()
    found = [scrape.once()[0] for _ in range(times)]
    return Held(median(h.whole for h in found), median(h.longest for h in found))

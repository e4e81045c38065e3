"""One run of the engine: everything put together, started, watched and stopped.

The order at the end matters: quotes are pulled and read back while the connection
stands, then it is closed, then the report is written.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime
import math
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine import __version__
from engine._core.core import Core
from engine.assemble import assemble
from engine.config import Config
from engine.config_process import Loop as LoopSettings
from engine.errors import ConfigError, InvariantError, VenueError
from engine.journal import Header, Recorder, Writer
from engine.live.child import stop_signals
from engine.live.commands import status_of
from engine.live.fastlink import open_fast
from engine.live.ingress import Dial, Ingress, open_link
from engine.live.keeper import Keeper, earlier_runs
from engine.live.log import LineWriter, Log
from engine.live.loop import Loop as EngineLoop
from engine.live.memory import CollectorPolicy
from engine.live.operator import Operator
from engine.live.pace import Pace
from engine.live.place import Place
from engine.live.pulse import Pulse
from engine.live.rehearsal import Rehearsal
from engine.live.rest import Rest
from engine.live.secrets import Credentials, Signer
from engine.live.shell import Shell
from engine.live.state_folder import StateFolder
from engine.live.tls import take_layer
from engine.live.watch import Watch
from engine.metrics.reading import Reading, Stage
from engine.metrics.server import Exporter
from engine.metrics.server import serve as serve_metrics
from engine.report.picture import Frame, status_line
from engine.report.report import RunFacts, build, write

T = TypeVar("T")

TICK_S = 0.25
STATUS_EVERY_S = 5.0
TEND_EVERY_S = 1.0
STOP_POLL_S = 0.02
STOP_TIMEOUT_S = 15.0
SCRAPE_TIMEOUT_S = 2.0
REST_TIMEOUT_S = 3.0
NOTES_SHOWN_MAX = 30

INSTRUMENTS_AT_ONCE = 16
"""Copied for a scrape between two turns: less than a tenth of a millisecond."""

SWITCH_INTERVAL_S = 0.0005
"""The longest another thread (a scrape) holds the interpreter while we want it."""


@dataclass(frozen=True)
class Options:
    """What the command line adds to a configuration. Empty: None or False.

    Units: seconds.
    """

    seconds: float | None = None
    report: Path | None = None
    view: bool = False


class Service:
    """One run, from the first connection to the report."""

    def __init__(self, config: Config, options: Options) -> None:
        """Build everything that needs no connection.

        Raises: ConfigError, JournalError.
        """
        self._config = config
        self._options = options
        self._err = LineWriter(sys.stderr)
        self._out = LineWriter(sys.stdout)
        self._is_terminal = options.view and sys.stdout.isatty()
        hides_log = self._is_terminal and sys.stderr.isatty()
        self._log = Log(config.log.level, None if hides_log else self._err)
        credentials = Credentials.load(config.credentials)
        self._signer = Signer(credentials)
        urls = config.venue.rest_urls()
        self._rest = Rest(urls, Signer(credentials), timeout_s=REST_TIMEOUT_S)
        path = config.state.path
        self._state = None if path is None else StateFolder.open(path, config.file)
        self._pulse = Pulse(None if self._state is None else self._state.heartbeat)
        self._keeper = self._make_keeper()
        self._left = None if self._keeper is None else self._keeper.read()
        self._run_id = fresh_run(earlier_runs(self._left))
        self._core = assemble(config, self._run_id)
        self._core.measure(True)
        self._recorder = recorded(self._core, config, self._run_id)
        self._memory = CollectorPolicy()
        self._place = Place(config.loop, config.file, self._log.note)
        self._started_s = time.monotonic()
        self._started_at = datetime.datetime.now(datetime.UTC)
        self._exporter: Exporter | None = None
        self._watch: Watch | None = None
        self._rehearsal: Rehearsal | None = None
        self._is_cold = False
        self._operator: Operator | None = None
        self._status_s = self._tend_s = 0.0

    async def run(self) -> int:
        """Quote until told to stop. Returns: the exit code."""
        loop = asyncio.get_running_loop()
        take_layer(loop, self._config.venue.tls)
        connections = 2 if self._config.venue.market_data_urls else 1
        settings = self._config.loop
        try:
            self._rehearsal = rehearsed(settings, self._core)
        except OSError as error:
            self._log.note("warning", "loop", f"no rehearsals: {error}")
        self._pace = pace = Pace(
            loop,
            settings.policy,
            settings.spin_us * 1_000,
            self._rehearsal,
            settings.rehearse_us * 1_000,
        )
        if isinstance(loop, EngineLoop):
            loop.sleep_by(pace)
        self._shell = Shell(
            self._core,
            self._signer,
            self._log,
            connections,
            self._rest,
            pace,
            self._recorder,
        )
        self._wanted, self._hurry = asyncio.Event(), asyncio.Event()
        self._lines = self._ingresses()
        try:
            self._start_metrics(loop)
            _on_signals(loop, self._on_signal)
            if self._is_terminal:
                key = self._config.credentials
                self._watch = Watch(without=(key.id_env, key.secret_env))
            await self._listen()
            self._pulse.start()
            if self._left is not None:
                self._shell.command(cmd="restore", checkpoint=self._left)
            self._place.take()
            # Now: a few ms, and most of what will live is there. Not with orders out.
            self._memory.settle()
            for line in self._lines:
                line.start()
            await self._until_wanted()
            await self._stop()
        finally:
            snapshot = self._core.snapshot()
            await self._close()
        return self._finish(snapshot)

    async def _listen(self) -> None:
        """Take an operator's commands, where there is a folder for the socket."""
        if self._state is None:
            return
        self._operator = Operator(
            self._state.ctl, self._shell.command, self._status, self._on_ctl_stop
        )
        await self._operator.open()

    def _status(self) -> dict[str, Any]:
        """Return what an operator sees."""
        return status_of(
            self._core.snapshot(),
            connected=self._shell.connected,
            environment=self._config.environment,
            run=f"{self._run_id:08x}",
            pid=os.getpid(),
            up_s=time.monotonic() - self._started_s,
        )

    def _on_ctl_stop(self) -> None:
        if not self._wanted.is_set():
            self._on_signal()

    def _make_keeper(self) -> Keeper | None:
        """Return who keeps the checkpoint. Empty: None, there is no folder for it."""
        if self._state is None:
            return None
        every_s = self._config.state.checkpoint_ms / 1_000
        environment = self._config.environment
        return Keeper(self._state.checkpoint, environment, every_s, self._log.note)

    def _ingresses(self) -> list[Ingress]:
        venue = self._config.venue
        urls = [venue.urls]
        if venue.market_data_urls:
            urls.append(venue.market_data_urls)
        rng = random.Random()
        dial: Dial = open_fast if venue.ingress == "fast" else open_link
        return [
            Ingress(conn, each, self._shell, rng=rng, dial=dial)
            for conn, each in enumerate(urls)
        ]

    def _start_metrics(self, loop: asyncio.AbstractEventLoop) -> None:
        metrics = self._config.metrics
        if not metrics.enabled:
            return

        def ask(what: Callable[[], T]) -> T:
            """Have the loop do it between two turns. Called by a thread."""
            taken: concurrent.futures.Future[T] = concurrent.futures.Future()
            loop.call_soon_threadsafe(lambda: taken.set_result(what()))
            return taken.result(SCRAPE_TIMEOUT_S)

        def read() -> Reading:
            """Take a reading piece by piece, so that no turn waits long for it."""
            reading = ask(self._reading)
            reading.snapshot["instruments"] = in_parts(
                lambda first, count: ask(partial(self._core.instruments, first, count))
            )
            return reading

        sys.setswitchinterval(SWITCH_INTERVAL_S)
        file = self._config.file
        self._exporter = serve_metrics(read, metrics.host, metrics.port, file)
        self._log.note("info", "metrics", f"served at {self._exporter.url}")

    def _reading(self) -> Reading:
        """Return everything but the instruments, which are many."""
        shell, keeper = self._shell, self._keeper
        histograms = {
            **self._core.histograms(),
            **shell.histograms(),
            "loop_lag": self._pulse.lag,
        }
        return Reading(
            self._core.outline(),
            {name: Stage.copy(found) for name, found in histograms.items()},
            {
                "connected": shell.connected,
                "connects": shell.connects,
                "disconnects": shell.disconnects,
                "bytes_written": shell.bytes_written,
                "rate_limit_closes": shell.rate_limit_closes,
                "loop_rests": self._pace.rests,
                "rehearsals": self._rehearsal.plays if self._rehearsal else 0,
                "checkpoints": keeper.writes if keeper else 0,
                "checkpoint_failures": keeper.failures if keeper else 0,
            },
            self._config.environment,
        )

    def _on_signal(self) -> None:
        if self._wanted.is_set():
            self._log.note("warning", "stop", "asked twice: cutting the lines now")
            self._hurry.set()
            for line in self._lines:
                line.cut("asked twice to stop")
        else:
            self._log.note("info", "stop", "asked to stop: pulling all quotes")
            self._wanted.set()

    async def _until_wanted(self) -> None:
        """Tick until a signal, the end of the time, a halt, or a bug of ours."""
        while not (self._wanted.is_set() or self._shell.failure.done()):
            left_s = self._left_s()
            if left_s is not None and left_s <= 0:
                self._wanted.set()
                break
            wait_s = TICK_S if left_s is None else min(TICK_S, left_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), wait_s)
            snapshot = self._tick()
            state = snapshot.get("session", {}).get("state")
            if snapshot.get("halted") or state in ("halted", "stopped"):
                break

    async def _stop(self) -> None:
        """Have the core pull everything, and wait until the venue has confirmed."""
        self._shell.is_ending = True
        if self._shell.failure.done():
            await self._cancel_beside()
            return
        if not self._shell.connects:
            return
        self._shell.command(cmd="stop")
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        while not (self._hurry.is_set() or self._shell.failure.done()):
            if self._shell.session_state() == "stopped":
                return
            if time.monotonic() > deadline_s:
                self._log.note("error", "stop", "the venue did not confirm in time")
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), STOP_POLL_S)

    async def _cancel_beside(self) -> None:
        """Cancel everything without the core, which has failed."""
        errands = self._shell.errands
        if errands is not None:
            errands.take(["cancel_all"])
            await errands.finish(STOP_TIMEOUT_S)

    async def _close(self) -> None:
        """Close lines, files, threads and the view, in this order."""
        for line in self._lines:
            await line.stop("end of run")
        self._shell.close()
        self._pace.stop()
        if self._rehearsal is not None:
            self._rehearsal.close()
        self._place.leave()
        if self._operator is not None:
            await self._operator.close()
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.close, self._core.checkpoint())
        self._rest.close()
        if self._watch is not None:
            self._watch.close()
        if self._exporter is not None:
            await asyncio.to_thread(self._exporter.close)
        self._pulse.close()
        if self._state is not None:
            self._state.close()
        self._memory.release()

    def _finish(self, snapshot: dict[str, Any]) -> int:
        """Write the report and return the exit code."""
        failure, connects = self._shell.failure, self._shell.connects
        bug = failure.exception() if failure.done() else None
        code, outcome = verdict(snapshot, connects, self._wanted.is_set(), bug)
        facts = RunFacts(
            started_at=self._started_at.isoformat(timespec="milliseconds"),
            duration_s=time.monotonic() - self._started_s,
            environment=self._config.environment,
            instruments=tuple(self._names()),
            run_id=self._run_id,
            outcome=outcome,
            connects=self._shell.connects,
            disconnects=self._shell.disconnects,
            rate_limit_closes=self._shell.rate_limit_closes,
        )
        report = build(snapshot, facts, self._shell_latency())
        if self._options.report is not None:
            write(self._options.report, report)
        if self._is_terminal:
            self._out.put(status_line(self._frame(snapshot)))
        self._log.note("info" if code == 0 else "error", "end", outcome)
        if self._is_terminal and code:
            self._err.put(f"halfspread: {outcome}")
        self._out.close()
        self._err.close()
        return code

    def _tick(self) -> dict[str, Any]:
        """Look after view, status line, journal and memory. Returns: an outline."""
        snapshot = self._core.outline()
        now_s = time.monotonic()
        self._shell.flush()
        if self._keeper is not None:
            self._keeper.tend(self._core.checkpoint, now_s)
            if self._keeper.is_first_written():
                self._shell.command(cmd="kept")
        if self._watch is not None:
            self._watch.show(self._frame(self._core.snapshot()))
        elif self._options.view and now_s - self._status_s >= STATUS_EVERY_S:
            self._status_s = now_s
            self._out.put(status_line(self._frame(self._core.snapshot())))
        if now_s - self._tend_s >= TEND_EVERY_S:
            self._tend_s = now_s
            is_quoting = snapshot.get("session", {}).get("state") == "quoting"
            self._memory.tend(idle=not is_quoting)
            why = self._rehearsal.stopped if self._rehearsal is not None else ""
            if why and not self._is_cold:
                self._is_cold = True
                self._log.note("warning", "loop", f"no more rehearsals: {why}")
        return snapshot

    def _frame(self, snapshot: dict[str, Any]) -> Frame:
        return Frame(
            snapshot=snapshot,
            instruments=self._names(),
            environment=self._config.environment,
            up_s=time.monotonic() - self._started_s,
            left_s=self._left_s(),
            connected=self._shell.connected,
            metrics_url=self._exporter.url if self._exporter else "",
            latency_ns=self._shell_latency(),
            notes=list(self._log.recent)[-NOTES_SHOWN_MAX:],
        )

    def _shell_latency(self) -> dict[str, dict[str, int]]:
        return {name: h.summary() for name, h in self._shell.histograms().items()}

    def _names(self) -> list[str]:
        return [quote.instrument for quote in self._config.quote]

    def _left_s(self) -> float | None:
        if self._options.seconds is None:
            return None
        return self._started_s + self._options.seconds - time.monotonic()


def verdict(
    snapshot: Mapping[str, Any],
    connects: int,
    was_asked: bool,
    bug: BaseException | None,
) -> tuple[int, str]:
    """Return the exit code of a run and the reason in words.

    ``was_asked`` says that a signal or the end of the time ended the run; ``bug`` is
    what came out of the core, if anything did.
    """
    session = snapshot.get("session", {})
    left = session.get("open_orders_at_exit")
    if bug is not None:
        return InvariantError.exit_code, f"bug: {type(bug).__name__}: {bug}"
    if snapshot.get("halted"):
        return InvariantError.exit_code, f"halted: {snapshot['halted']}"
    if not connects:
        return VenueError.exit_code, "the venue was never reached"
    if session.get("state") != "stopped" or left is None:
        why = session.get("last_error") or "the venue did not confirm"
        return VenueError.exit_code, f"stop not confirmed: {why}"
    if left:
        return VenueError.exit_code, f"{left} orders are still open at the venue"
    if not was_asked:
        why = session.get("last_error") or "the session ended by itself"
        return VenueError.exit_code, why
    return 0, "stopped; no order is open at the venue"


def in_parts(part: Callable[[int, int], dict[str, Any]]) -> dict[str, Any]:
    """Return all instruments of a snapshot, INSTRUMENTS_AT_ONCE by each call."""
    found: dict[str, Any] = {}
    while True:  # ends: an engine has so many instruments
        some = part(len(found), INSTRUMENTS_AT_ONCE)
        found |= some
        if len(some) < INSTRUMENTS_AT_ONCE:
            return found


def fresh_run(taken: Collection[int]) -> int:
    """Return a number for this run that no label of an earlier one carries."""
    while True:  # ends: a few of four billion are taken
        run_id = secrets.randbits(32)
        if run_id and run_id not in taken:
            return run_id


def recorded(core: Core, config: Config, run_id: int) -> Recorder | None:
    """Have a core keep its journal. Empty: None, none is configured.

    Raises: ConfigError, JournalError.
    """
    folder = config.journal.path
    if folder is None:
        return None
    now = datetime.datetime.now(datetime.UTC)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            config.file, "journal.path", str(folder), f"a folder: {error.strerror}"
        ) from None
    header = Header(
        run_id=run_id,
        created_wall_ms=int(now.timestamp() * 1000),
        package_version=__version__,
        config=config.model_dump(mode="json"),
    )
    name = f"{now:%Y%m%dT%H%M%SZ}-{run_id:08x}.journal"
    return Recorder(core, Writer(folder / name, header, in_background=True))


def rehearsed(settings: LoopSettings, core: Core) -> Rehearsal | None:
    """Return what a loop plays while it is awake; None: it is not wanted, or asleep.

    Raises: OSError when the stage cannot be built.
    """
    awake_us = {"spin": math.inf, "adaptive": settings.spin_us, "sleep": 0}
    is_worth_it = 0 < settings.rehearse_us < awake_us[settings.policy]
    return Rehearsal(core) if is_worth_it else None


def _on_signals(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
    for number in stop_signals():
        try:
            loop.add_signal_handler(number, action)
        except NotImplementedError:  # a loop without signal support
            signal.signal(number, lambda _n, _f: loop.call_soon_threadsafe(action))

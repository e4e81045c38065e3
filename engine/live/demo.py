"""``halfspread demo``: the simulated venue and the engine, side by side, kept alive.

A supervisor with two children on a leash. Whichever dies is started again: the venue at
its old address, so that the engine finds it; the engine for the rest of the time. At
the end the supervisor asks the venue itself whether an order is left.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.config import Config, load
from engine.errors import ConfigError, EngineError, VenueError
from engine.live.child import Leash, stop_signals

HELP = "a simulated venue and the engine quoting on it, watched live"
DESCRIPTION = """\
Start a simulated Deribit on this machine and the engine on it, and draw what happens:

  $ halfspread demo
  $ halfspread demo --seconds 60 --report out.json

The example meets a small, lively market; a --config that quotes or reads more than the
perpetuals of BTC and ETH meets the whole venue: futures, options, spot, linear ones.

No account, no key, no network. Kill either process (the first screen says how): it
comes back by itself, and no order stays behind. Ctrl-C stops in order.

Exit code 0 only if the engine stopped in order and the venue, asked over a connection
of its own, shows no open order.
"""

CLIENT_ID, CLIENT_SECRET = "maker", "maker-secret"
"""An account of the simulated venue; its secret is published, not secret."""

SMALL_VENUE = ("BTC-PERPETUAL", "ETH-PERPETUAL")
"""What ``demo_venue.toml`` lists; who asks for more meets the whole venue."""

METRICS_PORT = 9464
POLL_S = 0.05
READY_TIMEOUT_S = 30.0
ENGINE_STOP_S = 20.0
VENUE_STOP_S = 5.0
CHECK_TIMEOUT_S = 5.0
LEFT_MIN_S = 1.0
"""An engine that ends this close to the end of the time is not started again."""

BACKOFF_MIN_S, BACKOFF_MAX_S = 0.2, 5.0
HEALTHY_S = 5.0
FAILURES_MAX = 6
"""Early deaths in a row after which a child counts as broken."""

LOG_LINES_SHOWN = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread demo``."""
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="end after N seconds"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a JSON report at the end"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the market (default: %(default)s)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="quote this instead of the example"
    )
    parser.add_argument(
        "--journal", type=Path, metavar="DIR", help="record every call into the core"
    )
    parser.add_argument(
        "--metrics-port", type=int, metavar="P", help="port of the metrics endpoint"
    )


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread demo``."""
    from engine.live.run import check

    check(args.seconds, args.report)
    path = args.config or Path(packaged("demo.toml"))
    config = load(path, may_quote=False)
    if config.environment != "simulation":
        raise ConfigError(
            path, "environment", config.environment, "simulation, for a demo"
        )
    folder = Path(tempfile.mkdtemp(prefix="halfspread-demo-"))
    demo = Demo(Plan.of(args, path.absolute(), config, folder))
    code = demo.run()
    if code == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"halfspread: the logs are kept in {folder}", file=sys.stderr)
    return code


def listing(config: Config) -> tuple[str, ...]:
    """Return the arguments with which the venue lists what is quoted and read.

    Raises: ConfigError when a strategy cannot be built.
    """
    from engine.assemble import load_strategy

    names = {quote.instrument for quote in config.quote}
    for index in range(len(config.quote)):
        names.update(load_strategy(config, index).reads)
    is_small = names <= set(SMALL_VENUE)
    return ("--config", packaged("demo_venue.toml")) if is_small else ()


@dataclass(frozen=True)
class Plan:
    """What a demo does; made once, from the command line. Units: seconds."""

    config: Path
    credentials: Mapping[str, str]
    folder: Path
    seconds: float | None
    seed: int
    venue: tuple[str, ...]
    """Arguments of ``halfspread sim`` that say what is listed."""
    report: Path | None
    journal: Path | None
    metrics_port: int

    @classmethod
    def of(
        cls, args: argparse.Namespace, path: Path, config: Config, folder: Path
    ) -> Plan:
        """Return the plan of a command line."""
        port = args.metrics_port
        key = config.credentials
        return cls(
            config=path,
            credentials={key.id_env: CLIENT_ID, key.secret_env: CLIENT_SECRET},
            folder=folder,
            seconds=args.seconds,
            seed=args.seed,
            venue=listing(config),
            report=args.report.absolute() if args.report else None,
            journal=args.journal.absolute() if args.journal else None,
            metrics_port=free_port(METRICS_PORT) if port is None else port,
        )


@dataclass
class Child:
    """One supervised process and how often it had to be started again."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    failures: int = 0
    started_s: float = 0.0
    due_s: float = field(default=0.0)

    @property
    def is_alive(self) -> bool:
        """Say whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """Take note of a start."""
        self.process, self.started_s = process, time.monotonic()

    def died(self) -> None:
        """Set the time of the next start. Raises: EngineError after too many."""
        now_s = time.monotonic()
        self.failures = 0 if now_s - self.started_s > HEALTHY_S else self.failures + 1
        if self.failures > FAILURES_MAX:
            raise EngineError(f"the {self.name} does not stay up")
        self.restarts += 1
        wait_s = BACKOFF_MIN_S * 2.0**self.failures
        self.due_s = now_s + min(wait_s, BACKOFF_MAX_S)
        self.process = None

    def signal(self, number: int) -> None:
        """Pass a signal on, if there is still someone to get it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, number: int, timeout_s: float) -> int | None:
        """Ask the process to end, then make it. Returns: its exit code."""
        if self.process is None:
            return None
        self.signal(number)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Demo:
    """The supervisor of venue and engine."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._leash = Leash()
        self.venue, self.engine = Child("venue"), Child("engine")
        self._url = ""
        self._signals: collections.deque[int] = collections.deque(maxlen=16)
        self._is_stopping = False
        self._end_s = 0.0
        self._report = plan.report or plan.folder / "report.json"

    def run(self) -> int:
        """Run until the end of the time or a signal. Returns: the exit code."""
        before = {
            number: signal.signal(number, lambda n, _frame: self._signals.append(n))
            for number in stop_signals()
        }
        try:
            self._start_venue()
            self._end_s = time.monotonic() + (self._plan.seconds or 1e9)
            self._start_engine()
            self._print_banner()
            code = self._supervise()
            left = self._orders_left()
        finally:
            self.engine.end(signal.SIGTERM, ENGINE_STOP_S)
            self.venue.end(signal.SIGTERM, VENUE_STOP_S)
            self._leash.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._conclude(code, left)

    def _start_venue(self) -> None:
        """Start the venue and wait for its address. Raises: EngineError."""
        listen = self._url.removeprefix("ws://").partition("/")[0] or "127.0.0.1:0"
        ready = self._plan.folder / "venue.json"
        arguments = ["sim", "--listen", listen]
        arguments += ["--seed", str(self._plan.seed + self.venue.restarts)]
        arguments += self._plan.venue
        with ready.open("wb") as out, self._log_file("venue") as log:
            self.venue.started(self._leash.start(arguments, stdout=out, stderr=log))
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while not ready.read_bytes().endswith(b"\n"):
            if not self.venue.is_alive or self._signals:
                break
            if time.monotonic() > deadline_s:
                break
            time.sleep(POLL_S)
        else:
            self._url = str(json.loads(ready.read_bytes())["ws"])
            return
        if self._signals and not self._url:
            raise EngineError("stopped before the simulated venue was up")
        if not self._url:
            self._show_log("venue")
            raise EngineError("the simulated venue did not start")

    def _start_engine(self) -> None:
        plan = self._plan
        arguments = ["run", str(plan.config), "--url", self._url, "--view"]
        arguments += ["--report", str(self._report)]
        arguments += ["--metrics-port", str(plan.metrics_port)]
        if plan.seconds is not None:
            left_s = max(0.1, self._end_s - time.monotonic())
            arguments += ["--seconds", f"{left_s:.3f}"]
        if plan.journal is not None:
            arguments += ["--journal", str(plan.journal)]
        self._report.unlink(missing_ok=True)
        with self._log_file("engine") as log:
            self.engine.started(
                self._leash.start(arguments, extra_env=plan.credentials, stderr=log)
            )

    def _supervise(self) -> int:
        """Keep both alive until the engine has ended for good. Returns: its code."""
        while True:
            self._pass_signals_on()
            if not self.venue.is_alive:
                self._revive(self.venue, self._start_venue)
            process = self.engine.process
            code = process.poll() if process is not None else None
            if code is not None and self._is_final(code):
                return code
            if not self.engine.is_alive:
                if self._is_stopping:
                    return VenueError.exit_code
                self._revive(self.engine, self._start_engine)
            time.sleep(POLL_S)

    def _is_final(self, code: int) -> bool:
        """Say whether an engine that ended with ``code`` stays ended.

        A halt or a bad configuration would only come again; a signal from outside or
        a crash is what a supervisor is for.
        """
        is_over = self._end_s - time.monotonic() < LEFT_MIN_S
        return self._is_stopping or is_over or code in (2, 4)

    def _revive(self, child: Child, start: Callable[[], None]) -> None:
        """Start a dead child again once its back-off is over."""
        if child.process is not None:
            child.died()
        elif time.monotonic() >= child.due_s:
            start()

    def _pass_signals_on(self) -> None:
        while self._signals:
            self._is_stopping = True
            self.engine.signal(self._signals.popleft())

    def _orders_left(self) -> int | None:
        """Ask the venue over a connection of our own. Empty: None, it did not say."""
        from engine.live.dialogue import Dialogue
        from engine.live.secrets import Credentials, Signer

        signer = Signer(Credentials(CLIENT_ID, CLIENT_SECRET))

        async def ask() -> int | None:
            deadline_s = time.monotonic() + CHECK_TIMEOUT_S
            left: int | None = None
            while left != 0 and time.monotonic() < deadline_s:
                try:
                    async with Dialogue(self._url, signer) as venue:
                        left = len(await venue.call("private/get_open_orders"))
                except VenueError:
                    left = None
                if left != 0:
                    await asyncio.sleep(POLL_S)
            return left

        return asyncio.run(ask())

    def _conclude(self, code: int, left: int | None) -> int:
        """Print the result, complete the report, return the exit code."""
        report = self._complete_report(left)
        counters = f"venue {self.venue.restarts}, engine {self.engine.restarts}"
        if report:
            print(
                f"{report['duration_s']:.1f} s, {report['quotes']} quotes, "
                f"{report['fills']} fills, {report['main_instrument']} "
                f"{report['position']:g} of ±{report['position_limit']:g}, "
                f"pnl {report['pnl']:+.8f} {report['currency']}"
                if report["position"] is not None
                else f"{report['duration_s']:.1f} s, nothing was quoted"
            )
        print(f"restarts: {counters}; open orders at the venue: {left}")
        if self._plan.report is not None and report:
            print(f"report: {self._plan.report}")
        if self._plan.journal is not None:
            print(f"journal: {self._plan.journal}")
        if code:
            self._show_log("engine")
            return code if code > 0 else EngineError.exit_code
        return 0 if left == 0 else VenueError.exit_code

    def _complete_report(self, left: int | None) -> dict[str, Any]:
        """Add what only the supervisor knows. Empty: {}, the engine left none."""
        from engine.report.report import write

        try:
            report: dict[str, Any] = json.loads(self._report.read_bytes())
        except (OSError, ValueError):
            return {}
        report["demo"] = {
            "seed": self._plan.seed,
            "venue_restarts": self.venue.restarts,
            "engine_restarts": self.engine.restarts,
            "open_orders_at_venue": left,
        }
        write(self._report, report)
        return report

    def _print_banner(self) -> None:
        plan = self._plan
        venue, engine = self.venue.process, self.engine.process
        assert venue is not None
        assert engine is not None
        lines = [
            "halfspread demo: a simulated Deribit on this machine, the engine on it",
            f"  venue    {self._url}  (pid {venue.pid}, seed {plan.seed})",
            f"  engine   {plan.config}  (pid {engine.pid})",
            f"  metrics  http://127.0.0.1:{plan.metrics_port}/metrics",
            f"  logs     {plan.folder}",
        ]
        if plan.report is not None:
            lines.append(f"  report   {plan.report}")
        if plan.journal is not None:
            lines.append(f"  journal  {plan.journal}")
        lines.append(
            f"Ctrl-C stops. kill -9 {venue.pid} or {engine.pid}: it comes back."
        )
        print("\n".join(lines), flush=True)

    def _log_file(self, name: str) -> Any:
        return (self._plan.folder / f"{name}.log").open("ab")

    def _show_log(self, name: str) -> None:
        """Print the end of a child's log: the reason is usually its last line."""
        path = self._plan.folder / f"{name}.log"
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines[-LOG_LINES_SHOWN:]:
            print(f"  {name}: {line}", file=sys.stderr)


def packaged(name: str) -> str:
    """Return the path of a file that comes with this package."""
    return str(files("engine.live") / name)


def free_port(preferred: int) -> int:
    """Return ``preferred`` if nobody listens there, else a port that is free now."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0

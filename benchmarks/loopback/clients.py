"""Who takes part: how each client of the venue is started."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.loopback.processes import Command
from benchmarks.loopback.tools import Tools
from engine.config_process import Loop

FOLDER = Path(__file__).parent
JOURNAL = '[journal]\npath = "{folder}"\n'
KEYS = {"HALFSPREAD_CLIENT_ID": "bench", "HALFSPREAD_CLIENT_SECRET": "bench-secret"}
RUN_FOR = "120s"
NO_JOURNAL = "the disk does not follow"
"""The engine, when its journal has ended: it is complete no longer."""
HERE = ("", "own", "asyncio", "python")
"""Loops and TLS layers that need no package."""

SHIPPED = Loop()
"""How the engine waits unless a client is told otherwise."""
JOURNAL_S = 0.3
"""Then its journal is written."""


@dataclass(frozen=True)
class Seat:
    """Where a client finds the venue, and what it may use."""

    port: int
    core: int
    folder: Path
    tools: Tools

    def url(self, tls: bool) -> str:
        """Return the venue's WebSocket address."""
        return f"{'wss' if tls else 'ws'}://127.0.0.1:{self.port}/ws/api/v2"


@dataclass(frozen=True)
class Client:
    """A candidate.

    ``absent``: why it cannot take part; "": it can. ``void``: what it must not have
    said if its figures are to count. ``pins_itself``: its threads know their places;
    else all of them get one core. ``first``: it is put into the real-time class, where
    the system allows it. ``behind_s``: so long after the last frame it may
    still work on them.
    """

    command: Callable[[Seat], Command]
    tls: bool = False
    absent: str = ""
    void: str = ""
    pins_itself: bool = False
    behind_s: float = 0.0
    first: bool = False


def engine(
    policy: str,
    loop: str = "own",
    *,
    realtime: bool = True,
    layer: str = "",
    poll_us: int = 0,
    spin_us: int = SHIPPED.spin_us,
    rehearse_us: int = SHIPPED.rehearse_us,
    keeps_journal: bool = True,
) -> Client:
    """Return the engine, complete, waiting by a policy of ``[loop]``.

    ``layer``: who speaks TLS; "": nobody. Without its journal it is not complete.
    """
    tls = layer != ""

    def command(seat: Seat) -> Command:
        text = (FOLDER / "engine.toml").read_text()
        if not keeps_journal:
            text = text.replace(JOURNAL, "")
        file = seat.folder / "engine.toml"
        file.write_text(
            text.format(
                scheme="wss" if tls else "ws",
                layer=layer or "python",
                port=seat.port,
                folder=seat.folder / "journal",
                policy=policy,
                spin_us=spin_us,
                rehearse_us=rehearse_us,
                cpu=seat.core,
                realtime=str(realtime).lower(),
            )
        )
        trusted = {"SSL_CERT_FILE": str(seat.tools.certificate)} if tls else {}
        module = "benchmarks.loopback.engine_client"
        return Command(
            [sys.executable, "-m", module, str(file), loop, str(poll_us)],
            environment={**KEYS, **trusted},
        )

    needed = [name for name in (loop, layer) if name not in HERE]
    if not keeps_journal:
        return Client(command, tls, _absent(*needed))
    return Client(command, tls, _absent(*needed), NO_JOURNAL, True, JOURNAL_S)


def options(policy: str, seed: int) -> Client:
    """Return the engine with a chain of option books, without a session."""

    def command(seat: Seat) -> Command:
        module = "benchmarks.loopback.options_client"
        journal = seat.folder / "options.journal"
        words = [sys.executable, "-m", module, str(seat.port), policy]
        return Command([*words, str(journal), str(seed)])

    return Client(command, void=NO_JOURNAL)


def stack(
    kind: str, *, quotes: bool = True, spins: bool = False, tls: bool = False
) -> Client:
    """Return a stack of Python libraries over ``picows`` or ``websockets``."""

    def command(seat: Seat) -> Command:
        module = "benchmarks.loopback.stack_client"
        words = [sys.executable, "-m", module, kind, seat.url(tls)]
        words += ["--quotes"] * quotes + ["--spins"] * spins
        return Command(words)

    needed = ["picows", "uvloop"] if kind == "picows" else ["websockets"]
    return Client(command, tls, _absent(*needed, "orjson", "sortedcontainers"))


def floor(way: str) -> Client:
    """Return the least a client can do, in C; ``way``: spin or block."""
    return Client(lambda seat: Command([str(seat.tools.floor), str(seat.port), way]))


def fastmm(
    python: Path | None, spin: str, *, on_paper: bool = False, first: bool = False
) -> Client:
    """Return fastmm-engine, live, in its own Python; ``spin``: busy or adaptive."""

    def command(seat: Seat) -> Command:
        text = (FOLDER / "fastmm.toml").read_text()
        file = seat.folder / "fastmm.toml"
        file.write_text(
            text.format(port=seat.port, cpu=seat.core, folder=seat.folder, spin=spin)
        )
        # It writes into its working directory and must not find an earlier run there.
        words = [str(python and python.absolute()), "-m", "fastmm", "run"]
        words += ["fastmm_maker:BenchMaker"]
        words += ["--config", str(file), "--duration", RUN_FOR, "--no-status"]
        words += ["--allow-inline-secrets"] + ["--dry-run"] * on_paper
        paths = {"PYTHONPATH": str(FOLDER)}
        return Command([*words], seat.folder, paths)

    why = "" if python else "no Python with fastmm-engine was named (--fastmm)"
    if python and not python.exists():
        why = "fastmm-engine is not installed"
    return Client(command, absent=why, pins_itself=True, first=first)


def _absent(*modules: str) -> str:
    missing = [name for name in modules if find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""

"""Eight hundred option books in one engine on one socket; the session is left out.

python -m benchmarks.loopback.options_client PORT POLICY JOURNAL SEED

Shell, fast line, core, journal and stage clocks are the engine's own. What stands in
for the session is that quoting is allowed from the start: logging in and reading eight
hundred instruments is no part of what is measured. Asked by SIGUSR1 it says "calls N":
how often a strategy was called.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path

from benchmarks.pipeline.many import Options
from benchmarks.pipeline.ours import RUN_ID
from engine import __version__
from engine._core.core import Core
from engine.journal import Header, Recorder, Writer
from engine.live.fastlink import open_fast
from engine.live.ingress import Ingress
from engine.live.log import LineWriter, Log
from engine.live.memory import CollectorPolicy
from engine.live.pace import Pace
from engine.live.secrets import Credentials, Signer
from engine.live.shell import Shell

FLUSH_S = 0.05
SPIN_NS = 50_000


def recorded(core: Core, path: Path) -> Recorder:
    """Have the core keep its journal."""
    header = Header(RUN_ID, 0, __version__, {})
    return Recorder(core, Writer(path, header, in_background=True))


async def follow(port: int, policy: str, journal: Path, seed: int) -> None:
    """Take what comes, until killed."""
    loop = asyncio.get_running_loop()
    core = Options(seed).core
    shell = Shell(
        core,
        Signer(Credentials("bench", "bench-secret")),
        Log("warning", LineWriter(sys.stderr)),
        1,
        pace=Pace(loop, policy, SPIN_NS),
        recorder=recorded(core, journal),
    )
    line = Ingress(
        0,
        [f"ws://127.0.0.1:{port}/ws/api/v2"],
        shell,
        rng=random.Random(seed),
        dial=open_fast,
    )

    def tell() -> None:
        print("calls", core.snapshot()["counters"]["quotes"], flush=True)

    loop.add_signal_handler(signal.SIGUSR1, tell)
    memory = CollectorPolicy()
    memory.settle()
    line.start()
    while not shell.failure.done():
        shell.flush()
        memory.tend(idle=False)
        await asyncio.sleep(FLUSH_S)
    shell.failure.result()


def main(words: list[str]) -> None:
    """Run it."""
    port, policy, journal, seed = words
    asyncio.run(follow(int(port), policy, Path(journal), int(seed)))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Kill the engine again and again; each time the next one must know everything.

Real processes and a real WebSocket: the venue lives on, an engine quotes, is ended by
``kill -9`` at a random moment, and another one begins with what it left. The venue
learns late of some deaths, so that orders are filled while nobody is there; some
checkpoints are torn before the next start.

After each recovery the number of fills, their fees, the position and the ledger's cash
must be the venue's, booked and not taken over; all the while a second login looks that
no more is at risk than the limit.
"""

import asyncio
import os
import random
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from engine.journal import checkpoint
from engine.session.ledger.ledger import Ledger
from tests.loopback.kill9.lag import Lag
from tests.loopback.kill9.nursery import Nursery
from tests.loopback.kill9.watcher import (
    CURRENCY,
    INSTRUMENT,
    Account,
    Broken,
    Watcher,
)
from tests.loopback.processes import ENV, running_venue

POSITION_MAX = 200
ENGINE = """
environment = "simulation"
[venue]
urls = ["{url}"]
[orders]
on_start = "{on_start}"
valid_for_ms = 500
[state]
path = "{folder}/state"
checkpoint_ms = 100
[journal]
path = "{folder}/journal"
[metrics]
enabled = false
[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "strategies.join_touch:JoinTouch"
params = {{ qty_lots = 4, skew_ticks = 0.1 }}
requote_ticks = 1
[quote.limits]
position_max = {position_max}
order_max = 50
collar_bps = 100
stale_ms = 5000
"""
VENUE = """
[venue]
expires_in_s = 31536000
credits = false
matching_rate = 100
matching_burst = 500
[listing]
families = ["BTC"]
futures = false
options = false
spot = false
combos = false
[market]
activity = 40.0
"""

TICK_S = 0.02
RECOVERED_S = 30.0
AGREED_S = 20.0
EARLY_S = 1.0
LATE_S = 2.0
LONG_SHARE, LONG_S = 0.05, 15.0
"""Some live long enough to read the transaction log, whose requests are few."""

HOLD_S = 0.5
JOURNALS_KEPT = 3
CONTRACT = 10.0
SATOSHI = Decimal("1e-8")
QUOTING = "recovering -> quoting"
STATE = re.compile(r"-> (\w+): ")
COMPLAINT = re.compile(r"^\S+ (?:error|critical) .*", re.MULTILINE)


@dataclass
class Tally:
    """What has happened so far."""

    kills: Counter[str] = field(default_factory=Counter)
    """By the session's state at the end."""
    recoveries: int = 0
    recovery_s: float = 0.0
    slowest_s: float = 0.0
    fills: int = 0
    fills_alone: int = 0
    """Fills between a death and the next recovery."""
    torn: int = 0
    looks: int = 0
    worst: float = 0.0


class Ordeal:
    """One venue, one state folder, many engines."""

    def __init__(self, seed: int, folder: Path, venue_url: str) -> None:
        self.tally = Tally()
        self._dice = random.Random(seed)
        self._folder = folder
        self._log = folder / "engine.log"
        self._checkpoint = folder / "state" / "checkpoint"
        self._watcher = Watcher(venue_url, POSITION_MAX)
        self._lag = Lag(venue_url)
        self._nursery = Nursery(ENV)
        self._pid = 0
        self._before = 0
        self._died_ms = 0

    async def start(self) -> None:
        """Bring everything up, and wait for the first engine's first checkpoint."""
        await self._lag.start()
        for on_start in ("cancel", "adopt"):
            text = ENGINE.format(
                url=self._lag.url,
                folder=self._folder,
                on_start=on_start,
                position_max=POSITION_MAX,
            )
            (self._folder / f"{on_start}.toml").write_text(text)
        await self._watcher.start()

    async def close(self) -> None:
        """Take everything down."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._nursery.wait(self._pid)
        try:
            await self._watcher.close()
        finally:
            await self._lag.close()
            self._nursery.close()

    async def cycle(self) -> None:
        """Start an engine, kill it at a random moment.

        Raises: Broken.
        """
        pid = self._begin()
        if self._dice.random() < 0.4:
            await self._pass_time(EARLY_S * self._dice.random() ** 2)
        else:
            await self._until_recovered()
            await self._until_agreed()
            late_s = LONG_S if self._dice.random() < LONG_SHARE else LATE_S
            await self._pass_time(self._dice.uniform(0.0, late_s))
        self._lag.hold_s = self._dice.choice((0.0, self._dice.uniform(0.0, HOLD_S)))
        self._kill(pid)
        if self._dice.random() < 0.05:
            self._tear()
        self._tidy()

    async def finish(self) -> None:
        """Let a last engine stop in order; all must agree, and no order be open.

        Raises: Broken.
        """
        pid = self._begin()
        await self._until_recovered()
        await self._until_agreed()
        os.kill(pid, signal.SIGTERM)
        status = await asyncio.to_thread(self._ended, pid)
        if status != 0:
            raise Broken(f"the last engine ended with {status}")
        if rows := await self._watcher.orders():
            raise Broken(f"{len(rows)} orders are open at the end")
        await self._until_agreed()

    def _begin(self) -> int:
        on_start = self._dice.choice(("cancel", "adopt"))
        config = str(self._folder / f"{on_start}.toml")
        self._log.unlink(missing_ok=True)
        self._before = newest_run(self._left())
        self._started_s = time.monotonic()
        self._pid = self._nursery.start(["run", config], self._log)
        return self._pid

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self._died_ms = time.time_ns() // 1_000_000
        status = self._ended(pid)
        text = self._log_text()
        if os.WTERMSIG(status) != signal.SIGKILL:
            raise Broken(f"an engine ended by itself: {status}")
        self._judge_log(text)
        states = STATE.findall(text)
        self.tally.kills[states[-1] if states else "starting"] += 1

    def _ended(self, pid: int) -> int:
        """Wait for the end of an engine; return how it ended."""
        status = self._nursery.wait(pid)
        self._pid = 0
        return status

    def _judge_log(self, text: str) -> None:
        """No engine may complain; a torn checkpoint is no more than a warning."""
        found = COMPLAINT.search(text)
        if found is not None:
            raise Broken(f"an engine complains: {found[0]}")

    def _log_text(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _tear(self) -> None:
        """Cut the newest checkpoint short, as a write that a power cut ended."""
        old = self._checkpoint.with_name("checkpoint.old")
        if self._checkpoint.exists() and old.exists():
            content = self._checkpoint.read_bytes()
            at = self._dice.randrange(len(content))
            self._checkpoint.write_bytes(content[:at])
            self.tally.torn += 1

    def _tidy(self) -> None:
        """Keep the journals of the last engines only."""
        found = sorted((self._folder / "journal").glob("*"), key=_age)
        for each in found[:-JOURNALS_KEPT]:
            each.unlink()

    async def _pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._watcher.check()

    def _left(self) -> Any:
        """Return the newest checkpoint's state. Empty: None."""
        return checkpoint.read(self._checkpoint, "simulation").state

    async def _until_recovered(self) -> None:
        """Wait until the engine says that it quotes."""
        deadline_s = self._started_s + RECOVERED_S
        while QUOTING not in self._log_text():
            if time.monotonic() > deadline_s:
                raise Broken(f"no recovery within {RECOVERED_S:g} s")
            await self._pass_time(TICK_S)
        taken_s = time.monotonic() - self._started_s
        tally = self.tally
        tally.recoveries += 1
        tally.recovery_s += taken_s
        tally.slowest_s = max(tally.slowest_s, taken_s)
        if self._died_ms:
            now_ms = time.time_ns() // 1_000_000
            times_ms = (await self._watcher.read()).times_ms
            alone = [ms for ms in times_ms if self._died_ms < ms < now_ms]
            tally.fills_alone += len(alone)
        self._watcher.account.times_ms.clear()

    async def _until_agreed(self) -> None:
        """Wait until the engine has booked exactly what the venue shows."""
        deadline_s = time.monotonic() + AGREED_S
        while True:
            account, left = await self._watcher.read(), self._left()
            is_fresh = newest_run(left) != self._before
            difference = differs(account, left) if is_fresh else "no checkpoint yet"
            if not difference:
                break
            if time.monotonic() > deadline_s:
                raise Broken(f"no agreement within {AGREED_S:g} s: {difference}")
            await self._pass_time(TICK_S)
        self.tally.fills = account.fills
        self.tally.looks, self.tally.worst = self._watcher.looks, self._watcher.worst


def newest_run(left: Any) -> int:
    """Return the run that wrote a checkpoint. Empty: 0, there is none."""
    return 0 if left is None else int(left["runs"][-1])


def differs(account: Account, left: Any) -> str:
    """Return what a checkpoint has otherwise than the venue. Empty: "", nothing."""
    mine = left["positions"][INSTRUMENT]
    position = mine["size_lots"] * CONTRACT
    if mine["n_fills"] != account.fills:
        return f"{mine['n_fills']} fills are booked, the venue has {account.fills}"
    if position != account.position:
        return f"position {position:g}, the venue has {account.position:g}"
    if abs(mine["fees"] - account.fees) > 1e-9:
        return f"fees {mine['fees']}, the venue has {account.fees}"
    return differs_in_books(account, left["parts"]["ledger"])


def differs_in_books(account: Account, found: Any) -> str:
    """Return what the ledger in a checkpoint has otherwise, to the last satoshi."""
    ledger = Ledger(lambda _level, _kind, _text: None)
    ledger.load(found)
    if not ledger.is_open:
        return "the ledger has not begun"
    if ledger.position(INSTRUMENT) != account.position:
        held = ledger.position(INSTRUMENT)
        return f"{held} in the ledger, the venue has {account.position:g}"
    if not ledger.is_tied():
        return f"the ledger is not tied out: {ledger.differences()}"
    cash = ledger.cash(CURRENCY)
    if abs(cash - account.balance) >= SATOSHI:
        return f"{cash} {CURRENCY} in the ledger, the venue has {account.balance}"
    return ""


def _age(path: Path) -> float:
    return path.stat().st_mtime


async def ordeal(runs: int, seed: int, folder: Path, say: Any) -> Tally:
    """Run so many cycles; ``say`` is called with the tally after each.

    Raises: Broken.
    """
    (folder / "venue.toml").write_text(VENUE)
    arguments = ("--seed", str(seed), "--config", str(folder / "venue.toml"))
    with running_venue(*arguments) as url:
        trial = Ordeal(seed, folder, url)
        await trial.start()
        try:
            for number in range(1, runs + 1):
                await trial.cycle()
                say(number, trial.tally)
            await trial.finish()
        finally:
            await trial.close()
    return trial.tally


def row(tally: Tally) -> dict[str, Any]:
    """Return a tally as plain values."""
    return orjson.loads(orjson.dumps({**vars(tally), "kills": dict(tally.kills)}))

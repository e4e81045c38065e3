"""``halfspread watchdog``: cancels everything when an engine hangs or dies.

It shares nothing with the engine but a file: another process, another loop, other
connections. What it watches is the stamp the engine's loop leaves (`pulse.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import signal
import threading
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from engine.config import Config, load
from engine.errors import NO_VALUE, ConfigError, VenueError
from engine.live.child import stop_signals
from engine.live.log import stamp
from engine.live.pulse import RESTING, Beat, read_beat
from engine.live.rest import Rest
from engine.live.roads import Attempt, Target, by_both
from engine.live.secrets import Credentials, Signer
from engine.live.state_folder import KEY, StateFolder

HELP = "cancel everything when the engine of CONFIG hangs or dies"
DESCRIPTION = """\
Watch the sign of life that a running engine leaves in CONFIG's [state] path, from a
process of its own:

  $ halfspread watchdog configs/testnet.toml
  2026-11-26T08:15:02.114Z watching state/heartbeat: a loop silent for 3 s is hung
  2026-11-26T09:31:40.870Z ALARM engine 4711 is silent for 3.02 s: cancelling everything
  2026-11-26T09:31:41.306Z no order is open, read back by http, 0.44 s after the alarm

A hung engine cannot pull its quotes, and its connection still stands, so nothing at the
venue cancels them either. This does: by HTTP and by WebSocket at once, every order of
the account, until the venue shows none. It goes on looking while the engine stays
hung, and stands by again when the engine is back. It ends no process.

An engine that was stopped in order is no cause for alarm; one that was killed is.

Start it beside the engine, and keep it running (deploy/halfspread-watchdog.service).
Exit code 0 when it was told to stop (SIGTERM, Ctrl-C).
"""

POLL_S: Final = 0.05
RECHECK_S: Final = 5.0
"""While an engine stays hung, the account is looked at again this often."""

ATTEMPT_S: Final = 10.0
REQUEST_S: Final = 3.0
RETRY_S: Final = 0.5
_NS: Final = 1_000_000_000


class Sight(Enum):
    """What the watchdog sees."""

    NO_ENGINE = "no engine"
    ALIVE = "alive"
    ALARM = "hung or dead, and orders may be open"
    CLEARED = "hung or dead, and the venue showed no order"


class Watchdog:
    """Looks at the beat and decides. Owns no clock, no connection and no output."""

    def __init__(
        self,
        stall_s: float,
        cancel: Callable[[], Attempt],
        count_open: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        """``cancel`` walks the roads once; ``count_open`` asks what is open."""
        self.sight = Sight.NO_ENGINE
        self._stall_ns = round(stall_s * _NS)
        self._cancel, self._count_open, self._say = cancel, count_open, say
        self._alarm_ns = 0
        self._recheck_ns = 0

    def look(self, beat: Beat | None, clock: Callable[[], int]) -> float:
        """Judge one reading, act on it, and return when to look again, in s."""
        if beat is None or beat.at_ns == RESTING:
            if self.sight is not Sight.NO_ENGINE:
                self._say("the engine has ended in order")
            self.sight = Sight.NO_ENGINE
            return POLL_S
        age_ns = clock() - beat.at_ns
        if 0 <= age_ns <= self._stall_ns:
            if self.sight is not Sight.ALIVE:
                back = self.sight in (Sight.ALARM, Sight.CLEARED)
                self._say(f"engine {beat.pid} {'is back' if back else 'is alive'}")
            self.sight = Sight.ALIVE
            return POLL_S
        if self.sight not in (Sight.ALARM, Sight.CLEARED):
            self._raise_alarm(beat, age_ns, clock())
        elif self.sight is Sight.CLEARED:
            self._recheck(beat, clock())
        return self._act(beat, clock) if self.sight is Sight.ALARM else POLL_S

    def _raise_alarm(self, beat: Beat, age_ns: int, now_ns: int) -> None:
        self.sight, self._alarm_ns = Sight.ALARM, now_ns
        word = "is silent" if is_running(beat.pid) else "is dead, silent"
        # A beat from the future is one of before the machine was started anew.
        since = f"for {age_ns / _NS:.2f} s" if age_ns > 0 else "since another boot"
        self._say(f"ALARM engine {beat.pid} {word} {since}: cancelling everything")

    def _act(self, beat: Beat, clock: Callable[[], int]) -> float:
        attempt = self._cancel()
        now_ns = clock()
        if not attempt.is_done:
            left = "unknown" if attempt.left is None else str(len(attempt.left))
            self._say(f"NOT DONE: open orders: {left}; {attempt.problem()}; again")
            return RETRY_S
        after_s = (now_ns - self._alarm_ns) / _NS
        self._say(
            f"no order is open, {len(attempt.before)} cancelled, read back by "
            f"{attempt.road}, {after_s:.2f} s after the alarm"
        )
        self.sight = Sight.CLEARED
        self._recheck_ns = now_ns + round(RECHECK_S * _NS)
        return POLL_S

    def _recheck(self, beat: Beat, now_ns: int) -> None:
        """A hung engine may have had an order on its way, or wake up for a moment."""
        if now_ns < self._recheck_ns or not is_running(beat.pid):
            return
        self._recheck_ns = now_ns + round(RECHECK_S * _NS)
        try:
            left = self._count_open()
        except VenueError as error:
            self._say(f"cannot look again: {error}")
            return
        if left:
            self.sight, self._alarm_ns = Sight.ALARM, now_ns
            self._say(f"ALARM {left} orders are open again: cancelling everything")


def is_running(pid: int) -> bool:
    """Return whether a process of that number exists, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``halfspread watchdog``."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="TOML file")


def main(args: argparse.Namespace) -> int:
    """Run ``halfspread watchdog``. Raises: ConfigError."""
    config = load(args.config, may_quote=False)
    path = config.state.path
    if path is None:
        problem = "a folder; without one an engine leaves no sign of life"
        raise ConfigError(config.file, KEY, NO_VALUE, problem)
    credentials = Credentials.load(config.credentials)
    stopped = threading.Event()
    for number in stop_signals():
        signal.signal(number, lambda *_: stopped.set())
    heartbeat = StateFolder(path).heartbeat
    say(
        f"watching {heartbeat}: an engine silent for {config.state.stall_s:g} s is hung"
    )
    rest = Rest(config.venue.rest_urls(), Signer(credentials), timeout_s=REQUEST_S)
    dog = Watchdog(
        config.state.stall_s,
        lambda: cancel_everything(config, credentials, rest),
        lambda: len(rest.rows("private/get_open_orders")),
        say,
    )
    wait_s = 0.0
    while not stopped.wait(wait_s):
        wait_s = dog.look(read_beat(heartbeat), time.monotonic_ns)
    rest.close()
    say("told to stop; nobody watches the engine now")
    return 0


def cancel_everything(config: Config, credentials: Credentials, rest: Rest) -> Attempt:
    """Walk both roads once; raises nothing that a venue can cause."""
    attempt = Attempt(Target(), ATTEMPT_S)
    venue, grant = config.venue, config.credentials.grant
    asyncio.run(by_both(venue.urls, Signer(credentials), grant, rest, attempt))
    return attempt


def say(text: str) -> None:
    """Print one line with the time, at once."""
    print(f"{stamp(datetime.datetime.now(datetime.UTC))} {text}", flush=True)

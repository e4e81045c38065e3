"""The simulated venue as a process of its own, and where its clients find it.

Client journeys run against ``halfspread sim`` as a user starts it: they know the ready
line and nothing else. A venue that has met a bug of its own ends with a traceback, so
every journey also holds that the process ends well.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
API = "/api/v2"
READY_S = 60
END_S = 20
ASK_S = 30
TRADE_S = 60
POLL_S = 0.1
SLOW = "have passed without the market"  # said when this machine has starved it

MAKER, TAKER = ("maker", "maker-secret"), ("taker", "taker-secret")
GENEROUS = """
[venue]
matching_rate = 10000
matching_burst = 100000
credits = false
mass_quote_rate = 10000
quote_rate = 1000000
connections_per_ip = 1000
[listing]
families = ["BTC", "ETH", "BTC_USDC"]
strikes_each_side = 2
[[account]]
client_id = "maker"
client_secret = "maker-secret"
[[account]]
client_id = "taker"
client_secret = "taker-secret"
[[account]]
client_id = "maker's"
client_secret = "sub-secret"
main = "maker"
[[account]]
client_id = "taker's"
client_secret = "sub-secret"
main = "taker"
"""
BUSY = GENEROUS + "[market]\nactivity = 5.0\n"
"""A venue with a lively market: what watching clients need."""
QUIET = (
    GENEROUS
    + "[market]\nenabled = false\n"
    + "[index.btc_usd]\nprice = 80000.0\nvol = 0.0\n"
    + "[index.eth_usd]\nprice = 3000.0\nvol = 0.0\n"
)
"""A venue where nobody trades but the clients of the test and no index moves."""


@dataclass(frozen=True)
class Venue:
    """Where a running venue is found. ``origin`` has no path: ``http://host:port``."""

    ws: str
    origin: str

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result of a public method, without any client library."""
        answer = self.answer(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    def wait_for_trade(self, name: str) -> None:
        """Wait until an instrument has traded: a venue starts without a history."""
        deadline = time.monotonic() + TRADE_S
        method = "public/get_last_trades_by_instrument"
        while not self.ask(method, instrument_name=name)["trades"]:
            assert time.monotonic() < deadline, "the market was silent"
            time.sleep(POLL_S)

    def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the whole answer of a public method, error or not."""
        query = urllib.parse.urlencode({k: _spelled(v) for k, v in params.items()})
        url = f"{self.origin}{API}/{method}" + (f"?{query}" if query else "")
        try:
            with urllib.request.urlopen(url, timeout=ASK_S) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                answer = json.load(error)
        assert isinstance(answer, dict)
        return answer


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def running(folder: Path, config: str, seed: int = 1) -> Iterator[Venue]:
    """Serve a venue on a free port; it must end without a word of complaint."""
    path = folder / "sim.toml"
    path.write_text(config)
    command = [sys.executable, "-m", "engine.cli", "sim", "--listen", "127.0.0.1:0"]
    command += ["--seed", str(seed), "--config", str(path)]
    errors = folder / "stderr.txt"
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, errors.read_text()
            ready = json.loads(line)
            yield Venue(ready["ws"], ready["http"].removesuffix(API))
            process.send_signal(signal.SIGTERM)
            code = process.wait(END_S)
        finally:
            process.kill()
    said = [line for line in errors.read_text().splitlines() if SLOW not in line]
    assert (code, said) == (0, []), said

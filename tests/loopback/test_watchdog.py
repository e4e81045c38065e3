"""An engine that hangs or is killed, and the watchdog beside it, as processes.

The bounds of docs/running.md are held here: an engine silent for `stall_s` is found
`POLL_S` later, and its orders are gone within two seconds of that.
"""

import queue
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.loopback.processes import (
    ENV,
    Wire,
    ask,
    free_port,
    is_quoting,
    open_orders,
    place,
    running,
    until,
    write_config,
)

pytestmark = pytest.mark.loopback

STALL_S = 2.0
BOUND_S = STALL_S + 2.0


def configured(folder: Path, url: str, more: str = "") -> Path:
    path = write_config(folder)
    text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", url)
    text = text.replace("[venue]", f"[venue]\n{more}")
    path.write_text(f'{text}[state]\npath = "state"\nstall_s = {STALL_S}\n')
    return path


class Lines:
    """What a process prints, line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._queue: queue.Queue[str] = queue.Queue()
        self._stream = process.stdout
        self.seen: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, words: str, timeout_s: float = 30.0) -> str:
        """Return the next line with these words in it."""
        while True:
            try:
                line = self._queue.get(timeout=timeout_s)
            except queue.Empty:
                raise AssertionError(f"no line with {words!r}: {self.seen}") from None
            self.seen.append(line)
            if words in line:
                return line

    def _read(self) -> None:
        assert self._stream is not None
        for line in self._stream:
            self._queue.put(line.decode())


def test_a_hung_engines_orders_are_cancelled_over_http(
    venue_url: str, tmp_path: Path
) -> None:
    """The process is stopped, its socket stands: only the watchdog can do it."""
    wire, port = Wire(venue_url), free_port()
    rest_url = venue_url.replace("ws://", "http://").replace("/ws/", "/")
    config = str(configured(tmp_path, wire.url, f'rest_url = "{rest_url}"'))
    with (
        running("run", config, "--metrics-port", str(port), env=ENV) as engine,
        running("watchdog", config, env=ENV) as dog,
    ):
        lines = Lines(dog)
        until("quoting", lambda: is_quoting(port))
        lines.wait_for(f"engine {engine.pid} is alive")
        until("an order at the venue", lambda: bool(ask(venue_url, open_orders)))
        ask(venue_url, lambda venue: place(venue, "ETH-PERPETUAL"))
        wire.refuse()
        engine.send_signal(signal.SIGSTOP)
        until("no order left", lambda: ask(venue_url, open_orders) == [], BOUND_S)
        lines.wait_for(f"ALARM engine {engine.pid} is silent")
        assert "read back by http" in lines.wait_for("no order is open")

        engine.send_signal(signal.SIGCONT)
        lines.wait_for(f"engine {engine.pid} is back")
        engine.send_signal(signal.SIGTERM)
        _, log = engine.communicate(timeout=30)
        assert engine.returncode == 0, log.decode()
        lines.wait_for("the engine has ended in order")
        dog.send_signal(signal.SIGTERM)
        assert dog.wait(timeout=10) == 0
    wire.close()
    assert ask(venue_url, open_orders) == []


def test_a_killed_engine_is_found_dead_and_nothing_is_left(
    venue_url: str, tmp_path: Path
) -> None:
    config, port = str(configured(tmp_path, venue_url)), free_port()
    with (
        running("run", config, "--metrics-port", str(port), env=ENV) as engine,
        running("watchdog", config, env=ENV) as dog,
    ):
        lines = Lines(dog)
        until("quoting", lambda: is_quoting(port))
        lines.wait_for(f"engine {engine.pid} is alive")
        until("an order at the venue", lambda: bool(ask(venue_url, open_orders)))
        engine.kill()
        engine.wait()
        lines.wait_for(f"ALARM engine {engine.pid} is dead", BOUND_S)
        lines.wait_for("no order is open", BOUND_S)
        assert ask(venue_url, open_orders) == []

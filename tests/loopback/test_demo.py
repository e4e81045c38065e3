"""`halfspread demo`: kill what you like, it comes back and leaves nothing behind."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import orjson
import pytest

from tests.loopback.processes import (
    ask,
    free_port,
    is_quoting,
    open_orders,
    running,
    scrape,
    until,
    write_config,
)

pytestmark = pytest.mark.loopback

ORDERS_GONE_S = 2.0
"""The stated bound: how long an order may outlive the engine that placed it."""


def banner(stream: IO[bytes] | None) -> dict[str, str]:
    """Read the first screen up to its last line; gives its facts."""
    assert stream is not None
    text = ""
    while "Ctrl-C" not in text:
        line = stream.readline().decode()
        assert line, text
        text += line
    venue = re.search(r"venue +(ws://\S+) +\(pid (\d+), seed (\d+)\)", text)
    engine = re.search(r"engine .*\(pid (\d+)\)", text)
    logs = re.search(r"logs +(\S+)", text)
    assert venue is not None
    assert engine is not None
    assert logs is not None
    return {
        "url": venue[1],
        "venue": venue[2],
        "seed": venue[3],
        "engine": engine[1],
        "logs": logs[1],
    }


def is_running(pid: str) -> bool:
    """Say whether a process runs and is no zombie."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False
    )
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


def test_kill_anything_and_it_comes_back(tmp_path: Path) -> None:
    port, report = free_port(), tmp_path / "out.json"
    options = ["--config", str(write_config(tmp_path)), "--report", str(report)]
    options += ["--metrics-port", str(port), "--seed", "3"]
    with running("demo", *options) as demo:
        facts = banner(demo.stdout)
        url = facts["url"]
        assert facts["seed"] == "3"
        until("quoting", lambda: is_quoting(port))
        until("an order at the venue", lambda: bool(ask(url, open_orders)))

        labels = {order["label"] for order in ask(url, open_orders)}
        os.kill(int(facts["engine"]), signal.SIGKILL)
        until(
            "no order of the killed engine",
            lambda: not labels & {order["label"] for order in ask(url, open_orders)},
            ORDERS_GONE_S,
        )
        until("quoting after the engine was killed", lambda: is_quoting(port))

        os.kill(int(facts["venue"]), signal.SIGKILL)
        until(
            "the engine found the new venue",
            lambda: (
                scrape(port).get("halfspread_connects_total", 0) >= 2
                and is_quoting(port)
            ),
        )
        until("an order at the new venue", lambda: bool(ask(url, open_orders)))

        demo.send_signal(signal.SIGINT)
        out, log = demo.communicate(timeout=30)
    assert demo.returncode == 0, log.decode()
    assert b"restarts: venue 1, engine 1; open orders at the venue: 0" in out
    found = orjson.loads(report.read_bytes())
    assert found["demo"]["venue_restarts"] == 1
    assert found["demo"]["engine_restarts"] == 1
    assert found["demo"]["open_orders_at_venue"] == 0
    assert found["open_orders_at_exit"] == 0
    assert found["rate_limit_errors"] == 0
    assert found["disconnects"] == 1
    assert found["max_abs_position"] <= found["position_limit"]
    assert not Path(facts["logs"]).exists()


def test_an_engine_stopped_from_outside_comes_back(tmp_path: Path) -> None:
    port, report = free_port(), tmp_path / "out.json"
    options = ["--config", str(write_config(tmp_path)), "--report", str(report)]
    options += ["--metrics-port", str(port), "--seconds", "12"]
    with running("demo", *options) as demo:
        facts = banner(demo.stdout)
        until("quoting", lambda: is_quoting(port))
        os.kill(int(facts["engine"]), signal.SIGTERM)
        _, log = demo.communicate(timeout=40)
    assert demo.returncode == 0, log.decode()
    found = orjson.loads(report.read_bytes())
    assert found["demo"]["engine_restarts"] == 1
    assert 0 < found["duration_s"] < 12
    assert found["open_orders_at_exit"] == 0


def test_no_child_survives_a_killed_supervisor(tmp_path: Path) -> None:
    options = ["--config", str(write_config(tmp_path))]
    options += ["--metrics-port", str(free_port())]
    with running("demo", *options) as demo:
        facts = banner(demo.stdout)
        assert is_running(facts["venue"])
        assert is_running(facts["engine"])
        demo.kill()
        demo.wait()
        until("venue gone", lambda: not is_running(facts["venue"]))
        until("engine gone", lambda: not is_running(facts["engine"]))


def test_on_a_terminal_the_run_is_drawn(tmp_path: Path) -> None:
    head, tail = pty.openpty()
    os.set_blocking(head, False)
    command = [sys.executable, "-m", "engine.cli", "demo", "--seconds", "8"]
    command += ["--config", str(write_config(tmp_path))]
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    demo = subprocess.Popen(
        [*command, "--metrics-port", str(free_port())],
        stdin=tail,
        stdout=tail,
        stderr=tail,
        env=env,
    )
    os.close(tail)
    screen = b""
    deadline_s = time.monotonic() + 30
    try:
        while demo.poll() is None and time.monotonic() < deadline_s:
            if select.select([head], [], [], 0.1)[0]:
                try:
                    screen += os.read(head, 65536)
                except OSError:
                    break
        assert demo.wait(10) == 0, screen.decode(errors="replace")[-2000:]
    finally:
        demo.kill()
        demo.wait()
        os.close(head)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.decode(errors="replace"))
    for expected in ("SIMULATION", "quoting", "COD on, read back", "tick_to_order"):
        assert expected in text
    # The alternate screen is entered once and left again: the terminal is given back.
    assert screen.count(b"\x1b[?1049h") == screen.count(b"\x1b[?1049l") == 1
    assert screen.count(b"\x1b[?25h") >= 1

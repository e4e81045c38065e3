"""`halfspread cancel-all` beside an engine that lives, hangs, or is gone."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine import cli
from tests.loopback.processes import (
    ENV,
    ask,
    free_port,
    is_quoting,
    labels_open,
    open_orders,
    place,
    running,
    scrape,
    until,
    write_config,
)

pytestmark = pytest.mark.loopback

FRAMES = 50
"""Changes of the book, each of which is an occasion to quote."""

Engine = tuple["subprocess.Popen[bytes]", int]
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def config(tmp_path: Path, venue_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    path = write_config(tmp_path)
    text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", venue_url)
    path.write_text(text + '[state]\npath = "state"\n')
    return path


@pytest.fixture
def engine(config: Path, venue_url: str) -> Iterator[Engine]:
    """Return a process that has orders at the venue, and the port of its metrics."""
    port = free_port()
    with running("run", str(config), "--metrics-port", str(port), env=ENV) as process:
        until("quoting", lambda: is_quoting(port))
        until("an order at the venue", lambda: bool(labels_open(venue_url)))
        yield process, port


@pytest.fixture
def halfspread(capsys: pytest.CaptureFixture[str]) -> Command:
    """Return the command, run in this process: starting one takes a second."""

    def run(*arguments: str) -> tuple[int, str]:
        return cli.main([str(each) for each in arguments]), capsys.readouterr().out

    return run


def check_stays_away(engine: Engine, url: str) -> None:
    """Give the engine many occasions to quote; it takes none."""
    _, port = engine

    def frames() -> float:
        return scrape(port).get("halfspread_book_frames_total", 0.0)

    before = frames()
    until("more of the book", lambda: frames() > before + FRAMES)
    assert ask(url, open_orders) == []


def status(halfspread: Command, config: Path) -> dict[str, Any]:
    _, out = halfspread("ctl", str(config), "status", "--json")
    found: dict[str, Any] = orjson.loads(out)["now"]
    return found


def test_a_live_engine_pulls_first_and_comes_back_when_armed(
    engine: Engine, config: Path, venue_url: str, halfspread: Command
) -> None:
    process, port = engine
    ask(venue_url, lambda venue: place(venue, "ETH-PERPETUAL"))
    code, out = halfspread("cancel-all", str(config))
    assert code == 0, out
    told = (
        f"process {process.pid} quotes no more, until `halfspread ctl {config} rearm`"
    )
    assert told in out
    assert ask(venue_url, open_orders) == []
    check_stays_away(engine, venue_url)
    assert status(halfspread, config)["stance"] == "pull"

    code, out = halfspread("ctl", str(config), "rearm")
    assert code == 0, out
    until("quoting again", lambda: is_quoting(port))
    until("an order at the venue", lambda: bool(labels_open(venue_url)))


def test_a_hung_engine_is_reported_and_pulls_when_it_wakes_up(
    engine: Engine, config: Path, venue_url: str, halfspread: Command
) -> None:
    process, _ = engine
    process.send_signal(signal.SIGSTOP)
    code, out = halfspread("cancel-all", str(config))
    assert "none is open, read back by" in out
    assert f"PROCESS {process.pid} HANGS and may quote again" in out
    assert code == 1, "nobody may take this for the end"
    assert ask(venue_url, open_orders) == []

    process.send_signal(signal.SIGCONT)
    until("it pulls", lambda: status(halfspread, config)["stance"] == "pull")
    until("no order left", lambda: ask(venue_url, open_orders) == [])
    check_stays_away(engine, venue_url)


def test_the_venue_alone_leaves_the_engine_alone(
    engine: Engine, config: Path, venue_url: str, halfspread: Command
) -> None:
    process, port = engine
    before = labels_open(venue_url)
    code, out = halfspread("cancel-all", str(config), "--venue-only")
    assert f"process {process.pid} is left alone and quotes again" in out
    assert code in (0, 3), "it may have quoted again before the second reading"
    until("new orders", lambda: bool(labels_open(venue_url) - before))
    assert is_quoting(port)


def test_what_the_engine_does_not_quote_leaves_it_quoting(
    engine: Engine, config: Path, venue_url: str, halfspread: Command
) -> None:
    process, port = engine
    ask(venue_url, lambda venue: place(venue, "ETH-PERPETUAL"))
    only = ["--instrument", "ETH-PERPETUAL"]
    code, out = halfspread("cancel-all", str(config), *only)
    assert (code, is_quoting(port)) == (0, True), out
    assert f"process {process.pid} quotes no ETH-PERPETUAL" in out

    code, out = halfspread("cancel-all", str(config), "--currency", "BTC")
    assert code == 0, out
    assert "rearm --instrument BTC`" in out
    check_stays_away(engine, venue_url)


def test_an_engine_that_was_killed_is_none(
    engine: Engine, config: Path, venue_url: str, halfspread: Command
) -> None:
    process, _ = engine
    process.kill()
    process.wait()
    assert (config.parent / "state" / "ctl.sock").exists()
    code, out = halfspread("cancel-all", str(config))
    assert code == 0, out
    assert f"engine     none runs on {config.parent / 'state'}" in out

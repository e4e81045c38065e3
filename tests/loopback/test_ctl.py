"""`halfspread ctl` and a running engine, as processes, on a simulated venue."""

import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine import cli
from tests.loopback.processes import (
    ENV,
    Wire,
    ask,
    command,
    free_port,
    is_quoting,
    open_orders,
    place,
    running,
    until,
    write_config,
)

pytestmark = pytest.mark.loopback

Ctl = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def config(tmp_path: Path, venue_url: str) -> Path:
    path = write_config(tmp_path)
    text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", venue_url)
    path.write_text(text + '[state]\npath = "state"\n[journal]\npath = "journal"\n')
    return path


@pytest.fixture
def engine(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    options = ["--metrics-port", str(port)]
    with running("run", str(config), *options, env=ENV) as process:
        until("quoting", lambda: is_quoting(port))
        yield process


@pytest.fixture
def ctl(config: Path, capsys: pytest.CaptureFixture[str]) -> Ctl:
    """Return the command, run in this process: starting one takes a second."""

    def run(name: str, *options: str) -> tuple[int, dict[str, Any]]:
        code = cli.main(["ctl", str(config), name, "--json", "--wait", "10", *options])
        out = capsys.readouterr().out
        return code, orjson.loads(out) if out else {}

    return run


def test_an_operator_holds_the_engine_back_and_lets_it_go(
    engine: subprocess.Popen[bytes], ctl: Ctl, config: Path, venue_url: str
) -> None:
    path = config.parent / "state" / "ctl.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    until("an order at the venue", lambda: bool(ask(venue_url, open_orders)))

    code, found = ctl("status")
    assert (code, found["now"]["state"]) == (0, "quoting")

    code, found = ctl("pause")
    assert (code, found["is_so"], found["now"]["state"]) == (0, True, "paused")
    assert ask(venue_url, open_orders) == []

    code, found = ctl("resume")
    assert (code, found["now"]["state"]) == (0, "quoting")
    until("an order at the venue", lambda: bool(ask(venue_url, open_orders)))

    code, found = ctl("pull", "--reason", "news")
    assert (code, found["now"]["stance"]) == (0, "pull")
    assert ask(venue_url, open_orders) == []
    code, found = ctl("rearm")
    assert (code, found["now"]["stance"]) == (0, "normal")

    ask(venue_url, lambda venue: place(venue, "ETH-PERPETUAL"))
    code, found = ctl("cancel-all")
    assert (code, found["now"]["kill"]["pending"]) == (0, False)
    assert ask(venue_url, open_orders) == [], "those of others, too"

    code, found = ctl("reduce", "--instrument", "X")
    assert (code, found["is_so"]) == (1, False)
    assert "not quoted here" in found["refused"][0]

    code, found = ctl("stop")
    assert (code, found["is_so"]) == (0, True)
    _, log = engine.communicate(timeout=30)
    assert engine.returncode == 0, log.decode()
    assert ask(venue_url, open_orders) == []
    assert not path.exists()
    assert ctl("status")[0] == 1

    (journal,) = (config.parent / "journal").iterdir()
    content = journal.read_bytes()
    for told in (b'"cmd":"pause"', b'"cmd":"pull"', b'"reason":"news"', b"errand_done"):
        assert told in content
    replay = subprocess.run(command("replay", str(journal)), capture_output=True)
    assert replay.returncode == 0, replay.stdout.decode()


def test_a_second_engine_on_the_folder_is_refused(
    engine: subprocess.Popen[bytes], config: Path
) -> None:
    with running("run", str(config), "--metrics-port", "0", env=ENV) as second:
        _, log = second.communicate(timeout=30)
    assert second.returncode == 2
    assert f"process {engine.pid} runs on this one" in log.decode()
    assert len(log.splitlines()) == 1


def test_cancel_all_works_while_the_engines_socket_hangs(
    tmp_path: Path, venue_url: str
) -> None:
    """Nothing passes on the WebSocket, and nobody is told; HTTP does it."""
    wire, port = Wire(venue_url), free_port()
    rest_url = venue_url.replace("ws://", "http://").replace("/ws/", "/")
    path = write_config(tmp_path)
    text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", wire.url)
    text = text.replace("[venue]", f'[venue]\nrest_url = "{rest_url}"')
    path.write_text(text + '[state]\npath = "state"\n')
    options = ["--metrics-port", str(port)]
    with running("run", str(path), *options, env=ENV):
        until("quoting", lambda: is_quoting(port))
        until("an order at the venue", lambda: bool(ask(venue_url, open_orders)))
        wire.freeze()
        arguments = ["ctl", str(path), "cancel-all", "--json", "--wait", "2"]
        done = subprocess.run(command(*arguments), capture_output=True, timeout=30)
        kill = orjson.loads(done.stdout)["now"]["kill"]
        assert (kill["pending"], kill["confirmed_by"]) == (False, "http")
        assert ask(venue_url, open_orders) == []
    wire.close()

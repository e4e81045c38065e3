"""The engine beside a panic button: what it is told, and what may be claimed then."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.live import stand_down
from engine.live.stand_down import REASON, StandDown

CONFIG = Path("engine.toml")
WAIT_S = 30.0
KNOWN = {"pid": 4711, "instruments": {"BTC-PERPETUAL": {}}}

Serve = Callable[[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lock").write_text("4711\n")
    return tmp_path


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    """Return a function that lets an engine give one answer; gives what it was told."""
    threads: list[threading.Thread] = []

    def start(said: dict[str, Any]) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "ctl.sock"))
        listener.listen()

        def once() -> None:
            with listener, listener.accept()[0] as line:
                heard.append(orjson.loads(line.recv(4096)))
                line.sendall(orjson.dumps(said) + b"\n")

        threads.append(threading.Thread(target=once))
        threads[-1].start()
        return heard

    yield start
    for thread in threads:
        thread.join()


def told(folder: Path | None, scope: str = "", leave: bool = False) -> StandDown:
    engine = StandDown(CONFIG, folder, scope, leave)
    engine.tell()
    assert engine.wait(WAIT_S)
    return engine


def answer(*refused: str, now: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"refused": list(refused), "now": KNOWN if now is None else now}


def test_an_engine_that_obeys_is_safe_until_it_is_armed_again(
    folder: Path, serve: Serve
) -> None:
    heard = serve(answer())
    engine = told(folder)
    assert heard == [{"cmd": "pull", "wait_s": 0, "keep": "stronger", "reason": REASON}]
    assert (engine.has_obeyed, engine.is_safe) == (True, True)
    assert engine.describe() == (
        "engine     process 4711 quotes no more, "
        "until `halfspread ctl engine.toml rearm`"
    )


def test_a_part_is_pulled_and_armed_as_a_part(folder: Path, serve: Serve) -> None:
    heard = serve(answer())
    engine = told(folder, "BTC")
    assert heard[0]["instrument"] == "BTC"
    assert "quotes no BTC more, until `halfspread ctl" in engine.describe()
    assert engine.describe().endswith("rearm --instrument BTC`")


@pytest.mark.parametrize(
    "now",
    [
        {**KNOWN, "stance": "flatten"},
        {**KNOWN, "stance": "pull", "instruments": {"X": {"stance": "flatten"}}},
    ],
)
def test_an_engine_that_still_trades_is_not_called_quiet(
    folder: Path, serve: Serve, now: dict[str, Any]
) -> None:
    serve(answer(now=now))
    assert "quotes no more but goes on FLATTENING, until" in told(folder).describe()


@pytest.mark.parametrize(
    ("scope", "said", "is_safe", "words"),
    [
        ("ETH", answer("not quoted here"), True, "quotes no ETH"),
        ("ETH", answer("too early", now={"instruments": {}}), False, "REFUSED TO PULL"),
        ("", answer("8 commands under way", now={}), False, "REFUSED TO PULL"),
    ],
)
def test_a_refusal_is_safe_only_where_there_is_nothing_to_pull(
    folder: Path,
    serve: Serve,
    scope: str,
    said: dict[str, Any],
    is_safe: bool,
    words: str,
) -> None:
    serve(said)
    engine = told(folder, scope)
    assert (engine.has_obeyed, engine.is_safe) == (False, is_safe)
    assert words in engine.describe()


def test_a_silent_engine_is_not_safe(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_down, "ANSWER_S", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "ctl.sock"))
        listener.listen()
        engine, left = told(folder), told(folder, leave=True)
    assert not engine.is_safe
    assert "PROCESS 4711 HANGS and may quote again" in engine.describe()
    assert "It was told to pull" in engine.describe()
    assert "It was told to pull" not in left.describe()


def test_an_engine_that_cannot_be_asked_is_not_safe(folder: Path) -> None:
    (folder / "lock").unlink()
    engine = told(folder / ("x" * 120))
    assert not engine.is_safe
    assert "PROCESS UNKNOWN MAY QUOTE AGAIN: " in engine.describe()


def test_no_engine_is_safe(folder: Path) -> None:
    engine = told(folder)
    assert (engine.has_obeyed, engine.is_safe) == (False, True)
    assert engine.describe() == f"engine     none runs on {folder}"


def test_one_that_is_left_alone_is_only_looked_for(folder: Path, serve: Serve) -> None:
    heard = serve(answer())
    engine = told(folder, leave=True)
    assert heard == [{"cmd": "status", "wait_s": 0}]
    assert engine.is_safe
    assert "is left alone and quotes again" in engine.describe()


def test_without_a_folder_nothing_is_claimed() -> None:
    assert told(None).is_safe
    assert "CONFIG has no [state] path" in told(None).describe()
    engine = StandDown(None, None)
    engine.tell()
    assert engine.wait(0)
    assert "CONFIG was not given; one that runs quotes again" in engine.describe()

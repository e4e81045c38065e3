"""`halfspread ctl`: options, words, exit codes; the engine is a socket that answers."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine import cli
from engine.errors import EngineError
from engine.live import ctl
from engine.live.commands import COMMANDS
from tests.loopback.processes import write_config
from tests.unit.live.test_commands import now

pytestmark = pytest.mark.loopback

MORE = {"run": "0badcafe", "pid": 4711, "up_s": 12.4}


def answer(
    command: str = "pause", is_so: bool = True, **changes: Any
) -> dict[str, Any]:
    refused = changes.pop("refused", [])
    found = now(**MORE, **changes)
    return {"command": command, "refused": refused, "is_so": is_so, "now": found}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + '[state]\npath = "state"\n')
    (tmp_path / "state").mkdir(mode=0o700)
    return path


@pytest.fixture
def serve(config: Path) -> Iterator[Callable[[bytes], list[bytes]]]:
    """Return a function that answers one client with these bytes."""
    listener = socket.socket(socket.AF_UNIX)
    threads: list[threading.Thread] = []

    def start(said: bytes) -> list[bytes]:
        heard: list[bytes] = []

        def once() -> None:
            line, _ = listener.accept()
            with line:
                heard.append(line.recv(4096))
                line.sendall(said)

        listener.bind(str(config.parent / "state" / "ctl.sock"))
        listener.listen()
        thread = threading.Thread(target=once)
        thread.start()
        threads.append(thread)
        return heard

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def test_a_command_is_sent_and_the_truth_is_printed(
    config: Path,
    serve: Callable[[bytes], list[bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard = serve(orjson.dumps(answer("reduce")) + b"\n")
    options = ["--instrument", "BTC-PERPETUAL", "--reason", "news", "--wait", "2"]
    assert cli.main(["ctl", str(config), "reduce", *options]) == 0
    assert orjson.loads(heard[0]) == {
        "cmd": "reduce",
        "wait_s": 2,
        "instrument": "BTC-PERPETUAL",
        "reason": "news",
    }
    out = capsys.readouterr().out
    assert out.startswith("reduce: so\nstate      quoting\n")
    assert "orders     2 live, 1 unknown (3 may be open)" in out
    assert "position   BTC-PERPETUAL +120, 2 orders, normal" in out
    assert "run        0badcafe, process 4711, up 12 s" in out


def test_what_is_not_so_and_what_is_refused_are_exit_1(
    config: Path,
    serve: Callable[[bytes], list[bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    serve(orjson.dumps(answer("pull", is_so=False)) + b"\n")
    assert cli.main(["ctl", str(config), "pull", "--json"]) == 1
    assert orjson.loads(capsys.readouterr().out)["is_so"] is False


def test_words_for_every_state() -> None:
    assert ctl.describe(answer("pull", is_so=False)).startswith("pull: NOT SO YET\n")
    text = ctl.describe(answer("reduce", is_so=False, refused=["X is not quoted here"]))
    assert text.startswith("refused: X is not quoted here\n")
    assert "reduce:" not in text
    assert not ctl.describe(answer("status")).startswith("status")
    text = ctl.describe(
        answer(
            halted="fuse",
            kill={"count": 1, "pending": True, "reason": "fuse", "open_orders": None},
            trips=[{"rule": "operator", "stance": "pull"}],
            last_error="silent",
            foreign_orders=2,
        )
    )
    assert "state      quoting: fuse" in text
    assert "kill       PENDING: fuse; nothing read yet" in text
    assert "tripped    rule=operator stance=pull" in text
    assert "error      silent" in text
    assert "2 open that are not ours" in text
    assert "COD        NOT VERIFIED" in text
    done = {"count": 1, "pending": False, "reason": "operator", "open_orders": 0}
    assert "kill       operator; confirmed by http" in ctl.describe(
        answer(kill={**done, "confirmed_by": "http"}, cod={"verified": True})
    )
    assert "operator; NOT CONFIRMED" in ctl.describe(
        answer(kill={**done, "confirmed_by": ""})
    )


def test_no_engine_is_one_line_and_exit_1(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ctl", str(config), "status"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "no engine listens there" in err


def test_an_engine_that_hangs_is_said_and_what_helps(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ctl, "ANSWER_S", 0.1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(config.parent / "state" / "ctl.sock"))
        listener.listen()
        assert cli.main(["ctl", str(config), "pause", "--wait", "0"]) == 1
    err = capsys.readouterr().err
    assert "does not answer" in err
    assert "cancel-all" in err


@pytest.mark.parametrize("said", [b"", b"[]\n", b'{"command"'])
def test_half_an_answer_is_none(
    config: Path, serve: Callable[[bytes], list[bytes]], said: bytes
) -> None:
    serve(said)
    with pytest.raises(EngineError, match="without an answer"):
        ctl.ask(config.parent / "state" / "ctl.sock", {"cmd": "status"}, 5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["pause", "--instrument", "X"], "pause takes no such option"),
        (["rearm", "--reason", "X"], "rearm takes --rule and --instrument"),
        (["status", "--wait", "-1"], "--wait"),
        (["status", "--wait", "60.5"], "--wait"),
        (["status", "--wait", "nan"], "--wait"),
    ],
)
def test_options_that_do_not_fit_are_exit_2(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert cli.main(["ctl", str(config), *options]) == 2
    assert words in capsys.readouterr().err


def test_a_configuration_without_a_folder_takes_no_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ctl", str(write_config(tmp_path)), "status"]) == 2
    assert "state.path" in capsys.readouterr().err


def test_help_names_every_command() -> None:
    for name, command in COMMANDS.items():
        assert f"  {name:<14} {command.meaning}" in ctl.DESCRIPTION

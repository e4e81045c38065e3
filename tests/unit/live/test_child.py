"""Children: what they see of us, and that they end with us."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.live.child import LEASH, Leash, environment, python, stop_signals


def test_a_child_imports_from_where_we_import() -> None:
    paths = environment()["PYTHONPATH"].split(os.pathsep)
    assert paths == [os.path.abspath(path) for path in sys.path]


def test_a_child_does_not_see_what_it_must_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_SECRET", "not for you")
    found = environment({"MORE": "1"}, without=("MY_SECRET",))
    assert "MY_SECRET" not in found
    assert found["MORE"] == "1"
    assert os.environ["MY_SECRET"] == "not for you"


def test_the_command_line_holds_nothing_but_module_and_arguments() -> None:
    assert python("engine.cli", "run", "x.toml") == [
        sys.executable,
        "-P",
        "-m",
        "engine.cli",
        "run",
        "x.toml",
    ]


@pytest.fixture
def hang_up() -> Iterator[None]:
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("no SIGHUP here")
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_up")
def test_a_closed_terminal_is_a_stop_unless_nohup_said_otherwise() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert set(stop_signals()) == {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert set(stop_signals()) == {signal.SIGTERM, signal.SIGINT}


@pytest.mark.loopback
def test_a_child_ends_when_its_leash_is_let_go() -> None:
    leash = Leash()
    child = leash.start(
        ["sim", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=None
    )
    try:
        assert child.stdout is not None
        assert b'"ws"' in child.stdout.readline()
        assert child.poll() is None
        leash.close()
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


@pytest.mark.loopback
def test_a_leash_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASH, "no number")
    found = subprocess.run(
        python("engine.live.child", "--version"),
        env=environment(),
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert found.stdout.startswith(b"halfspread ")

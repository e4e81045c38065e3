"""One folder, one engine, nobody else: the lock, the modes, the words of a refusal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.live.state_folder import SOCKET_PATH_BYTES_MAX, StateFolder, check


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = StateFolder.open(tmp_path / "deep" / "state", "test.toml")
    assert (tmp_path / "deep" / "state").stat().st_mode & 0o777 == 0o700
    assert folder.lock.stat().st_mode & 0o777 == 0o600
    names = [folder.checkpoint, folder.ctl, folder.heartbeat, folder.lock]
    assert [each.name for each in names] == [
        "checkpoint",
        "ctl.sock",
        "heartbeat",
        "lock",
    ]
    assert {each.parent for each in names} == {tmp_path / "deep" / "state"}
    folder.close()


def test_a_second_engine_is_refused_in_one_line_that_names_the_first(
    tmp_path: Path,
) -> None:
    first = StateFolder.open(tmp_path / "state", "test.toml")
    with pytest.raises(ConfigError) as caught:
        StateFolder.open(tmp_path / "state", "test.toml")
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("test.toml: state.path = ")
    assert f"process {os.getpid()} runs on this one" in str(caught.value)
    assert "\n" not in str(caught.value)
    first.close()
    StateFolder.open(tmp_path / "state", "test.toml").close()


def test_the_lock_names_its_process_and_a_folder_without_one_nobody(
    tmp_path: Path,
) -> None:
    assert StateFolder(tmp_path).holder() == ""
    folder = StateFolder.open(tmp_path / "state", "test.toml")
    assert folder.holder() == str(os.getpid())
    folder.close()


def test_the_lock_ends_with_its_process_whatever_ended_it(tmp_path: Path) -> None:
    path = tmp_path / "state"
    code = (
        "import pathlib, sys\n"
        "from engine.live.state_folder import StateFolder\n"
        f"folder = StateFolder.open(pathlib.Path({str(path)!r}), 'test.toml')\n"
        "print('taken', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"taken\n"
        with pytest.raises(ConfigError, match=f"process {child.pid} "):
            StateFolder.open(path, "test.toml")
        child.kill()
        child.wait()
    StateFolder.open(path, "test.toml").close()


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir(mode=0o700)
    path.chmod(0o750)
    with pytest.raises(ConfigError, match="chmod 700"):
        StateFolder.open(path, "test.toml")
    path.chmod(0o700)
    StateFolder.open(path, "test.toml").close()


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(ConfigError, match=r"state\.path.*a folder"):
            check(path, "test.toml")
        with pytest.raises(ConfigError, match=r"state\.path.*a folder"):
            StateFolder.open(path, "test.toml")


def test_a_path_that_leaves_no_room_for_the_socket_is_refused() -> None:
    room = SOCKET_PATH_BYTES_MAX - len("/ctl.sock")
    check(Path("/" + "x" * (room - 1)), "test.toml")
    with pytest.raises(ConfigError, match=f"at most {room} bytes"):
        check(Path("/" + "x" * room), "test.toml")

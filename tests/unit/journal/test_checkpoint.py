"""The checkpoint file: whole, or not there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import JournalError
from engine.journal import checkpoint
from engine.journal.checkpoint import BYTES_MAX, NEW, OLD, encode, read, write
from engine.journal.format import HEADER_HEAD

ENVIRONMENT = "simulation"


def content(number: int) -> bytes:
    return encode({"number": number}, ENVIRONMENT, 1_000 + number)


def number(path: Path) -> Any:
    found = read(path, ENVIRONMENT)
    return found.state["number"] if found.state is not None else None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


def test_what_was_written_is_read(path: Path) -> None:
    write(path, content(1))
    found = read(path, ENVIRONMENT)
    assert (found.state, found.written_wall_ms) == ({"number": 1}, 1_001)
    assert found.problems == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_newest_is_read_and_the_one_before_it_kept(path: Path) -> None:
    for each in (1, 2, 3):
        write(path, content(each))
    assert number(path) == 3
    path.unlink()
    assert number(path) == 2
    assert sorted(one.name for one in path.parent.iterdir()) == ["checkpoint.old"]


def test_no_file_is_no_problem(path: Path) -> None:
    found = read(path, ENVIRONMENT)
    assert (found.state, found.problems) == (None, [])


@pytest.mark.parametrize("keep", [0, 1, HEADER_HEAD.size - 1, HEADER_HEAD.size, -1])
def test_a_file_that_was_cut_off_leaves_the_one_before_it(
    path: Path, keep: int
) -> None:
    write(path, content(1))
    write(path, content(2))
    path.write_bytes(path.read_bytes()[:keep])
    found = read(path, ENVIRONMENT)
    assert found.state == {"number": 1}
    assert len(found.problems) == 1
    assert str(path) in found.problems[0]


@pytest.mark.parametrize("at", range(len(content(2))))
def test_no_changed_byte_goes_unnoticed(path: Path, at: int) -> None:
    write(path, content(1))
    write(path, content(2))
    damaged = bytearray(path.read_bytes())
    damaged[at] ^= 0x20
    path.write_bytes(damaged)
    found = read(path, ENVIRONMENT)
    assert found.state == {"number": 1}
    assert len(found.problems) == 1


def test_a_damaged_newest_does_not_push_out_the_good_one(path: Path) -> None:
    write(path, content(1))
    write(path, content(2))
    path.write_bytes(path.read_bytes()[:-1])
    write(path, content(3))
    assert number(path) == 3
    path.unlink()
    assert number(path) == 1


def test_both_damaged_is_two_lines_and_nothing(path: Path) -> None:
    for each in (path, path.with_name(path.name + OLD)):
        each.write_bytes(b"no checkpoint at all, but long enough for a header")
    found = read(path, ENVIRONMENT)
    assert found.state is None
    assert ["not a checkpoint" in one for one in found.problems] == [True, True]


def test_one_about_to_be_named_is_better_than_none(path: Path) -> None:
    path.with_name(path.name + OLD).write_bytes(b"damaged")
    path.with_name(path.name + NEW).write_bytes(content(5))
    assert number(path) == 5


def test_a_checkpoint_of_another_environment_is_not_used(path: Path) -> None:
    write(path, content(1))
    found = read(path, "production")
    assert found.state is None
    assert 'of environment "simulation", this is "production"' in found.problems[0]


def test_another_version_is_named(path: Path) -> None:
    damaged = bytearray(content(1))
    damaged[8] = 9
    path.write_bytes(damaged)
    assert "version 9" in read(path, ENVIRONMENT).problems[0]


@pytest.mark.parametrize("state", [b"3", b"{}", b'{"state": 3}', b"nonsense"])
def test_json_of_another_shape_is_not_used(path: Path, state: bytes) -> None:
    crc = checkpoint.header_crc(1, 0, state)
    head = HEADER_HEAD.pack(checkpoint.MAGIC, 1, 0, len(state), crc)
    path.write_bytes(head + state)
    found = read(path, ENVIRONMENT)
    assert found.state is None
    assert "not usable" in found.problems[0]


def test_the_largest_checkpoint_is_written_and_one_byte_more_refused(
    path: Path,
) -> None:
    write(path, bytes(BYTES_MAX))
    with pytest.raises(JournalError, match="at most"):
        write(path, bytes(BYTES_MAX + 1))
    assert path.stat().st_size == BYTES_MAX


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        write(tmp_path / "nowhere" / "checkpoint", content(1))


class Killed(BaseException):
    """The process ended here."""


def killed_at(
    step: int, monkeypatch: pytest.MonkeyPatch, action: Callable[[], None]
) -> bool:
    """Run, and end at the n-th touch of the disk; False: it came to its end."""
    left = [step]

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def touch(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return call(*args, **kwargs)

        return touch

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", dying(os.open))
        patch.setattr(os, "fsync", dying(os.fsync))
        patch.setattr(Path, "replace", dying(Path.replace))
        try:
            action()
        except Killed:
            return True
    return False


def test_wherever_the_process_ends_one_generation_is_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    write(path, content(0))
    write(path, content(1))
    while killed_at(steps, monkeypatch, lambda: write(path, content(2))):
        assert number(path) in (1, 2)
        for each in path.parent.iterdir():
            each.unlink()
        write(path, content(0))
        write(path, content(1))
        steps += 1
    assert steps == 6, "open, fsync, two names, and the folder's own two"
    assert number(path) == 2

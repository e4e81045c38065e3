"""The checkpoint while the engine runs."""

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.errors import JournalError
from engine.journal import checkpoint
from engine.live.keeper import Keeper, earlier_runs

ENVIRONMENT = "simulation"


class Notes(list[tuple[str, str, str]]):
    def __call__(self, level: str, kind: str, text: str) -> None:
        self.append((level, kind, text))


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def keeper(tmp_path: Path, notes: Notes) -> Keeper:
    return Keeper(tmp_path / "checkpoint", ENVIRONMENT, 1.0, notes)


def state(keeper: Keeper) -> Any:
    return checkpoint.read(keeper._path, ENVIRONMENT).state


def settled(keeper: Keeper) -> None:
    """Wait until the disk has been written to."""
    keeper._thread.submit(int).result()
    assert keeper._is_idle()


def test_a_changed_state_is_written_once_it_is_due(keeper: Keeper) -> None:
    keeper.tend(lambda: {"a": 1}, 10.0)
    settled(keeper)
    assert state(keeper) == {"a": 1}
    keeper.tend(lambda: {"a": 2}, 10.9)
    settled(keeper)
    assert state(keeper) == {"a": 1}, "not yet due"
    keeper.tend(lambda: {"a": 2}, 11.0)
    settled(keeper)
    assert state(keeper) == {"a": 2}
    assert keeper.writes == 2


def test_the_same_state_is_written_once_and_an_empty_one_never(
    keeper: Keeper,
) -> None:
    for now_s in (1.0, 2.0, 3.0):
        keeper.tend(lambda: {"a": 1}, now_s)
        settled(keeper)
    keeper.tend(dict, 4.0)
    settled(keeper)
    assert keeper.writes == 1
    assert state(keeper) == {"a": 1}


def test_the_first_write_on_the_disk_is_told_once(keeper: Keeper) -> None:
    assert not keeper.is_first_written()
    for number in (1, 2):
        keeper.tend(lambda number=number: {"a": number}, float(number))  # type: ignore[misc]
        settled(keeper)
        assert keeper.is_first_written() == (number == 1)


def test_a_slow_disk_holds_nobody_up(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    write = checkpoint.write

    def slow(path: Path, content: bytes) -> None:
        assert goes_on.wait(10)
        write(path, content)

    monkeypatch.setattr(checkpoint, "write", slow)
    for number in range(5):
        keeper.tend(lambda number=number: {"a": number}, float(number))  # type: ignore[misc]
    assert keeper.writes == 0
    goes_on.set()
    settled(keeper)
    assert state(keeper) == {"a": 0}, "one write at a time, the others come later"
    keeper.close({"a": 9})
    assert state(keeper) == {"a": 9}


def test_the_last_state_is_on_the_disk_when_it_is_closed(keeper: Keeper) -> None:
    keeper.tend(lambda: {"a": 1}, 1.0)
    keeper.close({"a": 2})
    assert state(keeper) == {"a": 2}
    assert keeper.writes == 2


def test_a_disk_that_refuses_is_said_once_and_tried_again(
    keeper: Keeper, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise JournalError(path, 0, "cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write", full)
        for now_s in (1.0, 2.0, 3.0):
            keeper.tend(lambda: {"a": 1}, now_s)
            settled(keeper)
    assert keeper.failures == 3
    assert [level for level, _, _ in notes] == ["error"]
    keeper.tend(lambda: {"a": 1}, 4.0)
    settled(keeper)
    assert state(keeper) == {"a": 1}


def test_a_first_start_finds_nothing_and_says_nothing(
    keeper: Keeper, notes: Notes
) -> None:
    assert keeper.read() is None
    assert notes == []


def test_a_damaged_file_is_said_and_the_one_before_it_taken(
    keeper: Keeper, notes: Notes
) -> None:
    for number in (1, 2):
        keeper.tend(lambda number=number: {"a": number}, float(number))  # type: ignore[misc]
        settled(keeper)
    keeper._path.write_bytes(keeper._path.read_bytes()[:-1])
    assert keeper.read() == {"a": 1}
    assert [level for level, _, _ in notes] == ["warning"]
    assert "cut off" in notes[0][2]


def test_nothing_but_damaged_files_is_said_clearly(
    keeper: Keeper, notes: Notes
) -> None:
    keeper._path.write_bytes(b"damaged")
    assert keeper.read() is None
    assert notes[-1][0] == "error"
    assert "recovery is from the venue alone" in notes[-1][2]


@pytest.mark.parametrize(
    ("found", "runs"),
    [
        (None, []),
        ({}, []),
        ({"runs": None}, []),
        ({"runs": [1, "2", 3]}, [1, 3]),
    ],
)
def test_earlier_runs_are_read_from_whatever_was_left(found: Any, runs: Any) -> None:
    assert earlier_runs(found) == runs

"""The loop's thread: pinned, let in first, put back; refusals are noted."""

import os
from typing import Any

import pytest

from engine.config_process import Loop
from engine.errors import ConfigError
from engine.live.place import REALTIME_PRIORITY, Place

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setscheduler"), reason="this system schedules otherwise"
)


class System:
    """A scheduler that remembers what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refuses: bool = False) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.notes: list[tuple[str, str, str]] = []
        self.refuses = refuses
        self.policy = os.SCHED_OTHER
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 5})
        monkeypatch.setattr(os, "sched_setaffinity", self._pin)
        monkeypatch.setattr(os, "sched_getscheduler", lambda pid: self.policy)
        monkeypatch.setattr(os, "sched_setscheduler", self._schedule)

    def _pin(self, pid: int, cpus: set[int]) -> None:
        self.asked.append(("pin", pid, cpus))

    def _schedule(self, pid: int, policy: int, param: Any) -> None:
        if self.refuses:
            raise PermissionError(1, "Operation not permitted")
        self.asked.append(("class", policy, param.sched_priority))

    def place(self, **settings: Any) -> Place:
        return Place(
            Loop(**settings), "test.toml", lambda *note: self.notes.append(note)
        )


RR = ("class", os.SCHED_RR | os.SCHED_RESET_ON_FORK, REALTIME_PRIORITY)


def test_by_default_the_thread_goes_first_and_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch)
    place = system.place()
    place.take()
    assert system.asked == [RR]
    place.leave()
    place.leave()
    back = ("class", os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, 0)
    assert system.asked == [RR, back]
    assert system.notes == []


def test_the_next_run_of_a_process_goes_first_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch)
    system.policy = os.SCHED_OTHER | os.SCHED_RESET_ON_FORK
    system.place().take()
    assert system.asked == [RR]


def test_a_core_is_pinned_and_released(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)
    place = system.place(cpu=5, realtime=False)
    place.take()
    place.leave()
    assert system.asked == [("pin", 0, {5}), ("pin", 0, {2, 5})]


@pytest.mark.parametrize(
    "settings", [{"realtime": False}, {"policy": "spin"}, {"policy": "spin", "cpu": 2}]
)
def test_a_spinning_thread_is_never_real_time(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    system = System(monkeypatch)
    system.place(**settings).take()
    assert [each for each in system.asked if each[0] == "class"] == []


def test_a_refusal_is_noted_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, refuses=True)
    place = system.place()
    place.take()
    place.leave()
    assert system.asked == []
    level, kind, text = system.notes[0]
    assert (level, kind) == ("info", "loop")
    assert "Operation not permitted" in text


def test_a_class_somebody_else_chose_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)
    system.policy = os.SCHED_FIFO
    system.place().take()
    assert system.asked == []


def test_a_core_we_may_not_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)
    with pytest.raises(ConfigError, match=r"loop\.cpu = 3.*2, 5"):
        system.place(cpu=3)

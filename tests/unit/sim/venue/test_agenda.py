"""The agenda: order of time, order of entry, cancelling, bounds."""

import pytest

from engine.sim.venue import agenda as module
from engine.sim.venue.agenda import Agenda


def test_entries_run_in_order_of_time_then_of_entry() -> None:
    agenda, done = Agenda(), []
    agenda.at(20, lambda: done.append("late"))
    agenda.at(10, lambda: done.append("first"))
    agenda.at(10, lambda: done.append("second"))
    assert agenda.next_ns() == 10
    while agenda.run_due(20):
        pass
    assert done == ["first", "second", "late"]
    assert agenda.next_ns() == 0


def test_nothing_runs_before_its_time() -> None:
    agenda, done = Agenda(), []
    agenda.at(10, lambda: done.append(1))
    assert not agenda.run_due(9)
    assert done == []


def test_a_cancelled_entry_never_runs() -> None:
    agenda, done = Agenda(), []
    entry = agenda.at(10, lambda: done.append(1))
    agenda.at(30, lambda: done.append(2))
    entry.cancel()
    assert not entry.alive
    assert agenda.next_ns() == 30
    assert agenda.run_due(30)
    assert done == [2]


def test_an_entry_may_enter_another() -> None:
    agenda, done = Agenda(), []
    agenda.at(10, lambda: agenda.at(5, lambda: done.append("inner")) and None)
    while agenda.run_due(10):
        pass
    assert done == ["inner"]


def test_the_agenda_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_MAX", 2)
    agenda = Agenda()
    agenda.at(1, lambda: None)
    agenda.at(1, lambda: None)
    with pytest.raises(OverflowError):
        agenda.at(1, lambda: None)

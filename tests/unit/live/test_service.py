"""What a run adds up to: its exit code, and its journal."""

from pathlib import Path
from typing import Any

import pytest

from engine._core.core import Core
from engine.assemble import assemble
from engine.config import Config, from_mapping, load
from engine.config_process import Loop
from engine.errors import ConfigError
from engine.journal import Reader
from engine.live.demo import packaged
from engine.live.service import (
    INSTRUMENTS_AT_ONCE,
    in_parts,
    recorded,
    rehearsed,
    verdict,
)


def ended(state: str = "stopped", left: int | None = 0, **more: Any) -> dict[str, Any]:
    return {"session": {"state": state, "open_orders_at_exit": left, **more}}


@pytest.mark.parametrize(
    ("snapshot", "connects", "was_asked", "bug", "code", "words"),
    [
        (ended(), 1, True, None, 0, "no order is open"),
        (ended(left=1), 1, True, None, 3, "1 orders are still open"),
        (ended(left=None), 1, True, None, 3, "not confirmed"),
        (ended("stopping", None), 1, True, None, 3, "not confirmed"),
        (ended("stopped", None, last_error="silent"), 1, True, None, 3, "silent"),
        (ended("connecting", None), 0, True, None, 3, "never reached"),
        (ended(last_error="locked"), 1, False, None, 3, "locked"),
        ({**ended(), "halted": "fuse"}, 1, True, None, 4, "halted: fuse"),
        (ended(), 1, True, RuntimeError("oops"), 4, "bug: RuntimeError: oops"),
        ({}, 1, True, None, 3, "not confirmed"),
    ],
)
def test_zero_only_when_the_venue_confirmed_that_nothing_is_open(
    snapshot: dict[str, Any],
    connects: int,
    was_asked: bool,
    bug: BaseException | None,
    code: int,
    words: str,
) -> None:
    found_code, found_words = verdict(snapshot, connects, was_asked, bug)
    assert found_code == code
    assert words in found_words


def config(folder: Path | None) -> Config:
    document = load(packaged("demo.toml")).model_dump()
    document["journal"]["path"] = folder
    return from_mapping(document, "test.toml")


def test_without_a_folder_there_is_no_journal() -> None:
    plain = config(None)
    assert recorded(assemble(plain, 7), plain, 7) is None


def test_a_journal_is_named_by_time_and_run_and_holds_the_configuration(
    tmp_path: Path,
) -> None:
    with_journal = config(tmp_path / "deep" / "journal")
    core = assemble(with_journal, 0xAB)
    recorder = recorded(core, with_journal, 0xAB)
    assert recorder is not None
    core.handle_timer(1)
    recorder.close(2)
    (path,) = (tmp_path / "deep" / "journal").iterdir()
    assert path.name.endswith("-000000ab.journal")
    with Reader(path) as reader:
        assert reader.header.run_id == 0xAB
        again = from_mapping(dict(reader.header.config), "journal")
    assert again.model_dump() == with_journal.model_dump()


def test_a_folder_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = config(tmp_path / "file" / "journal")
    with pytest.raises(ConfigError, match=r"journal\.path"):
        recorded(assemble(blocked, 1), blocked, 1)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 48])
def test_instruments_are_copied_in_parts_and_none_is_left_out(count: int) -> None:
    rows = {f"I{number}": {"position": number} for number in range(count)}
    asked: list[int] = []

    def part(first: int, most: int) -> dict[str, Any]:
        asked.append(most)
        return dict(list(rows.items())[first : first + most])

    assert in_parts(part) == rows
    assert asked == [INSTRUMENTS_AT_ONCE] * (count // INSTRUMENTS_AT_ONCE + 1)


@pytest.mark.parametrize(
    ("loop", "is_wanted"),
    [
        ({"policy": "spin"}, True),
        ({"policy": "spin", "rehearse_us": 0}, False),
        ({"policy": "adaptive"}, False),
        ({"policy": "adaptive", "spin_us": 2_000}, True),
        ({"policy": "adaptive", "spin_us": 2_000, "rehearse_us": 2_000}, False),
        ({"policy": "sleep"}, False),
    ],
)
def test_who_is_awake_for_long_enough_rehearses(
    loop: dict[str, Any], is_wanted: bool
) -> None:
    found = rehearsed(Loop.model_validate(loop), Core(7))
    assert (found is not None) is is_wanted
    if found is not None:
        found.close()

"""A few of the deaths that ``make kill9`` dies by the thousand."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.journal import checkpoint
from engine.session.ledger.ledger import Ledger
from tests.loopback.kill9.ordeal import Ordeal, differs, ordeal
from tests.loopback.kill9.watcher import INSTRUMENT, Account, Broken

pytestmark = pytest.mark.loopback

RUNS = 3
SIM = "simulation"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.loopback.kill9.ordeal.LATE_S", 0.2)
    monkeypatch.setattr("tests.loopback.kill9.ordeal.EARLY_S", 0.5)
    monkeypatch.setattr("tests.loopback.kill9.ordeal.LONG_SHARE", 0.0)


def test_whenever_it_is_killed_the_next_one_knows_everything(tmp_path: Path) -> None:
    seen: list[int] = []
    tally = asyncio.run(ordeal(RUNS, 1, tmp_path, lambda n, tally: seen.append(n)))
    assert seen == [1, 2, 3]
    assert sum(tally.kills.values()) == RUNS
    assert tally.recoveries >= 2
    assert tally.looks > 0


def test_a_checkpoint_that_lies_does_not_go_unnoticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Ordeal._begin

    def lie(self: Ordeal) -> int:
        path = tmp_path / "state" / "checkpoint"
        if path.exists():
            state: Any = orjson.loads(orjson.dumps(checkpoint.read(path, SIM).state))
            state["positions"][INSTRUMENT]["size_lots"] += 1
            checkpoint.write(path, checkpoint.encode(state, SIM, 0))
        return begin(self)

    monkeypatch.setattr(Ordeal, "_begin", lie)
    with pytest.raises(Broken, match=r"we had|position"):
        asyncio.run(ordeal(RUNS, 1, tmp_path, lambda n, tally: None))


WRONGS: list[tuple[Callable[[Account], None], str]] = [
    (lambda account: setattr(account, "fills", 4), "3 fills are booked"),
    (lambda account: setattr(account, "position", 30.0), "position 20"),
    (lambda account: setattr(account, "fees", 0.1), "fees"),
]


@pytest.mark.parametrize(("change", "text"), WRONGS)
def test_every_difference_is_named(
    change: Callable[[Account], None], text: str
) -> None:
    account = Account(position=20.0, fills=3, fees=-1e-6)
    mine = {"size_lots": 2, "n_fills": 3, "fees": -1e-6}
    parts = {"ledger": Ledger(lambda _level, _kind, _text: None).dump()}
    left = {"positions": {INSTRUMENT: mine}, "parts": parts}
    assert differs(account, left) == "the ledger has not begun"
    change(account)
    assert text in differs(account, left)

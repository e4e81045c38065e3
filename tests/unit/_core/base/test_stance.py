"""The names of the stances are the steps of the ladder, in its order."""

import pytest

from engine._core.base.stance import STANCES
from engine._core.core import Core
from engine.metrics.export import STANCES as EXPORTED
from engine.session.risk.ladder import Stance


def test_every_room_spells_them_alike() -> None:
    assert tuple(stance.text for stance in Stance) == STANCES == EXPORTED


def test_the_core_knows_every_name_and_no_other() -> None:
    core = Core(1)
    for name in STANCES:
        core.set_stance(name, "")
        assert core.snapshot()["stance"] == name
    with pytest.raises(ValueError, match="'panic'"):
        core.set_stance("panic", "")

"""Book changes against volume go on from where an earlier run ended."""

import orjson
import pytest

from engine.session.turnover import LastingTurnover
from tests.unit.session.stand_in import Desk


def test_what_is_dumped_is_what_a_later_run_begins_with() -> None:
    first, later = Desk(), Desk()
    first.core.turnover = {"BTC future": [12.0, 0.25]}
    found = orjson.loads(orjson.dumps(LastingTurnover(first.core).dump()))
    LastingTurnover(later.core).load(found)
    assert later.core.turnover == {"BTC future": [12.0, 0.25]}


def test_it_is_a_part_of_the_checkpoint() -> None:
    desk = Desk().go()
    desk.core.turnover = {"BTC future": [12.0, 0.25]}
    found = orjson.loads(orjson.dumps(desk.session.checkpoint()))
    assert found["parts"]["turnover"] == {"groups": {"BTC future": [12.0, 0.25]}}

    other = Desk()
    other.command("restore", checkpoint=found)
    other.go()
    assert other.core.turnover == {"BTC future": [12.0, 0.25]}


def test_what_was_not_dumped_is_refused() -> None:
    with pytest.raises(KeyError):
        LastingTurnover(Desk().core).load({})

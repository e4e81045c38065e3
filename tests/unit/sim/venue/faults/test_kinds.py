"""Every kind of fault is known by its name."""

from engine.sim.venue.faults import outage, traffic
from engine.sim.venue.faults.kinds import FAULTS


def test_the_kinds_are_those_of_the_two_modules() -> None:
    for name, kind in FAULTS.items():
        assert kind.kind == name
        assert kind in (*vars(outage).values(), *vars(traffic).values())
    assert len(FAULTS) == 22

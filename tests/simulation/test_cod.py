"""Cancel-on-disconnect that the venue loses while the engine quotes."""

from typing import Any

import pytest

from engine.session import cod
from tests.simulation.rig import SECOND_NS, Rig

pytestmark = pytest.mark.simulation


def connections(rig: Rig) -> list[Any]:
    """Return the venue's side of the engine's connections."""
    found = rig.world.venue._connections.values()
    return [one for one in found if not one.http]


def losses(rig: Rig) -> int:
    """Return how often the engine has found it switched off."""
    return int(rig.core.snapshot()["session"]["cod"]["losses"])


def test_a_lost_one_is_seen_at_the_next_reading_and_asserted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cod, "EVERY_NS", 3 * SECOND_NS)
    rig = Rig(11)
    rig.run_until_state("quoting")
    rig.run_until_two_sided()
    (line,) = connections(rig)
    assert line.cancel_on_disconnect
    line.cancel_on_disconnect = False
    rig.run_until(lambda: losses(rig) == 1, within_s=4)
    rig.run_until_state("quoting", within_s=5)
    assert line.cancel_on_disconnect
    rig.run_until_two_sided()
    rig.links.drop(0)
    rig.run_until(lambda: not rig.open_orders(), within_s=1)

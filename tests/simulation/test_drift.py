"""The drift alarm on a live engine: it speaks, and nothing is quoted otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.rig import PERPETUAL, Rig, engine_config

pytestmark = pytest.mark.simulation

SECONDS = 30
ABSURD = {"sigma_ticks": 1_000.0, "a_per_s": 5_000.0, "k_per_tick": 0.05}
SETTINGS = {"tau_s": 60.0, "takes_min": 20, "horizon_s": 1.0}


def run(drift: dict[str, Any] | None) -> Rig:
    """Return an engine that has quoted for a while."""
    document = engine_config()
    if drift is not None:
        document["quote"][0]["drift"] = drift
    rig = Rig(11, config=document)
    rig.run_until_state("quoting")
    rig.run(SECONDS)
    return rig


def drift_notes(rig: Rig) -> list[str]:
    return [text for _, _, kind, text in rig.links.notes if kind == "drift"]


@pytest.fixture(scope="module")
def watched() -> Rig:
    return run({**SETTINGS, **ABSURD})


def test_absurd_parameters_are_told_once_each_and_change_no_quote(watched: Rig) -> None:
    plain = run(None)
    words = [text.split(": ")[1] for text in drift_notes(watched)]
    assert sorted(words) == sorted(set(words))
    assert {"A is off", "k is off"} <= set(words)
    assert drift_notes(plain) == []
    for key in ("requests", "orders"):
        assert watched.core.snapshot()[key] == plain.core.snapshot()[key]
    position = watched.core.snapshot()["instruments"][PERPETUAL]["position"]
    assert position == plain.core.snapshot()["instruments"][PERPETUAL]["position"]


def test_what_is_measured_as_configured_is_not_told(watched: Rig) -> None:
    found = watched.core.snapshot()["session"]["drift"][PERPETUAL]
    k = found["k_per_tick"]["live"]
    # A depends on the k that it is looked at with.
    once = run({**SETTINGS, "k_per_tick": k, "a_per_s": 1.0})
    found = once.core.snapshot()["session"]["drift"][PERPETUAL]
    as_measured = {name: found[name]["live"] for name in ("k_per_tick", "a_per_s")}
    again = run({**SETTINGS, "ratio_max": 3.0, **as_measured})
    assert drift_notes(again) == []

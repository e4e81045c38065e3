"""The process' own tables: their defaults are safe, their bounds are kept."""

from typing import Any

import pytest
from pydantic import ValidationError

from engine.config_process import Log, Loop, Metrics


def test_the_defaults_are_safe_on_a_shared_core() -> None:
    assert Loop().policy == "adaptive"
    assert Loop().cpu is None
    assert Metrics().host == "127.0.0.1"
    assert Log().level == "info"


@pytest.mark.parametrize(
    ("section", "key", "at", "past"),
    [
        (Loop, "spin_us", 10_000, 10_001),
        (Loop, "spin_us", 1, 0),
        (Loop, "rehearse_us", 0, -1),
        (Loop, "rehearse_us", 10_000, 10_001),
        (Loop, "cpu", 4_095, 4_096),
        (Metrics, "port", 65_535, 65_536),
        (Loop, "policy", "spin", "busy"),
        (Log, "level", "debug", "trace"),
    ],
)
def test_a_bound_is_taken_and_one_past_it_refused(
    section: type[Any], key: str, at: object, past: object
) -> None:
    assert getattr(section.model_validate({key: at}), key) == at
    with pytest.raises(ValidationError):
        section.model_validate({key: past})

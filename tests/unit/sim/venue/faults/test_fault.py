"""Reading faults from tables."""

from __future__ import annotations

from typing import Any

import pytest

from engine.sim.venue.faults import outage, traffic
from engine.sim.venue.faults.fault import (
    COUNT_MAX,
    FAULTS,
    TEXTS_MAX,
    TIME_MAX_MS,
    FaultError,
    read_fault,
)


def refused(**table: Any) -> str:
    """Return what is said against a table."""
    with pytest.raises(FaultError) as caught:
        read_fault(table)
    return f"{caught.value.key}: {caught.value.allowed}"


def test_every_kind_can_be_read_from_its_name_alone() -> None:
    for name, kind in FAULTS.items():
        fault = read_fault({"kind": name})
        assert type(fault) is kind
        assert read_fault(fault.row()) == fault


def test_options_are_taken_over() -> None:
    assert read_fault(
        {"kind": "delay", "of": "reply", "delay_ms": 250, "probability": 0.5}
    ) == traffic.Delay(of="reply", delay_ms=250, probability=0.5)
    assert read_fault({"kind": "omit_fields", "fields": ["a", "b"]}) == (
        traffic.OmitFields(fields=("a", "b"))
    )
    assert read_fault({"kind": "clock_offset", "offset_ms": -5}) == (
        outage.ClockOffset(offset_ms=-5)
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "kind: must be one of account_lock, "),
        ({"kind": "flood"}, "kind: must be one of account_lock, "),
        ({"kind": 3}, "kind: must be one of account_lock, "),
        ({"kind": "gap", "of": "reply"}, "of: gap has no such option; it has start_ms"),
        ({"kind": "drop", "of": "all"}, "of: must be one of request, reply, "),
        ({"kind": "drop", "count": 1.0}, "count: must be integer from 0 to"),
        ({"kind": "drop", "count": True}, "count: must be integer"),
        ({"kind": "drop", "count": -1}, "count: must be integer"),
        ({"kind": "drop", "count": COUNT_MAX + 1}, "count: must be integer"),
        ({"kind": "drop", "probability": 1.01}, "probability: must be number from 0"),
        ({"kind": "drop", "method": 7}, "method: must be text"),
        ({"kind": "drop", "method": "x" * 201}, "method: must be text"),
        ({"kind": "drop", "start_ms": TIME_MAX_MS + 1}, "start_ms: must be integer"),
        ({"kind": "omit_fields", "fields": "a"}, "fields: must be list of texts"),
        ({"kind": "omit_fields", "fields": [1]}, "fields: must be list of texts"),
        (
            {"kind": "omit_fields", "fields": ["a"] * (TEXTS_MAX + 1)},
            "fields: must be list of texts",
        ),
        ({"kind": "error", "code": 10_042}, "code: must be a code of the docum"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], said: str) -> None:
    assert refused(**table).startswith(said)


def test_bounds_themselves_are_allowed() -> None:
    at_bounds = {"count": COUNT_MAX, "probability": 0, "start_ms": TIME_MAX_MS}
    assert read_fault({"kind": "drop", **at_bounds}) == (
        traffic.Drop(count=COUNT_MAX, probability=0, start_ms=TIME_MAX_MS)
    )

"""Descriptions of metrics, and rows made of them."""

import pytest

from engine.metrics import family
from engine.metrics.family import PREFIX, Family


@pytest.mark.parametrize("kind", ["counter", "gauge", "histogram", "info"])
def test_a_family_has_the_kind_it_was_made_as(kind: str) -> None:
    made = getattr(family, kind)("frames", "Payloads", "conn", "side")
    assert made.name == f"{PREFIX}frames"
    assert (made.kind, made.text) == (kind, "Payloads")
    assert made.labels == ("conn", "side")


def test_two_families_are_never_the_same() -> None:
    one, other = (family.gauge("mid", "Mid price") for _ in range(2))
    assert one != other
    assert len({one, other}) == 2


def test_rows() -> None:
    mid: Family = family.gauge("mid", "Mid price")
    assert family.alone(mid, 2.5) == (mid, (((), 2.5),))
    codes = family.counter("codes", "Codes", "code")
    assert family.by_key(codes, {10028: 3}) == (codes, [(("10028",), 3)])

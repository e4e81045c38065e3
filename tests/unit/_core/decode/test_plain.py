"""Plain values: every field of an event is there, under its own name."""

import re
from pathlib import Path

import pytest

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import Decoder
from engine._core.decode.plain import STATUS_NAMES
from tests.generators.frames import INSTRUMENTS, Maker

EVENTS = Path(__file__).parents[4] / "engine" / "_core" / "base" / "event.pxd"
# Sizes and counts of what a dict says in one field.
FOLDED = {
    "order_id_size", "trade_id_size", "label_size", "fee_currency_size", "n_levels",
}  # fmt: skip


def fields_of(struct: str) -> set[str]:
    body = re.search(rf"cdef struct {struct}:\n((?:    .*\n)+)", EVENTS.read_text())
    assert body is not None
    lines = (line.split("#")[0].split() for line in body[1].splitlines())
    return {words[-1].lstrip("*") for words in lines if words} - FOLDED


def sample(kind: str, rows: str = "") -> dict[str, object]:
    """Return the first message of a kind that the generator's frames give."""
    table = InstrumentTable()
    for row in INSTRUMENTS:
        table.add(row)
    decoder, maker = Decoder(table), Maker(7)
    for _ in range(2_000):
        out = decoder.read(maker.frame())
        if out["kind"] == kind and (not rows or out[rows]):
            found: dict[str, object] = out[rows][0] if rows else out
            return found
    raise AssertionError(f"no {kind} in two thousand frames")


@pytest.mark.parametrize(
    ("struct", "kind", "rows"),
    [
        ("BookChange", "book", ""),
        ("Ticker", "ticker", ""),
        ("OrderUpdate", "private", "orders"),
        ("Fill", "private", "fills"),
        ("Reply", "reply", ""),
        ("Print", "trades", "prints"),
    ],
)
def test_fields_are_those_of_the_event(struct: str, kind: str, rows: str) -> None:
    assert set(sample(kind, rows)) - {"kind", "orders", "fills"} == fields_of(struct)


def test_status_names_stand_in_the_order_of_the_enum() -> None:
    found = re.findall(r"STATUS_([A-Z]+) = (\d)", EVENTS.read_text())
    assert [name.lower() for name, _ in found] == list(STATUS_NAMES)
    assert [int(value) for _, value in found] == list(range(len(STATUS_NAMES)))

"""What every test of the decoder begins with."""

import pytest

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import Decoder
from tests.generators.frames import INSTRUMENTS


@pytest.fixture
def decoder() -> Decoder:
    """Return a decoder that knows the generators' instruments."""
    table = InstrumentTable()
    for row in INSTRUMENTS:
        table.add(row)
    return Decoder(table)

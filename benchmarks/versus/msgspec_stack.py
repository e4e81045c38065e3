"""From bytes to two requests with msgspec, ccxt's book, Python and msgspec again."""

from __future__ import annotations

import msgspec

from benchmarks.versus.msgspec_ccxt import Client
from benchmarks.versus.orjson_stack import Stack


def make(snapshot: bytes) -> Stack:
    """Return the stack on a snapshot."""
    return Stack(Client(snapshot), msgspec.json.Encoder().encode)

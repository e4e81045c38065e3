"""One case of a soak: made from a seed, read by us and by the reference, compared.

`CASES` has what can be asked: ``framing`` (our reader against ``websockets``) and
``scanning`` (scanner and decoder against ``orjson`` and the decoder's slow twin). Each
returns how the case ended, or raises an AssertionError that names what differs.
"""

import json
import math
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

import orjson

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import Decoder
from engine._core.decode.scan import is_json
from engine._core.wire.reader import Reader
from tests.generators.frames import INSTRUMENTS, Maker
from tests.generators.mutations import mutate
from tests.generators.streams import Stream, stream
from tests.oracles import decoder as twin
from tests.oracles.frames import Reference

TABLE = twin.contracts(INSTRUMENTS)
NESTING_MAX = 64
"""Containers in a value the scanner steps over; orjson goes deeper."""

CASES_PER_FRAME = 64
"""Mutations made of one frame before the next is generated."""

Things = list[tuple[str, bytes]]


# -- framing


def framing(seed: int) -> str:
    """Compare the reading of one stream; return "open", "closed" or the close code."""
    return compare(stream(seed))


def compare(case: Stream, reference: type[Reference] = Reference) -> str:
    """Feed a stream to both, part by part; see `framing`."""
    ours, theirs = Reader(case.size_max), reference(case.size_max)
    for i, part in enumerate(case.parts):
        ours.feed(part)
        wanted = theirs.receive(part)
        found = drain(ours)
        if found[-1:] == [("broken", b"")] and not theirs.is_over:
            # Ours breaks on a header, the reference when the whole frame has come.
            wanted += theirs.receive(bytes(case.size_max + 14))
        assert found == wanted, (
            f"part {i} of {case}:\nours      {found} {ours.reason}\nreference {wanted}"
        )
        codes = (ours.code, ours.close_code)
        assert codes == (theirs.code, theirs.close_code), f"part {i} of {case}: {codes}"
        if theirs.is_over:
            return "closed" if found[-1][0] == "close" else str(ours.code)
    return "open"


def drain(reader: Reader) -> Things:
    """Take what there is; "broken" would come again and again."""
    found: Things = []
    while (thing := reader.take()) is not None:
        found.append(thing)
        if thing[0] == "broken":
            break
    return found


# -- scanning


def new_decoder() -> Decoder:
    """Return a decoder that knows the generator's instruments."""
    table = InstrumentTable()
    for row in INSTRUMENTS:
        table.add(row)
    return Decoder(table)


DECODER = new_decoder()


@lru_cache(maxsize=4)
def frame(seed: int) -> bytes:
    """Return a frame: any, one damaged in its fields, or a book in the usual form."""
    if seed % 3 == 0:
        return Maker(seed).venue_book()
    return Maker(seed, wild=(0, 1 + seed % 11)[seed % 3 - 1]).frame()


def scanning(seed: int) -> str:
    """Compare the reading of one mutated frame, whole and cut; return its kind."""
    random = Random(seed)
    payload = frame(seed // CASES_PER_FRAME)
    if seed % CASES_PER_FRAME:
        payload = mutate(payload, random)
    size = random.randrange(len(payload) + 1)
    for whole, n in ((payload, len(payload)), (payload[:size], size)):
        # A second time with the rest of the frame behind the end.
        ours, theirs = is_json(whole), orjson_reads(whole)
        assert ours == is_json(payload, n), (n, payload)
        if ours != theirs:
            excuse = is_extreme(whole) if ours else depth(whole) > NESTING_MAX
            assert excuse, f"scanner {ours}, orjson {theirs}: {whole!r}"
            return "excused"
    assert DECODER.read(payload, size) == DECODER.read(payload[:size]), (size, payload)
    return agree(DECODER, payload)


def orjson_reads(payload: bytes) -> bool:
    """Return whether orjson takes a payload."""
    try:
        orjson.loads(payload)
    except ValueError:
        return False
    return True


def depth(payload: bytes) -> int:
    """Return how deep containers nest, at most: brackets in strings count too."""
    deepest = now = 0
    for byte in payload:
        now += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, now)
    return deepest


def is_extreme(payload: bytes) -> bool:
    """Return whether a payload has a number no double holds: orjson takes none."""
    found = False

    def parse(text: str) -> float:
        nonlocal found
        found = found or math.isinf(float(text))
        return 0.0

    try:
        json.loads(payload, parse_float=parse, parse_int=parse)
    except ValueError:
        return False
    return found


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Return whether two readings are equal; floats may differ in the last bits."""
    if ours.keys() != theirs.keys():
        return False
    return all(
        math.isclose(value, theirs[key], rel_tol=1e-15)
        if isinstance(value, float)
        else value == theirs[key]
        for key, value in ours.items()
    )


def agree(decoder: Decoder, payload: bytes, hint: object = "") -> str:
    """Check that decoder and twin read a payload alike; return the kind.

    A frame that orjson had to write plainly first is read as orjson wrote it: a number
    with a point or an exponent has then been a double.
    """
    surprises = decoder.surprises
    ours, theirs = decoder.read(payload), twin.decode(payload, TABLE)
    if decoder.surprises > surprises and not same(ours, theirs):
        theirs = twin.decode(orjson.dumps(orjson.loads(payload)), TABLE)
    assert same(ours, theirs), f"{hint}: {payload!r}\nours {ours}\ntwin {theirs}"
    return str(ours["kind"])


CASES: dict[str, Callable[[int], str]] = {"framing": framing, "scanning": scanning}

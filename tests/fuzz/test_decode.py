"""Decoder against its slow twin: generated, mutated, cut, deep and recorded frames.

``HALFSPREAD_FUZZ_FRAMES`` sets how many frames each test takes (default: a slice of a
few seconds), ``HALFSPREAD_SEED`` where they begin. A failure names the frame's seed.
"""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import Decoder
from engine._core.decode.scan import is_json
from tests.data.shared import recorded
from tests.fuzz.cases import agree, is_extreme, new_decoder, same
from tests.generators.frames import HEAD, INSTRUMENTS, Maker
from tests.generators.mutations import JUNK, mutate
from tests.oracles import decoder as twin

FRAMES = int(os.environ.get("HALFSPREAD_FUZZ_FRAMES") or "3000")
SEED = int(os.environ.get("HALFSPREAD_SEED") or "1") * 1_000_000
SEEDS = range(SEED, SEED + FRAMES)


@pytest.fixture
def decoder() -> Decoder:
    return new_decoder()


def test_frames_the_venue_sends(decoder: Decoder) -> None:
    kinds = {agree(decoder, Maker(seed).frame(), seed) for seed in SEEDS}
    assert kinds >= {"book", "ticker", "private", "reply", "control", "ignored"}


def test_frames_it_never_should(decoder: Decoder) -> None:
    kinds = {
        agree(decoder, Maker(seed, wild=seed % 12).frame(), seed) for seed in SEEDS
    }
    assert kinds >= {"book", "ticker", "private", "reply", "unknown", "out_of_range"}
    assert decoder.surprises > 0


def test_mutations(decoder: Decoder) -> None:
    kinds = set()
    for seed in SEEDS:
        payload = mutate(Maker(seed).frame(), Random(seed))
        if is_extreme(payload):
            decoder.read(payload)
        else:
            kinds.add(agree(decoder, payload, seed))
    assert kinds >= {"malformed", "book", "unknown"}


def test_the_quick_road(decoder: Decoder) -> None:
    for seed in SEEDS:
        assert agree(decoder, Maker(seed).venue_book(), seed) == "book"
    # Combos have prices below 0 and a few numbers are long: the scanner's work.
    assert decoder.quick > 0.75 * FRAMES


def test_the_quick_road_when_a_byte_is_wrong(decoder: Decoder) -> None:
    kinds = set()
    for seed in SEEDS:
        random = Random(seed)
        raw = bytearray(Maker(seed).venue_book())
        # Most of the frame are levels in long ones; its end is as good a place.
        at = random.choice(
            (random.randrange(len(raw)), len(raw) - random.randrange(40))
        )
        if random.random() < 0.5:
            raw[at : at + 1] = random.choice((b"0", b"9", b".", b"e", b",", b"]", b"-"))
        else:
            raw = bytearray(mutate(bytes(raw), random))
        if not is_extreme(bytes(raw)):
            kinds.add(agree(decoder, bytes(raw), seed))
    assert kinds >= {"malformed", "book", "unknown", "out_of_range"}
    assert decoder.quick > 0


def test_the_quick_road_cut_at_every_byte(decoder: Decoder) -> None:
    for seed in SEEDS[: FRAMES // 50]:
        payload = Maker(seed).venue_book()
        for size in range(len(payload)):
            assert decoder.read(payload, size) == {"kind": "malformed"}, (seed, size)
            cut = decoder.read(payload[:size])
            assert cut == {"kind": "malformed"}, (seed, size)
    assert decoder.quick == 0


def number_near(random: Random) -> str:
    """Return a number of the two usual forms, of any size, or what is nearly one."""
    digits = "".join(random.choices("0123456789", k=random.randrange(1, 9)))
    if random.random() < 0.7:
        digits = digits.lstrip("0") or "0"
    text = f"{digits}.{random.randrange(10)}"
    if random.random() < 0.4:
        text = f"{digits[0]}.{digits[1:] or '0'}e{random.randrange(10)}"
    if random.random() < 0.1:
        text = str(mutate(text.encode(), random), "latin-1")
    if random.random() < 0.1:
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice("0.e-:/]9,E") + text[at + 1 :]
    return text


def level_near(random: Random) -> str:
    """Return a level, one in ten of them damaged before its numbers."""
    action = random.choice(("new", "change", "delete"))
    text = f'["{action}",'
    if random.random() < 0.1:
        at = random.randrange(len(text))
        text = text[:at] + random.choice('new"change,delete[]]') + text[at + 1 :]
    return f"{text}{number_near(random)},{number_near(random)}]"


def today(random: Random, bids: str, asks: str, numbers: tuple[str, str, str]) -> bytes:
    """Return a change with the keys in the order of 2026."""
    name = str(random.choice(INSTRUMENTS[:3])["instrument_name"])
    when, change_id, prev = numbers
    return (
        f'{HEAD}{name}.raw","data":{{"timestamp":{when},"type":"change",'
        f'"change_id":{change_id},"instrument_name":"{name}","bids":[{bids}],'
        f'"asks":[{asks}],"prev_change_id":{prev}}}}}}}'
    ).encode("latin-1")


def test_levels_near_the_usual_form(decoder: Decoder) -> None:
    kinds = set()
    for seed in SEEDS:
        random = Random(seed)
        sides = [
            ",".join(level_near(random) for _ in range(random.randrange(3)))
            for _ in range(2)
        ]
        payload = today(random, *sides, ("1789344931639", "118850969743", "7"))
        if not is_extreme(payload):
            kinds.add(agree(decoder, payload, seed))
    assert kinds >= {"book", "malformed", "out_of_range", "unknown"}
    assert decoder.quick > 0.1 * FRAMES


def test_numbers_like_those_of_the_frame_before(decoder: Decoder) -> None:
    """What is kept from frame to frame is never taken for what a frame says."""
    pool = [
        "17893449" + tail for tail in ("", "3", "31639", "31638", "3163999", "31639999")
    ]
    pool += ["11111111", "111111111", "0", "118850969743", "018850969743", "1e9"]
    kinds = []
    for seed in SEEDS:
        random = Random(seed)
        numbers = tuple(random.choices(pool, k=3))
        payload = today(random, "", '["new",500.0,10.0]', numbers)
        if random.random() < 0.1:
            payload = mutate(payload, random)
        if not is_extreme(payload):
            kinds.append(agree(decoder, payload, seed))
    assert decoder.quick > 0.2 * FRAMES
    assert kinds.count("malformed") > 0


def test_cut_at_every_byte_then_whole(decoder: Decoder) -> None:
    for seed in SEEDS[: FRAMES // 50]:
        payload = Maker(seed).frame().rstrip()
        for size in range(len(payload)):
            # Once with the rest of the frame behind the end, once with nothing.
            assert decoder.read(payload, size) == {"kind": "malformed"}, (seed, size)
            cut = decoder.read(payload[:size])
            assert cut == {"kind": "malformed"}, (seed, size)
            assert not is_json(payload, size)
        agree(decoder, payload, seed)


def spread(value: Any) -> str:
    """Return JSON text with white space wherever it may stand, numbers as spelled."""
    if isinstance(value, twin.Spelled):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(k)} :\t{spread(v)}" for k, v in value.items())
        return "{ " + "\r\n, ".join(members) + " }\n"
    if isinstance(value, list):
        return "[\t" + " ,\n".join(map(spread, value)) + " ]"
    return json.dumps(value)


def test_white_space_changes_nothing(decoder: Decoder) -> None:
    for seed in SEEDS[: FRAMES // 5]:
        payload = Maker(seed).frame()
        spaced = spread(twin.parse(payload)).encode()
        assert decoder.read(spaced) == decoder.read(payload), seed


def test_nested_up_to_and_past_the_scanner(decoder: Decoder) -> None:
    for depth in (1, 63, 64, 65, 253, 254, 255, 1023, 1025, 200_000):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            inner = b"" if opening == b"[" else b"1"
            value = opening * depth + inner + closing * depth
            for payload in (
                b'{"x":%s,"method":"heartbeat"}' % value,
                b'{"x":%s,"method":"heartbeat"}' % value[:-1],
                b'{"method":"heartbeat","x":%s' % (opening * depth),
            ):
                found = decoder.read(payload)["kind"]
                assert found in ("control", "unknown", "malformed")
                if depth <= 64:
                    assert found == agree(decoder, payload, depth)


def test_random_bytes(decoder: Decoder) -> None:
    random = Random(SEED)
    for _ in range(FRAMES):
        raw = b"".join(random.choices(JUNK, k=random.randrange(12)))
        if not is_extreme(raw):
            agree(decoder, raw, raw)
            agree(decoder, b"{" + raw + b"}", raw)


# -- recorded frames, when they are there


def frames_of(path: Path) -> Iterator[bytes]:
    """Yield the frames of a capture: bare lines, enveloped lines, or one file."""
    if path.suffix == ".json":
        yield path.read_bytes()
        return
    raw = path.read_bytes()
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    for line in raw.splitlines():
        if line.startswith(b'{"ts":'):
            # The frame's own bytes, untouched by any parser.
            yield line[line.index(b'"frame":') + 8 : -1]
        elif line.strip():
            yield line


def captures() -> list[Path]:
    folder = recorded("data", "deribit")
    return sorted(
        path for path in folder.rglob("*") if path.suffix in (".jsonl", ".zst", ".json")
    )


def rows_of(frames: list[bytes]) -> list[dict[str, Any]]:
    """Return rows for the instruments that are told of, grids inferred."""
    places: dict[str, list[int]] = {}
    for payload in frames:
        params = json.loads(payload, parse_float=Decimal).get("params", {})
        parts = params.get("channel", "").split(".")
        if parts[0] not in ("book", "ticker", "trades") or len(parts) != 3:
            continue
        seen = places.setdefault(parts[1], [0, 0])
        data = params["data"]
        if parts[0] == "trades":
            numbers = [(row["price"], row["amount"]) for row in data]
        else:
            levels = [*data.get("bids", []), *data.get("asks", [])]
            numbers = [tuple(level[1:]) for level in levels]
        for pair in numbers:
            for i, number in enumerate(pair):
                exponent = Decimal(number).normalize().as_tuple().exponent
                seen[i] = max(seen[i], -int(exponent))
    return [
        {
            "instrument_name": name,
            "kind": "future",
            "tick_size": str(Decimal(1).scaleb(-price)),
            "contract_size": str(Decimal(1).scaleb(-amount)),
            "min_trade_amount": str(Decimal(1).scaleb(-amount)),
        }
        for name, (price, amount) in places.items()
    ]


def test_every_recorded_frame_is_read_as_the_twin_reads_it() -> None:
    kinds: dict[str, int] = {}
    for path in captures():
        frames = list(frames_of(path))
        rows = rows_of(frames)
        table, contracts = InstrumentTable(), twin.contracts(rows)
        for row in rows:
            table.add(row)
        decoder = Decoder(table)
        for number, payload in enumerate(frames, 1):
            ours, theirs = decoder.read(payload), twin.decode(payload, contracts)
            assert same(ours, theirs), f"{path.name}:{number}\n{ours}\n{theirs}"
            kinds[ours["kind"]] = kinds.get(ours["kind"], 0) + 1
        assert decoder.surprises == 0, path.name
    assert kinds["book"] > 200
    assert kinds["ticker"] > 300
    assert kinds.get("malformed", 0) == kinds.get("out_of_range", 0) == 0

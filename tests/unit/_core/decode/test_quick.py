"""The quick road: which frames take it, and that the others are read all the same."""

from decimal import Decimal
from typing import Any

import pytest

from engine._core.base.instrument import InstrumentTable
from engine._core.decode.message import Decoder
from tests.generators.frames import HEAD, INSTRUMENTS, KEYS_2021

LEVELS_START = 4096
NAME_MAX = 64
DATA = {
    "timestamp": "1789344931639",
    "type": '"change"',
    "change_id": "118850969743",
    "instrument_name": '"BTC-PERPETUAL"',
    "bids": '[["change",76914.0,10.0],["new",8.39e4,8.3e3]]',
    "asks": '[["delete",77027.5,0.0]]',
    "prev_change_id": "118850968930",
}
READ: dict[str, Any] = {
    "kind": "book",
    "instrument": 0,
    "is_snapshot": False,
    "change_id": 118850969743,
    "prev_change_id": 118850968930,
    "venue_ms": 1789344931639,
    "levels": [("bid", 153828, 1), ("bid", 167800, 830), ("ask", 154055, 0)],
}


def frame(
    data: dict[str, str], name: str = "BTC-PERPETUAL", interval: str = "raw"
) -> bytes:
    members = ",".join(f'"{key}":{value}' for key, value in data.items())
    return f'{HEAD}{name}.{interval}","data":{{{members}}}}}}}'.encode()


def changed(**values: str | None) -> dict[str, str]:
    merged = {**DATA, **values}
    return {key: value for key, value in merged.items() if value is not None}


def levels(decoder: Decoder, bids: str, index: int = 0) -> Any:
    """Return what a frame with these bids was read as, None when not quickly."""
    name = str(INSTRUMENTS[index]["instrument_name"])
    before = decoder.quick
    data = changed(bids=bids, asks="[]", instrument_name=f'"{name}"')
    found = decoder.read(frame(data, name))
    return found.get("levels", found["kind"]) if decoder.quick > before else None


@pytest.mark.parametrize("interval", ["raw", "100ms", "agg2"])
def test_frames_of_every_interval(decoder: Decoder, interval: str) -> None:
    assert decoder.read(frame(DATA, interval=interval)) == READ
    assert decoder.quick == 1


def test_keys_in_any_order(decoder: Decoder) -> None:
    assert decoder.read(frame({key: DATA[key] for key in KEYS_2021})) == READ
    turned = decoder.read(frame(dict(reversed(DATA.items()))))
    bids, asks = READ["levels"][:2], READ["levels"][2:]
    assert turned == {**READ, "levels": asks + bids}
    assert decoder.quick == 2


def test_snapshots_have_no_predecessor(decoder: Decoder) -> None:
    for data in (
        changed(type='"snapshot"'),
        changed(type='"snapshot"', prev_change_id=None),
    ):
        found = decoder.read(frame(data))
        assert (found["is_snapshot"], found["prev_change_id"]) == (True, -1)
    assert decoder.quick == 2


def test_what_came_before_is_forgotten(decoder: Decoder) -> None:
    decoder.read(b'{"id":1000001,"result":3}')
    assert decoder.read(frame(DATA)) == READ


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (changed(timestamp=" 1789344931639"), "book"),
        (changed(timestamp="1.789344931639e12"), "book"),
        (changed(timestamp="0"), "book"),
        (changed(change_id="0118850969743"), "malformed"),
        (changed(change_id="1234567890123456"), "book"),
        (changed(prev_change_id="null"), "book"),
        (changed(type='"changes"'), "unknown"),
        (changed(type=None), "book"),
        (changed(bids=None), "unknown"),
        (changed(instrument_name='"ETH-PERPETUAL"'), "unknown"),
        (changed(instrument_name='"BTC-PERPETUA"'), "unknown"),
        (changed(bids='[["rise",76914.0,10.0]]'), "out_of_range"),
        (changed(bids='[["new",76914.3,10.0]]'), "out_of_range"),
        (changed(bids='[["new",76914.0,15.0]]'), "out_of_range"),
        (changed(bids='[["new",76914.0,10.0],]'), "malformed"),
        (changed(bids='[["new",76914.0,10.0]'), "malformed"),
        (changed(bids='[["new",76914.0]]'), "unknown"),
        (changed(bids="[[]]"), "unknown"),
        (changed(bids="null"), "unknown"),
        (changed(starbase="1"), "book"),
    ],
)
def test_what_the_scanner_has_to_judge(
    decoder: Decoder, data: dict[str, str], kind: str
) -> None:
    assert decoder.read(frame(data))["kind"] == kind
    assert decoder.quick == 0


def test_a_key_met_twice_goes_to_the_scanner(decoder: Decoder) -> None:
    for key, value in DATA.items():
        twice = frame(DATA).replace(b"}}}", f',"{key}":{value}}}}}}}'.encode())
        assert decoder.read(twice) == READ
    assert decoder.quick == 0


@pytest.mark.parametrize("name", ["SOL-PERPETUAL", "", "B" * NAME_MAX, "B" * 65])
def test_names_nobody_knows(decoder: Decoder, name: str) -> None:
    assert decoder.read(frame(DATA, name))["kind"] == "unknown_instrument"
    assert decoder.quick == 0


def test_names_of_every_length() -> None:
    names = ["ABCDEFGHIJ"[i % 10] * i for i in range(1, NAME_MAX + 1)]
    table = InstrumentTable()
    for name in names:
        table.add({**INSTRUMENTS[0], "instrument_name": name})
    decoder = Decoder(table)
    for i, name in enumerate(names):
        found = decoder.read(frame(changed(instrument_name=f'"{name}"'), name))
        assert found == {**READ, "instrument": i}
        other = changed(instrument_name=f'"{name[:-1]}x"')
        assert decoder.read(frame(other, name))["kind"] == "unknown"
    assert decoder.quick == NAME_MAX


@pytest.mark.parametrize(
    ("number", "ticks"),
    [
        ("0.5", 1),
        ("5e-1", 1),
        ("0.50", 1),
        ("0.500000", 1),
        ("9999999.5", 19_999_999),
        ("9.9999995e6", 19_999_999),
        ("1e7", 20_000_000),
        ("7", 14),
        ("1.0e1", 20),
        ("0.0e9", 0),
        ("0.0", 0),
        ("0", 0),
    ],
)
def test_numbers_the_quick_road_takes(
    decoder: Decoder, number: str, ticks: int
) -> None:
    assert levels(decoder, f'[["new",{number},10.0]]') == [("bid", ticks, 1)]


@pytest.mark.parametrize(
    "number",
    [
        *("10000000.0", "0.50000000", "5E-1", "5e-01", "5e+0", "05.0", "00.5", "-0.5"),
        *("5.", "5.e1", "5e", "5e-", ".5", "", "9999999e9", "0.5e10", "1e-3", "5..0"),
    ],
)
def test_numbers_it_leaves_alone(decoder: Decoder, number: str) -> None:
    assert levels(decoder, f'[["new",{number},10.0]]') is None


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("form", ["{}.5", "{}.0e7", "{}e7", "{}"])
def test_levels_of_every_length(decoder: Decoder, size: int, form: str) -> None:
    """Up to 32 bytes, in the middle of a frame and at its end, after long and short."""
    price = form.format("123456789"[:size])
    for action in ("new", "change", "delete"):
        for amount in ("10.0", "1.0e1", "1234560.0", "1.23456e6", "12345670.0"):
            level = f'["{action}",{price},{amount}]'
            twin = f'["{action}",1.0,10.0]'
            data = changed(bids=f"[{twin},{level},{twin}]", asks=f"[{level},{level}]")
            found = decoder.read(frame(data))
            last = dict.fromkeys(
                ("bids", *(key for key in DATA if key not in ("bids", "asks")), "asks")
            )
            moved = decoder.read(frame({key: data[key] for key in last}))
            assert found == moved
            assert found["levels"][1][1:] == found["levels"][3][1:]
            scale = Decimal(price) * 2
            lots = 0 if action == "delete" else int(Decimal(amount) / 10)
            assert found["levels"][3] == ("ask", int(scale), lots)


def test_an_instrument_that_took_another_s_row() -> None:
    table = InstrumentTable()
    index = table.add(INSTRUMENTS[0])
    decoder = Decoder(table)
    assert decoder.read(frame(DATA))["instrument"] == index
    table.remove(index)
    assert decoder.read(frame(DATA))["kind"] == "unknown_instrument"
    name = "BTC-PERPETUAM"
    assert table.add({**INSTRUMENTS[0], "instrument_name": name}) == index
    assert decoder.read(frame(DATA))["kind"] == "unknown_instrument"
    other = changed(instrument_name=f'"{name}"')
    assert decoder.read(frame(other, name)) == READ
    assert decoder.quick == 2


@pytest.mark.parametrize(
    ("index", "price", "amount", "ticks", "lots"),
    [
        (1, "1812.35", "7.0", 36_247, 7),
        (2, "0.0445", "12.3", 445, 123),
        (2, "1.5e-4", "0.1", None, None),
        (2, "5.0e-4", "0.1", 5, 1),
        (3, "0.52341", "1.0e4", 52_341, 10_000),
    ],
)
def test_grids_of_other_instruments(
    decoder: Decoder,
    index: int,
    price: str,
    amount: str,
    ticks: int | None,
    lots: int | None,
) -> None:
    expected = None if ticks is None else [("bid", ticks, lots)]
    assert levels(decoder, f'[["change",{price},{amount}]]', index) == expected


def test_a_grid_of_many_decimals_is_the_scanner_s(decoder: Decoder) -> None:
    for decimals, quick in ((10, 1), (11, 0)):
        table = InstrumentTable()
        table.add({**INSTRUMENTS[0], "tick_size": f"1e-{decimals}"})
        decoder = Decoder(table)
        data = changed(bids='[["new",0.5,10.0]]', asks="[]")
        expected = [("bid", 5 * 10 ** (decimals - 1), 1)]
        assert decoder.read(frame(data))["levels"] == expected
        assert decoder.quick == quick


def test_a_lot_as_large_as_there_can_be() -> None:
    table = InstrumentTable()
    most = 10**15 - 1
    table.add({**INSTRUMENTS[0], "contract_size": most, "min_trade_amount": most})
    decoder = Decoder(table)
    bids = f'[["delete",50.0,0.0],["new",50.0,{most}]]'
    found = decoder.read(frame(changed(bids=bids, asks="[]")))
    assert found["levels"] == [("bid", 100, 0), ("bid", 100, 1)]


def test_levels_up_to_the_room_and_one_more(decoder: Decoder) -> None:
    for count, quick in ((LEVELS_START, 1), (LEVELS_START + 1, 0)):
        before = decoder.quick
        text = ",".join(f'["new",{50_000 + i}.0,10.0]' for i in range(count))
        found = decoder.read(frame(changed(bids=f"[{text}]", asks="[]")))
        assert len(found["levels"]) == count
        assert decoder.quick - before == quick
    # The scanner made room: from now on the quick road has it.
    assert decoder.read(frame(changed(bids=f"[{text}]", asks="[]"))) == found
    assert decoder.quick == 2

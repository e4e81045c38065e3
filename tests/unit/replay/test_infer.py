"""Facts from rows and from numbers: never too coarse, never spoilt by one stray."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.base.instrument import InstrumentTable
from engine.errors import ConfigError
from engine.recording import Frame
from engine.replay.infer import Numbers, gather, load_instruments


def numbers(*texts):
    """Return the numbers of some JSON texts."""
    found = Numbers()
    for text in texts:
        found.add(json.loads(text, parse_float=Decimal))
    return found


def book(name="X", bids="[]", asks="[]", channel=None):
    """Return a book frame with these sides."""
    return Frame(
        1,
        "recv",
        (
            f'{{"params":{{"channel":"{channel or f"book.{name}.raw"}","data":'
            f'{{"instrument_name":"{name}","bids":{bids},"asks":{asks}}}}}}}'
        ).encode(),
    )


def row(name="X", tick="0.5", **more):
    """Return a get_instruments answer with one row."""
    fields = {"instrument_name": name, "tick_size": float(tick), **more}
    return Frame(1, "http", json.dumps({"result": [fields]}).encode())


@pytest.mark.parametrize(
    ("texts", "step"),
    [
        (["65000.5", "65000.0", "6.5e4"], "0.1"),
        (["65000", "70000"], "1"),
        (["0.0005", "0.001"], "0.0001"),
        (["1e-05", "2.8e-4"], "0.00001"),
        (["-67", "87.5"], "0.1"),
        ([], "1"),
        (["0.0", "null", '"x"', "true", "[]"], "1"),
    ],
)
def test_step(texts, step):
    assert numbers(*texts).step() == Decimal(step)


@pytest.mark.parametrize(
    "stray", ["1e-300", "1e300", "0.12345678901", "1e-11", "12345678901234.5", "1e14"]
)
def test_a_stray_number_spoils_nothing(stray):
    usual = ["65000.5", "115372.0", "38457.5"] * 10
    assert numbers(*usual, stray).step() == Decimal("0.1")


def test_a_stray_that_is_fine_does_not_make_the_others_overflow():
    usual = ["1000000.0", "2548700"] * 10
    assert numbers(*usual, "0.0000000001").step() == Decimal(1)


def test_many_prices_tell_the_venues_tick_and_few_do_not():
    prices = [str(Decimal("65000.5") + n * Decimal("0.5")) for n in range(200)]
    assert numbers(*prices).grid() == Decimal("0.5")
    assert numbers(*prices[:199]).grid() == Decimal("0.1")
    assert numbers(*prices, "65000.3").grid() == Decimal("0.1")
    assert numbers(*prices, "0.12345").grid() == Decimal("0.00005")
    assert numbers(*["0.0005", "0.0015"] * 100).grid() == Decimal("0.0005")
    assert numbers(*["25", "75"] * 100).grid() == Decimal(25)
    assert numbers(*["1000000.0", "2548700"] * 100, "0.0000000001").grid() == 1


def test_a_row_out_of_many_prices_has_that_tick():
    levels = [["new", 65_000 + n / 2, 10] for n in range(200)]
    facts = gather([book(bids=json.dumps(levels))])
    assert facts.rows["X"]["tick_size"] == Decimal("0.5")
    assert facts.sources["X"] == "inferred"


@settings(max_examples=60, deadline=None)
@given(
    scaled=st.lists(st.integers(1, 10**9), min_size=1, max_size=20),
    decimals=st.integers(0, 5),
)
def test_every_number_is_a_multiple_of_the_step(scaled, decimals):
    values = [Decimal(n).scaleb(-decimals) for n in scaled]
    found = Numbers()
    for value in values:
        found.add(value)
    step = found.step()
    assert all(value % step == 0 for value in values)
    assert found.fits(step)
    assert step == 1 or not all(value % (step * 10) == 0 for value in values)


@pytest.mark.parametrize(
    ("tick", "fits"),
    [("0.5", True), ("0.25", True), ("1", False), ("0.3", False), ("1e-12", False)],
)
def test_fits(tick, fits):
    assert numbers("10.5", "20").fits(Decimal(tick)) is fits


def test_inference_reads_books_and_tickers_only():
    frames = [
        book("A", '[["new",1.25,3]]', '[["delete",2.5,0.0]]'),
        book("B", "[[0.0001,5]]", "[]", "book.B.none.20.100ms"),
        book("C", "[]", "[]", "ticker.C.raw"),
        book("D", '[["new",1,1]]', "[]", "quote.D"),
        Frame(1, "send", book("E").payload),
        Frame(1, "recv", b'{"params":{"channel":"book.'),
        Frame(1, "recv", b'["book."]'),
        Frame(1, "recv", b'{"params":{"channel":"book.X.raw","data":[]}}'),
        Frame(1, "recv", b'{"params":{"channel":["book.X.raw"],"data":{}}}'),
        book("F", "null", '[1,["new"],["new","x",{}]]'),
    ]
    facts = gather(frames)
    assert sorted(facts.rows) == ["A", "C", "F"]
    assert facts.rows["A"]["tick_size"] == Decimal("0.01")
    assert facts.rows["A"]["min_trade_amount"] == Decimal(1)
    assert set(facts.sources.values()) == {"inferred"}
    assert facts.messages == []


@pytest.mark.parametrize(
    ("name", "kind", "contract"),
    [
        ("BTC-PERPETUAL", "future", "reversed"),
        ("BTC_USDC-PERPETUAL", "future", "linear"),
        ("BTC-25SEP26-70000-C", "option", "reversed"),
    ],
)
def test_inferred_rows_are_rows_for_the_core(name, kind, contract):
    table = InstrumentTable()
    made = gather([book(name, '[["new",1.5,0.1]]')]).rows[name]
    assert made["instrument_type"] == contract
    facts = table.facts(table.add(made))
    assert (facts["kind"], facts["tick_size"], facts["lot_size"]) == (kind, 0.1, 0.1)


def test_recorded_rows_go_before_inference():
    facts = gather([row(contract_size=10.0), book("X", '[["new",1.5,20]]')])
    assert facts.sources == {"X": "recorded"}
    assert facts.rows["X"]["tick_size"] == 0.5
    assert facts.rows["X"]["min_trade_amount"] == 10.0


@pytest.mark.parametrize(
    ("bid", "problem"),
    [
        ('["new",1.25,20]', "no multiple of the row's tick 0.5"),
        ('["new",1.5,25]', "no multiple of the row's lot 10"),
    ],
)
def test_a_row_that_does_not_fit_gives_way(bid, problem):
    facts = gather([row(contract_size=10), book("X", f"[{bid}]")])
    assert facts.sources == {"X": "inferred"}
    assert problem in facts.messages[0]


@pytest.mark.parametrize("tick", ["0", "nan", "-1"])
def test_a_row_that_is_nonsense_gives_way(tick):
    given_rows = {"X": {"instrument_name": "X", "tick_size": tick}}
    facts = gather([book("X", '[["new",1.5,20]]')], given_rows)
    assert facts.sources == {"X": "inferred"}


def test_given_rows_go_before_recorded_ones():
    given_rows = {"X": {"instrument_name": "X", "tick_size": 0.25}}
    frames = [row(), row("Y"), book("X"), book("Y"), book("Z")]
    facts = gather(frames, given_rows)
    assert facts.sources == {"X": "given", "Y": "recorded", "Z": "inferred"}
    assert facts.rows["X"]["tick_size"] == 0.25
    assert [message.split(":")[0] for message in facts.messages] == ["Y", "Z"]


OLD = {"instrument_name": "X", "tick_size": 0.5, "kind": "future"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"jsonrpc": "2.0", "result": [OLD]}),
        json.dumps({"jsonrpc": "2.0", "result": [OLD]}, indent=2),
        json.dumps({"result": OLD}),
        json.dumps([OLD]),
        json.dumps([OLD], indent=2),
        json.dumps({"ts": 1, "dir": "http", "url": "u", "frame": {"result": [OLD]}}),
        json.dumps(OLD),
    ],
)
def test_instruments_files_of_every_form(tmp_path, content):
    path = tmp_path / "instruments"
    path.write_text(content)
    rows = load_instruments(path)
    assert rows["X"]["tick_size"] == Decimal("0.5")


@pytest.mark.parametrize("content", ["", "{}", "no", '{"result":[{"tick_size":1}]}'])
def test_a_file_without_rows_is_a_config_error(tmp_path, content):
    path = tmp_path / "instruments"
    path.write_text(content)
    with pytest.raises(ConfigError, match="holds no instrument row"):
        load_instruments(path)

"""How numbers and frames are spelled."""

import json
from copy import deepcopy
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.api.wire import (
    dumps,
    heartbeat,
    notification,
    scientific,
    shuffled,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (65010.0, "65010.0"),
        (32000.0, "3.2e4"),
        (92100.0, "9.21e4"),
        (1000.0, "1.0e3"),
        (100.0, "100.0"),
        (8450.0, "8450.0"),
        (3000000.0, "3.0e6"),
        (1000200.0, "1.0002e6"),
        (5e-8, "5.0e-8"),
        (-4e-7, "-4.0e-7"),
        (0.00015, "1.5e-4"),
        (0.001, "0.001"),
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (2973.55, "2973.55"),
        (1e22, "1.0e22"),
    ],
)
def test_spelling_is_the_venues(number: float, text: str) -> None:
    assert dumps({"x": number}).decode() == f'{{"x":{text}}}'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_spelling_keeps_the_number(number: float) -> None:
    text = dumps({"x": [number, {"y": number}]})
    back = json.loads(text)
    assert back["x"] == [number, {"y": number}]


@given(st.floats(allow_nan=False, allow_infinity=False).filter(bool))
def test_exponent_only_when_strictly_shorter(number: float) -> None:
    text = dumps({"x": number}).decode()[5:-1]
    plain = format(Decimal(repr(number)).normalize(), "f")
    plain = plain if "." in plain else f"{plain}.0"
    assert len(text) < len(plain) if "e" in text else text == plain


def test_integers_texts_and_nothing_stay() -> None:
    frame = {"a": 10**15, "b": "3.0", "c": None, "d": True, "e": []}
    assert dumps(frame) == orjson.dumps(frame)


def test_frames() -> None:
    frame = orjson.loads(notification("c", [1], "mine"))
    assert frame["params"] == {"channel": "c", "data": [1], "label": "mine"}
    assert "label" not in orjson.loads(notification("c", [1]))["params"]
    assert orjson.loads(heartbeat("test_request")) == {
        "jsonrpc": "2.0",
        "method": "heartbeat",
        "params": {"type": "test_request"},
    }


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_our_bug(number: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        dumps({"x": number})


TICKER = {
    "timestamp": 1_789_939_036_574,
    "stats": {"high": 81497.5, "low": None, "volume": 0.0},
    "bids": [["new", 80836.5, 65010.0], ["delete", 80832.0, 0.0]],
    "open_interest": 787_799_210,
    "funding_8h": 1.583e-05,
    "change": -0.2493,
}


def test_shuffled_frames_differ_in_order_only() -> None:
    frame = notification("ticker.x.raw", deepcopy(TICKER))
    orders = set()
    for seed in range(30):
        text = shuffled(frame, seed)
        assert shuffled(frame, seed) == text, "the seed decides"
        assert orjson.loads(text) == orjson.loads(frame)
        assert sorted(text) == sorted(frame), "numbers are spelled as before"
        orders.add(tuple(orjson.loads(text)["params"]["data"]))
    assert len(orders) > 20
    tops = {tuple(orjson.loads(shuffled(frame, seed))) for seed in range(30)}
    assert len(tops) == 6, "the outermost object is shuffled too"


def test_scientific_frames_are_the_same_numbers() -> None:
    frame = notification("ticker.x.raw", deepcopy(TICKER))
    text = scientific(frame)
    assert orjson.loads(text) == orjson.loads(frame)
    for spelled in (b"8.0832e4", b"6.501e4", b"1.583e-5", b"-2.493e-1", b"0.0"):
        assert spelled in text
    assert b'"timestamp":1789939036574,' in text, "integers stay"

"""Scanner: what is JSON and what is not, judged against the standard library."""

import json
from typing import Any, NoReturn

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.decode.scan import is_json

NESTING_MAX = 64


def strict(payload: bytes) -> bool:
    """Return whether the standard library, held to RFC 8259, reads a payload."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        value = json.loads(payload.decode("utf-8"), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError:
        return False
    return True


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.mark.parametrize(
    "text",
    [
        b"0",
        b"-0",
        b"-0.0e-00",
        b"1E+05",
        b"123456789012345678901234567890.5e-400",
        b"1e999",
        b'""',
        b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"',
        b'"\\uD83D\\uDE00"',
        b'"\x7f"',
        "\u00e9\u2028\U0001f600".encode().join((b'"', b'"')),
        b"[]",
        b"{}",
        b"[[],{}]",
        b' \t\r\n{ "a" : [ 1 , true , false , null ] } \n',
        b'{"a":1,"a":2}',
    ],
)
def test_takes(text: bytes) -> None:
    assert strict(text)
    assert is_json(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"01",
        b"-",
        b"-01",
        b"+1",
        b".5",
        b"1.",
        b"1.e5",
        b"1e",
        b"1e+",
        b"0x10",
        b"1_0",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"nul",
        b"nulll",
        b"True",
        b"'a'",
        b'"',
        b'"a',
        b'"\\"',
        b'"\\x"',
        b'"\\u12g4"',
        b'"\\u123"',
        b'"\\ud800"',
        b'"\\udc00"',
        b'"\\ud800\\ud800"',
        b'"\\ud800x"',
        b'"\n"',
        b'"\x00"',
        b'"\x1f"',
        b"[",
        b"]",
        b"[1",
        b"[1,",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1}",
        b"{",
        b"{,}",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b'{"a":1 "b":2}',
        b'{"a":1]',
        b"{1:2}",
        b"{null:2}",
        b"1 2",
        b"{}x",
        b"{}\x00",
        b"\xef\xbb\xbf{}",
        b"\x0b1",
    ],
)
def test_refuses(text: bytes) -> None:
    assert not strict(text)
    assert not is_json(text)


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x80",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2\x41",
        b"\xe0\x9f\xbf",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
    ],
)
def test_refuses_what_is_no_utf8(sequence: bytes) -> None:
    assert not is_json(b'"' + sequence + b'"')
    assert not is_json(b'{"' + sequence + b'":1}')


@given(st.binary(max_size=8))
def test_utf8_as_python_has_it(raw: bytes) -> None:
    text = b'"' + raw + b'"'
    assert is_json(text) == strict(text)


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 3]))
def test_takes_whatever_json_writes(value: Any, plain: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=indent).encode(
        "utf-8", "surrogatepass"
    )
    assert is_json(text) == strict(text)


@given(VALUES, st.data())
def test_mutations_as_python_has_them(value: Any, data: st.DataObject) -> None:
    text = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        junk = data.draw(
            st.sampled_from(
                [b"", b",", b":", b'"', b"\\", b"{", b"}", b"[", b"]", b"0", b"e", b"-"]
            )
        )
        text[at : at + data.draw(st.integers(0, 2))] = junk
    assert is_json(bytes(text)) == strict(bytes(text))


def test_nesting_is_limited_by_name() -> None:
    def nested(depth: int, kind: bytes = b"[") -> bytes:
        if kind == b"[":
            return b"[" * depth + b"]" * depth
        return b'{"a":' * depth + b"1" + b"}" * depth

    for kind in (b"[", b"{"):
        assert is_json(nested(NESTING_MAX, kind))
        assert not is_json(nested(NESTING_MAX + 1, kind))
    # Containers beside each other do not add up.
    assert is_json(b"[" + b",".join([nested(NESTING_MAX - 1)] * 100) + b"]")
    assert not is_json(b"[" * 1_000_000)


@pytest.mark.parametrize("tail", [b"]}", b"5", b'"', b"ull", b"true", b"\x80", b"\\"])
@pytest.mark.parametrize("text", [b'{"a":[1', b"[nul", b'"abc', b"[1,[2", b"-", b"1e"])
def test_what_lies_behind_the_end_is_not_read(text: bytes, tail: bytes) -> None:
    assert not is_json(text + tail, len(text))


def test_a_number_ends_where_the_payload_ends() -> None:
    assert is_json(b"12345", 3)
    assert is_json(b"1.5e10", 3)


def test_size_must_lie_inside() -> None:
    with pytest.raises(ValueError, match="past the 2 bytes"):
        is_json(b"{}", 3)


def test_agrees_with_orjson_on_text() -> None:
    for text in (b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xed\xa0\x80"', b"[1,]", b"[1]"):
        try:
            orjson.loads(text)
            fits = True
        except ValueError:
            fits = False
        assert is_json(text) == fits, text

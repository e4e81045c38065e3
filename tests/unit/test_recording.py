"""Recordings in every container and layout, whole and damaged."""

from __future__ import annotations

import gzip
import io
import json
import re

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import recording as module
from engine.errors import ConfigError
from engine.recording import ZSTD_MAGIC, Recording, is_whole, read_line, spans

BARE = b'{"jsonrpc": "2.0", "result": 2.50e4}'


def pack(content: bytes, how: str) -> bytes:
    """Compress content."""
    if how == "gzip":
        return gzip.compress(content)
    if how == "zstd":
        return zstandard.ZstdCompressor(write_checksum=True).compress(content)
    if how == "zstd frames":
        half = len(content) // 2
        pack_one = zstandard.ZstdCompressor().compress
        return pack_one(content[:half]) + pack_one(content[half:])
    return content


def read(tmp_path, content: bytes):
    """Return the frames and the problems of a file with this content."""
    path = tmp_path / "recording"
    path.write_bytes(content)
    recording = Recording(path)
    found = list(recording)
    assert list(recording) == found
    return found, recording.problems


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "zstd frames"])
def test_containers_are_told_by_content_not_by_name(tmp_path, how):
    content = b"".join(b'{"id":%d}\n' % i for i in range(1000))
    found, problems = read(tmp_path, pack(content, how))
    assert [frame.payload for frame in found] == content.splitlines()
    assert [frame.line for frame in found] == list(range(1, 1001))
    assert not problems


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_container_cut_short_keeps_what_came_before(tmp_path, how):
    lines = [b'{"id":%d,"x":"%x"}' % (i, i * 7919**3) for i in range(20_000)]
    packed = pack(b"\n".join(lines), how)
    found, problems = read(tmp_path, packed[: len(packed) // 2])
    assert 1000 < len(found) < 20_000
    # The last line may be cut, too.
    assert [frame.payload for frame in found[:-1]] == lines[: len(found) - 1]
    (problem,) = problems
    assert problem.startswith(f"broken off after line {len(found)}: ")


@pytest.mark.parametrize("with_checksum", [False, True])
@pytest.mark.parametrize(
    "content", [b"", b"a", b"x" * 200_000, bytes(range(256)) * 900]
)
def test_a_zstandard_file_is_whole_to_its_last_byte_only(content, with_checksum):
    packer = zstandard.ZstdCompressor(write_checksum=with_checksum)
    stream = packer.compressobj()
    one, two = packer.compress(content), stream.compress(content) + stream.flush()
    skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    whole = one + skipped + two
    assert is_whole(io.BytesIO(whole))
    ends = {len(one), len(one + skipped)}
    for cut in {*range(5, 80), len(whole) - 1, len(whole) - 3}:
        if len(ZSTD_MAGIC) < cut < len(whole) and cut - len(one) not in range(1, 5):
            assert is_whole(io.BytesIO(whole[:cut])) == (cut in ends), cut


def test_what_is_no_zstandard_file_is_whole():
    assert all(is_whole(io.BytesIO(b)) for b in (b"", b"{}", b"\x1f\x8b\x08", b"abc"))


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_damaged_container_is_counted(tmp_path, how):
    packed = bytearray(pack(b'{"id":1}\n' * 20_000, how))
    packed[len(packed) // 2] ^= 0xFF
    _, problems = read(tmp_path, bytes(packed))
    assert sum(problems.values()) == 1


@pytest.mark.parametrize("ts", ["1790000000.000000001", "0.000000000", "9000000000.0"])
@pytest.mark.parametrize(
    "frame",
    ["{}", '{"a":[1.50,"}"]}', '{"a":NaN}', '{},"x":{}', '{"a":"\\ud800"}', "{"],
)
def test_a_line_of_ours_is_read_as_the_slow_way_does(ts, frame, monkeypatch):
    line = f'{{"ts":{ts},"dir":"recv","frame":{frame}}}'.encode()
    fast = read_line(line, 7)
    monkeypatch.setattr(module, "OWN_LINE", re.compile(rb"never"))
    assert fast == read_line(line, 7)


@pytest.mark.parametrize(
    ("line", "direction", "payload", "t_ns"),
    [
        (BARE, "recv", BARE, None),
        (b'{"ts":1.5,"dir":"recv","frame":' + BARE + b"}", "recv", BARE, 1_500_000_000),
        (
            b'{ "frame" : ' + BARE + b' , "dir":"send", "ts":1617644856.8063161 }',
            "send",
            BARE,
            1_617_644_856_806_316_100,
        ),
        (b'{"ts":1,"frame":{}}', "recv", b"{}", 1_000_000_000),
        (b'{"dir":"http","url":"x","frame":[1]}', "http", b"[1]", None),
        (b'{"ts":1,"dir":"recv","frame":"a\\n\\u00e9"}', "recv", b"a\n\xc3\xa9", 10**9),
        (b'{"ts":1,"frame":"\\ud800"}', "recv", b"\xed\xa0\x80", 10**9),
        (b'{"ts":-1,"dir":"recv","frame":{}}', "recv", b"{}", None),
        (b'{"ts":1e400,"dir":"recv","frame":{}}', "recv", b"{}", None),
        (b'{"ts":"soon","dir":"recv","frame":{}}', "recv", b"{}", None),
        (b"1723161256172216566 " + BARE, "recv", BARE, 1_723_161_256_172_216_566),
        (b"9999999999999999999 {}", "recv", b"{}", None),
        # What is no such line is a frame as it stands: the decoder judges it.
        (b"hello", "recv", b"hello", None),
        (b'{"frame":1}', "recv", b'{"frame":1}', None),
        (b'{"ts":1,"dir":"recv","frame":{', "recv", None, None),
        (b'{"ts":1,"dir":"recv","frame":{}} x', "recv", None, None),
        (b'["frame"]', "recv", None, None),
        (b'{"frame"', "recv", None, None),
        (b'{"frame"}', "recv", None, None),
        (b'{"frame":{},}', "recv", None, None),
        (b'{"ts":1,"frame":' + b"[" * 10**5, "recv", None, None),
        (b'{"ts":1,"frame":\xff}', "recv", None, None),
    ],
)
def test_lines(line, direction, payload, t_ns):
    frame = read_line(line, 7)
    assert frame.direction == direction
    assert frame.payload == (line if payload is None else payload)
    assert frame.t_ns == t_ns
    assert frame.line == 7


@pytest.mark.parametrize("inner", [b"null", b"3", b"true"])
def test_an_envelope_without_a_frame_is_counted(tmp_path, inner):
    line = b'{"ts":1,"dir":"recv","frame":%s}' % inner
    found, problems = read(tmp_path, line + b"\n{}\n")
    assert [frame.payload for frame in found] == [b"{}"]
    assert sum(problems.values()) == 1


def test_blank_lines_and_line_ends_do_not_matter(tmp_path):
    found, problems = read(tmp_path, b"\n\r\n{}\r\n   \n[]\n\n{ }")
    assert [frame.payload for frame in found] == [b"{}", b"[]", b"{ }"]
    assert [frame.line for frame in found] == [3, 5, 7]
    assert not problems


def test_empty_file(tmp_path):
    assert read(tmp_path, b"") == ([], {})


def test_one_document_over_many_lines(tmp_path):
    document = json.dumps({"jsonrpc": "2.0", "result": [1, {"a": 2.5}]}, indent=2)
    found, _ = read(tmp_path, b"\n" + document.encode() + b"\n")
    assert [frame.payload for frame in found] == [document.encode()]


def test_a_document_that_is_a_list_has_many_frames(tmp_path):
    document = '[\n {"a": 1.50},\n {"ts": 1, "dir": "send", "frame": {}}\n]'
    found, _ = read(tmp_path, document.encode())
    assert [(f.direction, f.payload) for f in found] == [
        ("recv", b'{"a": 1.50}'),
        ("send", b"{}"),
    ]
    assert read(tmp_path, b"[\n]")[0] == []


def test_a_broken_document_is_read_line_by_line(tmp_path):
    found, _ = read(tmp_path, b'{\n"a":\n')
    assert [frame.payload for frame in found] == [b"{", b'"a":']


def test_line_limit_at_and_one_past(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LINE_MAX_BYTES", 20)
    fits = b'{"a":"' + b"x" * 11 + b'"}\n'
    assert len(fits) == 20
    found, problems = read(tmp_path, fits + b"x" + fits + b"y" * 100 + b"\n{}")
    assert [frame.payload for frame in found] == [fits.strip(), b"{}"]
    assert sum(problems.values()) == 2


@pytest.mark.parametrize("name", ["none.jsonl", "."])
def test_what_cannot_be_opened_is_a_config_error(tmp_path, name):
    with pytest.raises(ConfigError) as error:
        Recording(tmp_path / name)
    assert error.value.exit_code == 2
    assert str(tmp_path) in str(error.value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(value=st.dictionaries(st.text(), VALUES, max_size=4), indent=st.booleans())
def test_spans_are_the_raw_values(value, indent):
    text = json.dumps(value, indent=1 if indent else None)
    found = spans(text.encode())
    assert found is not None
    read_text, keys, places = found
    assert keys == list(value)
    assert [json.loads(read_text[a:b]) for a, b in places] == list(value.values())


@settings(max_examples=60, deadline=None)
@given(value=st.lists(VALUES, max_size=4))
def test_spans_of_a_list(value):
    found = spans(json.dumps(value).encode())
    assert found is not None
    assert [json.loads(found[0][a:b]) for a, b in found[2]] == value


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet='{}[]",:0e-. \\nulfrats\n', max_size=30))
def test_spans_agree_with_the_standard_library(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    found = spans(text.encode())
    assert (found is None) == (not isinstance(value, dict | list))


@settings(max_examples=60, deadline=None)
@given(line=st.binary(max_size=60))
def test_no_line_is_a_crash(line):
    read_line(line, 1)
    read_line(b'{"ts":1,"dir":"recv","frame":' + line + b"}", 1)

"""The header: round trip, and every way it can be wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import JournalError
from engine.journal import Header, Reader
from engine.journal.format import (
    HEADER_HEAD,
    HEADER_MAX_BYTES,
    MAGIC,
    decode_header,
    header_crc,
)
from tests.unit.journal.journals import HEADER, write

SCALAR = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
SECTION = st.dictionaries(st.text(), SCALAR | st.lists(SCALAR, max_size=3), max_size=3)


@settings(max_examples=40, deadline=None)
@given(
    run_id=st.integers(0, 2**32 - 1),
    wall_ms=st.integers(0, 2**53),
    version=st.text(),
    config=st.dictionaries(st.text(), SCALAR | SECTION, max_size=3),
)
def test_header_round_trips(run_id, wall_ms, version, config, tmp_path_factory):
    header = Header(run_id, wall_ms, version, config)
    encoded = header.encode()
    head, text = encoded[: HEADER_HEAD.size], encoded[HEADER_HEAD.size :]
    assert decode_header(tmp_path_factory.getbasetemp(), head, text)[0] == header


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"hello, this is some other file", "is not a halfspread journal"),
        (b"\x89H", "cut short"),
        (MAGIC, "cut short"),
        (HEADER_HEAD.pack(MAGIC, 2, 0, 2, 0) + b"{}", "version 2; this halfspread"),
        (HEADER_HEAD.pack(MAGIC, 1, 0, HEADER_MAX_BYTES + 1, 0), "too long"),
        (HEADER_HEAD.pack(MAGIC, 1, 0, 5, 0) + b"{}", "cut short"),
        (HEADER_HEAD.pack(MAGIC, 1, 0, 2, 0) + b"{}", "checksum"),
    ],
)
def test_bad_header_is_a_clear_error(tmp_path, content, problem):
    path = tmp_path / "bad.journal"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=problem):
        Reader(path)


def test_header_without_a_field_is_a_clear_error(tmp_path):
    path = tmp_path / "bad.journal"
    whole = Header(1, 2, "x", {}).encode()
    head, text = whole[: HEADER_HEAD.size], whole[HEADER_HEAD.size :]
    assert decode_header(path, head, text)[0].run_id == 1
    short = text.replace(b"run_id", b"run_ix")
    head = HEADER_HEAD.pack(MAGIC, 1, 0, len(short), header_crc(1, 0, short))
    with pytest.raises(JournalError, match="run_id"):
        decode_header(path, head, short)


def test_missing_file_is_a_journal_error(tmp_path):
    with pytest.raises(JournalError, match="cannot be read: No such file"):
        Reader(tmp_path / "none.journal")


def test_reader_gives_the_header(tmp_path):
    with Reader(write(tmp_path / "a.journal")) as reader:
        assert reader.header == HEADER

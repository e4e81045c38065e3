"""The reader: what was written comes back; what was damaged is named with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import JournalError
from engine.journal import Header, Kind, Reader
from engine.journal.format import RECORD_HEAD
from engine.journal.reader import ZERO_TAIL_MIN_BYTES
from tests.unit.journal.journals import ENTRIES, HEADER, write

ENTRY = st.tuples(
    st.sampled_from([kind for kind in Kind if kind is not Kind.END]),
    st.integers(0, 255),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=200),
)


def read(path):
    """Return the records and the tail of a journal."""
    with Reader(path) as reader:
        return list(reader), reader.tail


@settings(max_examples=50, deadline=None)
@given(entries=st.lists(ENTRY, max_size=12))
def test_records_round_trip(entries, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("journal") / "a.journal", entries)
    records, tail = read(path)
    assert tail == ""
    assert [tuple(record)[2:] for record in records[:-1]] == entries
    assert records[-1].kind is Kind.END
    assert [record.number for record in records] == list(range(1, len(entries) + 2))


def test_offsets_point_at_the_records(tmp_path):
    path = write(tmp_path / "a.journal")
    content = path.read_bytes()
    records, _ = read(path)
    assert records[0].offset == len(HEADER.encode())
    for record in records:
        size, _, _ = RECORD_HEAD.unpack_from(content, record.offset)
        body = content[record.offset + RECORD_HEAD.size :][:size]
        assert body[0] == record.kind
        assert body.endswith(record.payload)


def test_every_flipped_bit_is_found_at_its_record(tmp_path):
    path = write(tmp_path / "a.journal", ENTRIES[:5], Header(1, 2, "x", {}))
    content = path.read_bytes()
    records, _ = read(path)
    starts = [record.offset for record in records]
    with path.open("r+b", buffering=0) as file:
        for bit in range(8 * len(content)):
            place = bit // 8
            file.seek(place)
            file.write(bytes([content[place] ^ 1 << bit % 8]))
            with pytest.raises(JournalError) as error:
                read(path)
            hit = [start for start in starts if start <= place]
            if hit:
                assert error.value.offset == hit[-1]
                assert f"record {len(hit)}:" in error.value.problem
            file.seek(place)
            file.write(content[place : place + 1])
    assert read(path)[0] == records


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_damage_inside_is_found(data, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("journal") / "a.journal")
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=min(40, len(content) - at)))
    damaged = content[:at] + patch + content[at + len(patch) :]
    path.write_bytes(damaged)
    if damaged == content:
        read(path)
    else:
        with pytest.raises(JournalError):
            read(path)


def test_every_truncation_is_handled(tmp_path):
    content = write(tmp_path / "a.journal").read_bytes()
    whole, _ = read(tmp_path / "a.journal")
    path = tmp_path / "cut.journal"
    for size in range(len(content)):
        path.write_bytes(content[:size])
        if size < whole[0].offset:
            with pytest.raises(JournalError):
                read(path)
            continue
        records, tail = read(path)
        ends = [record.offset for record in whole[1:]] + [len(content)]
        complete = sum(end <= size for end in ends)
        assert records == whole[:complete]
        at_a_boundary = size in ends or size == whole[0].offset
        assert tail.startswith("not closed" if at_a_boundary else "torn tail")
        if not at_a_boundary:
            assert f"at byte {whole[complete].offset}" in tail


@pytest.mark.parametrize("change", ["remove", "swap", "repeat"])
def test_moved_records_are_found(tmp_path, change):
    content = write(tmp_path / "a.journal").read_bytes()
    whole, _ = read(tmp_path / "a.journal")
    starts = [record.offset for record in whole] + [len(content)]
    parts = [
        content[a:b] for a, b in zip([0, *starts], [*starts, starts[-1]], strict=True)
    ]
    if change == "remove":
        del parts[3]
    elif change == "swap":
        parts[3], parts[4] = parts[4], parts[3]
    else:
        parts.insert(3, parts[3])
    path = tmp_path / "moved.journal"
    path.write_bytes(b"".join(parts))
    with pytest.raises(JournalError, match=r"record [34]: .*checksum"):
        read(path)


def test_bytes_after_the_end_are_found(tmp_path):
    path = write(tmp_path / "a.journal")
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(JournalError, match="bytes follow the last record") as error:
        read(path)
    assert error.value.offset == size


@pytest.mark.parametrize("cut", [0, 5, 20, 30])
def test_unfilled_block_at_the_end_is_a_torn_tail(tmp_path, cut):
    content = write(tmp_path / "a.journal").read_bytes()
    whole, _ = read(tmp_path / "a.journal")
    kept = content[: whole[3].offset + cut]
    path = tmp_path / "zeros.journal"
    path.write_bytes(kept + bytes(4096))
    records, tail = read(path)
    assert records == whole[:3]
    assert tail.startswith("torn tail: record 4")
    # One byte less than a sector, or anything behind the zeros, is damage.
    for damaged in (
        content[: whole[3].offset] + bytes(ZERO_TAIL_MIN_BYTES - 1),
        kept + bytes(4096) + b"x",
    ):
        path.write_bytes(damaged)
        with pytest.raises(JournalError, match="record 4"):
            read(path)


def test_unknown_kind_is_an_error(tmp_path):
    path = write(tmp_path / "a.journal", [*ENTRIES, (99, 0, 1, b"")])
    with pytest.raises(JournalError, match="kind 99 is unknown"):
        read(path)

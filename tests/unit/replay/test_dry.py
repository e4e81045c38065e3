"""The dry core: frames it cannot use, times, and floats equal to the venue's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recording import Frame
from engine.replay.dry import FRAME_NS, DryRun
from engine.replay.infer import gather


def book(change_id, bids="[]", asks="[]", prev=None, name="X"):
    """Return a frame: a snapshot without ``prev``, else a change."""
    kind = '"snapshot"' if prev is None else f'"change","prev_change_id":{prev}'
    return Frame(
        1,
        "recv",
        (
            '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
            f'"book.{name}.raw","data":{{"type":{kind},"timestamp":1,'
            f'"instrument_name":"{name}","change_id":{change_id},'
            f'"bids":{bids},"asks":{asks}}}}}}}'
        ).encode(),
    )


def run_of(frames, facts=None):
    """Feed frames to a dry core."""
    run = DryRun(facts or gather(frames))
    for frame in frames:
        run.feed(frame)
    return run


GOOD = [
    book(1, '[["new",100.5,10],["new",100.0,20]]', '[["new",101.0,30]]'),
    book(2, '[["delete",100.5,0.0]]', "[]", 1),
]


@pytest.mark.parametrize(
    ("frame", "counter"),
    [
        (book(3, '[["new",1e300,10]]', "[]", 2), "out_of_range"),
        (book(3, '[["new",100.00000000001,10]]', "[]", 2), "out_of_range"),
        (book(3, '[["new",100.0,1e-30]]', "[]", 2), "out_of_range"),
        (book(3, "[]", "[]", 2, name="x" * 65), "unknown_instrument"),
        (Frame(1, "recv", b"\xff\x00"), "malformed"),
        (Frame(1, "recv", b""), "malformed"),
        (Frame(1, "recv", GOOD[1].payload[:-3]), "malformed"),
        (Frame(1, "recv", b'{"jsonrpc":"2.0"}'), "unknown"),
    ],
)
def test_a_frame_that_cannot_be_used_is_counted_and_changes_nothing(frame, counter):
    run = run_of([*GOOD, frame])
    counters = run.core.snapshot()["counters"]
    assert counters[counter] == 1
    assert counters["frames"] == 3
    found = run.books()["X"]
    assert found["bids"] == [[100.0, 20.0]]
    assert found["asks"] == [[101.0, 30.0]]
    assert found["change_id"] == 2
    # A book whose change could not be read is not readable any more.
    lost = counter == "out_of_range"
    assert found["state"] == ("gapped" if lost else "readable")
    assert counters["gaps"] == lost


def test_a_row_the_core_refuses_gives_way_to_inference():
    bad = {"instrument_name": "X", "tick_size": 0.5, "kind": "swaption"}
    facts = gather(GOOD, {"X": bad})
    run = run_of(GOOD, facts)
    assert facts.sources == {"X": "inferred"}
    assert "swaption" in facts.messages[-1]
    assert run.books()["X"]["change_id"] == 2


def test_an_instrument_that_cannot_be_held_is_said_and_skipped():
    frames = [book(1, '[["new",1.5,1]]', "[]", name="x" * 65), *GOOD]
    facts = gather(frames)
    run = run_of(frames, facts)
    assert facts.sources["x" * 65] == "unusable"
    assert "cannot be read" in facts.messages[0]
    assert list(run.books()) == ["X"]


def test_time_never_steps_back():
    times = [None, 5 * FRAME_NS, 3 * FRAME_NS, None, 7 * FRAME_NS]
    frames = [Frame(1, "recv", b"{}", t_ns) for t_ns in times]
    run = DryRun(gather(frames))
    seen = []
    for frame in frames:
        run.feed(frame)
        seen.append(run.now_ns // FRAME_NS)
    assert seen == [1, 5, 5, 6, 7]
    assert run.first_ns == FRAME_NS


def test_an_empty_recording_has_no_books():
    run = run_of([])
    assert run.books() == {}
    assert run.core.snapshot()["counters"]["frames"] == 0


@settings(max_examples=40, deadline=None)
@given(
    prices=st.lists(st.integers(1, 10**7), min_size=1, max_size=8, unique=True),
    amounts=st.lists(st.integers(1, 10**7), min_size=8, max_size=8),
    decimals=st.integers(0, 6),
)
def test_floats_are_the_venues_numbers_exactly(prices, amounts, decimals):
    def text(n):
        return format(Decimal(n).scaleb(-decimals), "f")

    levels = list(zip(prices, amounts, strict=False))
    rows = ",".join(f'["new",{text(p)},{text(n)}]' for p, n in levels)
    found = run_of([book(1, f"[{rows}]")]).books()["X"]["bids"]
    expected = sorted((float(text(p)), float(text(n))) for p, n in levels)
    assert found == [list(pair) for pair in reversed(expected)]

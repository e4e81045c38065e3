"""A recording becomes touches and taker orders; damage is named with its place."""

import pytest

from engine.calibrate.tape import (
    FACTS_FRAMES_MAX,
    JournalFrames,
    Tape,
    Tapes,
    channel_of,
    open_frames,
)
from engine.errors import ConfigError, JournalError
from engine.journal import Kind
from engine.recording import Recording
from tests.generators.true_market import NAME, TrueMarket
from tests.unit.calibrate.tapes import read, tape_of
from tests.unit.journal import journals


def book(ms, change_id, bids, asks, prev=None, name=NAME):
    kind = '"snapshot"' if prev is None else f'"change","prev_change_id":{prev}'
    return (
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        f'"book.{name}.raw","data":{{"type":{kind},"timestamp":{ms},'
        f'"instrument_name":"{name}","change_id":{change_id},'
        f'"bids":{bids},"asks":{asks}}}}}}}'
    )


def trade(ms, direction, *prices, name=NAME):
    rows = ",".join(
        f'{{"trade_id":"{ms}{n}","trade_seq":{n},"timestamp":{ms},"price":{price},'
        f'"amount":10.0,"direction":"{direction}","instrument_name":"{name}"}}'
        for n, price in enumerate(prices)
    )
    return (
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        f'"trades.{name}.raw","data":[{rows}]}}}}'
    )


OPEN = book(1000, 1, '[["new",100.0,10.0],["new",99.5,20.0]]', '[["new",101.0,30.0]]')


def written(tmp_path, *lines):
    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join(lines))
    return path


def touches(tape):
    return list(zip(tape.touch_ms, tape.bids, tape.asks, strict=True))


def takes(tape):
    return list(
        zip(tape.take_ms, tape.take_sides, tape.take_ticks, tape.take_lots, strict=True)
    )


def test_touches_and_taker_orders_are_on_the_tape(tmp_path):
    path = written(
        tmp_path,
        OPEN,
        trade(1500, "sell", 100.0, 99.5),
        book(1500, 2, '[["delete",100.0,0.0]]', "[]", 1),
        book(1600, 3, '[["change",99.5,10.0]]', "[]", 2),
        book(1700, 4, '[["new",99.0,10.0]]', "[]", 3),
        trade(1800, "buy", 101.0),
    )
    tape = read(path).tapes[NAME]
    scale = round(0.5 / tape.tick_size)
    assert touches(tape) == [
        (1000, 200 * scale, 202 * scale),
        (1500, 199 * scale, 202 * scale),
        (1600, 199 * scale, 202 * scale),
        (1800, 0, 0),
    ]
    lots = round(10 / tape.lot_size)
    assert takes(tape) == [
        (1500, -1, 199 * scale, 2 * lots),
        (1800, 1, 202 * scale, lots),
    ]
    assert (tape.prints, tape.breaks) == (3, 0)


def test_one_order_told_in_two_frames_is_one(tmp_path):
    path = written(
        tmp_path, OPEN, trade(1500, "buy", 101.0), trade(1500, "buy", 101.5, 102.0)
    )
    tape = read(path).tapes[NAME]
    assert [row[2] * tape.tick_size for row in takes(tape)] == [102.0]
    assert tape.prints == 3


@pytest.mark.parametrize(
    ("frame", "breaks"),
    [
        (book(2000, 9, '[["delete",100.0,0.0]]', "[]", 7), 1),
        (book(2000, 2, "[]", '[["delete",101.0,0.0]]', 1), 1),
        (book(2000, 2, '[["new",101.5,5.0]]', "[]", 1), 1),
        (book(2000, 2, '[["change",100.0,5.0]]', "[]", 1), 0),
    ],
    ids=["gap", "one-sided", "crossed", "well"],
)
def test_a_book_that_cannot_be_read_breaks_the_tape(tmp_path, frame, breaks):
    path = written(tmp_path, OPEN, frame, OPEN.replace("1000", "3000"))
    tape = read(path).tapes[NAME]
    # The second snapshot is a break of its own, unless there is one already.
    assert tape.breaks == max(1, breaks)
    unreadable = [row for row in touches(tape) if row[1] >= row[2]]
    assert unreadable[-1][0] == 3000


def test_what_lies_between_two_snapshots_is_not_counted(tmp_path):
    path = written(
        tmp_path, OPEN, trade(1200, "buy", 101.0), OPEN.replace("1000", "9000")
    )
    tape = read(path).tapes[NAME]
    assert [(ms, bid > 0) for ms, bid, _ in touches(tape)] == [
        (1000, True),
        (1200, False),
        (9000, True),
        (9000, False),
    ]


def test_damage_is_named_with_its_line(tmp_path):
    path = written(
        tmp_path,
        OPEN,
        '{"jsonrpc":"2.0","method":"subscr',
        book(1500, 9, "[]", "[]", 8),
        "{}",
    )
    messages = read(path).messages
    assert any(text.startswith("line 2: first malformed") for text in messages)
    assert "1 frames are not JSON, or were cut short" in messages
    assert any("did not follow the one before" in text for text in messages)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_file_that_breaks_off_says_where_and_keeps_what_came_before(tmp_path, ending):
    path = TrueMarket(1, seconds=400).write(tmp_path / f"whole{ending}")
    cut = tmp_path / f"cut{ending}"
    content = path.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    tapes = read(cut)
    assert any("broken off after line" in text for text in tapes.messages)
    assert 10 < len(tapes.tapes[NAME].touch_ms) < len(read(path).tapes[NAME].touch_ms)


def journal_of(path, frames):
    entries = [(Kind.CONNECTION_MADE, 0, 1, b"")]
    for number, frame in enumerate(frames):
        kind = Kind.RECEIVE_MORE if number % 2 else Kind.RECEIVE_DATA
        entries.append((kind, 0, 2 + number, frame.encode()))
        entries.append((Kind.DATA_TO_SEND, 0, 2 + number, b'{"id":1}\n'))
    return journals.write(path, entries)


FRAMES = [
    OPEN,
    trade(1500, "sell", 100.0),
    book(1500, 2, '[["delete",100.0,0.0]]', "[]", 1),
]


def test_a_journal_gives_the_tape_of_its_recording(tmp_path):
    journal = journal_of(tmp_path / "a.journal", FRAMES)
    assert isinstance(open_frames(journal), JournalFrames)
    tape = read(journal).tapes[NAME]
    plain = read(written(tmp_path, *FRAMES)).tapes[NAME]
    assert touches(tape) == touches(plain)
    assert takes(tape) == takes(plain)


def test_what_the_account_was_told_stays_out_of_it(tmp_path):
    answer = '{"jsonrpc":"2.0","id":1000007,"result":{"order":{}},"usOut":1}'
    journal = journal_of(tmp_path / "a.journal", [answer, *FRAMES, answer])
    assert len(list(open_frames(journal))) == len(FRAMES)
    assert read(journal).messages == []


def test_a_torn_journal_says_so_and_keeps_what_came_before(tmp_path):
    path = journal_of(tmp_path / "a.journal", FRAMES)
    path.write_bytes(path.read_bytes()[:-100])
    tapes = read(path)
    assert any("torn tail" in text for text in tapes.messages)
    assert len(tapes.tapes[NAME].touch_ms) >= 2


def test_a_damaged_journal_says_where(tmp_path):
    path = journal_of(tmp_path / "a.journal", FRAMES)
    content = bytearray(path.read_bytes())
    content[-100] ^= 0xFF
    path.write_bytes(content)
    tapes = read(path)
    assert any("record" in text and "byte" in text for text in tapes.messages)


def test_a_journal_without_a_header_is_refused(tmp_path):
    path = tmp_path / "a.journal"
    path.write_bytes(journal_of(tmp_path / "b.journal", FRAMES).read_bytes()[:15])
    with pytest.raises(JournalError):
        open_frames(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        open_frames(tmp_path / "none")


def test_only_the_wanted_instruments_are_read(tmp_path):
    path = written(tmp_path, OPEN, book(1000, 1, '[["new",1.0,1.0]]', "[]", name="ETH"))
    frames = open_frames(path)
    assert isinstance(frames, Recording)
    assert list(Tapes(frames, only=("ETH",)).tapes) == ["ETH"]
    assert set(Tapes(frames).tapes) == {"ETH", NAME}


def test_rows_are_found_behind_any_number_of_frames(tmp_path):
    row = f'{{"id":1,"result":{{"instrument_name":"{NAME}","tick_size":0.5}}}}'
    changes = [
        book(1001 + n, 2 + n, f'[["change",100.0,{20 + n}.0]]', "[]", 1 + n)
        for n in range(FACTS_FRAMES_MAX + 5)
    ]
    assert read(written(tmp_path, OPEN, *changes, row)).tapes[NAME].tick_size == 0.5


def test_a_full_tape_drops_and_counts(monkeypatch):
    monkeypatch.setattr("engine.calibrate.tape.TOUCHES_MAX", 2)
    monkeypatch.setattr("engine.calibrate.tape.TAKES_MAX", 1)
    tape = tape_of([(1, 1, 2), (2, 1, 3)], [(1, 1, 2), (2, 1, 2)])
    assert (len(tape.touch_ms), len(tape.take_ms)) == (2, 1)
    assert tape.dropped == 2


def test_time_never_runs_back_on_a_tape():
    tape = tape_of([(10, 1, 2), (5, 1, 3)])
    assert list(tape.touch_ms) == [10, 10, 10]


def test_the_touch_before_a_moment_is_strictly_before():
    tape = tape_of([(10, 1, 2), (20, 1, 3)])
    assert [tape.at(ms) for ms in (9, 10, 11, 20)] == [-1, -1, 0, 0]


def test_an_empty_tape_stays_empty():
    tape = Tape("X")
    tape.end()
    assert not tape.touch_ms
    assert tape.breaks == 0


def test_channels_without_an_instrument_are_nobodys():
    assert channel_of(b'{"channel":"book.X.raw"}', b'"book.') == "X"
    assert channel_of(b'{"channel":"book."}', b'"book.') == ""
    assert channel_of(b'{"channel":"book.' + b"x" * 90 + b'.raw"', b'"book.') == ""

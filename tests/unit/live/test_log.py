"""The log: one line a note, nothing that can hold up or steer."""

import io
import threading

import pytest

from engine.live.log import (
    LINES_WAITING_MAX,
    RECENT_MAX,
    TEXT_CHARS_MAX,
    LineWriter,
    Log,
    printable,
)


def logged(level: str, *notes: tuple[str, str, str]) -> list[str]:
    stream = io.StringIO()
    writer = LineWriter(stream)
    log = Log(level, writer)
    for note in notes:
        log.note(*note)
    writer.close()
    return stream.getvalue().splitlines()


def test_a_line_has_time_level_kind_and_text() -> None:
    (line,) = logged("info", ("warning", "gap", "BTC-PERPETUAL: book unreadable"))
    stamp, level, kind, *text = line.split(" ")
    assert stamp.endswith("Z")
    assert "T" in stamp
    assert (level, kind) == ("warning", "gap")
    assert " ".join(text) == "BTC-PERPETUAL: book unreadable"


@pytest.mark.parametrize(
    ("least", "shown"),
    [
        ("debug", ["debug", "info", "error", "critical", "odd"]),
        ("info", ["info", "error", "critical", "odd"]),
        ("error", ["error", "critical", "odd"]),
    ],
)
def test_levels_below_the_least_are_left_out(least: str, shown: list[str]) -> None:
    notes = [(each, "k", "t") for each in ("debug", "info", "error", "critical", "odd")]
    assert [line.split()[1] for line in logged(least, *notes)] == shown


def test_a_note_stays_on_its_line_and_steers_no_terminal() -> None:
    (line,) = logged("info", ("info", "k\n", "a\nb\r\x1b[2Jc\x00"))
    assert line.isprintable()
    assert "a\\nb\\r\\x1b[2Jc\\x00" in line


def test_a_note_has_a_longest_length() -> None:
    assert printable("x" * (TEXT_CHARS_MAX + 1)) == "x" * TEXT_CHARS_MAX


def test_recent_notes_are_bounded() -> None:
    log = Log("info", None)
    for number in range(RECENT_MAX + 1):
        log.note("info", "k", str(number))
    assert len(log.recent) == RECENT_MAX
    assert log.recent[-1][2] == str(RECENT_MAX)
    assert log.recent[0][2] == "1"


class Stuck(io.StringIO):
    """A stream whose reader does not read until told to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go_on = threading.Event(), threading.Event()

    def write(self, text: str, /) -> int:
        self.entered.set()
        self.go_on.wait(10)
        return super().write(text)


def test_a_stuck_reader_costs_lines_not_time() -> None:
    stream = Stuck()
    writer = LineWriter(stream)
    writer.put("first")
    assert stream.entered.wait(10)
    for _ in range(LINES_WAITING_MAX):
        writer.put("kept")
    assert writer.dropped == 0
    writer.put("one too many")
    assert writer.dropped == 1
    stream.go_on.set()
    writer.close()
    assert stream.getvalue().count("kept") == LINES_WAITING_MAX
    assert "one too many" not in stream.getvalue()


def test_a_reader_that_left_is_no_error() -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

    writer = LineWriter(Gone())
    writer.put("lost")
    writer.close()
    assert writer.dropped == 1

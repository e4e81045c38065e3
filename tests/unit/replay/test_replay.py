"""The command's texts: what a reader and a program get to see."""

from __future__ import annotations

import pytest

from engine.cli import main
from engine.replay.replay import SHOWN_BYTES, first_difference, shortened
from tests.unit.journal.journals import ENTRIES, write


@pytest.mark.parametrize(
    ("a", "b", "at"),
    [(b"abc", b"abd", 2), (b"abc", b"ab", 2), (b"", b"x", 0), (None, b"x", 0)],
)
def test_first_difference(a, b, at):
    assert first_difference(a, b) == at


def test_shortened_keeps_the_place_in_view():
    assert shortened(None) == "(nothing)"
    assert shortened(b"a\nb\xff\x1b") == "a\\nb\\xff\\x1b"
    whole = b"x" * SHOWN_BYTES
    assert shortened(whole, 5) == whole.decode()
    long = b"x" * 1000 + b"HERE" + b"y" * 1000
    text = shortened(long, 1000)
    assert "HERE" in text
    assert len(text) == SHOWN_BYTES + 2
    assert text[0] == text[-1] == "…"


def test_print_shows_the_dialogue(tmp_path, capsys):
    path = write(tmp_path / "a.journal")
    assert main(["replay", str(path), "--print"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("run deadbeef, version 0.1.0")
    assert len(lines) == 1 + len(ENTRIES) + 1
    assert '0.000000  0  -> command {"cmd":"entropy"}' in lines[1]
    assert '<-  {"id":1}' in lines[3]
    assert lines[-1].endswith("end closed")


def test_print_says_how_a_torn_journal_ends(tmp_path, capsys):
    path = write(tmp_path / "a.journal")
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["replay", str(path), "--print"]) == 0
    assert "torn tail: record 9" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"not a journal", None])
def test_no_journal_is_one_line_and_exit_1(tmp_path, capsys, content):
    path = tmp_path / "a.journal"
    if content is not None:
        path.write_bytes(content)
    assert main(["replay", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"halfspread: {path}: byte 0: ")
    assert captured.err.count("\n") == 1


def test_configuration_that_is_none_is_a_config_error(tmp_path, capsys):
    path = write(tmp_path / "a.journal")
    assert main(["replay", str(path)]) == 2
    assert "quote" in capsys.readouterr().err

"""The command: what it prints, what it counts, what it refuses."""

from __future__ import annotations

import json

import pytest

from engine.cli import main
from engine.replay.feed import NOTES_SHOWN
from tests.unit.replay.test_dry import GOOD, book

KEYS = {"frames", "book_frames", "gaps", "crossed", "unknown", "errors"}


@pytest.fixture
def recording(tmp_path):
    """Return a small recording with a good book and a line of garbage."""
    path = tmp_path / "recording.jsonl"
    lines = [frame.payload.decode() for frame in GOOD]
    path.write_text("\n".join([*lines, "garbage", '{"ts":1,"dir":"send","frame":{}}']))
    return path


def test_json_is_one_object(recording, capsys):
    assert main(["feed", str(recording), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.keys() >= KEYS
    assert "books" not in report
    assert report["frames"] == 3
    assert report["book_frames"] == 2
    assert report["errors"] == 1
    assert report["not_fed"] == 1
    assert report["instruments"] == 1


def test_books_are_full_and_in_order(recording, capsys):
    assert main(["feed", str(recording), "--json", "--books"]) == 0
    assert json.loads(capsys.readouterr().out)["books"] == {
        "X": {
            "change_id": 2,
            "state": "readable",
            "bids": [[100.0, 20.0]],
            "asks": [[101.0, 30.0]],
        }
    }


def test_text_has_counts_table_and_books(recording, capsys):
    assert main(["feed", str(recording), "--books"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "3 frames" in lines[0]
    assert "gaps 0  crossed 0  unknown 0  errors 1" in lines[1]
    assert lines[2].startswith("note: first malformed frame")
    assert lines[3].split()[:2] == ["instrument", "book"]
    assert lines[4].split() == [
        *("X", "readable", "2", "0", "0.1", "inferred"),
        *("1", "100", "101", "1"),
    ]
    assert lines[-2:] == [
        "  ask                101                 30",
        "  bid                100                 20",
    ]


def test_many_messages_are_cut(tmp_path, capsys):
    path = tmp_path / "r"
    frames = [book(1, '[["new",1.5,1]]', name=f"N{n}") for n in range(NOTES_SHOWN + 3)]
    path.write_bytes(b"\n".join(frame.payload for frame in frames))
    rows = tmp_path / "rows"
    rows.write_text('[{"instrument_name":"other","tick_size":1}]')
    assert main(["feed", str(path), "--instruments", str(rows)]) == 0
    out = capsys.readouterr().out
    assert out.count("no row was given") == NOTES_SHOWN
    assert "note: and 3 more" in out


@pytest.mark.parametrize("which", ["FILE", "--instruments", "--config"])
def test_a_missing_file_is_exit_2_and_one_line(recording, tmp_path, capsys, which):
    missing = str(tmp_path / "missing")
    arguments = [missing] if which == "FILE" else [str(recording), which, missing]
    assert main(["feed", *arguments, "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert missing in captured.err
    assert "No such file" in captured.err


def test_an_empty_recording_is_no_error(tmp_path, capsys):
    path = tmp_path / "empty"
    path.touch()
    assert main(["feed", str(path)]) == 0
    assert "0 frames" in capsys.readouterr().out

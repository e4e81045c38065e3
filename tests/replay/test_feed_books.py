"""`halfspread feed` against the slow twin: recorded captures and made-up ones."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli import main
from engine.recording import Recording
from engine.replay.dry import DryRun
from engine.replay.feed import summary
from engine.replay.infer import gather, rows_in
from tests.data.shared import recorded, shared_dir
from tests.generators import captures
from tests.oracles.feed_books import oracle

COUNTS = ("frames", "book_frames", "gaps", "crossed", "errors")

CHAINED = ("ws_options_raw_20210405.jsonl.zst", "ws_options_raw_20210417.jsonl.zst")
ISOLATED = (
    "ws_frames_crypto-msg-parser_2021_2023.jsonl",
    "ws_frames_tardis-node_2019_2024.jsonl",
    "ws_trades_gocryptotrader_20250322.jsonl",
)


def feed(capsys, *arguments) -> dict:
    """Run the command with --json --books and return what it printed."""
    assert main(["feed", *map(str, arguments), "--json", "--books"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def check_same(report: dict, path: Path) -> None:
    """Check that counts and books are those of the slow twin, exactly."""
    expected = oracle(path)
    assert {name: report[name] for name in COUNTS} == {
        name: expected[name] for name in COUNTS
    }
    assert report["books"] == expected["books"]


@pytest.mark.replay
@pytest.mark.parametrize("name", CHAINED + ISOLATED)
def test_recorded_capture_gives_the_oracles_books(name, capsys):
    path = recorded("data", "deribit", name)
    report = feed(capsys, path)
    check_same(report, path)
    if name in CHAINED:
        assert (report["gaps"], report["crossed"], report["errors"]) == (0, 0, 0)
        assert report["unknown"] == 0
        assert len(report["books"]) == 10


@pytest.mark.replay
@pytest.mark.parametrize("name", CHAINED)
def test_recorded_instruments_give_the_same_books(name, capsys):
    path = recorded("data", "deribit", name)
    rows = recorded("data", "deribit", "rest_get_instruments_20210417.jsonl.zst")
    check_same(feed(capsys, path, "--instruments", rows), path)


@pytest.mark.replay
def test_every_other_recorded_file_is_fed_without_an_error(capsys):
    base = shared_dir()
    if base is None:
        pytest.skip("no recorded data on this machine")
    for path in sorted((base / "data" / "deribit").rglob("*.*")):
        if path.suffix == ".md" or path.name in CHAINED + ISOLATED:
            continue
        report = feed(capsys, path)
        assert report["errors"] == 0, path
        assert report["books"] == {}
        assert report["frames"] == oracle(path)["frames"]


@pytest.mark.parametrize("layout", ["bare", "timed", "envelope"])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_made_up_capture_gives_the_oracles_books(
    layout, suffix, seed, tmp_path_factory
):
    rng = Random(seed)
    garbage = layout != "timed"
    frames = captures.make(rng, 90, garbage=garbage)
    path = tmp_path_factory.mktemp("feed") / f"capture.jsonl{suffix}"
    captures.write(rng, path, frames, layout)
    recording = Recording(path)
    facts = gather(recording)
    run = DryRun(facts)
    for frame in recording:
        if frame.direction == "recv":
            run.feed(frame)
    check_same({**summary(run, recording, facts, 0), "books": run.books()}, path)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_given_rows_and_inferred_rows_give_the_same_books(seed, tmp_path_factory):
    rng = Random(seed)
    folder = tmp_path_factory.mktemp("feed")
    path = captures.write(rng, folder / "c.jsonl", captures.make(rng, 100), "bare")
    recording = Recording(path)
    results = []
    for given_rows in (None, dict(rows_in(captures.as_rows()))):
        facts = gather(recording, given_rows)
        if given_rows is not None:
            assert set(facts.sources.values()) <= {"given"}
        run = DryRun(facts)
        for frame in recording:
            run.feed(frame)
        results.append(run.books())
    assert results[0] == results[1]

"""Every file of test data says where it comes from; none was recorded elsewhere."""

import datetime
import tomllib
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT, tracked

KINDS = ("recorded", "generated", "documented")
OURS = "halfspread"


def problems(folder: Path) -> list[str]:
    """Return what is wrong with a folder of test data and its manifest."""
    manifest = tomllib.loads((folder / "MANIFEST.toml").read_text())
    listed = {row.get("path"): row for row in manifest.get("file", [])}
    present = {
        path.relative_to(folder).as_posix()
        for path in tracked(folder if ROOT not in folder.parents else ROOT)
        if folder in path.parents and path.suffix != ".py"
    } - {"MANIFEST.toml"}
    found = [f"{name}: not in the manifest" for name in sorted(present - set(listed))]
    for name, row in listed.items():
        if name not in present:
            found.append(f"{name}: listed, not there")
        if row.get("kind") not in KINDS:
            found.append(f"{name}: kind is none of {', '.join(KINDS)}")
        if not row.get("origin"):
            found.append(f"{name}: no origin")
        if not isinstance(row.get("date"), datetime.date):
            found.append(f"{name}: no date")
        elsewhere = row.get("kind") == "recorded" and OURS not in row.get("origin", "")
        if elsewhere:
            found.append(f"{name}: recorded elsewhere, may not be committed")
    return found


def test_every_file_is_in_the_manifest():
    assert not problems(ROOT / "tests" / "data")


GOOD_ROW = """
[[file]]
path = "a.jsonl"
kind = "generated"
origin = "halfspread sim --seed 1"
date = 2026-01-02
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("a.jsonl", "b.jsonl", "not in the manifest"),
        ("a.jsonl", "b.jsonl", "listed, not there"),
        ('"generated"', '"found"', "kind"),
        ('"generated"', '"recorded"', None),
        ("halfspread sim --seed 1", "", "no origin"),
        ('"generated"\norigin = "halfspread', '"recorded"\norigin = "x', "elsewhere"),
        ("2026-01-02", '"today"', "no date"),
    ],
)
def test_the_canary(tmp_path, old, new, problem):
    (tmp_path / "a.jsonl").write_text("{}")
    manifest = tmp_path / "MANIFEST.toml"
    manifest.write_text(GOOD_ROW)
    assert problems(tmp_path) == []
    manifest.write_text(GOOD_ROW.replace(old, new))
    found = "\n".join(problems(tmp_path))
    assert found == "" if problem is None else problem in found

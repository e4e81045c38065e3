"""The pictures: where matplotlib is, they are drawn and the same every time."""

import pytest

from benchmarks.figures import Found, Goal, row

plots = pytest.importorskip("benchmarks.plots", reason="matplotlib is not installed")

GOAL = Goal("t", "bytes", must=20, aim=30, rival="theirs")
SERIES = {"bytes to touch, ns": {"halfspread": [9.0, 10.0], "theirs": [90.0, 110.0]}}


def test_pictures_are_drawn_and_repeat(tmp_path):
    figures = {"t": row(GOAL, Found("t", 10.0, 250.0))}
    drawn = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        plots.draw(figures, SERIES, tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        drawn.append([(file.name, file.read_bytes()) for file in files])
    assert drawn[0] == drawn[1]
    assert [name for name, _ in drawn[0]] == ["bytes-to-touch-ns.svg", "ratios.svg"]

"""The file of a recording: never overwritten, readable after a kill, exact."""

from __future__ import annotations

import contextlib
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError, EngineError
from engine.live.framefile import FrameFile, frame_text
from engine.recording import Recording as Frames


def test_never_overwrites(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="does not exist yet"):
        FrameFile(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_what_was_flushed_survives_a_kill(tmp_path, name):
    sink = FrameFile(tmp_path / name)
    sink.write(1_500_000_001, "recv", b'{"a":1}')
    sink.flush()
    copy = tmp_path / f"copy-{name}"
    copy.write_bytes((tmp_path / name).read_bytes())
    sink.close()
    frames = list(Frames(copy))
    assert [(f.t_ns, f.payload) for f in frames] == [(1_500_000_001, b'{"a":1}')]


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (b'{"a":1.50}', b'{"a":1.50}'),
        (b"[1e5]", b"[1e5]"),
        (b'{\n"a":1}', b'"{\\n\\"a\\":1}"'),
        (b"{", b'"{"'),
        (b"7", b'"7"'),
        (b"", b'""'),
        (b"\xff", '"\N{REPLACEMENT CHARACTER}"'.encode()),
    ],
)
def test_what_is_not_one_line_of_json_becomes_a_string(frame, text):
    assert frame_text(frame) == text


@settings(max_examples=40, deadline=None)
@given(
    frames=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6),
    name=st.sampled_from(["a", "a.gz", "a.zst"]),
)
def test_every_text_comes_back(frames, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / name
    sink = FrameFile(path)
    for number, text in enumerate(frames):
        sink.write(number, "recv", text.encode())
    sink.close()
    assert sink.lines == len(frames)
    found = list(Frames(path))
    assert [frame.payload.decode() for frame in found] == frames
    assert [frame.t_ns for frame in found] == list(range(len(frames)))


def test_plain_lines_are_json(tmp_path):
    sink = FrameFile(tmp_path / "a")
    sink.write(1_790_000_000_000_000_001, "send", b"{}")
    sink.close()
    text = (tmp_path / "a").read_bytes()
    assert text == b'{"ts":1790000000.000000001,"dir":"send","frame":{}}\n'
    assert sink.plain_bytes == len(text)
    assert orjson.loads(text)["dir"] == "send"


def test_a_missing_folder_is_a_clear_error(tmp_path):
    with pytest.raises(EngineError, match="cannot be made: No such file"):
        FrameFile(tmp_path / "no" / "a")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "step",
    [
        lambda sink: sink.write(2, "recv", b'"' + b"x" * 1_000_000 + b'"'),
        FrameFile.flush,
        FrameFile.close,
    ],
)
def test_a_full_disk_is_a_clear_error(step):
    sink = FrameFile(Path("/dev/full"))
    sink.write(1, "recv", b"{}")
    with pytest.raises(EngineError, match=r"No space left .*; up to 1 frames"):
        step(sink)
    with contextlib.suppress(EngineError):
        sink.close()

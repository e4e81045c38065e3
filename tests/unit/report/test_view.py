"""The view's process: frames through a pipe, whatever the pipe carries."""

import io

import pytest
from rich.console import Console

from engine.report.picture import HEIGHT_MIN, Frame
from engine.report.view import FRAME_BYTES_MAX, decode, encode, watch


def frame() -> Frame:
    """A frame with something in every field; JSON has lists, no tuples."""
    return Frame(
        snapshot={"session": {"state": "quoting"}, "instruments": {"X": {"mid": 1.5}}},
        instruments=["X"],
        environment="simulation",
        up_s=1.5,
        left_s=2.5,
        connected=1,
        metrics_url="http://127.0.0.1:9464/metrics",
        latency_ns={"write": {"count": 1, "p50": 1, "p99": 2, "p999": 3, "max": 4}},
        notes=[["12:00:01", "info", "first note"]],
    )


def test_a_frame_survives_the_pipe() -> None:
    sent = frame()
    line = encode(sent)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) < FRAME_BYTES_MAX
    assert decode(line) == sent


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"[]", b'{"spare":1}', b'"x"'])
def test_no_line_is_an_error(line: bytes) -> None:
    assert decode(line) is None


def test_the_view_ends_with_its_input() -> None:
    console = Console(file=io.StringIO(), width=80, height=HEIGHT_MIN)
    stream = io.BytesIO(encode(frame()) + b"torn\n" + encode(frame()))
    watch(stream, console)
    assert isinstance(console.file, io.StringIO)

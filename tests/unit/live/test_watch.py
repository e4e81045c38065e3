"""The pipe to the drawing process: never waited for, closed in order."""

import os
import time

import pytest

from engine.live.watch import CLOSE_TIMEOUT_S, Watch
from engine.report.picture import Frame

pytestmark = pytest.mark.loopback

BIG = Frame(snapshot={"pad": "x" * 2**19}, instruments=("BTC-PERPETUAL",))
SMALL = Frame(snapshot={}, instruments=("BTC-PERPETUAL",))


def test_frames_that_are_not_taken_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_SECRET", "not for you")
    watch = Watch(without=("MY_SECRET",))
    try:
        started_s = time.monotonic()
        for _ in range(50):
            watch.show(BIG)
        assert time.monotonic() - started_s < CLOSE_TIMEOUT_S
        environ = f"/proc/{watch.process.pid}/environ"
        if os.path.exists(environ):
            with open(environ, "rb") as stream:
                assert b"MY_SECRET" not in stream.read()
    finally:
        watch.close()
    assert watch.process.poll() is not None


def test_a_drawing_process_that_died_is_no_error() -> None:
    watch = Watch(without=())
    watch.process.kill()
    watch.process.wait()
    for _ in range(3):
        watch.show(SMALL)
    watch.close()
    assert watch.process.poll() is not None

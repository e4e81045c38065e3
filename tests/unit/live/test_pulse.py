"""The sign of life: stamped by a loop that turns, read whole or not at all."""

import asyncio
import os
import stat
import time
from pathlib import Path

import pytest

from engine.live.pulse import _BEAT, _MAGIC, BEAT_S, RESTING, Beat, Pulse, read_beat


def test_a_loop_that_turns_stamps_and_one_that_hangs_does_not(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat"

    async def scenario() -> None:
        before_ns = time.monotonic_ns()
        pulse = Pulse(path)
        pulse.start()
        first = read_beat(path)
        assert first is not None
        assert first.pid == os.getpid()
        assert first.at_ns >= before_ns
        seen = {first}
        while len(seen) < 3:
            await asyncio.sleep(0)
            found = read_beat(path)
            assert found is not None
            seen.add(found)
        last = max(seen)
        while time.monotonic_ns() < last.at_ns + 3 * BEAT_S * 1e9:
            pass  # the loop hangs
        assert read_beat(path) == last
        pulse.close()

    asyncio.run(scenario())
    assert read_beat(path) == Beat(os.getpid(), RESTING)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_how_late_the_loop_is_is_measured_without_a_file_as_well() -> None:
    async def scenario() -> int:
        pulse = Pulse(None)
        pulse.start()
        late_s = time.monotonic() + 3 * BEAT_S
        while time.monotonic() < late_s:
            pass  # the loop hangs
        while pulse.lag.count < 2:
            await asyncio.sleep(0)
        pulse.close()
        return int(pulse.lag.summary()["max"])

    assert asyncio.run(scenario()) >= BEAT_S * 1e9


def test_a_run_takes_over_the_file_of_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat"
    path.write_bytes(b"something longer than a stamp, left behind by another version")

    async def scenario() -> None:
        pulse = Pulse(path)
        pulse.start()
        assert read_beat(path) is not None
        pulse.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        _BEAT.pack(b"another\n", 1, 2, 2 ^ ((1 << 64) - 1)),
        _BEAT.pack(_MAGIC, 1, 2, 3),
        _BEAT.pack(_MAGIC, 1, 2, 2 ^ ((1 << 64) - 1)) + b"more",
    ],
)
def test_what_is_no_whole_stamp_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "heartbeat"
    assert read_beat(path) is None
    path.write_bytes(content)
    assert read_beat(path) is None


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path / "heartbeat")
    pulse.close()
    pulse.close()

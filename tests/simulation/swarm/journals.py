"""The journal of each process of a run, and what a kill leaves of it.

The engine's own recorder and writer keep it. At a kill what was buffered is mostly
lost with the process, and then the file is cut at any byte, a bit of it is flipped, or
zeros stand where a file system had not written yet. It must be read up to the damage
and not further, the damage must be named at its place, and what was read must replay
to the same bytes.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine import __version__
from engine._core.core import Core
from engine.config import Config
from engine.errors import JournalError
from engine.journal import Header, Reader, Record, Recorder, Writer
from engine.replay.replay import replay

JUDGED_MAX = 2  # journals of one engine; each costs the time of its run again
FLUSHED_SHARE = 0.7  # of the kills come when nothing is buffered
ZEROS_MIN, ZEROS_MAX = 512, 4_096


class Journals:
    """The journals of one engine's processes, one after the other.

    Units: bytes_max is the size at which a journal ends while its run goes on.
    """

    def __init__(self, config: Config, dice: random.Random, bytes_max: int) -> None:
        self._config, self._dice, self._bytes_max = config, dice, bytes_max
        self._folder = tempfile.TemporaryDirectory(prefix="swarm-")
        self._recorder: Recorder | None = None
        self.judged = 0

    def begin(self, core: Core, run_id: int) -> None:
        """Have the core of a process that begins keep a journal of its own."""
        header = Header(run_id, 0, __version__, self._config.model_dump(mode="json"))
        path = Path(self._folder.name) / f"{run_id:08x}.journal"
        writer = Writer(path, header, max_bytes=self._bytes_max)
        self._recorder = Recorder(core, writer)

    def kill(self) -> str:
        """Let the process be gone, and spoil and read what it left.

        Returns: what is wrong with how it is read. Empty: "", nothing.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ""
        writer, problem = recorder.writer, ""
        if self._dice.random() < FLUSHED_SHARE:
            recorder.flush(0)
        if recorder.is_recording:
            writer.abandon()
        if self.judged < JUDGED_MAX:
            self.judged += 1
            problem = judge(writer.path, self._dice)
        writer.path.unlink()
        return problem

    def end(self, t_ns: int) -> str:
        """Close the last journal, which must be whole then.

        Returns: what is wrong with it. Empty: "", nothing.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ""
        recorder.close(t_ns)
        if self.judged:
            return ""
        with Reader(recorder.writer.path) as reader:
            _, difference = replay(reader)
        if difference is not None:
            return f"a whole journal replays to something else: {difference}"
        return "" if reader.ended else f"a closed journal is not: {reader.tail}"

    def forget(self) -> None:
        """Leave nothing on the disk."""
        if self._recorder is not None:
            self._recorder.writer.abandon()
            self._recorder = None
        self._folder.cleanup()


@dataclass(frozen=True)
class Damage:
    """What was done to a journal; ``at`` is the first byte it concerns."""

    kind: str
    at: int
    content: bytes


def spoil(content: bytes, dice: random.Random) -> Damage:
    """Return a journal as a crash may leave it."""
    kind = dice.choice(("cut", "cut", "flip", "zeros"))
    at = dice.randrange(len(content))
    if kind == "cut":
        return Damage(kind, at, content[:at])
    if kind == "zeros":
        zeros = bytes(dice.randint(ZEROS_MIN, ZEROS_MAX))
        return Damage(kind, at, content[:at] + zeros)
    flipped = bytearray(content)
    flipped[at] ^= 1 << dice.randrange(8)
    return Damage(kind, at, bytes(flipped))


def judge(path: Path, dice: random.Random) -> str:
    """Damage a journal and read it.

    Returns: what is wrong with how it is read. Empty: "", nothing.
    """
    try:
        with Reader(path) as reader:
            records = list(reader)
    except JournalError as error:
        return f"a journal nothing has happened to: {error}"
    damage = spoil(path.read_bytes(), dice)
    path.write_bytes(damage.content)
    problem = _misread(path, records, damage)
    return problem and f"a journal with a {damage.kind} at {damage.at}: {problem}"


def _misread(path: Path, records: list[Record], damage: Damage) -> str:
    try:
        reader = Reader(path)
    except JournalError:
        is_in_header = not records or damage.at < records[0].offset
        return "" if is_in_header else "its sound header is refused"
    found: list[Record] = []
    told_at = -1
    with reader:
        try:
            found.extend(reader)
        except JournalError as error:
            told_at = error.offset
    if problem := _miscounted(found, records, damage):
        return problem
    place = records[len(found)].offset if len(found) < len(records) else -1
    if damage.kind == "flip" and told_at != place:
        return f"the damage is said to be at {told_at}, it is in the record at {place}"
    if damage.kind != "flip" and (told_at >= 0 or not reader.tail):
        return f"it is said to be damaged at {told_at}, its tail is {reader.tail!r}"
    return _replays(path, damage)


def _miscounted(found: list[Record], records: list[Record], damage: Damage) -> str:
    """Whether every record that ends before the damage was read, and no other."""
    starts = [one.offset for one in records[1:]]
    whole = sum(start <= damage.at for start in starts)
    # Zeros complete a record that was cut among zeros of its own.
    most = whole + (damage.kind == "zeros")
    if not whole <= len(found) <= most:
        return f"{len(found)} records are read, {whole} stand before it"
    return "" if found == records[: len(found)] else "a record is not what it was"


def _replays(path: Path, damage: Damage) -> str:
    difference = None
    try:
        with Reader(path) as reader:
            _, difference = replay(reader)
    except JournalError:
        if damage.kind != "flip":
            raise
    return f"it replays to something else: {difference}" if difference else ""

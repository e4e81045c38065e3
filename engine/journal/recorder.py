"""The recorder: has a core keep its journal; a failing disk ends that and no more.

The core writes each verb, and behind it what it wants to say because of it, into the
writer's records. So in the journal every answer stands directly behind the verb that
caused it, whenever the shell asks for it.
"""

from __future__ import annotations

from engine._core.core import Core
from engine._core.verbs import Note
from engine.errors import JournalError
from engine.journal.writer import Writer


class Recorder:
    """The journal of one core, from now on.

    A journal that cannot be written any more (disk full, file limit) never stops the
    engine: journaling ends there, a critical note says so, and the core goes on.
    """

    def __init__(self, core: Core, writer: Writer) -> None:
        self.writer = writer
        self.is_recording = True
        self._core = core
        self._notes: list[Note] = []
        core.record(writer.records)

    def notes(self) -> list[Note]:
        """Take the notes for the log."""
        taken, self._notes = self._notes, []
        return taken

    def flush_due(self, t_ns: int) -> bool:
        """Return whether the shell should call ``flush``: 512 kB or 100 ms gathered."""
        return self.is_recording and self.writer.flush_due(t_ns)

    def flush(self, t_ns: int) -> None:
        """Bring the records on their way. Call it after the socket write."""
        if self.is_recording:
            try:
                self.writer.flush(t_ns)
            except JournalError as error:
                self._stop(t_ns, error)

    def close(self, t_ns: int) -> None:
        """End the journal: the last records are on the disk when this returns."""
        if self.is_recording:
            self.is_recording = False
            self._core.record(None)
            try:
                self.writer.check()
                self.writer.close(t_ns)
            except JournalError as error:
                self._stop(t_ns, error)

    def _stop(self, t_ns: int, error: JournalError) -> None:
        """Stop journaling for the rest of the run and say why."""
        self.is_recording = False
        self._core.record(None)
        text = f"{error}; this run is not recorded from here on"
        self._notes.append((t_ns, "critical", "journal", text))
        try:
            self.writer.close(t_ns, error.problem)
        except JournalError:
            # The END record did not reach the disk: the reader reports a torn tail.
            self.writer.abandon()

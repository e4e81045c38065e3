"""The journal: everything a core was told and answered, so that a run can be had again.

A shell makes a ``Writer`` with the run's ``Header`` and a ``Recorder``, which has the
core write into it. ``Reader`` gives the records back.
"""

from engine.journal.format import Header, Kind, Record
from engine.journal.reader import Reader
from engine.journal.recorder import Recorder
from engine.journal.writer import Writer

__all__ = ["Header", "Kind", "Reader", "Record", "Recorder", "Writer"]

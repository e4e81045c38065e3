# Frames as the decoder leaves them, kept.
from libc.stdint cimport int64_t

from engine._core.base.event cimport BookChange, LevelChange


cdef class Tape:
    cdef:
        BookChange* changes
        LevelChange* rows
        readonly Py_ssize_t count
        readonly int64_t levels

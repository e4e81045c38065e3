# The core as plain Python values, off the hot path.
from engine._core.desk cimport Desk

cdef dict core_snapshot(Desk desk)

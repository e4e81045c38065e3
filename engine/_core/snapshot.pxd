# The core as plain Python values, off the hot path.
from engine._core.desk cimport Desk

cdef dict core_outline(Desk desk)
cdef dict market_snapshots(Desk desk, Py_ssize_t first, Py_ssize_t count)

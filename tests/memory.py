"""What this process holds: of the system, and of the C library."""

import ctypes
import resource
from pathlib import Path

import pytest

STATM = Path("/proc/self/statm")
MAPS = Path("/proc/self/maps")
PROBE_BYTES = 1 << 22


class _Handed(ctypes.Structure):
    _fields_ = [
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    ]


def resident_bytes() -> int:
    """Return the memory that is really there; skips where the system does not say."""
    if not STATM.exists():
        pytest.skip("this system does not tell what is resident")
    if "libasan" in MAPS.read_text():
        pytest.skip("the address sanitizer's own memory is resident too")
    return int(STATM.read_text().split()[1]) * resource.getpagesize()


def handed_out_bytes() -> int:
    """Return what the C library has given away; skips where it does not say."""
    count = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if count is None:
        pytest.skip("the C library does not say what it has handed out")
    count.restype = _Handed
    before = _in_use(count())
    probe = bytes(PROBE_BYTES)
    if _in_use(count()) - before < len(probe):
        pytest.skip("memory is not handed out by the C library here (sanitizers)")
    return before


def _in_use(found: _Handed) -> int:
    return found.uordblks + found.hblkhd

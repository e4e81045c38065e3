"""simdjson On-Demand in C++, built here against the sources a package brings.

The source distribution of pysimdjson, unpacked by ``make bench`` with pip, has a newer
simdjson than most systems; the system's own header is the second choice.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".cpp")
PADDING_BYTES = 256
FLAGS = ("-O3", "-std=c++17", "-fPIC", "-shared", "-DNDEBUG")


class AbsentError(RuntimeError):
    """simdjson is not to be had here; says what is missing."""


def vendored(scratch: Path) -> Path | None:
    """Return the folder with simdjson.h and .cpp out of a fetched package, if any."""
    for archive in sorted((scratch / "simdjson").glob("pysimdjson-*.tar.gz")):
        with tarfile.open(archive) as packed:
            for member in packed.getmembers():
                name = Path(member.name)
                if name.name in ("simdjson.h", "simdjson.cpp") and member.isfile():
                    out = archive.parent / name.name
                    source = packed.extractfile(member)
                    if source is not None:
                        out.write_bytes(source.read())
        return archive.parent
    return None


def build(scratch: Path) -> Path:
    """Compile the library; return its path. Raises: AbsentError."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise AbsentError("there is no C++ compiler")
    folder = vendored(scratch)
    library = scratch / "simdjson_levels.so"
    command = [compiler, *FLAGS, str(SOURCE), "-o", str(library)]
    if folder is not None:
        command += [f"-I{folder}", str(folder / "simdjson.cpp")]
    else:
        command += ["-lsimdjson"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), "")
        raise AbsentError(f"simdjson cannot be built against here: {first.strip()}")
    return library


class Scanner:
    """Frames laid out for the library, and the library."""

    def __init__(self, frames: Sequence[bytes], scratch: Path) -> None:
        """Build it. Raises: AbsentError."""
        self._library = ctypes.CDLL(str(build(scratch)))
        self._scan = self._library.scan_frames
        self._scan.restype = ctypes.c_int64
        self._library.version.restype = ctypes.c_char_p
        self._text = b"\n".join(frames) + b"\n" + bytes(PADDING_BYTES)
        starts = [0]
        for frame in frames:
            starts.append(starts[-1] + len(frame) + 1)
        self._starts = (ctypes.c_int64 * len(starts))(*starts)
        self._count = len(frames)

    @property
    def version(self) -> str:
        """The simdjson it was built with."""
        return self._library.version().decode()

    def scan(self) -> tuple[int, int]:
        """Read every frame; return levels and a sum over them.

        Raises: ValueError when simdjson could not read one.
        """
        total = ctypes.c_int64()
        levels = self._scan(
            self._text,
            self._starts,
            ctypes.c_int64(self._count),
            ctypes.byref(total),
        )
        if levels < 0:
            raise ValueError("a frame could not be read")
        return levels, total.value

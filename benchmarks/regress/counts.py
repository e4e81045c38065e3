"""Runs the program under callgrind and makes counts a unit of what it dumped."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("-O1", "-shared", "-fPIC", "-x", "c")
MARKS = """
#include <valgrind/callgrind.h>

void begin(void) { CALLGRIND_START_INSTRUMENTATION; }
void toggle(void) { CALLGRIND_TOGGLE_COLLECT; }
void dump(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }
"""
"""What the program says to callgrind; outside of valgrind each does nothing."""
CALLGRIND = ("--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no")
STEADY = {
    "PYTHONHASHSEED": "0",
    # One memcpy on every processor: the C library would choose by what it finds.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS,-FSRM",
}
TIMEOUT_S = 600.0


class CannotCountError(RuntimeError):
    """Nothing can be counted here; says what is missing."""


def toolchain() -> dict[str, str]:
    """Return what the count depends on beside the code: who compiled and runs it."""
    return {
        "machine": platform.machine(),
        "compiler": _cc() or platform.python_compiler(),
        "cython": version("cython"),
        "python": platform.python_version(),
    }


def _cc() -> str | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0].strip() or None


def count() -> dict[str, float]:
    """Return figure -> instructions a unit. Raises: as `dumped`."""
    return per_unit({name: total for name, (total, _) in dumped().items()})


def dumped(program: str = "benchmarks.regress.work") -> dict[str, tuple[int, str]]:
    """Run a program; return name -> instructions and dump of each of its counts.

    Raises: CannotCountError without valgrind, its header or a compiler.
    """
    valgrind, compiler = shutil.which("valgrind"), shutil.which("cc")
    if valgrind is None:
        raise CannotCountError("valgrind is not installed")
    if compiler is None:
        raise CannotCountError("there is no C compiler")
    with TemporaryDirectory() as folder:
        library = Path(folder) / "marks.so"
        done = subprocess.run(
            [compiler, *FLAGS, "-o", str(library), "-"],
            input=MARKS,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            words = done.stderr.strip().partition("\n")[0]
            raise CannotCountError(f"valgrind's marks cannot be compiled: {words}")
        command = [sys.executable, "-m", program, str(library)]
        done = subprocess.run(
            [valgrind, *CALLGRIND, f"--callgrind-out-file={folder}/out", *command],
            cwd=ROOT,
            env={**os.environ, **STEADY, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        if done.returncode:
            raise RuntimeError(f"the counted program failed:\n{done.stderr[-3000:]}")
        texts = [path.read_text() for path in sorted(Path(folder).glob("out.*"))]
    return dumps(texts)


def dumps(texts: list[str]) -> dict[str, tuple[int, str]]:
    """Return name -> instructions and text of callgrind's dumps."""
    found = {}
    for text in texts:
        name = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.MULTILINE)
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if name and total:
            found[name[1]] = int(total[1]), text
    return found


def per_unit(counted: dict[str, int]) -> dict[str, float]:
    """Return figure -> instructions a unit, of ``figure units -> instructions``."""
    found: dict[str, dict[str, int]] = {}
    for name, instructions in counted.items():
        figure, _, units = name.partition(" ")
        if units:
            found.setdefault(figure, {})[units] = instructions
    result = {}
    for figure, by_units in found.items():
        nothing = by_units.pop("nothing", None)
        if nothing is not None:
            ((units, instructions),) = by_units.items()
            result[figure] = (instructions - nothing) / int(units)
            continue
        (short, few), (long, many) = sorted(
            by_units.items(), key=lambda item: int(item[0])
        )
        result[figure] = (many - few) / (int(long) - int(short))
    return {figure: round(value, 1) for figure, value in result.items()}

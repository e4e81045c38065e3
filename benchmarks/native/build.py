"""Build ``loops`` beside the engine's modules, with the flags they were built with.

Cython looks at every ``.pxd`` it reads, so a changed engine means a new build, and an
unchanged one means none.
"""

from __future__ import annotations

import fcntl
import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def build() -> None:
    """Compile what has changed, in place, after whoever does so already."""
    scratch = ROOT / "build"
    scratch.mkdir(exist_ok=True)
    with (scratch / "loops.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when it is closed
        _build()


def _build() -> None:
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    loops = Extension(
        "benchmarks.native.loops",
        [str((FOLDER / "loops.pyx").relative_to(ROOT))],
        extra_compile_args=["-O3", "-g0"],
    )
    modules = cythonize(
        [loops],
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
        },
        quiet=True,
    )
    made = Distribution({"name": "loops", "ext_modules": modules})
    command = made.get_command_obj("build_ext")
    command.ensure_finalized()
    command.inplace = True
    command.build_temp = str(ROOT / "build" / "temp")
    command.run()


def loops() -> ModuleType:
    """Return the module, built when it is not there or not of this engine.

    Raises: ImportError when it cannot be built; says why.
    """
    try:
        build()
    except SystemExit as end:
        raise ImportError(f"the loops cannot be built: {end}") from None
    except ImportError as error:
        raise ImportError(f"the loops need Cython and setuptools: {error}") from None
    return importlib.import_module("benchmarks.native.loops")


if __name__ == "__main__":
    sys.exit(0 if loops() else 1)

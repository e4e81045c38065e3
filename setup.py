"""Build the compiled rooms: every ``engine/**/*.pyx`` is one extension module.

Everything else about the package stands in ``pyproject.toml``. Three environment
switches change how the extensions are compiled; unset means off:

``HALFSPREAD_DEBUG=1``     no optimisation, bounds checks on, debug symbols
``HALFSPREAD_COVERAGE=1``  Cython line tracing, for coverage of the compiled code
``HALFSPREAD_SANITIZE=1``  address and undefined-behaviour sanitizers (gcc or clang);
                           run Python with the sanitizer runtime preloaded,
                           ``make sanitize`` does it

``HALFSPREAD_NO_BUILD=1`` leaves the extensions out: the Makefile compiles them in place
itself, and an editable install would compile all of them once more.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).parent


def switch(name: str) -> bool:
    """Return whether the environment switch ``HALFSPREAD_<name>`` is on."""
    return os.environ.get(f"HALFSPREAD_{name}", "0") not in ("", "0")


DEBUG, COVERAGE, SANITIZE = switch("DEBUG"), switch("COVERAGE"), switch("SANITIZE")

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": True,
    "linetrace": COVERAGE,
}

compile_args = ["-O0", "-g"] if DEBUG else ["-O3", "-g0"]
link_args: list[str] = []
if SANITIZE:
    flags = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g"]
    compile_args = ["-O1", *flags]
    link_args = list(flags)

macros = [("CYTHON_TRACE_NOGIL", "1")] if COVERAGE else []


def extensions() -> list[Extension]:
    """Return one extension per Cython module, in a stable order."""
    return [
        Extension(
            ".".join(path.relative_to(ROOT).with_suffix("").parts),
            [str(path.relative_to(ROOT))],
            extra_compile_args=compile_args,
            extra_link_args=link_args,
            define_macros=macros,
        )
        for path in sorted((ROOT / "engine").rglob("*.pyx"))
    ]


def main() -> None:
    """Translate and compile, both in parallel."""
    if switch("NO_BUILD"):
        setup()
        return
    # A variant keeps its own C files: Cython would not see that directives changed.
    variant = "-".join(name for name in ("DEBUG", "COVERAGE") if switch(name)).lower()
    setup(
        ext_modules=cythonize(
            extensions(),
            compiler_directives=DIRECTIVES,
            build_dir=f"build/cython-{variant}" if variant else None,
            gdb_debug=DEBUG,
            nthreads=os.cpu_count() or 1,
            quiet=True,
        ),
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
    )


# Workers that are spawned, not forked, import this file again.
if __name__ == "__main__":
    main()

"""A rule that finds nothing may be broken: plant a violation, see it found."""

import pytest

from tests.tidy import rules

CLEAN = {
    "engine/errors.py": "class EngineError(Exception): ...\n",
    "engine/_core/base/types.pxd": "ctypedef int64_t price_t\n",
    "engine/_core/state/book.pyx": "cdef int best() noexcept nogil:\n    return 1\n",
    "engine/_core/state/book.pxd": "from engine._core.base.types cimport price_t\n",
    "engine/_core/state/book.pyi": "",
    "engine/_core/quote/sheet.py": "",
    "engine/_core/quote/gate.py": "from engine._core.state import book\n",
    "engine/session/machine.py": "seen: set[int] = set()\nfor x in sorted(seen): ...\n",
    "engine/live/run.py": "import time\nfrom engine.session import machine\n",
    "engine/sim/world.py": "",
    "strategies/mine.py": "from engine import Strategy\n",
    "tests/oracles/book.py": "import json\n",
    "tests/unit/session/test_machine.py": "",
    "tests/unit/live/test_run.py": "",
    "tests/unit/sim/test_world.py": "",
    "tests/unit/test_errors.py": "",
    "tests/unit/_core/state/test_book.py": "",
    "tests/unit/_core/quote/test_sheet.py": "",
    "tests/unit/_core/quote/test_gate.py": "",
    "README.md": "Type `make run`.\n",
}

# Spelled in two halves, as these files are under the rules themselves.
HOME = "/" + "home/someone/x"
LATER = "TO" + "DO"

PLANTED = [
    (rules.look_at, "engine/_core/state/book.pxd", "cimport engine._core.quote.gate\n"),
    (
        rules.look_at,
        "engine/_core/state/book.pyx",
        "from engine._core.quote cimport gate\n",
    ),
    (rules.look_at, "engine/_core/state/book.pyx", "from ..quote cimport gate\n"),
    (rules.look_at, "engine/_core/base/types.pxd", "from ..state.book cimport best\n"),
    (rules.look_at, "engine/live/run.py", "from engine.sim import world\n"),
    (rules.look_at, "engine/live/run.py", "import engine.sim.world\n"),
    (
        rules.look_at,
        "engine/live/run.py",
        "def f():\n    from engine.sim import world\n",
    ),
    (rules.look_at, "engine/session/machine.py", "from engine.live import run\n"),
    (rules.look_at, "engine/session/machine.py", "from tests import x\n"),
    (rules.look_at, "strategies/mine.py", "from engine._core.state import book\n"),
    (rules.look_at, "strategies/mine.py", "from engine.session import machine\n"),
    (rules.oracles_are_independent, "tests/oracles/book.py", "import engine._core\n"),
    (
        rules.oracles_are_independent,
        "tests/oracles/book.py",
        "from engine._core.state.book import Book\n",
    ),
    (rules.unplaced_modules, "engine/strange.py", ""),
    (rules.purity, "engine/session/machine.py", "import time\n"),
    (rules.purity, "engine/session/machine.py", "from os import path\n"),
    (rules.purity, "engine/_core/state/book.pyx", "import random\n"),
    (rules.purity, "engine/_core/state/book.pyx", "x = hash(name)\n"),
    (rules.purity, "engine/_core/state/book.pyx", "for x in {1, 2}:\n"),
    (rules.purity, "engine/sim/venue/rpc.py", "import uuid\n"),
    (rules.purity, "strategies/mine.py", "import datetime as dt\n"),
    (rules.purity, "strategies/mine.py", "x = id(object())\n"),
    (rules.purity, "engine/session/machine.py", "for x in {1, 2}: ...\n"),
    (rules.purity, "engine/session/machine.py", "y = list(set([1]))\n"),
    (rules.purity, "engine/session/machine.py", "y = {1}\nz = [x for x in y]\n"),
    (rules.purity, "engine/session/machine.py", "y: set[str]\n','.join(y)\n"),
    (rules.sizes, "engine/live/run.py", "x = 1\n" * 601),
    (rules.sizes, "engine/live/run.py", "def f():\n" + "    x = 1\n" * 70),
    (rules.sizes, "engine/_core/state/book.pyx", "def f():\n" + "    x = 1\n" * 70),
    (
        rules.sizes,
        "engine/_core/core.pyx",
        "cdef class Core:\n    cdef int _step(self) noexcept:\n"
        + "        x = 1\n" * 69,
    ),
    (rules.cython_form, "engine/_core/base/check.pyx", "x = 1\n"),
    (rules.cython_form, "engine/_core/state/book.pyx", "# cython: boundscheck=True\n"),
    (rules.cython_form, "engine/_core/state/book.pyx", "include 'other.pxi'\n"),
    (rules.cython_form, "engine/_core/state/book.pyx", "DEF LEVELS = 3\n"),
    (rules.cython_form, "engine/_core/state/more.pxi", ""),
    (
        rules.cython_form,
        "engine/_core/state/book.pyx",
        "cdef int f(int a,\n           int b) noexcept nogil:\n    assert a\n",
    ),
    (rules.texts, "README.md", f"Look in {HOME}\n"),
    (rules.texts, "docs/x.md", "pip install --index" + "-url x\n"),
    (rules.texts, "engine/live/run.py", f"# {LATER}: later\n"),
    (rules.strategy_sizes, "strategies/mine.py", "x = 1\n" * 41),
]


@pytest.fixture
def house(tmp_path):
    for name, text in CLEAN.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)


@pytest.mark.parametrize(
    "rule",
    dict.fromkeys(rule for rule, _, _ in PLANTED),
    ids=lambda rule: rule.__name__,
)
def test_a_clean_house_is_clean(house, rule):
    assert rule(house) == []


@pytest.mark.parametrize(("rule", "name", "text"), PLANTED)
def test_a_planted_violation_is_found(house, rule, name, text):
    write(house, name, text)
    found = rule(house)
    assert found
    assert all(name in line for line in found)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (rules.purity, "engine/session/machine.py", "import os  # tidy-ok: no clock\n"),
        (
            rules.purity,
            "engine/session/machine.py",
            "x = self.id(3)\n# id(3)\n'id(3)'\n",
        ),
        (rules.purity, "engine/_core/state/book.pyx", '"""\nimport time\n"""\n'),
        (rules.look_at, "engine/live/run.py", "import engine.sim  # tidy-ok: canary\n"),
        (rules.sizes, "engine/live/run.py", "def f():\n" + "    x = 1\n" * 69),
        (rules.sizes, "engine/live/run.py", "x = 1\n" * 598),
        (rules.strategy_sizes, "strategies/mine.py", "\n# x\n" * 99 + "x = 1\n" * 39),
        (rules.cython_form, "engine/_core/state/book.pyx", "def f():\n    assert 1\n"),
    ],
)
def test_what_is_allowed_is_not_found(house, rule, name, text):
    write(house, name, text)
    assert rule(house) == []


def test_an_excuse_needs_a_reason(house):
    write(house, "engine/session/machine.py", "import os  # tidy-ok:\n")
    assert rules.purity(house)


def test_a_missing_and_an_orphaned_test_are_found(house):
    assert rules.mirror(house, {}) == []
    (house / "tests/unit/sim/test_world.py").unlink()
    write(house, "tests/unit/sim/test_ghost.py", "")
    found = rules.mirror(house, {})
    assert found == [
        "engine/sim/world.py: has no tests/unit/sim/test_world.py",
        "tests/unit/sim/test_ghost.py: tests no module of that name",
    ]
    write(house, "tests/loopback/test_world.py", "")
    elsewhere = {"engine/sim/world.py": "tests/loopback/test_world.py"}
    assert len(rules.mirror(house, elsewhere)) == 1

"""The rules of the house as functions: a folder goes in, violations come out.

Each takes the root of a source tree, so that the canary can plant a violation in a
tree of its own and see it found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy import sources
from tests.tidy.sources import code_files, code_lines, imports, is_excused, tracked

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
STRATEGY_LINES_MAX = 40

BASE = "engine._core.base"
CORE = "engine._core.core"
VERBS = "engine._core.verbs"
SHELL = (
    "engine",
    BASE,
    CORE,
    VERBS,
    "engine.session",
    "engine.errors",
    "engine.config",
    "engine.config_process",
    "engine.config_text",
    "engine.assemble",
    "engine.journal",
    "engine.metrics",
    "engine.report",
)

LOOK_AT: dict[str, tuple[str, ...]] = {
    # The compiled rooms; each may look at itself, and left to right at:
    BASE: (),
    "engine._core.wire": (BASE,),
    "engine._core.decode": (BASE,),
    "engine._core.state": (BASE,),
    "engine._core.signals": (BASE, "engine._core.state"),
    "engine._core.quote": (BASE, "engine._core.state", "engine._core.signals"),
    "engine._core.gateway": (BASE, "engine._core.state", "engine._core.quote.sheet"),
    CORE: ("engine._core",),
    "engine._core.desk": ("engine._core",),
    "engine._core.outbox": ("engine._core",),
    "engine._core.inbox": ("engine._core",),
    "engine._core.nearby": ("engine._core",),
    "engine._core.snapshot": ("engine._core",),
    "engine._core.told": (BASE,),
    VERBS: (),
    # Around them.
    "engine.errors": (),
    "engine.recording": ("engine.errors",),
    "engine.config_text": ("engine.errors",),
    "engine.config_risk": ("engine.config_text", "engine.errors"),
    "engine.config_process": ("engine.config_text",),
    "engine.config_drift": ("engine.config_text",),
    "engine.config": (
        "engine.config_drift",
        "engine.config_process",
        "engine.config_risk",
        "engine.config_text",
        "engine.errors",
    ),
    "engine.session": (
        BASE,
        CORE,
        "engine._core.quote.strategy",
        "engine._core.signals.drift",
        "engine._core.signals.past",
        "engine.errors",
    ),
    "engine.journal": (BASE, CORE, VERBS, "engine.errors", "engine"),
    "engine.metrics": (BASE, "engine.errors", "engine"),
    "engine.report": (BASE, "engine.errors", "engine"),
    # The shells never look at each other.
    "engine.live": (*SHELL, "engine._core.wire", "engine.cli"),
    "engine.replay": (*SHELL, "engine._core.quote.market", "engine.recording"),
    "engine.sim": (*SHELL, "engine.recording"),
    "engine.backtest": (*SHELL, "engine.sim"),
    "engine.calibrate": (
        *SHELL,
        "engine._core.decode.message",
        "engine._core.quote.market",
        "engine._core.signals",
        "engine._core.state.book",
        "engine.recording",
        "engine.replay",
    ),
    # The wiring and the commands.
    "engine.assemble": (
        CORE,
        "engine._core.quote.strategy",
        "engine._core.signals",
        "engine.config",
        "engine.config_drift",
        "engine.config_risk",
        "engine.config_text",
        "engine.errors",
        "engine.session",
    ),
    "engine.check": (
        "engine.assemble",
        "engine.config",
        "engine.config_text",
        "engine.errors",
        "engine.live.secrets",
        "engine.live.state_folder",
    ),
    "engine.cli": ("engine", "engine.errors"),
    "engine": ("engine._core", "engine.errors"),
    "strategies": ("engine",),
}
"""Room -> what it may import besides itself. "engine" alone means its public names."""

PURE = ("engine/_core/", "engine/session/", "engine/sim/venue/", "strategies/")
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "datetime",
        "json",
        "logging",
        "os",
        "random",
        "socket",
        "ssl",
        "threading",
        "time",
        "uuid",
    }
)

SET_LOOP = re.compile(r"\bfor\b.*\bin\s+(?:(?:frozen)?set\(|\{[^:}]*\})")

# Spelled in two halves, so that this file does not break its own rule.
MACHINE = re.compile(
    r"(?<![\w.~$])/(?:ho"
    r"me|Us"
    r"ers|ro"
    r"ot|wo"
    r"rk)/\w"
    r"|pythonho"
    r"sted\.org|py"
    r"pi\.org|artifac"
    r"tory|index"
    r"-url"
)
LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def look_at(root: Path) -> list[str]:
    """Check ``import`` and ``cimport`` against the table of who may look at whom."""
    found = []
    for path in code_files(root, ".py", ".pyx", ".pxd", ".pyi"):
        module = sources.module_name(root, path)
        room = _room(module)
        if room is None:
            continue
        for each in imports(root, path):
            target = _target(root, each)
            if target.split(".")[0] not in ("engine", "strategies", "tests"):
                continue
            if each.excused or _may_look(module, room, target):
                continue
            found.append(f"{_at(root, path, each.line)}: {room} looks at {target}")
    return found


def oracles_are_independent(root: Path) -> list[str]:
    """Check that no slow twin leans on the code it judges."""
    return [
        f"{_at(root, path, each.line)}: an oracle looks at {each.module}"
        for path in code_files(root, ".py")
        if path.relative_to(root).as_posix().startswith("tests/oracles/")
        for each in imports(root, path)
        if f"{each.module}.{each.name}".startswith("engine._core")
    ]


def _room(module: str) -> str | None:
    fitting = [room for room in LOOK_AT if f"{module}.".startswith(f"{room}.")]
    room = max(fitting, key=len, default=None)
    # Every file of the package stands in the table; a package's own page is free.
    return None if room == "engine" and module != "engine" else room


def _target(root: Path, each: sources.Import) -> str:
    joined = f"{each.module}.{each.name}" if each.name else each.module
    file = root.joinpath(*joined.split("."))
    exists = file.is_dir() or any(
        file.with_suffix(suffix).exists() for suffix in (".py", ".pyx", ".pxd")
    )
    return joined if exists else each.module


def _may_look(module: str, room: str, target: str) -> bool:
    if f"{target}.".startswith(f"{room}.") and room != "engine":
        return True
    for allowed in LOOK_AT[room]:
        if target == allowed:
            return True
        if allowed != "engine" and target.startswith(f"{allowed}."):
            return True
    return False


def unplaced_modules(root: Path) -> list[str]:
    """Check that every module of the package has a row in the table."""
    return [
        f"{path.relative_to(root)}: no room of the table has it"
        for path in code_files(root, ".py", ".pyx")
        if path.relative_to(root).parts[0] == "engine"
        and path.name != "__init__.py"
        and _room(sources.module_name(root, path)) is None
    ]


def purity(root: Path) -> list[str]:
    """Check that rooms without IO, clock or chance stay so."""
    found = []
    for path in code_files(root, ".py", ".pyx", ".pxd"):
        if not path.relative_to(root).as_posix().startswith(PURE):
            continue
        found += [
            f"{_at(root, path, each.line)}: imports {each.module}"
            for each in imports(root, path)
            if not each.excused and each.module.split(".")[0] in IMPURE_MODULES
        ]
        text = path.read_text()
        original = text.splitlines()
        for number, line in enumerate(code_lines(text), 1):
            called = re.search(r"(?<![\w.])(hash|id)\s*\(", line)
            if called and not is_excused(original[number - 1]):
                found.append(f"{_at(root, path, number)}: calls {called[1]}()")
            if SET_LOOP.search(line) and not is_excused(original[number - 1]):
                found.append(f"{_at(root, path, number)}: iterates a set")
        if path.suffix == ".py":
            found += _iterated_sets(root, path)
    return found


def _iterated_sets(root: Path, path: Path) -> Iterator[str]:
    text = path.read_text()
    tree, lines = ast.parse(text), text.splitlines()
    everywhere = {
        name for node in ast.walk(tree) for name in _set_names(node) if "." in name
    }
    for nodes in _scopes(tree):
        sets = everywhere | {name for node in nodes for name in _set_names(node)}
        for each in (looked_at for node in nodes for looked_at in _iterated(node)):
            is_set = _is_set(each) or ast.unparse(each) in sets
            if is_set and not is_excused(lines[each.lineno - 1]):
                yield f"{_at(root, path, each.lineno)}: iterates a set"


def _scopes(tree: ast.AST) -> list[list[ast.AST]]:
    """Return the nodes of the module and of each function, each node once."""
    own: list[ast.AST] = []
    found = [own]
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop(0)
        own.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += _scopes(node)
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def _iterated(node: ast.AST) -> list[ast.expr]:
    """Return what a node goes through in order."""
    if isinstance(node, ast.For | ast.comprehension):
        return [node.iter]
    if isinstance(node, ast.Call) and node.args:
        name = ast.unparse(node.func)
        ordered = name in ("list", "tuple", "iter", "enumerate", "zip")
        if ordered or name.endswith(".join"):
            return [node.args[0]]
    return []


def _set_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign):
        annotation = ast.unparse(node.annotation)
        if re.match(r"(?:frozen)?set\b", annotation):
            yield ast.unparse(node.target)
    elif isinstance(node, ast.arg) and node.annotation:
        if re.match(r"(?:frozen)?set\b", ast.unparse(node.annotation)):
            yield node.arg
    elif isinstance(node, ast.Assign) and _is_set(node.value):
        for target in node.targets:
            yield ast.unparse(target)


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("set", "frozenset")


def sizes(root: Path) -> list[str]:
    """Check the length of files and functions; ``_step`` stays under its own limit."""
    found = []
    for path in code_files(root, ".py", ".pyx", ".pxd", ".pyi"):
        n_lines = len(path.read_text().splitlines())
        if n_lines > FILE_LINES_MAX:
            found.append(f"{path.relative_to(root)}: {n_lines} lines")
        if path.suffix == ".pyi":
            continue
        found += [
            f"{_at(root, path, each.line)}: {each.name} has {each.n_lines} lines"
            for each in sources.functions(path)
            if each.n_lines > FUNCTION_LINES_MAX - (each.name == "_step")
        ]
    return found


def cython_form(root: Path) -> list[str]:
    """Check that every compiled module has its two pages and no private dialect."""
    found = []
    for path in code_files(root, ".pyx", ".pxd", ".pxi"):
        if path.suffix == ".pxi":
            found.append(f"{path.relative_to(root)}: join modules by cimport")
            continue
        text = path.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            if re.match(r"\s*#\s*(cython|distutils)\s*:", line):
                found.append(f"{_at(root, path, number)}: directives stand in setup.py")
        for number, line in enumerate(code_lines(text), 1):
            if re.match(r"\s*(include\s+''|DEF\s|IF\s)", line):
                found.append(f"{_at(root, path, number)}: include, DEF or IF")
        if path.suffix == ".pyx":
            found += [
                f"{path.relative_to(root)}: has no {suffix}"
                for suffix in (".pxd", ".pyi")
                if not path.with_suffix(suffix).exists()
            ]
        found += _swallowed_asserts(root, path)
    return found


def _swallowed_asserts(root: Path, path: Path) -> Iterator[str]:
    lines = code_lines(path.read_text())
    for each in sources.functions(path):
        if "noexcept" not in each.header:
            continue
        for number in range(each.line, each.last_line + 1):
            if re.match(r"\s*assert\b", lines[number - 1]):
                yield f"{_at(root, path, number)}: assert in a noexcept function"


def texts(root: Path) -> list[str]:
    """Check that nothing names a machine, a registry or a left-over."""
    found = []
    for path in tracked(root):
        if path.name == "LICENSE":
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if MACHINE.search(line):
                found.append(f"{_at(root, path, number)}: names a machine or registry")
            if LEFT_OVER.search(line):
                found.append(f"{_at(root, path, number)}: a left-over")
    return found


def strategy_sizes(root: Path) -> list[str]:
    """Check that each strategy is short: wishes, not machinery."""
    found = []
    for path in code_files(root, ".py"):
        if path.relative_to(root).parts[0] != "strategies":
            continue
        lines = statement_lines(path.read_text())
        if lines > STRATEGY_LINES_MAX:
            found.append(f"{path.relative_to(root)}: {lines} lines of code")
    return found


def statement_lines(text: str) -> int:
    """Return how many lines hold code: no blanks, comments or docstrings."""
    return sum(1 for line in code_lines(text) if line.strip())


def mirror(root: Path, elsewhere: dict[str, str]) -> list[str]:
    """Check that every module has its own test file, and every unit test a module.

    ``elsewhere`` names the test of a module that is tested together with others.
    """
    found = []
    expected = {Path(test) for test in elsewhere.values()}
    for path in code_files(root, ".py", ".pyx"):
        place = path.relative_to(root)
        if place.parts[0] != "engine" or path.name == "__init__.py":
            continue
        test = Path("tests/unit", *place.parts[1:-1], f"test_{path.stem}.py")
        expected.add(test)
        other = elsewhere.get(place.as_posix())
        if not (root / test).exists() and not (other and (root / other).exists()):
            found.append(f"{place}: has no {other or test}")
    found += [
        f"{path.relative_to(root)}: tests no module of that name"
        for path in code_files(root, ".py")
        if path.relative_to(root).as_posix().startswith("tests/unit/")
        and path.name.startswith("test_")
        and not _mirrors(path.relative_to(root), expected)
    ]
    return found


def _mirrors(test: Path, expected: set[Path]) -> bool:
    """Return whether a test file's name is a module's, or begins with it."""
    return any(
        test.parent == each.parent
        and (test.stem == each.stem or test.stem.startswith(f"{each.stem}_"))
        for each in expected
    )


def _at(root: Path, path: Path, line: int) -> str:
    return f"{path.relative_to(root)}:{line}"

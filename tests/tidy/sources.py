"""Reads the project's own source: files, imports, functions. Used by the tidy rules."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CODE_FOLDERS = ("engine", "strategies", "tests", "benchmarks", "docs")

_IMPORT = re.compile(
    r"^\s*(?:from\s+(?P<origin>[.\w]+)\s+c?import\s+(?P<names>[^#]*)"
    r"|c?import\s+(?P<modules>[\w., ]+))"
)
_CDEF = re.compile(
    r"^(?P<indent>\s*)(?:async\s+def|def|cpdef|cdef)\b(?P<rest>.*)$", re.DOTALL
)
_CDEF_NAME = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)?\(")


@dataclass(frozen=True)
class Import:
    """One imported module or name, with its full dotted path."""

    path: Path
    line: int
    module: str
    name: str
    excused: bool


@dataclass(frozen=True)
class Function:
    """One function with its first and last line, both counted from 1."""

    path: Path
    name: str
    line: int
    last_line: int
    header: str

    @property
    def n_lines(self) -> int:
        """Lines from ``def`` to the end of the body."""
        return self.last_line - self.line + 1


def tracked(root: Path) -> list[Path]:
    """Return the files under version control, new ones included, sorted.

    Outside a repository: every file that is not hidden or built.
    """
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        )
        paths = [root / name for name in listed.stdout.splitlines()]
        return sorted(path for path in paths if path.is_file())
    skipped = {"build", "dist", "__pycache__"}
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and path.suffix not in (".so", ".c")
        and not any(
            part in skipped
            or part.endswith(".egg-info")
            or (part.startswith(".") and part != ".ci")
            for part in path.relative_to(root).parts
        )
    )


def code_files(root: Path, *suffixes: str) -> list[Path]:
    """Return the source files with one of these suffixes, sorted."""
    return [
        path
        for path in tracked(root)
        if path.suffix in suffixes and path.relative_to(root).parts[0] in CODE_FOLDERS
    ]


def module_name(root: Path, path: Path) -> str:
    """Return the dotted name of a source file's module."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def is_excused(line: str) -> bool:
    """Return whether a line carries ``# tidy-ok:`` with a reason."""
    return re.search(r"#\s*tidy-ok:\s*\S", line) is not None


def imports(root: Path, path: Path) -> list[Import]:
    """Return everything a file imports or cimports, wherever it stands in it."""
    if path.suffix in (".py", ".pyi"):
        return list(_python_imports(root, path))
    return list(_cython_imports(root, path))


def _python_imports(root: Path, path: Path) -> Iterator[Import]:
    text = path.read_text()
    lines = text.splitlines()
    for node in statements(text):
        if isinstance(node, ast.Import):
            found = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(root, path, "." * node.level + (node.module or ""))
            found = [(origin, alias.name) for alias in node.names]
        else:
            continue
        excused = is_excused(lines[node.lineno - 1])
        for module, name in found:
            yield Import(path, node.lineno, module, name, excused)


def _cython_imports(root: Path, path: Path) -> Iterator[Import]:
    text = path.read_text()
    for number, line in enumerate(code_lines(text), 1):
        match = _IMPORT.match(line)
        if not match or line.lstrip().startswith("cdef"):
            continue
        excused = is_excused(text.splitlines()[number - 1])
        if match["origin"]:
            origin = _absolute(root, path, match["origin"])
            names = re.findall(r"\w+", match["names"]) or [""]
            for name in names:
                yield Import(path, number, origin, name, excused)
        else:
            for part in match["modules"].split(","):
                name = part.split(" as ")[0].strip()
                yield Import(path, number, name, "", excused)


def _absolute(root: Path, path: Path, origin: str) -> str:
    level = len(origin) - len(origin.lstrip("."))
    if not level:
        return origin
    package = list(path.relative_to(root).parts[:-1])
    base = package[: len(package) - level + 1]
    return ".".join([*base, *filter(None, [origin.lstrip(".")])])


@functools.cache
def code_lines(text: str) -> list[str]:
    """Return the lines with comments and the insides of strings blanked out.

    Strings over several lines (docstrings, C in ``extern``) become empty lines.
    """
    out: list[str] = []
    quote = ""
    for line in text.splitlines():
        kept, i = "", 0
        if not quote and '"' not in line and "'" not in line:
            out.append(line.partition("#")[0])
            continue
        while i < len(line):
            if quote:
                end = line.find(quote, i)
                if end < 0:
                    i = len(line)
                    continue
                i, quote = end + len(quote), ""
                continue
            if line[i : i + 3] in ('"""', "'''"):
                quote = line[i : i + 3]
                i += 3
                continue
            if line[i] in "\"'":
                end = re.compile(r"(?:\\.|[^\\" + line[i] + "])*").match(line, i + 1)
                i = (end.end() if end else i) + 1
                kept += "''"
                continue
            if line[i] == "#":
                break
            kept += line[i]
            i += 1
        out.append(kept)
    return out


@functools.cache
def statements(text: str) -> list[ast.stmt]:
    """Return every statement of a Python text, nested ones too, without expressions."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            found.append(node)
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, [])
            waiting += inner if isinstance(inner, list) else []
    return found


def functions(path: Path) -> list[Function]:
    """Return the functions of a Python or Cython file."""
    if path.suffix in (".py", ".pyi"):
        return [
            Function(path, node.name, node.lineno, node.end_lineno or node.lineno, "")
            for node in statements(path.read_text())
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    return list(_cython_functions(path))


def _cython_functions(path: Path) -> Iterator[Function]:
    lines = code_lines(path.read_text())
    for index, line in enumerate(lines):
        match = _CDEF.match(line)
        if not match:
            continue
        header, end = line, index
        while header.count("(") > header.count(")") and end + 1 < len(lines):
            end += 1
            header += " " + lines[end].strip()
        name = _CDEF_NAME.search(header)
        if not name or not header.rstrip().endswith(":"):
            continue
        if re.search(r"\b(class|struct|enum|union|extern)\b", header.split("(")[0]):
            continue
        indent, last = len(match["indent"]), end
        for below in range(end + 1, len(lines)):
            text = lines[below]
            if text.strip() and len(text) - len(text.lstrip()) <= indent:
                break
            if text.strip():
                last = below
        yield Function(path, name[1], index + 1, last + 1, " ".join(header.split()))


def hot_declarations(path: Path) -> list[str]:
    """Return the names of the functions a ``.pyx`` or ``.pxd`` file makes hot.

    Hot is what is compiled ``noexcept nogil``: it cannot touch a Python object. Methods
    carry their class's name.
    """
    names, owner, owner_indent = [], "", 0
    lines = code_lines(path.read_text())
    for index, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if owner and line.strip() and indent <= owner_indent:
            owner = ""
        made = re.match(r"\s*(?:cdef\s+)?class\s+(\w+)", line)
        if made:
            owner, owner_indent = made[1], indent
            continue
        header, end = line, index
        while header.count("(") > header.count(")") and end + 1 < len(lines):
            end += 1
            header += " " + lines[end].strip()
        if "noexcept nogil" not in header.split(")")[-1] or "(" not in header:
            continue
        name = _CDEF_NAME.search(header)
        if name and "ctypedef" not in header and "(*" not in header:
            names.append(f"{owner}.{name[1]}" if owner else name[1])
    return names

"""Where a frame's instructions go: callgrind's dumps read by module and function.

A dump says what each function itself took (its callees apart). Ours carry the module in
the name the compiler gave them; what a compiler puts in line counts for the function it
is in. All that is not ours is the interpreter's, or the C library's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

FILE = Path(__file__).with_name("rooms.json")
FIGURES = ("touch_raw", "touch_100ms", "orders_raw")
"""Those that are split; the journal is in the last one."""

PYTHON, LIBRARY, OTHER = "Python", "C library", "elsewhere"
REST = "the rest"
SMALL = 1.0
"""Functions below so many instructions a frame are added up as the rest."""

Rooms = dict[str, dict[str, float]]
"""Module -> function -> instructions a frame, themselves alone."""

_NAME = re.compile(r"^(c?)(fn|ob)=\((\d+)\)(?: (.*))?$")
_COST = re.compile(r"^[+\-*\d]\S* (\d+)$")
_COMPILED = re.compile(r"^__pyx_(f|pw|pf)_")
_CLONE = re.compile(r"(?:\.(?:part|isra|constprop|cold)\.?\d*|'\d+)+$")


def costs(dump: str) -> Counter[tuple[str, str]]:
    """Return (object, function) -> what it took itself."""
    names: dict[tuple[str, str], str] = {}
    here = {"fn": "", "ob": ""}
    found: Counter[tuple[str, str]] = Counter()
    is_call = False
    for line in dump.splitlines():
        if name := _NAME.match(line):
            called, what, number, text = name.groups()
            if text is not None:
                names[what, number] = text
            if not called:
                here[what] = names[what, number]
        elif line.startswith("calls="):
            is_call = True
        elif cost := _COST.match(line):
            if not is_call:
                found[here["ob"], here["fn"]] += int(cost[1])
            is_call = False
    return found


def place(object_file: str, function: str) -> tuple[str, str]:
    """Return module and function of a compiled name."""
    name = _CLONE.sub("", function)
    file = Path(object_file).name
    if "/engine/" in object_file and ".cpython-" in file:
        parts = Path(object_file).parts
        last = len(parts) - 1 - parts[::-1].index("engine")
        path = (*parts[last:-1], file.partition(".")[0])
        return ".".join(path).removeprefix("engine._core."), _plain(name, path)
    if "python" in file:
        return PYTHON, ""
    return (LIBRARY, "") if file.startswith(("libc", "libm", "ld-")) else (OTHER, "")


def _plain(name: str, path: tuple[str, ...]) -> str:
    """Return a function's name without what the compiler puts before it.

    Empty: it is a helper of the compiler's own.
    """
    kind = _COMPILED.match(name)
    place_ = "".join(f"{len(part)}{part}_" for part in path)
    if kind is None or not name.startswith(place_, kind.end()):
        return ""
    rest, owner = name[kind.end() + len(place_) :], ""
    size = re.match(r"\d+(?=[A-Z])", rest)
    if size:
        end = size.end() + int(size[0])
        owner, rest = f"{rest[size.end() : end]}.", rest[end + 1 :]
    # Those that Python calls are numbered.
    return owner + (rest if kind[1] == "f" else rest.lstrip("0123456789"))


def split(dumps: dict[str, str]) -> dict[str, Rooms]:
    """Return figure -> rooms, of ``figure units -> dump``, as `counts.per_unit` does.

    Empty: figures whose dumps are not there.
    """
    found = {}
    for figure in FIGURES:
        mine = {
            name.partition(" ")[2]: costs(text)
            for name, text in dumps.items()
            if name.partition(" ")[0] == figure
        }
        if len(mine) != 2:
            continue
        less = "nothing" if "nothing" in mine else min(mine, key=int)
        (more,) = set(mine) - {less}
        units = int(more) - (0 if less == "nothing" else int(less))
        difference = mine[more]
        difference.subtract(mine[less])
        found[figure] = _rooms(difference, units)
    return found


def _rooms(difference: Counter[tuple[str, str]], units: int) -> Rooms:
    sums: dict[str, Counter[str]] = {}
    for (object_file, function), taken in difference.items():
        module, name = place(object_file, function)
        sums.setdefault(module, Counter())[name] += taken
    rooms: Rooms = {}
    for module, functions in sorted(sums.items()):
        kept = {
            name: round(taken / units, 1)
            for name, taken in sorted(functions.items())
            if name and abs(taken / units) >= SMALL
        }
        rest = sum(functions.values()) / units - sum(kept.values())
        if kept or abs(rest) >= SMALL:
            rooms[module] = kept | ({REST: round(rest, 1)} if abs(rest) >= 0.1 else {})
    return rooms


def read(file: Path = FILE) -> dict[str, Rooms]:
    """Return what is stored."""
    found: dict[str, Rooms] = json.loads(file.read_text())
    return found


def accept(rooms: dict[str, Rooms], file: Path = FILE) -> None:
    """Store it."""
    file.write_text(json.dumps(rooms, indent=1) + "\n")

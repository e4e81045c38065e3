"""The checkpoint file: what a run leaves to the next one, always whole.

All integers are little endian::

    file = magic 8 | version u16 | flags u16 (0) | size u32 | crc u32 | JSON of `size`

``crc`` is CRC-32 over version, flags, size and JSON. The JSON is an object with the
keys ``environment``, ``written_wall_ms`` and ``state``, which the session made.

There are two generations. A new one is written beside the old ones and brought to the
disk; then the newest becomes ``checkpoint.old``, and the new one takes its name. A
newest that is damaged is overwritten instead: it must not push out the good one. Each
step is one the file system does whole or not at all, so whatever ends the process, or
the machine, one of the two is complete. A reader takes the newest that is; if neither
is, the one that was about to be named.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.errors import JournalError
from engine.journal.format import HEADER_HEAD, header_crc

MAGIC = b"\x89HSC\r\n\x1a\n"
VERSION = 1
BYTES_MAX = 32 << 20
OLD = ".old"
NEW = ".new"


@dataclass(frozen=True, slots=True)
class Found:
    """What was read, and what was wrong with what could not be.

    Empty: state None, there is no checkpoint to be used.
    """

    state: Mapping[str, Any] | None = None
    written_wall_ms: int = 0
    problems: list[str] = field(default_factory=list)


def encode(state: Mapping[str, Any], environment: str, wall_ms: int) -> bytes:
    """Return the bytes of a checkpoint file."""
    text = orjson.dumps(
        {"environment": environment, "written_wall_ms": wall_ms, "state": state}
    )
    crc = header_crc(VERSION, 0, text)
    return HEADER_HEAD.pack(MAGIC, VERSION, 0, len(text), crc) + text


def write(path: Path, content: bytes) -> None:
    """Put a new generation on the disk. Slow: it waits for the disk.

    Raises: JournalError; the generations there were are untouched then, or one of them
        was renamed.
    """
    fresh, old = path.with_name(path.name + NEW), path.with_name(path.name + OLD)
    if len(content) > BYTES_MAX:
        problem = f"a checkpoint of {len(content)} bytes; at most {BYTES_MAX}"
        raise JournalError(path, 0, problem)
    try:
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "wb", buffering=0) as file:
            written = 0
            while written < len(content):
                written += file.write(memoryview(content)[written:])
            os.fsync(fd)
        if is_whole(path):
            path.replace(old)
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}"
        raise JournalError(path, 0, problem) from None


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def is_whole(path: Path) -> bool:
    """Whether a file is a checkpoint without damage, of whatever environment."""
    try:
        _open(path, path.read_bytes())
    except (OSError, JournalError):
        return False
    return True


def read(path: Path, environment: str) -> Found:
    """Return the newest generation that can be used, and what was wrong with others.

    Nothing is wrong with a folder that has none: every engine starts once.
    """
    problems: list[str] = []
    for each in (
        path,
        path.with_name(path.name + OLD),
        path.with_name(path.name + NEW),
    ):
        try:
            with each.open("rb") as file:
                content = file.read(BYTES_MAX + 1)
            wall_ms, state = decode(each, content, environment)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{each}: cannot be read: {error.strerror or error}")
        except JournalError as error:
            problems.append(str(error))
        else:
            return Found(state, wall_ms, problems)
    return Found(problems=problems)


def decode(
    path: Path, content: bytes, environment: str
) -> tuple[int, Mapping[str, Any]]:
    """Return when a checkpoint was written, ms since epoch, and its state.

    Raises: JournalError naming what is wrong with it.
    """
    text = _open(path, content)
    try:
        fields = orjson.loads(text)
        wall_ms, state = int(fields["written_wall_ms"]), dict(fields["state"])
        found = str(fields["environment"])
    except (KeyError, TypeError, ValueError) as error:
        problem = f"not usable: {error}"
        raise JournalError(path, HEADER_HEAD.size, problem) from None
    if found != environment:
        problem = f'of environment "{found}", this is "{environment}"'
        raise JournalError(path, HEADER_HEAD.size, problem)
    return wall_ms, state


def _open(path: Path, content: bytes) -> bytes:
    """Return the JSON of a checkpoint file.

    Raises: JournalError naming the damage.
    """
    head, text = content[: HEADER_HEAD.size], content[HEADER_HEAD.size :]
    if len(head) < HEADER_HEAD.size or len(content) > BYTES_MAX:
        problem = f"{len(content)} bytes are no checkpoint"
        raise JournalError(path, 0, problem)
    magic, version, flags, size, crc = HEADER_HEAD.unpack(head)
    if magic != MAGIC:
        raise JournalError(path, 0, "not a checkpoint of halfspread")
    if version != VERSION:
        problem = f"version {version} of the format; this one reads {VERSION}"
        raise JournalError(path, 8, problem)
    if size != len(text):
        problem = f"{size} bytes were written, {len(text)} are there: it is cut off"
        raise JournalError(path, 12, problem)
    if header_crc(version, flags, text) != crc:
        raise JournalError(path, 16, "the checksum is wrong: it was changed")
    return text

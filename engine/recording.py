"""Recorded frames out of any file: one container, one layout, one frame at a time.

Containers, told apart by their first bytes: plain, gzip, zstandard. Layouts, told apart
by the first line and then line by line:

* one bare frame a line;
* ``{"ts": seconds, "dir": "recv" | "send" | "http" | ..., "frame": ...}`` a line, the
  frame as JSON or as a string; the frame's own text is handed on untouched;
* ``<receive time, ns> <frame>`` a line;
* one JSON document over many lines: a frame, or a list of frames.

What cannot be read as one of these is handed on as it is, as a received frame: the
decoder judges it. Only what never becomes a frame is counted here, in ``problems``.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import zstandard

from engine.errors import NO_VALUE, ConfigError

LINE_MAX_BYTES = 64 << 20
"""The deepest recorded snapshot is below 0.1 MB; a longer line is skipped, counted."""
TS_MAX_S = 9_000_000_000
"""Receive times beyond this (the year 2255) are no times; ns must fit 63 bits."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPED = b"\x2a\x4d\x18"
GZIP_MAGIC = b"\x1f\x8b"
TIMED_LINE = re.compile(rb"(\d{1,19})[ \t]+(\{.*)", re.DOTALL)
OWN_LINE = re.compile(
    rb'\{"ts":(\d{1,10})\.(\d{9}),"dir":"([a-z]+)","frame":(\{.*\})\}', re.DOTALL
)
"""As `live.framefile` writes them: read several times faster than other layouts."""
SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder()

READ_ERRORS = (OSError, EOFError, zlib.error, zstandard.ZstdError)


@dataclass(frozen=True, slots=True)
class Frame:
    """One recorded message.

    Units: line counts from 1; t_ns since epoch, None when the recording has no times.
    """

    line: int
    direction: str
    payload: bytes
    t_ns: int | None = None


class Recording:
    """The frames of one file; may be iterated again, ``problems`` starts anew then."""

    def __init__(self, path: Path) -> None:
        """Look at the file.

        Raises:
            ConfigError: it cannot be opened.
        """
        self.path = path
        self.problems: Counter[str] = Counter()
        if path.exists() and not path.is_file():
            # It is read twice; a pipe can be read once.
            raise ConfigError(path, "file", NO_VALUE, "is not a regular file")
        try:
            path.open("rb").close()
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            raise ConfigError(path, "file", NO_VALUE, reason) from None

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order. Never raises for what stands in the file."""
        self.problems.clear()
        document = self._document()
        if document is not None:
            yield from document
            return
        for number, line in self._lines():
            frame = read_line(line, number)
            if frame is None:
                self.problems["no frame in the line"] += 1
            else:
                yield frame

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are not blank, with their numbers."""
        number = 0
        with self.path.open("rb") as raw:
            try:
                stream = open_container(raw)
                while line := stream.readline(LINE_MAX_BYTES + 1):
                    number += 1
                    if len(line) > LINE_MAX_BYTES:
                        self.problems[f"line longer than {LINE_MAX_BYTES} bytes"] += 1
                        while line and not line.endswith(b"\n"):
                            line = stream.readline(LINE_MAX_BYTES)
                    elif line := line.strip():
                        yield number, line
                if not is_whole(raw):
                    raise EOFError("the compressed stream has no end")
            except READ_ERRORS as error:
                self.problems[f"broken off after line {number}: {error}"] += 1

    def _document(self) -> list[Frame] | None:
        """Return the frames of a file that is one JSON document; None when it is not.

        Only a file whose first line is no JSON by itself is looked at as a whole.
        """
        first = next((line for _, line in self._lines()), b"")
        self.problems.clear()
        if first[:1] not in (b"{", b"[") or spans(first) is not None:
            return None
        with self.path.open("rb") as raw:
            try:
                content = open_container(raw).read(LINE_MAX_BYTES + 1)
            except READ_ERRORS:
                return None
        found = spans(content) if len(content) <= LINE_MAX_BYTES else None
        if found is None:
            return None
        text, _, items = found
        texts = [text] if first.startswith(b"{") else [text[a:b] for a, b in items]
        frames = [read_line(item.strip().encode(), 1) for item in texts]
        return [frame for frame in frames if frame is not None]


def open_container(raw: BinaryIO) -> BinaryIO:
    """Return a stream of the content, decompressed when it is compressed."""
    magic = raw.read(4)
    raw.seek(0)
    if magic == ZSTD_MAGIC:
        reader = zstandard.ZstdDecompressor().stream_reader(
            raw, read_across_frames=True
        )
        return io.BufferedReader(cast(io.RawIOBase, reader), 1 << 20)
    if magic.startswith(GZIP_MAGIC):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    return raw


def is_whole(raw: BinaryIO) -> bool:
    """Return whether every zstandard frame of a file has its end.

    The library takes a file that was cut off for one that is over; the heads of the
    blocks tell. A file of another kind is whole: its own reader has judged it.

    Source: RFC 8878, sections 3.1.1 and 3.1.2.
    """
    size = raw.seek(0, io.SEEK_END)
    at = raw.seek(0)
    while (magic := raw.read(4)) == ZSTD_MAGIC or magic[1:] == ZSTD_SKIPPED:
        if magic != ZSTD_MAGIC:
            raw.seek(int.from_bytes(raw.read(4), "little"), io.SEEK_CUR)
        else:
            described = (raw.read(1) or b"\0")[0]
            is_single = described >> 5 & 1
            content = (is_single, 2, 4, 8)[described >> 6]
            dictionary = (0, 1, 2, 4)[described & 3]
            raw.seek(1 - is_single + dictionary + content, io.SEEK_CUR)
            is_last = False
            while not is_last:
                if len(head := raw.read(3)) < 3:
                    return False
                block = int.from_bytes(head, "little")
                is_last = bool(block & 1)
                # A repeated byte is held once.
                raw.seek(1 if block >> 1 & 3 == 1 else block >> 3, io.SEEK_CUR)
            raw.seek(4 * (described >> 2 & 1), io.SEEK_CUR)
        at = raw.tell()
    return at in (0, size)


def read_line(line: bytes, number: int) -> Frame | None:
    """Return the frame of one line (or document); None when it holds none."""
    own = OWN_LINE.fullmatch(line)
    if own and int(own[1]) < TS_MAX_S and is_json(own[4]):
        t_ns = int(own[1]) * 10**9 + int(own[2])
        return Frame(number, own[3].decode(), own[4], t_ns)
    timed = TIMED_LINE.fullmatch(line)
    if timed:
        t_ns = int(timed[1])
        return Frame(
            number, "recv", timed[2], t_ns if t_ns < TS_MAX_S * 10**9 else None
        )
    if b'"frame"' not in line:
        return Frame(number, "recv", line)
    found = spans(line)
    if found is None or not line.startswith(b"{"):
        return Frame(number, "recv", line)
    text, keys, values = found
    fields = {key: text[a:b] for key, (a, b) in zip(keys, values, strict=True)}
    if "frame" not in fields or not ("ts" in fields or "dir" in fields):
        return Frame(number, "recv", line)
    payload = fields["frame"]
    if payload.startswith('"'):
        payload = json.loads(payload)
    elif not payload.startswith(("{", "[")):
        return None
    direction = json.loads(fields.get("dir", '"recv"'))
    # A lone surrogate becomes bytes that are no UTF-8: the decoder refuses them.
    content = payload.encode("utf-8", "surrogatepass")
    return Frame(number, str(direction), content, read_time(fields.get("ts", "")))


def is_json(text: bytes) -> bool:
    """Return whether a text is strict JSON."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def read_time(text: str) -> int | None:
    """Return a receive time given in seconds as ns, exactly; None when it is none."""
    try:
        if 0 <= float(text) < TS_MAX_S:
            return int(Decimal(text).scaleb(9))
    except (ValueError, ArithmeticError):
        pass
    return None


def spans(line: bytes) -> tuple[str, list[str], list[tuple[int, int]]] | None:
    """Return where the members of a JSON object, or the items of an array, stand.

    Returns: the text, the keys (none for an array), and start and end of each value in
        the text; None when the line is neither, or not valid JSON. What a key may not
        do in practice (come twice) keeps its order here.
    """
    try:
        text = line.decode()
        at = SPACE.match(text, 0).end()  # type: ignore[union-attr]
        is_object = text[at] == "{"
        if not is_object and text[at] != "[":
            return None
        keys: list[str] = []
        values: list[tuple[int, int]] = []
        end_mark = "}" if is_object else "]"
        at = skip_space(text, at + 1)
        is_more = text[at] != end_mark
        while is_more:
            if is_object:
                key, at = read_key(text, at)
                keys.append(key)
            _, end = DECODER.raw_decode(text, at)
            values.append((at, end))
            at = skip_space(text, end)
            is_more = text[at] == ","
            if is_more:
                at = skip_space(text, at + 1)
        is_whole = text[at] == end_mark and skip_space(text, at + 1) == len(text)
        return (text, keys, values) if is_whole else None
    except (ValueError, IndexError, RecursionError):
        return None


def read_key(text: str, at: int) -> tuple[str, int]:
    """Return a key and where its value starts.

    Raises:
        ValueError: no key stands there.
    """
    if text[at] != '"':
        raise ValueError("no key")
    key, at = scanstring(text, at + 1, True)
    at = skip_space(text, at)
    if text[at] != ":":
        raise ValueError("no colon")
    return key, skip_space(text, at + 1)


def skip_space(text: str, at: int) -> int:
    """Return the index of the next character that is not white space."""
    found = SPACE.match(text, at)
    return found.end() if found else at

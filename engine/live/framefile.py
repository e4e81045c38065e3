"""Write frames to a file, one line each, compressed as the file's name says.

A line is ``{"ts": <receive time, s>, "dir": "recv" | "send" | "note", "frame": ...}``.
The frame's own text is kept untouched; what is not one line of JSON becomes a string.
``halfspread feed`` reads these files back.
"""

from __future__ import annotations

import gzip
import io
import stat
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import zstandard

from engine.errors import ConfigError, EngineError

ZSTD_LEVEL = 6
GZIP_LEVEL = 6


class FrameFile:
    """A recording being written; what was flushed can be read even after a kill."""

    def __init__(self, path: Path) -> None:
        """Create the file; ``.zst`` and ``.gz`` are compressed.

        Raises:
            ConfigError: there is a recording of this name already.
            EngineError: the file cannot be made.
        """
        self.path = path
        self.lines = 0
        self.plain_bytes = 0
        try:
            # A device is written to as it is; a file is never overwritten.
            is_device = path.exists() and not stat.S_ISREG(path.stat().st_mode)
            self._raw: BinaryIO = path.open("wb" if is_device else "xb", buffering=0)
        except FileExistsError:
            raise ConfigError(
                "record", "--out", str(path), "a file that does not exist yet"
            ) from None
        except OSError as error:
            raise EngineError(f"{path}: cannot be made: {error.strerror}") from None
        self._stream = compressed(self._raw, path)

    def write(self, wall_ns: int, direction: str, frame: bytes) -> None:
        """Add one line.

        Units: wall_ns since epoch.

        Raises:
            EngineError: the disk refused.
        """
        line = b'{"ts":%d.%09d,"dir":"%s","frame":%s}\n' % (
            *divmod(wall_ns, 1_000_000_000),
            direction.encode(),
            frame_text(frame),
        )
        try:
            self._stream.write(line)
        except (OSError, zstandard.ZstdError) as error:
            raise self._refused(error) from None
        self.lines += 1
        self.plain_bytes += len(line)

    def flush(self) -> None:
        """Hand everything so far to the operating system, readable as it stands.

        Raises:
            EngineError: the disk refused.
        """
        try:
            if isinstance(self._stream, zstandard.ZstdCompressionWriter):
                self._stream.flush(zstandard.FLUSH_BLOCK)
            else:
                self._stream.flush()
        except (OSError, zstandard.ZstdError) as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """End the compressed stream and close the file.

        Raises:
            EngineError: the disk refused.
        """
        try:
            self._stream.close()
        except (OSError, zstandard.ZstdError) as error:
            raise self._refused(error) from None
        finally:
            self._raw.close()

    def _refused(self, error: Exception) -> EngineError:
        reason = getattr(error, "strerror", None) or str(error)
        return EngineError(
            f"{self.path}: cannot be written: {reason}; up to {self.lines} frames are "
            "in the file"
        )


def compressed(raw: BinaryIO, path: Path) -> BinaryIO:
    """Return the stream that a file of this name wants."""
    if path.suffix == ".zst":
        packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        return cast(BinaryIO, packer.stream_writer(raw))
    if path.suffix == ".gz":
        return cast(
            BinaryIO, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=GZIP_LEVEL)
        )
    return io.BufferedWriter(cast(io.RawIOBase, raw), 1 << 16)


def frame_text(frame: bytes) -> bytes:
    """Return a frame as JSON on one line: itself when it is that, else as a string."""
    if frame[:1] in (b"{", b"[") and b"\n" not in frame and b"\r" not in frame:
        try:
            orjson.loads(frame)
        except orjson.JSONDecodeError:
            pass
        else:
            return frame
    return orjson.dumps(frame.decode(errors="replace"))

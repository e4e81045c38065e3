"""Builds the venue and the floor: two C programs, with OpenSSL where there is one."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
FLAGS = ("-O2", "-Wall", "-Wextra")
TLS_FLAGS = ("-DWITH_TLS",)
TLS_LIBRARIES = ("-lssl", "-lcrypto")
TIMEOUT_S = 60.0
KEY_DAYS = "30"


class AbsentError(RuntimeError):
    """Something this suite needs is not to be had here; says what."""


@dataclass(frozen=True)
class Tools:
    """What was built, and a certificate of our own where TLS was."""

    venue: Path
    floor: Path
    certificate: Path | None = None
    key: Path | None = None


def build(scratch: Path) -> Tools:
    """Compile both programs. Raises: AbsentError."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise AbsentError("there is no C compiler")
    scratch.mkdir(parents=True, exist_ok=True)
    venue, floor = scratch / "venue", scratch / "floor"
    command = [compiler, *FLAGS, str(SOURCES / "venue.c"), "-o", str(venue)]
    has_tls = not _run([*command, *TLS_FLAGS, *TLS_LIBRARIES])
    problem = "" if has_tls else _run(command)
    problem = problem or _run(
        [compiler, *FLAGS, str(SOURCES / "floor.c"), "-o", str(floor)]
    )
    if problem:
        raise AbsentError(f"the venue cannot be built here: {problem}")
    pair = _certificate(scratch) if has_tls else None
    return Tools(venue, floor, *(pair or (None, None)))


def _certificate(scratch: Path) -> tuple[Path, Path] | None:
    """Make a certificate for 127.0.0.1 and its key; None: openssl is not here."""
    certificate, key = scratch / "venue.crt", scratch / "venue.key"
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    problem = _run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-days", KEY_DAYS, "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ]
    )
    return None if problem else (certificate, key)


def _run(command: list[str]) -> str:
    """Run a program to its end. Returns: what went wrong; "": nothing."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not done.returncode:
        return ""
    lines = done.stderr.splitlines()
    return next((line for line in lines if "error" in line), f"exit {done.returncode}")

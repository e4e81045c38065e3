"""What a figure was measured on: processor, system, Python, load."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def processor() -> str:
    """Return the processor's name as the kernel tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Return what is worth knowing about this machine."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
    }


def load() -> list[float]:
    """Return how many programs wanted a core, over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]

"""Two hundred seeds that nobody has tried, every time the tests run.

They begin at a number made from the commit, so that everybody who tests a commit tests
the same ones and the next commit tries others; HALFSPREAD_SEED begins elsewhere. Where
there is no commit the day decides.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.simulation import soak

pytestmark = pytest.mark.simulation

COUNT = 200
PRODUCTS_COUNT = 40
SECONDS = 30.0
JOBS = 2
SEED_BITS = 31
FOLDER = Path(__file__).parent


def first_seed() -> int:
    """Return where the fresh seeds begin."""
    if given := os.environ.get("HALFSPREAD_SEED"):
        return int(given)
    found = subprocess.run(
        ["git", "-C", str(FOLDER), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    text = found.stdout.strip() or datetime.date.today().isoformat()
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8]) % (1 << SEED_BITS)


def held(products: bool, count: int) -> None:
    first = first_seed()
    print(f"seeds {first} to {first + count - 1}")
    seeds = range(first, first + count)
    jobs = min(JOBS, os.cpu_count() or 1)
    failed = [
        one for one in soak.verdicts(seeds, SECONDS, jobs, products) if one.problem
    ]
    told = [f"{one.problem[:300]}\n    {soak.command(one)}" for one in failed]
    assert not told, "\n".join(told)


def test_fresh_seeds_hold() -> None:
    held(products=False, count=COUNT)


def test_fresh_seeds_over_other_instruments_hold() -> None:
    held(products=True, count=PRODUCTS_COUNT)

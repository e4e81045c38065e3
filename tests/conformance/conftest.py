"""The venues that client journeys meet; each module gets its own processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance import served


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[served.Venue]:
    """Return a venue with a lively market."""
    with served.running(tmp_path_factory.mktemp("busy"), served.BUSY) as venue:
        yield venue


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[served.Venue]:
    """Return a venue where only the test trades and the index stands still."""
    with served.running(tmp_path_factory.mktemp("quiet"), served.QUIET) as venue:
        yield venue

"""What the loopback tests share: a simulated venue as a process, one a module."""

from collections.abc import Iterator

import pytest

from tests.loopback.processes import running_venue


@pytest.fixture(scope="module")
def venue_url() -> Iterator[str]:
    """Return the WebSocket URL of a venue that lives as long as the module's tests."""
    with running_venue() as url:
        yield url

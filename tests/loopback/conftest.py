"""What the loopback tests share: a simulated venue as a process, one a module."""

from collections.abc import Iterator

import pytest

from tests.loopback import processes
from tests.loopback.processes import running_venue


@pytest.fixture(scope="module")
def venue_url() -> Iterator[str]:
    """Return the WebSocket URL of a venue that lives as long as the module's tests."""
    with running_venue() as url:
        yield url


@pytest.fixture(params=["fast", "plain"])
def on_each_ingress(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run a test twice: with an engine on the fast ingress, and on the plain one."""
    monkeypatch.setattr(processes, "INGRESS", request.param)

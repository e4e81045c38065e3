"""Who opens a loop's TLS connections, and that the others are left alone."""

import asyncio
import sys
from types import ModuleType

import pytest

from engine.config import from_mapping
from engine.errors import ConfigError
from engine.live.tls import take_layer


class Loop:
    """A loop that says who was asked for a connection."""

    async def create_connection(self, *args, **kwargs):
        return "loop", args, kwargs


@pytest.fixture
def package(monkeypatch):
    async def create_connection(loop, *args, **kwargs):
        return "aiofastnet", args, kwargs

    module = ModuleType("aiofastnet")
    module.create_connection = create_connection
    monkeypatch.setitem(sys.modules, "aiofastnet", module)


def asked(loop, *args, **kwargs):
    return asyncio.run(loop.create_connection(*args, **kwargs))


def test_only_tls_goes_by_the_layer(package):
    loop = Loop()
    take_layer(loop, "aiofastnet")
    found = asked(loop, "factory", "host", 443, ssl="context")
    assert found == ("aiofastnet", ("factory", "host", 443), {"ssl": "context"})
    assert asked(loop, "factory", "host", 80) == ("loop", ("factory", "host", 80), {})


def test_the_standard_layer_changes_nothing(package):
    loop = Loop()
    take_layer(loop, "python")
    assert asked(loop, "factory", ssl="context")[0] == "loop"


def test_a_layer_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiofastnet", None)
    with pytest.raises(ImportError):
        take_layer(Loop(), "aiofastnet")


def test_the_configuration_refuses_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("engine.config.find_spec", lambda name: None)
    document = {
        "environment": "simulation",
        "venue": {"urls": ["ws://127.0.0.1:1/ws"], "tls": "aiofastnet"},
        "quote": [
            {
                "instrument": "BTC-PERPETUAL",
                "strategy": "strategies.ladder:Ladder",
                "limits": {
                    "position_max": 1,
                    "order_max": 1,
                    "collar_bps": 1,
                    "stale_ms": 1_000,
                },
            }
        ],
    }
    with pytest.raises(ConfigError, match=r"venue\.tls.*halfspread\[tls\]"):
        from_mapping(document)

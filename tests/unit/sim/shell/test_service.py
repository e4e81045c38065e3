"""The listening port and its ready line."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from engine.errors import ConfigError
from engine.sim.settings import SimConfig
from engine.sim.shell.service import serving

SMALL = {"families": ["BTC"], "options": False}
QUIET = SimConfig.model_validate({"listing": SMALL, "market": {"enabled": False}})


def test_one_port_serves_both() -> None:
    async def run() -> None:
        async with serving("127.0.0.1", 0, QUIET, 1) as service:
            ready = json.loads(service.ready_line())
            assert list(ready) == ["ws", "http", "accounts"]
            address = ready["ws"].removeprefix("ws://").removesuffix("/ws/api/v2")
            assert ready["http"] == f"http://{address}/api/v2"
            name, _, port = address.rpartition(":")
            assert name == "127.0.0.1"
            async with connect(ready["ws"]) as socket:
                call = {"id": 1, "method": "public/get_time", "params": {}}
                await socket.send(json.dumps(call))
                assert "result" in json.loads(await socket.recv())
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET /api/v2/public/get_time HTTP/1.0\r\n\r\n")
            assert b'"result":' in await reader.read()
            writer.close()
            assert not service.failure.done()

    asyncio.run(run())


def test_a_taken_port_is_a_config_error() -> None:
    async def run() -> None:
        async with serving("127.0.0.1", 0, QUIET, 1) as service:
            port = int(service.ws.split(":")[2].split("/")[0])
            with pytest.raises(ConfigError):
                async with serving("127.0.0.1", port, QUIET, 1):
                    pass

    asyncio.run(run())


def test_a_name_that_is_not_listed_is_refused_with_those_near_it() -> None:
    listing = SMALL | {"instruments": ["BTC-PERPETUL"]}
    sim = QUIET.model_copy(
        update={"listing": SimConfig.model_validate({"listing": listing}).listing}
    )

    async def run() -> None:
        with pytest.raises(ConfigError, match="near it: BTC-PERPETUAL"):
            async with serving("127.0.0.1", 0, sim, 1):
                pass

    asyncio.run(run())


def test_the_number_of_connections_is_configured() -> None:
    sim = SimConfig.model_validate(
        {
            "listing": SMALL,
            "market": {"enabled": False},
            "venue": {"connections_per_ip": 1},
        }
    )

    async def run() -> None:
        async with serving("127.0.0.1", 0, sim, 1) as service, connect(service.ws):
            port = int(service.ws.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/v2/public/test HTTP/1.0\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 429 ")
            writer.close()

    asyncio.run(run())

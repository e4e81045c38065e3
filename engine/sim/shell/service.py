"""The listening port, and the command that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from engine.errors import ConfigError
from engine.sim.settings import SimConfig, world_config
from engine.sim.shell.clock import WallClock
from engine.sim.shell.driver import Driver
from engine.sim.shell.http import SOCKET_PATH
from engine.sim.shell.line import Line
from engine.sim.venue.api.rest import API
from engine.sim.venue.config import ListingConfig, VenueConfig
from engine.sim.venue.products.listing import contracts_at
from engine.sim.world import World

BACKLOG = 1_024


@dataclass(frozen=True)
class Service:
    """A world being served: where, for whom, and the bug that ended it, if any."""

    ws: str
    http: str
    accounts: list[dict[str, str]]
    failure: asyncio.Future[None]

    def ready_line(self) -> bytes:
        """Return the JSON line that says where to connect and who may log in."""
        return orjson.dumps(
            {"ws": self.ws, "http": self.http, "accounts": self.accounts}
        )


@contextlib.asynccontextmanager
async def serving(
    host: str, port: int, sim: SimConfig, seed: int
) -> AsyncIterator[Service]:
    """Serve a world as long as the context lasts; then every line is closed.

    Raises: ConfigError when the address cannot be listened on, or an instrument that
        is to be listed is not one of this venue's now.
    """
    clock = WallClock()
    started_ns = clock()
    config = world_config(sim, seed)
    world = World(seed, config, started_ns)
    _demand_listed(world, config.venue)
    driver = Driver(world, clock, sim.venue.connections_per_ip)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(
            lambda: Line(driver), host, port, backlog=BACKLOG
        )
    except OSError as error:
        where = f"{host}:{port}"
        problem = f"cannot be listened on: {error.strerror or error}"
        raise ConfigError("command line", "--listen", where, problem) from error
    host, port = server.sockets[0].getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    accounts = [
        {"client_id": account.client_id, "client_secret": account.client_secret}
        for account in config.venue.accounts
    ]
    driver.start()
    try:
        ws, http = f"ws://{where}{SOCKET_PATH}", f"http://{where}{API}"
        yield Service(ws, http, accounts, driver.failure)
    finally:
        server.close()
        await driver.stop()
        await server.wait_closed()


def _demand_listed(world: World, config: VenueConfig) -> None:
    """Refuse names that nothing is listed under, and say what could be meant."""
    listing = config.listing or ListingConfig()
    for name in listing.instruments:
        if name not in world.venue.exchange.markets:
            everything = contracts_at(
                world.venue.exchange.now_ms,
                config.index_prices,
                replace(listing, instruments=()),
            )
            names = [contract.instrument_name for contract in everything]
            near = ", ".join(difflib.get_close_matches(name, names, 3, 0.0))
            allowed = f"is not listed now; near it: {near}"
            raise ConfigError("[listing]", "instruments", name, allowed)


async def run(
    host: str, port: int, sim: SimConfig, seed: int, seconds: float | None
) -> None:
    """Serve until a signal comes or the time is over."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    _on_signals(loop, end)
    async with serving(host, port, sim, seed) as service:
        sys.stdout.buffer.write(service.ready_line() + b"\n")
        sys.stdout.buffer.flush()
        await asyncio.wait(
            (ended, service.failure),
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
    if service.failure.done():
        service.failure.result()


def _on_signals(loop: asyncio.AbstractEventLoop, action: Callable[[], Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, action)
        except NotImplementedError:  # a loop without signal support, as on Windows
            signal.signal(number, lambda _n, _frame: loop.call_soon_threadsafe(action))

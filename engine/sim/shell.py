"""The simulated world behind a real WebSocket server.

The world is sans-IO; this shell owns the sockets, the signals and the only clock of the
simulation. Everything runs on one event loop: a message or a timer turns the world, and
what the turn produced leaves in one write per connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from engine.errors import ConfigError
from engine.sim.settings import SimConfig, world_config
from engine.sim.world import World

PATH = "/ws/api/v2"
FRAME_MAX = 1 << 20  # the venue itself answers anything above its own limit
SEND_QUEUE_MAX = 4 << 20  # bytes a reader may leave waiting before it is closed
CONNECTIONS_MAX = 1_000
ASLEEP_NS = 5_000_000_000  # a gap this long between two turns: the host slept
CATCH_UP_NS = 100_000_000  # the most world time one turn catches up
CLOSE_TIMEOUT_S = 1.0
TOO_SLOW = (1008, "connection_too_slow")


log = logging.getLogger("halfspread.sim")
# What strangers send instead of a handshake is no news, and no traceback.
handshakes = log.getChild("websocket")
handshakes.addHandler(logging.NullHandler())
handshakes.propagate = False


class WallClock:
    """The venue's clock: wall time at the start, monotonic from there.

    A step of the host's wall clock must not turn the venue's time back.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return ns since the epoch."""
        return self._offset_ns + time.monotonic_ns()


class Shell:
    """Drives one world from sockets and timers on the running loop."""

    def __init__(self, world: World, clock: Callable[[], int]) -> None:
        self._world, self._clock = world, clock
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[int, ServerConnection] = {}
        self._closing: dict[int, asyncio.Task[None]] = {}
        self._last_conn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._turn_is_due = False
        self.failure: asyncio.Future[None] = self._loop.create_future()

    def start(self) -> None:
        """Let the world run by itself."""
        self._end_turn()

    def stop(self) -> None:
        """Stop the timer; sockets are closed by the server."""
        if self._timer is not None:
            self._timer.cancel()

    async def serve_socket(self, socket: ServerConnection) -> None:
        """Carry one connection from its opening to its end."""
        if len(self._sockets) >= CONNECTIONS_MAX:
            await socket.close(1013, "too many connections")
            return
        self._last_conn += 1
        conn = self._last_conn
        self._sockets[conn] = socket
        try:
            self._world.connection_made(conn, self._now_ns())
            self._want_turn()
            async for message in socket:
                payload = message.encode() if isinstance(message, str) else message
                self._world.receive_data(conn, self._now_ns(), payload)
                self._want_turn()
        except ConnectionClosed:
            log.debug("connection %d was cut", conn)
        except Exception as error:
            self._fail(error)
        finally:
            self._leave(conn)

    def _leave(self, conn: int) -> None:
        del self._sockets[conn]
        self._closing.pop(conn, None)
        with self._failing():
            self._world.connection_lost(conn, self._now_ns())
        self._want_turn()

    def _now_ns(self) -> int:
        """Return the world's time now; time the host slept is not market time."""
        now_ns = self._clock()
        if now_ns - self._world.now_ns > ASLEEP_NS:
            log.warning("no turn for %.1f s", (now_ns - self._world.now_ns) / 1e9)
            self._world.skip_to(now_ns)
        return now_ns

    def _want_turn(self) -> None:
        """Write what the world has to say once everything read so far is in."""
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Write, close and arm the timer: the end of every turn."""
        self._turn_is_due = False
        with self._failing():
            for conn, socket in self._sockets.items():
                payloads = self._world.data_to_send(conn)
                if payloads and conn not in self._closing:
                    self._write(conn, socket, payloads)
            for conn, code, reason in self._world.connections_to_close():
                self._close(conn, code, reason)
            self._arm_timer()

    def _write(
        self, conn: int, socket: ServerConnection, payloads: list[bytes]
    ) -> None:
        """Frame the payloads and hand them to the transport in one write.

        Through the sans-IO protocol, as ``websockets.broadcast`` does: ``send`` would
        wait for a slow reader, and the market does not wait.
        """
        if socket.protocol.state is not State.OPEN:
            return
        for payload in payloads:
            socket.protocol.send_text(payload)
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        if socket.transport.get_write_buffer_size() > SEND_QUEUE_MAX:
            self._close(conn, *TOO_SLOW)

    def _close(self, conn: int, code: int, reason: str) -> None:
        """Close a connection without waiting for its reader."""
        socket = self._sockets.get(conn)
        if socket is not None and conn not in self._closing:
            log.info("closing connection %d: %s", conn, reason)
            closing = self._close_socket(socket, code, reason)
            self._closing[conn] = self._loop.create_task(closing)

    async def _close_socket(
        self, socket: ServerConnection, code: int, reason: str
    ) -> None:
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await socket.close(code, reason)
        socket.transport.abort()

    def _arm_timer(self) -> None:
        next_ns = self._world.next_timer_ns()
        if self._timer is not None:
            if next_ns == self._timer_ns:
                return
            self._timer.cancel()
        self._timer, self._timer_ns = None, next_ns
        if next_ns:
            delay_s = max(0.0, (next_ns - self._clock()) / 1e9)
            self._timer = self._loop.call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        with self._failing():
            now_ns = self._now_ns()
            self._world.handle_timer(min(now_ns, self._world.now_ns + CATCH_UP_NS))
        self._end_turn()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Let an error of the world end the command; the loop would only log it."""
        try:
            yield
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End the command: a venue with a bug must not go on as if it had none."""
        if not self.failure.done():
            self.failure.set_exception(error)


def refuse_other_paths(socket: ServerConnection, request: Request) -> Response | None:
    """Answer 404 to anything but the API's path; None lets the handshake go on."""
    if request.path.partition("?")[0] == PATH:
        return None
    return socket.respond(http.HTTPStatus.NOT_FOUND, f"the API is at {PATH}\n")


@dataclass(frozen=True)
class Service:
    """A world being served: where, for whom, and the bug that ended it, if any."""

    url: str
    accounts: list[dict[str, str]]
    failure: asyncio.Future[None]

    def ready_line(self) -> bytes:
        """Return the JSON line that says where to connect and who may log in."""
        return orjson.dumps({"ws": self.url, "http": None, "accounts": self.accounts})


@contextlib.asynccontextmanager
async def serving(
    host: str, port: int, sim: SimConfig, seed: int
) -> AsyncIterator[Service]:
    """Serve a world as long as the context lasts; then every socket is closed.

    Raises: ConfigError when the address cannot be listened on.
    """
    clock = WallClock()
    started_ns = clock()
    config = world_config(sim, seed, started_ns)
    shell = Shell(World(seed, config, started_ns), clock)
    try:
        server = await serve(
            shell.serve_socket,
            host,
            port,
            process_request=refuse_other_paths,
            compression=None,
            max_size=FRAME_MAX,
            ping_interval=None,  # half-open sockets are found by the API's heartbeat
            close_timeout=CLOSE_TIMEOUT_S,
            logger=handshakes,
        )
    except OSError as error:
        where = f"{host}:{port}"
        problem = f"cannot be listened on: {error.strerror or error}"
        raise ConfigError("command line", "--listen", where, problem) from error
    host, port = next(iter(server.sockets)).getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    accounts = [
        {"client_id": account.client_id, "client_secret": account.client_secret}
        for account in config.venue.accounts
    ]
    async with server:
        shell.start()
        try:
            yield Service(f"ws://{where}{PATH}", accounts, shell.failure)
        finally:
            shell.stop()


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

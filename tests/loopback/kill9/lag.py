"""A wire on which the venue learns late that the engine is gone.

The kernel closes a killed process's sockets at once, and cancel-on-disconnect would
leave no order to be filled. Over this wire the venue's half stays open for a while, as
when a host or a router dies.
"""

import asyncio
import contextlib
from urllib.parse import urlsplit


class Lag:
    """A proxy for many connections; ``hold_s`` is how late the venue learns."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self.hold_s = 0.0
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}{self._path}"

    async def close(self) -> None:
        """Listen no more, and let the venue know at once that all are gone."""
        assert self._server is not None
        self._server.close()
        self._over.set()
        await asyncio.gather(*self._pairs)

    async def _carry(
        self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)
        far, to_far = await asyncio.open_connection(self._host, self._port)
        down = asyncio.create_task(_pump(far, to_near))
        try:
            await _pump(near, to_far)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self.hold_s)
        finally:
            down.cancel()
            for writer in (to_far, to_near):
                with contextlib.suppress(OSError):
                    writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carry one direction; a sink that is gone swallows the rest."""
    is_open = True
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            if is_open:
                try:
                    sink.write(data)
                    await sink.drain()
                except ConnectionError:
                    is_open = False

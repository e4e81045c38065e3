"""A market maker out of Python libraries: WebSocket, orjson, SortedDict, GLFT.

python -m benchmarks.loopback.stack_client picows|websockets URL [--quotes] [--spins]

Without ``--quotes`` it follows the book and reads the touch after every frame. With
``--spins`` its loop never sleeps. It sends edits of orders nobody knows, so that the
answers it steps over are short; it has no checks, order table or journal. The garbage
collector is off, which flatters it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import ssl
import sys
from collections.abc import Callable

from benchmarks.stream import NAME

SUBSCRIBE = (
    '{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":'
    f'{{"channels":["book.{NAME}.raw"]}}}}'
)
IS_BOOK = b'"params"'
HEAD_BYTES = 64
Taker = Callable[[bytes], list[bytes]]


def maker(quotes: bool) -> Taker:
    """Return what takes a frame and gives the requests it causes."""
    from benchmarks.versus.orjson_stack import Stack, make

    stack: Stack | None = None

    def take(frame: bytes) -> list[bytes]:
        nonlocal stack
        if IS_BOOK not in frame[:HEAD_BYTES]:
            return []
        if stack is None:
            stack = make(frame)
            return []
        if quotes:
            return stack.one(frame)
        stack.client.frame(frame)
        stack.client.book.best()
        return []

    return take


def keep_awake() -> None:
    """Put a callback back into the loop for ever: it never sleeps."""
    loop = asyncio.get_running_loop()

    def turn() -> None:
        loop.call_soon(turn)

    turn()


def unchecked(url: str) -> ssl.SSLContext | None:
    """Return TLS that takes the bench's own certificate; None for a plain URL."""
    if not url.startswith("wss:"):
        return None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def with_websockets(url: str, take: Taker) -> None:
    """Follow the venue over ``websockets`` until it hangs up."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    async with connect(
        url,
        ssl=unchecked(url),
        compression=None,
        ping_interval=None,
        max_size=None,
        proxy=None,
    ) as line:
        await line.send(SUBSCRIBE)
        try:
            while True:
                for request in take(await line.recv(decode=False)):
                    await line.send(request, text=True)
        except ConnectionClosed:
            return


async def with_picows(url: str, take: Taker) -> None:
    """Follow the venue over ``picows`` until it hangs up."""
    import picows

    class Listener(picows.WSListener):
        def on_ws_connected(self, transport: picows.WSTransport) -> None:
            transport.send(picows.WSMsgType.TEXT, SUBSCRIBE.encode())

        def on_ws_frame(
            self, transport: picows.WSTransport, frame: picows.WSFrame
        ) -> None:
            if frame.msg_type == picows.WSMsgType.PING:
                transport.send_pong(frame.get_payload_as_bytes())
            elif frame.msg_type == picows.WSMsgType.CLOSE:
                transport.disconnect()
            else:
                for request in take(frame.get_payload_as_bytes()):
                    transport.send(picows.WSMsgType.TEXT, request)

    transport, _ = await picows.ws_connect(
        Listener, url, ssl_context=unchecked(url), enable_auto_pong=False
    )
    await transport.wait_disconnected()


def main(words: list[str]) -> None:
    """Run it; ``picows`` on uvloop, as its makers advise, ``websockets`` on asyncio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["picows", "websockets"])
    parser.add_argument("url")
    parser.add_argument("--quotes", action="store_true")
    parser.add_argument("--spins", action="store_true")
    chosen = parser.parse_args(words)

    async def work() -> None:
        gc.disable()
        if chosen.spins:
            keep_awake()
        follow = with_picows if chosen.kind == "picows" else with_websockets
        await follow(chosen.url, maker(chosen.quotes))

    if chosen.kind == "picows":
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work())
    else:
        asyncio.run(work())


if __name__ == "__main__":
    main(sys.argv[1:])

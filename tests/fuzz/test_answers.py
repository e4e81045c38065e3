"""What the fast link answers to any stream: pongs, then one close with the right code.

What it must answer is said by the reference (`tests.oracles.frames`) and RFC 6455,
sections 5.5 and 7.1; the answers are read by the server's half of ``websockets``.
``HALFSPREAD_FUZZ_FRAMES`` and ``HALFSPREAD_SEED`` as in `test_frames`.
"""

import asyncio
import os

from websockets.frames import Opcode

from engine.live.fastlink import FastLink
from tests.generators.streams import Stream, stream
from tests.oracles.frames import Reference
from tests.unit.live.wire import ALL, FakeTransport, arrive, frames_in

COUNT = int(os.environ.get("HALFSPREAD_FUZZ_FRAMES") or "3000")
SEED = int(os.environ.get("HALFSPREAD_SEED") or "1") * 1_000_000

Answer = tuple[Opcode, bytes]


def answers(case: Stream) -> tuple[list[bytes], list[Answer]]:
    """Return the messages a link delivers of a stream, and the frames it writes."""
    transport = FakeTransport()
    messages: list[bytes] = []
    link = FastLink(case.size_max, ALL)
    link.take_over(transport, b"")  # type: ignore[arg-type]
    link.attach(messages.extend, lambda reason: None)
    for part in case.parts:
        arrive(link, part)
    link.connection_lost(None)
    written = frames_in(b"".join(transport.writes))
    return messages, [(opcode, payload) for opcode, payload, _ in written]


def due(case: Stream, is_closing: bool) -> tuple[list[bytes], list[Answer]]:
    """Return what has to be delivered and answered.

    ``is_closing``: whether a close was answered, which may be due before all of a
    wrong frame has come.
    """
    reference = Reference(case.size_max)
    things = [thing for part in case.parts for thing in reference.receive(part)]
    if is_closing and not reference.is_over:
        things += reference.receive(bytes(case.size_max + 14))
    messages = [payload for name, payload in things if name == "message"]
    wanted = [(Opcode.PONG, payload) for name, payload in things if name == "ping"]
    if reference.is_over:
        code = b"" if reference.code == 1005 else reference.code.to_bytes(2, "big")
        wanted.append((Opcode.CLOSE, code))
    return messages, wanted


def test_every_stream_is_answered_as_the_rfc_says() -> None:
    async def run() -> set[int]:
        closes = set()
        for seed in range(SEED, SEED + COUNT):
            case = stream(seed)
            messages, written = answers(case)
            is_closing = written[-1:] != [] and written[-1][0] is Opcode.CLOSE
            assert (messages, written) == due(case, is_closing), seed
            if is_closing:
                closes.add(int.from_bytes(written[-1][1], "big"))
        return closes

    assert asyncio.run(run()) >= {0, 1000, 1002, 1007, 1009}

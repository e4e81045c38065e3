"""Any bytes on the port: whole or dribbled they mean the same, and the venue lives.

The transport is a stand-in, so that an example costs no socket. A failure says how to
repeat it.
"""

from __future__ import annotations

import asyncio
import base64
import email.utils
import itertools
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.settings import SimConfig, world_config
from engine.sim.shell.driver import Driver
from engine.sim.shell.line import Line
from engine.sim.venue.methods.registry import METHODS
from engine.sim.world import World
from tests.unit.sim.shell.frames import BINARY, CLOSE, CONTINUE, PING, TEXT, frame
from tests.unit.sim.shell.stand_in import FakeWorld, handshake, request

START_NS = 1_790_000_000_000_000_000
BASIC = "Basic " + base64.b64encode(b"maker:maker-secret").decode()
QUIET = SimConfig.model_validate(
    {
        "listing": {"families": ["BTC"], "strikes_each_side": 1},
        "market": {"enabled": False},
        "venue": {"credits": False},
    }
)
# Why the last bytes are no request may be said in other words when they come singly.
REFUSAL = re.compile(rb"Content-Length: \d+\r\nConnection: close\r\n\r\n.*\n$")

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["BTC-PERPETUAL", "BTC", "any", "limit", "-1", "1e999", "[1]"]),
    st.lists(st.text(max_size=3), max_size=3),
)
names = sorted({name for method in METHODS.values() for name in method.params})
params = st.dictionaries(
    st.sampled_from(names) | st.text(max_size=4), values, max_size=5
)


def json(value: Any) -> bytes:
    """Return any value as JSON, as far as there is such a thing."""
    return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


@st.composite
def calls(draw: st.DrawFn) -> bytes:
    """Return the JSON-RPC text of a call with parameters of all kinds."""
    name = draw(st.sampled_from(sorted(METHODS)))
    given_params = draw(params)
    fitting = {
        key: str(value)
        if isinstance(value, int) and not -(2**63) <= value < 2**64
        else value
        for key, value in given_params.items()
    }
    return json({"jsonrpc": "2.0", "id": 1, "method": name, "params": fitting})


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return an HTTP request, most of them good."""
    name = draw(st.sampled_from(sorted(METHODS)))
    if draw(st.booleans()):
        body = draw(calls() | st.binary(max_size=40))
        return request("/api/v2", "POST", body, Authorization=BASIC)
    query = "&".join(
        f"{key}={orjson.dumps(str(value)).decode()[1:-1]}"
        for key, value in draw(params).items()
    )
    target = f"/api/v2/{name}?{query}"
    ascii_only = "".join(one for one in target if "!" <= one <= "~")
    method = draw(st.sampled_from(["GET", "GET", "POST", "HEAD", "OPTIONS", "PUT"]))
    return request(ascii_only, method, Authorization=BASIC)


payloads = calls() | st.binary(max_size=200)
opcodes = st.sampled_from([TEXT, TEXT, TEXT, BINARY, PING, CONTINUE, CLOSE, 3])
frames = st.builds(frame, opcodes, payloads, fin=st.sampled_from([True, True, False]))
junk = st.binary(max_size=60) | st.sampled_from([b"\r\n", b"\r\n\r\n", b"\x00", b" "])
http_talk = st.lists(requests() | requests() | junk, max_size=5)
socket_talk = st.builds(
    lambda more: [handshake(), *more], st.lists(frames | frames | junk, max_size=8)
)
talks = (http_talk | socket_talk).map(b"".join)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Return a talk with a byte changed, taken out or put in, or as it is."""
    data = bytearray(draw(talks))
    if data and draw(st.booleans()):
        at = draw(st.integers(0, len(data) - 1))
        size = draw(st.integers(0, 2))
        data[at : at + size] = draw(st.binary(max_size=2))
    return bytes(data)


class Pipe(asyncio.Transport):
    """A transport whose peer takes everything at once."""

    def __init__(self, line: Line) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.line, self.sent = line, bytearray()
        self.ended = self.gone = False
        line.connection_made(self)

    def write(self, data: Any) -> None:
        assert not self.ended, "nothing is written after the end"
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return 0

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.gone

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        if not self.gone:
            self.gone = True
            self.line.connection_lost(None)

    abort = close


async def turns() -> None:
    """Let everything that has been asked for happen."""
    for _ in range(20):
        await asyncio.sleep(0)


async def talk(driver: Driver, data: bytes, size: int) -> Pipe:
    """Send bytes in pieces of a size, then the end."""
    pipe = Pipe(Line(driver))
    for at in range(0, len(data), size):
        if pipe.gone:
            break
        piece = data[at : at + size]
        pipe.line.get_buffer(-1)[: len(piece)] = piece
        pipe.line.buffer_updated(len(piece))
        await turns()
    if not pipe.gone:
        pipe.line.eof_received()
        await turns()
    return pipe


@given(bent(), st.integers(1, 7))
def test_whole_or_dribbled_bytes_mean_the_same(data: bytes, size: int) -> None:
    async def run() -> None:
        seen = []
        for step in (max(len(data), 1), size):
            world = FakeWorld()
            driver = Driver(world, itertools.count(world.now_ns).__next__)
            pipe = await talk(driver, data, step)
            asked = [http for _, http, _ in world.asked]
            # A closing frame overtakes the answers to what came in with it.
            sent = b"" if world.made else REFUSAL.sub(b"", pipe.sent)
            seen.append((sent, world.made, asked, world.got))
            await driver.stop()
            assert not driver.failure.done()
        assert seen[0] == seen[1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(email.utils, "formatdate", lambda usegmt: "today")
        asyncio.run(run())


@given(st.lists(bent(), min_size=1, max_size=3))
def test_the_venue_lives_and_still_answers(many: list[bytes]) -> None:
    async def run() -> None:
        world = World(1, world_config(QUIET, 1), START_NS)
        driver = Driver(world, itertools.count(START_NS, 1_000_000).__next__)
        for data in many:
            await talk(driver, data, max(len(data), 1))
        if driver.failure.done():
            driver.failure.result()
        good = b'{"id":1,"method":"private/get_positions"}'
        pipe = await talk(
            driver, request("/api/v2", "POST", good, Authorization=BASIC), 99
        )
        assert b'"result":' in pipe.sent
        await driver.stop()

    asyncio.run(run())

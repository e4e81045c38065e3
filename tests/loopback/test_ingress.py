"""Both ingresses, plain and fast, against a real WebSocket server on this machine."""

import asyncio
import random
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import pytest
from websockets.asyncio.server import ServerConnection, serve

from engine.live import ingress as module
from engine.live.fastlink import open_fast
from engine.live.ingress import Dial, Ingress, Line, open_link
from engine.live.tls import Layer, take_layer

pytestmark = pytest.mark.loopback
TIMEOUT_S = 5.0
DIALS: dict[str, Dial] = {"plain": open_link, "fast": open_fast}


@pytest.fixture(params=DIALS)
def dial(request: pytest.FixtureRequest) -> Dial:
    """Return how to open a line: every test below runs on both ingresses."""
    return DIALS[request.param]


class Chunks(ServerConnection):
    """A server's connection that remembers what came together."""

    seen: list[bytes] = []  # noqa: RUF012 - one test, one connection

    def data_received(self, data: bytes) -> None:
        self.seen.append(data)
        super().data_received(data)


class Ear:
    """A handler that writes down what it is told and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.chunks: list[list[bytes]] = []
        self.link: Line | None = None
        self._news = asyncio.Event()

    def line_up(self, conn: int, link: Line) -> None:
        self.link = link
        self._tell("up", conn)

    def payloads(self, conn: int, payloads: list[bytes]) -> None:
        self.chunks.append(payloads)
        self._tell("payloads", conn)

    def line_down(self, conn: int, reason: str) -> None:
        self._tell("down", conn, reason)

    def wants_line(self, conn: int) -> bool:
        return True

    def redialling(self, conn: int, url: str, reason: str, delay_s: float) -> None:
        self._tell("redialling", conn, url, reason)

    def _tell(self, *news: object) -> None:
        self.told.append(news)
        self._news.set()

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not found():
                self._news.clear()
                await self._news.wait()

    def count(self, kind: str) -> int:
        return sum(news[0] == kind for news in self.told)

    @property
    def messages(self) -> list[bytes]:
        return [payload for chunk in self.chunks for payload in chunk]


Talk = Callable[[ServerConnection], object]


@asynccontextmanager
async def venue(
    talk: Talk,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    async with serve(
        talk,
        "127.0.0.1",
        port,
        ssl=tls,
        compression=None,
        close_timeout=0.1,
        create_connection=Chunks,
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def dialled(
    dial: Dial, *urls: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Ear, Ingress]]:
    ear = Ear()
    line = Ingress(0, urls, ear, rng=random.Random(1), tls=tls, dial=dial)
    line.start()
    try:
        yield ear, line
    finally:
        await line.stop("end of test")


def at(port: int) -> str:
    return f"ws://127.0.0.1:{port}"


async def echo(peer: ServerConnection) -> None:
    async for message in peer:
        await peer.send(message)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELAY_MIN_S", 0.01)
    monkeypatch.setattr(module, "DELAY_MAX_S", 0.02)


def test_a_turn_leaves_in_one_write_and_comes_back_in_order(dial: Dial) -> None:
    async def scenario() -> None:
        async with (
            venue(echo) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.link is not None)
            assert ear.link is not None
            Chunks.seen.clear()
            assert ear.link.write_turn(b'{"id":1}\n{"id":2}\n{"id":3}\n')
            await ear.until(lambda: len(ear.messages) == 3)
            assert len(Chunks.seen) == 1
            transport = ear.link.transport  # type: ignore[attr-defined]
            wire = transport.get_extra_info("socket")
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert ear.messages == [b'{"id":1}', b'{"id":2}', b'{"id":3}']
            assert all(type(message) is bytes for message in ear.messages)

    asyncio.run(scenario())


def test_messages_of_one_chunk_are_delivered_together(dial: Dial) -> None:
    async def burst(peer: ServerConnection) -> None:
        await peer.recv()
        for number in range(3):
            peer.protocol.send_text(b"frame %d" % number)
        peer.transport.write(b"".join(peer.protocol.data_to_send()))
        await peer.wait_closed()

    async def scenario() -> None:
        async with (
            venue(burst) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.link is not None)
            assert ear.link is not None
            ear.link.write_turn(b"go\n")
            await ear.until(lambda: len(ear.messages) == 3)
            assert ear.chunks == [[b"frame 0", b"frame 1", b"frame 2"]]

    asyncio.run(scenario())


def test_fragments_and_dribble_become_whole_messages(dial: Dial) -> None:
    async def dribble(peer: ServerConnection) -> None:
        peer.protocol.send_text(b'{"a', fin=False)
        peer.protocol.send_continuation(b'":', fin=False)
        peer.protocol.send_ping(b"still there?")
        peer.protocol.send_continuation(b"1}", fin=True)
        peer.protocol.send_text(b"")
        for byte in b"".join(peer.protocol.data_to_send()):
            peer.transport.write(bytes([byte]))
            await asyncio.sleep(0)
        await peer.wait_closed()

    async def scenario() -> None:
        async with (
            venue(dribble) as port,
            dialled(dial, at(port)) as (
                ear,
                _,
            ),
        ):
            await ear.until(lambda: len(ear.messages) == 2)
            assert ear.messages == [b'{"a":1}', b""]

    asyncio.run(scenario())


def test_what_arrives_with_the_handshake_is_not_lost(dial: Dial) -> None:
    async def eager(peer: ServerConnection) -> None:
        await peer.send("hello")
        await peer.close(1001, "bye")

    async def scenario() -> None:
        async with (
            venue(eager) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.count("down") >= 1)
            assert [news[0] for news in ear.told[:3]] == ["up", "payloads", "down"]
            assert ear.told[2] == ("down", 0, "closed by the venue: 1001 bye")

    asyncio.run(scenario())


def test_every_line_up_has_one_line_down_and_dialling_goes_on(dial: Dial) -> None:
    async def rude(peer: ServerConnection) -> None:
        peer.transport.abort()

    async def scenario() -> None:
        async with (
            venue(rude) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.count("redialling") >= 4)
        kinds = [news[0] for news in ear.told if news[0] != "redialling"]
        assert kinds == ["up", "down"] * (len(kinds) // 2)

    asyncio.run(scenario())


def test_next_address_after_a_failure(dial: Dial) -> None:
    async def scenario() -> None:
        async with venue(echo) as port:
            dead, alive = "ws://127.0.0.1:1", f"ws://127.0.0.1:{port}"
            async with dialled(dial, dead, alive) as (ear, line):
                await ear.until(lambda: ear.count("up") == 1)
                assert line.attempts == 2
                assert ear.told[0][:3] == ("redialling", 0, alive)

    asyncio.run(scenario())


def test_too_long_a_message_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch, dial: Dial
) -> None:
    monkeypatch.setattr(module, "MESSAGE_SIZE_MAX", 1000)

    async def long(peer: ServerConnection) -> None:
        await peer.send("x" * 1000)
        await peer.send("x" * 1001)

    async def scenario() -> None:
        async with (
            venue(long) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.count("down") >= 1)
            assert {len(message) for message in ear.messages} == {1000}

    asyncio.run(scenario())


def test_a_venue_that_stops_reading_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, dial: Dial
) -> None:
    monkeypatch.setattr(module, "WRITE_BUFFER_MAX", 1000)

    async def deaf(peer: ServerConnection) -> None:
        peer.transport.pause_reading()
        await peer.wait_closed()

    async def scenario() -> None:
        async with (
            venue(deaf) as port,
            dialled(dial, at(port)) as (ear, _),
        ):
            await ear.until(lambda: ear.link is not None)
            link = ear.link
            assert link is not None
            turn = (b"x" * 2**14 + b"\n") * 64
            for _ in range(64):
                if not link.write_turn(turn):
                    break
            else:
                pytest.fail("an unread line took 64 MiB")
            await ear.until(lambda: ear.count("down") >= 1)
            assert ("down", 0, "the venue stopped reading") in ear.told

    asyncio.run(scenario())


def test_stop_hangs_up_and_dials_no_more(dial: Dial) -> None:
    async def scenario() -> None:
        codes: list[int | None] = []

        async def note(peer: ServerConnection) -> None:
            await peer.wait_closed()
            codes.append(peer.close_code)

        async with (
            venue(note) as port,
            dialled(dial, at(port)) as (
                ear,
                line,
            ),
        ):
            await ear.until(lambda: ear.link is not None)
            await line.stop("operator")
            assert ear.link is not None
            assert not ear.link.write_turn(b"late\n")
            assert ear.told[-1] == ("down", 0, "operator")
            assert line.attempts == 1
        assert codes == [1000]

    asyncio.run(scenario())


@pytest.fixture(params=get_args(Layer))
def layer(request: pytest.FixtureRequest) -> Layer:
    """Return who speaks TLS: the tests of it run on every layer that is installed."""
    if request.param != "python":
        pytest.importorskip(request.param)
    found: Layer = request.param
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    options = "-x509 -newkey ec -nodes -days 2 -pkeyopt ec_paramgen_curve:prime256v1"
    name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = [openssl, "req", *options.split(), *name.split()]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return key, cert


def tls_of(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """Return what a venue speaks TLS with."""
    key, cert = certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    return server


@asynccontextmanager
async def over_tls(
    certificate: tuple[Path, Path], dial: Dial, layer: Layer, talk: Talk
) -> AsyncIterator[tuple[Ear, Line]]:
    """Give a line to a venue whose certificate is trusted, once it is up."""
    take_layer(asyncio.get_running_loop(), layer)
    client = ssl.create_default_context(cafile=certificate[1])
    async with (
        venue(talk, tls=tls_of(certificate)) as port,
        dialled(dial, f"wss://localhost:{port}", tls=client) as (ear, _),
    ):
        await ear.until(lambda: ear.link is not None)
        assert ear.link is not None
        yield ear, ear.link


def test_tls_with_a_trusted_certificate(
    certificate: tuple[Path, Path], dial: Dial, layer: Layer
) -> None:
    async def scenario() -> None:
        async with over_tls(certificate, dial, layer, echo) as (ear, link):
            link.write_turn(b"over tls\n" * 5)
            await ear.until(lambda: len(ear.messages) == 5)

    asyncio.run(scenario())


def test_tls_refuses_an_unknown_certificate(
    certificate: tuple[Path, Path], dial: Dial, layer: Layer
) -> None:
    async def scenario() -> None:
        take_layer(asyncio.get_running_loop(), layer)
        async with venue(echo, tls=tls_of(certificate)) as port:
            with pytest.raises(ssl.SSLCertVerificationError):
                await dial(f"wss://localhost:{port}", None)

    asyncio.run(scenario())


def test_a_venue_that_ends_a_tls_connection_is_noticed(
    certificate: tuple[Path, Path], dial: Dial, layer: Layer
) -> None:
    async def leave(line: ServerConnection) -> None:
        await line.recv()
        line.transport.abort()

    async def scenario() -> None:
        async with over_tls(certificate, dial, layer, leave) as (ear, link):
            link.write_turn(b"anybody there\n")
            await ear.until(lambda: any(one[0] == "down" for one in ear.told))
            assert not link.write_turn(b"late\n")

    asyncio.run(scenario())


def test_a_message_of_many_tls_records_comes_whole(
    certificate: tuple[Path, Path], dial: Dial, layer: Layer
) -> None:
    text = "[" + "7," * 400_000 + "7]"

    async def tell(line: ServerConnection) -> None:
        await line.recv()
        await line.send(text)
        await line.recv()

    async def scenario() -> None:
        async with over_tls(certificate, dial, layer, tell) as (ear, link):
            link.write_turn(b"tell me\n")
            await ear.until(lambda: len(ear.messages) == 1)
            assert ear.messages == [text.encode()]

    asyncio.run(scenario())

"""The fast link's beginning and end: the take-over, the closing handshake, the loss."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from engine.live import ingress
from engine.live.fastlink import FastLink, Handshake
from tests.unit.live.wire import ALL, FakeTransport, arrive, frame, frames_in


class Owner:
    """A link on a fake transport, and what it told its owner."""

    def __init__(self, rest: bytes = b"") -> None:
        self.transport = FakeTransport()
        self.told: list[Any] = []
        self.link = FastLink(ALL, ALL)
        self.link.take_over(self.transport, rest)  # type: ignore[arg-type]
        self.link.attach(self.told.append, lambda reason: self.told.append(reason))

    def closes(self) -> list[bytes]:
        """Return the payloads of the close frames written."""
        sent = frames_in(b"".join(self.transport.writes))
        return [payload for opcode, payload, _ in sent if opcode is Opcode.CLOSE]


def play(scenario: Callable[[], Any]) -> None:
    async def run() -> None:
        result = scenario()
        if asyncio.iscoroutine(result):
            await result

    asyncio.run(run())


def test_the_link_takes_over_protocol_and_rest() -> None:
    def scenario() -> None:
        owner = Owner(frame(b"with the handshake"))
        assert owner.transport.protocol is owner.link
        assert isinstance(owner.link, asyncio.BufferedProtocol)
        assert owner.transport.calls == ["resume"]
        arrive(owner.link, frame(b"later"))
        assert owner.told == [[b"with the handshake"], [b"later"]]

    play(scenario)


def test_the_venues_close_is_answered_and_is_the_reason() -> None:
    def scenario() -> None:
        owner = Owner()
        arrive(owner.link, frame(b"\x03\xe9maintenance", Opcode.CLOSE))
        assert owner.closes() == [b"\x03\xe9"]
        assert not owner.link.write_turn(b"late\n")
        owner.link.connection_lost(None)
        owner.link.connection_lost(OSError("twice"))
        assert owner.told == ["closed by the venue: 1001 maintenance"]

    play(scenario)


def test_a_close_without_a_code_is_answered_without_one() -> None:
    def scenario() -> None:
        owner = Owner()
        arrive(owner.link, frame(b"", Opcode.CLOSE))
        owner.link.connection_lost(None)
        assert owner.closes() == [b""]
        assert owner.told == ["closed by the venue: 1005"]

    play(scenario)


def test_hanging_up_says_so_and_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingress, "CLOSE_TIMEOUT_S", 0.001)

    async def scenario() -> None:
        owner = Owner()
        owner.link.hang_up("operator")
        owner.link.hang_up("again")
        assert owner.closes() == [b"\x03\xe8"]
        async with asyncio.timeout(5):
            while "abort" not in owner.transport.calls:
                await asyncio.sleep(0.001)
        owner.link.connection_lost(None)
        await owner.link.wait_closed()
        assert owner.told == ["operator"]
        assert owner.transport.calls.count("abort") == 1

    play(scenario)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x83\x00", b"\x03\xea"),  # an unknown opcode: 1002
        (b"\x81\x81\0\0\0\0x", b"\x03\xea"),  # masked by a server: 1002
        (frame(b"\xff"), b"\x03\xef"),  # no UTF-8: 1007
        (b"\x81\x7f" + (2**21).to_bytes(8, "big"), b"\x03\xf1"),  # too long: 1009
    ],
)
def test_a_broken_stream_fails_the_connection(stream: bytes, code: bytes) -> None:
    def scenario() -> None:
        owner = Owner()
        arrive(owner.link, stream)
        assert owner.closes() == [code]
        assert owner.transport.calls[-1] == "close"
        owner.link.connection_lost(None)
        (reason,) = owner.told
        assert reason.startswith("the venue sent no valid frame: ")

    play(scenario)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(None, "connection lost"), (OSError("reset"), "connection lost: reset")],
)
def test_a_loss_is_told_with_its_cause(error: Exception | None, reason: str) -> None:
    def scenario() -> None:
        owner = Owner()
        assert owner.link.eof_received() is None  # type: ignore[func-returns-value]
        owner.link.connection_lost(error)
        owner.link.cut("too late")
        owner.link.hang_up("too late")
        assert owner.told == [reason]

    play(scenario)


def test_a_cut_drops_the_line_at_once() -> None:
    def scenario() -> None:
        owner = Owner()
        owner.link.cut("asked twice")
        assert owner.transport.calls[-1] == "abort"
        assert not owner.link.write_turn(b"late\n")
        owner.link.connection_lost(None)
        assert owner.told == ["asked twice"]

    play(scenario)


def test_a_loss_before_the_owner_is_there_is_told_on_attach() -> None:
    def scenario() -> None:
        link, transport = FastLink(ALL, ALL), FakeTransport()
        link.take_over(transport, frame(b"hello"))  # type: ignore[arg-type]
        link.connection_lost(None)
        told: list[Any] = []
        link.attach(told.append, lambda reason: told.append(reason))
        assert told == [[b"hello"], "connection lost"]

    play(scenario)


def shaken() -> tuple[Handshake, FakeTransport, bytes]:
    """Return a connection that has sent its request, and the venue's answer to it."""
    protocol = ClientProtocol(parse_uri("ws://venue/"))
    connection, transport = Handshake(protocol), FakeTransport()
    connection.connection_made(transport)  # type: ignore[arg-type]
    request = protocol.connect()
    protocol.send_request(request)
    connection.send_data()
    server = ServerProtocol()
    server.receive_data(transport.writes[0])
    (found,) = server.events_received()
    assert isinstance(found, Request)
    server.send_response(server.accept(found))
    return connection, transport, b"".join(server.data_to_send())


@pytest.mark.parametrize("seed", range(20))
def test_the_handshake_takes_its_own_bytes_and_keeps_the_rest(seed: int) -> None:
    def scenario() -> None:
        rng = random.Random(seed)
        connection, transport, answer = shaken()
        behind = frame(b"first") + frame(b"second") + frame(b"third")[:4]
        stream = answer + behind
        cuts = sorted(rng.randrange(len(stream)) for _ in range(rng.randrange(6)))
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            connection.data_received(stream[start:end])
        assert connection.response is not None
        assert connection.rest == behind
        assert transport.calls == ["pause"]

    play(scenario)


def test_a_refusal_is_read_to_its_end() -> None:
    def scenario() -> None:
        connection, transport, _ = shaken()
        head = b"HTTP/1.1 503 Down\r\nContent-Length: 11\r\n\r\n"
        connection.data_received(head + b"maint")
        connection.data_received(b"enance")
        error = connection.protocol.handshake_exc
        assert isinstance(error, InvalidStatus)
        assert error.response.body == b"maintenance"
        assert "pause" not in transport.calls

    play(scenario)


def test_the_heir_hears_of_a_loss_the_handshake_was_told() -> None:
    def scenario() -> None:
        connection, _, answer = shaken()
        connection.data_received(answer)
        owner = Owner()
        connection.heir = owner.link
        connection.connection_lost(None)
        assert owner.told == ["connection lost"]

    play(scenario)

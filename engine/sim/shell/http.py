"""A line that speaks HTTP/1.1, one request at a time.

Requests sent ahead of an answer wait their turn. A request for the WebSocket's path
that wants to upgrade is handed over, byte for byte, to ``websocket``; every other one
is asked of the world, which answers when it likes. What is no request at all is
answered here, in plain text, and ends the line.
"""

from __future__ import annotations

import email.utils
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from engine.sim.shell import limits
from engine.sim.shell.websocket import SocketSide
from engine.sim.venue.api.rest import HttpRequest

if TYPE_CHECKING:
    from engine.sim.shell.line import Line

SOCKET_PATH = "/ws/api/v2"
ASKED = ("GET", "POST", "HEAD")
ALLOW = ("Allow", "GET, HEAD, POST, OPTIONS")
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
END_OF_HEAD = b"\r\n\r\n"
Headers = Sequence[tuple[str, str]]


class HttpSide:
    """The server's side of HTTP on one line; ``refusal`` is 0 or what to answer."""

    def __init__(self, line: Line, refusal: int) -> None:
        self._line, self._refusal = line, refusal
        self._http = h11.Connection(h11.SERVER, limits.HEAD_MAX)
        self._head = bytearray()  # what may turn out to be a handshake
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._ahead = 0  # bytes read while an answer is owed
        self._owed = False
        self._last = False  # the answer to come is the last
        self._deaf = False  # nothing that still comes in is read
        line.expect_within(limits.REQUEST_TIMEOUT_S, self._give_up)

    def receive(self, data: bytes) -> None:
        """Take bytes of the peer."""
        if self._deaf:
            return
        self._http.receive_data(data)
        if self._owed:
            self._ahead += len(data)
            if self._ahead > limits.PIPELINE_MAX:
                self._line.listen(False)
            return
        if self._request is None:
            if not self._head:
                self._line.expect_within(limits.REQUEST_TIMEOUT_S, self._give_up)
            self._head += data
        self._read()

    def receive_eof(self) -> None:
        """Answer what is still owed, then end."""
        if self._deaf:
            self._last = True
            return
        self._http.receive_data(b"")
        if not self._owed:
            self._read()

    def respond(self, status: int, body: bytes) -> None:
        """Send the world's answer and go on with the next request."""
        if self._owed:
            self._answer(status, body, JSON)
            self._read()

    def end(self, code: int, reason: str) -> None:
        """End the line, after the answer if one is owed."""
        self._last = True
        if not self._owed:
            self._finish()

    def lost(self) -> None:
        """Let the world forget who asked."""
        if self._owed:
            self._line.driver.asker_lost(self._line)

    # Reading.

    def _read(self) -> None:
        """Read on until an answer is owed or bytes are missing."""
        while not (self._owed or self._deaf):
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(error.error_status_hint, f"{error}")
                return
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > limits.FRAME_MAX:
                    self._deaf = self._last = True
                    self._ask()
            elif isinstance(event, h11.EndOfMessage):
                self._ask()
            elif isinstance(event, h11.ConnectionClosed):
                self._finish()
            else:  # bytes are missing
                if self._http.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(
                        status_code=100, headers=[], reason="Continue"
                    )
                    self._line.write(self._http.send(go_on) or b"")
                return

    def _begin(self, request: h11.Request) -> None:
        self._request = request
        self._body.clear()
        if self._refusal:
            self._refuse(self._refusal, HTTPStatus(self._refusal).phrase)
        elif _target(request).partition("?")[0] == SOCKET_PATH:
            self._hand_over(request)

    def _hand_over(self, request: h11.Request) -> None:
        """Make the line a WebSocket, if the request is a handshake."""
        names = {name for name, _ in request.headers}
        if b"upgrade" not in names or names & {b"content-length", b"transfer-encoding"}:
            text = "this is the WebSocket's path; it needs a handshake"
            self._refuse(426, text, [("Upgrade", "websocket")])
            return
        head, end, rest = bytes(self._head).partition(END_OF_HEAD)
        side = SocketSide(self._line)
        if not side.open(head + end):
            self._refuse(400, "not a WebSocket handshake")
            return
        self._deaf = True
        self._line.become(side)
        if rest:
            side.receive(rest)

    def _ask(self) -> None:
        """Ask the world, or answer for it what is not for it."""
        assert self._request is not None, "there is a request"
        method = self._request.method.decode()
        self._owed = True
        if method == "OPTIONS":
            self._answer(200, b"", TEXT, [ALLOW])
        elif method not in ASKED:
            self._answer(405, b"GET or POST\n", TEXT, [ALLOW])
        else:
            self._line.expect_nothing()
            headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in self._request.headers
            }
            http = HttpRequest(
                method, _target(self._request), headers, bytes(self._body)
            )
            self._line.driver.asked(self._line, self, http)

    # Answering.

    def _refuse(self, status: int, text: str, headers: Headers = ()) -> None:
        """Answer what is no request of the API, and end."""
        self._deaf = self._last = True
        self._answer(status, f"{text}\n".encode(), TEXT, headers)

    def _give_up(self) -> None:
        """End a line on which no whole request has come in time."""
        if self._head or self._request is not None:
            self._refuse(408, "a request must be whole sooner")
        else:
            self._finish()

    def _answer(self, status: int, body: bytes, kind: str, more: Headers = ()) -> None:
        self._owed = False
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self._finish()
            return
        self._last = self._last or self._line.is_old()
        headers = [
            ("Date", email.utils.formatdate(usegmt=True)),
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            *more,
        ]
        if self._last:
            headers.append(("Connection", "close"))
        reason = HTTPStatus(status).phrase
        head = h11.Response(status_code=status, headers=headers, reason=reason)
        parts = [self._http.send(head)]
        if self._request is None or self._request.method != b"HEAD":
            parts.append(self._http.send(h11.Data(data=body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        if not self._line.write(b"".join(part for part in parts if part)):
            self._line.abort()
        self._turn_page()

    def _turn_page(self) -> None:
        """Make ready for the next request, or end the line after the last."""
        both_done = self._http.our_state is self._http.their_state is h11.DONE
        if self._last or not both_done:
            self._finish()
            return
        self._http.start_next_cycle()
        self._request = None
        self._head[:] = self._http.trailing_data[0]
        if self._ahead > limits.PIPELINE_MAX:
            self._line.listen(True)
        self._ahead = 0
        if self._head:
            self._line.expect_within(limits.REQUEST_TIMEOUT_S, self._give_up)
        else:
            self._line.end_when_old(self._finish)

    def _finish(self) -> None:
        self._deaf = True
        self._line.finish()


def _target(request: h11.Request) -> str:
    """Return path and query; a proxy's client names scheme and host before them."""
    target = request.target.decode("latin-1")
    if target.startswith("http://"):
        return "/" + target.removeprefix("http://").partition("/")[2]
    return target
